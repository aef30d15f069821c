//! A scripted XMPP client: what a test wants a person's client to do, step by step.
//!
//! It follows service records with their priorities, encrypts, logs in, binds, and counts what is
//! acknowledged. Nothing here goes on by itself after a connection is lost.

pub mod find;
mod login;
mod lost;
mod post;
mod rooms;
mod wire;

pub use find::{Encryption, Target, Willing};
pub use lost::{Lost, StanzaRefusal};
pub use post::Post;
pub use rooms::Page;
pub use wire::{Transport, Wire, trust};

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use xmpp::{Element, ns};

/// How long one server may take to let us in, unless a test says otherwise.
const LOGIN: Duration = Duration::from_secs(5);

/// How long to wait for the answer to one request.
const ANSWER: Duration = Duration::from_secs(20);

/// Stanzas that came while another was waited for.
const UNREAD_MAX: usize = 100_000;

/// Who logs in, where, and how.
#[derive(Clone)]
pub struct Login {
    pub user: String,
    pub domain: String,
    pub password: String,
    /// The server chooses one when there is none.
    pub resource: Option<String>,
    /// The name server to ask.
    pub dns: SocketAddr,
    /// Whom to trust: see [`trust`].
    pub tls: Arc<rustls::ClientConfig>,
    pub willing: Willing,
    /// `SCRAM-SHA-256` or `PLAIN`.
    pub mechanism: &'static str,
    /// How long one server may take from the first packet to the bound resource.
    pub patience: Duration,
}

impl Login {
    /// A login by the strongest mechanism, at whatever the service records offer.
    pub fn new(
        user: &str,
        password: &str,
        domain: &str,
        dns: SocketAddr,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Self {
        Self {
            user: user.to_owned(),
            domain: domain.to_owned(),
            password: password.to_owned(),
            resource: None,
            dns,
            tls: Arc::clone(tls),
            willing: Willing::default(),
            mechanism: "SCRAM-SHA-256",
            patience: LOGIN,
        }
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the password.
        write!(f, "Login({}@{})", self.user, self.domain)
    }
}

/// A client that is logged in.
#[derive(Debug)]
pub struct Client {
    wire: Wire,
    jid: String,
    target: Target,
    unread: VecDeque<Element>,
    requests: u32,
    /// Stanzas sent since acknowledgements are on.
    sent: u32,
    /// How many of those the server has handled.
    acknowledged: u32,
    /// Stanzas received since acknowledgements are on.
    handled: u32,
    counts: bool,
}

impl Client {
    /// Logs in at the first server of the domain that takes us.
    pub async fn connect(login: &Login) -> Result<Self, Lost> {
        login::connect(login).await
    }

    /// Logs in at one server, or where that one sends us.
    pub async fn connect_by(login: &Login, target: Target) -> Result<Self, Lost> {
        login::follow(login, target).await
    }

    /// Logs in at one server; being sent elsewhere is an error ([`Lost::Moved`]).
    pub async fn connect_to(login: &Login, target: &Target) -> Result<Self, Lost> {
        login::connect_to(login, target).await
    }

    fn new(wire: Wire, jid: String, target: Target) -> Self {
        Self {
            wire,
            jid,
            target,
            unread: VecDeque::new(),
            requests: 0,
            sent: 0,
            acknowledged: 0,
            handled: 0,
            counts: false,
        }
    }

    /// Our full address.
    pub fn jid(&self) -> &str {
        &self.jid
    }

    /// The server that we are connected to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    async fn enable_acknowledgements(&mut self) -> Result<(), Lost> {
        self.wire.send(&Element::new(ns::SM, "enable")).await?;
        let answer = self.wire.next().await?;
        if !answer.is(ns::SM, "enabled") {
            return Err(Lost::NotOffered("acknowledgements after all"));
        }
        self.counts = true;
        Ok(())
    }

    /// Sends a stanza.
    pub async fn send(&mut self, stanza: &Element) -> Result<(), Lost> {
        let sending = tokio::time::timeout(ANSWER, self.wire.send(stanza));
        let sent = sending.await.map_err(|_| Lost::Silent("the server reads no more".to_owned()));
        self.sent = self.sent.wrapping_add(1);
        sent?
    }

    /// The next stanza. Nothing is lost when this future is dropped between two stanzas.
    pub async fn next(&mut self) -> Result<Element, Lost> {
        match self.unread.pop_front() {
            Some(stanza) => Ok(stanza),
            None => self.read().await,
        }
    }

    /// The next stanza that `wanted` likes; others stay for [`Client::next`], in their order.
    pub async fn wait_for(
        &mut self,
        what: &str,
        wanted: impl FnMut(&Element) -> bool,
    ) -> Result<Element, Lost> {
        self.wait_for_within(ANSWER, what, wanted).await
    }

    /// As [`Client::wait_for`], with a deadline of one's own.
    pub async fn wait_for_within(
        &mut self,
        deadline: Duration,
        what: &str,
        mut wanted: impl FnMut(&Element) -> bool,
    ) -> Result<Element, Lost> {
        if let Some(at) = self.unread.iter().position(&mut wanted) {
            return Ok(self.unread.remove(at).expect("it is there"));
        }
        let end = tokio::time::Instant::now() + deadline;
        loop {
            let read = tokio::time::timeout_at(end, self.read()).await;
            let stanza = read.map_err(|_| Lost::Silent(what.to_owned()))??;
            if wanted(&stanza) {
                return Ok(stanza);
            }
            assert!(self.unread.len() < UNREAD_MAX, "{UNREAD_MAX} stanzas that nobody reads");
            self.unread.push_back(stanza);
        }
    }

    /// Sends a request and waits for its answer; an error answer is [`Lost::Refused`].
    pub async fn request(
        &mut self,
        kind: &'static str,
        to: Option<&str>,
        payload: Element,
    ) -> Result<Element, Lost> {
        let id = self.next_id();
        let iq = Element::new(ns::CLIENT, "iq")
            .with_attribute("type", kind)
            .with_attribute("id", id.clone())
            .with_attribute_if("to", to)
            .with_child(payload);
        self.send(&iq).await?;
        let what = format!("the answer to {id}");
        let answer = self.wait_for(&what, |it| {
            it.is(ns::CLIENT, "iq") && it.attribute("id") == Some(id.as_str())
        });
        let answer = answer.await?;
        StanzaRefusal::read(&answer).map_or(Ok(answer), |refusal| Err(Lost::Refused(refusal)))
    }

    fn next_id(&mut self) -> String {
        self.requests += 1;
        format!("request-{}", self.requests)
    }

    /// Asks how many of our stanzas the server has handled, and waits until it says: all.
    pub async fn all_acknowledged(&mut self) -> Result<(), Lost> {
        let end = tokio::time::Instant::now() + ANSWER;
        while self.counts && self.acknowledged != self.sent {
            self.ask().await?;
            let before = self.acknowledged;
            while self.acknowledged == before {
                let read = tokio::time::timeout_at(end, self.wire.next()).await;
                let heard = read.map_err(|_| {
                    let (acknowledged, sent) = (self.acknowledged, self.sent);
                    Lost::Silent(format!("{acknowledged} of {sent} stanzas acknowledged"))
                })??;
                if let Some(stanza) = self.take(heard).await? {
                    self.unread.push_back(stanza);
                }
            }
        }
        Ok(())
    }

    /// Asks how many of our stanzas the server has handled; the answer is counted as it comes.
    pub async fn ask(&mut self) -> Result<(), Lost> {
        self.wire.send(&Element::new(ns::SM, "r")).await
    }

    /// How many of our stanzas the server has handled, as far as we have heard.
    pub fn acknowledged(&self) -> u32 {
        self.acknowledged
    }

    /// Ends the stream in good order.
    pub async fn close(self) -> Result<(), Lost> {
        self.wire.close().await
    }

    async fn read(&mut self) -> Result<Element, Lost> {
        loop {
            let element = self.wire.next().await?;
            if let Some(stanza) = self.take(element).await? {
                return Ok(stanza);
            }
        }
    }

    /// Whatever comes next on the wire, for [`Client::take`]. Nothing is lost when this future is
    /// dropped.
    pub(crate) async fn hear(&mut self) -> Result<Element, Lost> {
        self.wire.next().await
    }

    /// What came while something else was waited for.
    pub(crate) fn take_unread(&mut self) -> Option<Element> {
        self.unread.pop_front()
    }

    /// Counts a stanza; handles what is about counting.
    pub(crate) async fn take(&mut self, element: Element) -> Result<Option<Element>, Lost> {
        if element.namespace() != ns::SM {
            self.handled = self.handled.wrapping_add(u32::from(self.counts));
            return Ok(Some(element));
        }
        match element.name() {
            "r" => self.wire.send(&xmpp::sm::acknowledge(self.handled)).await?,
            "a" => {
                let handled = element.attribute("h").and_then(|it| it.parse().ok());
                self.acknowledged = handled.unwrap_or(self.acknowledged);
            }
            _ => {}
        }
        Ok(None)
    }
}

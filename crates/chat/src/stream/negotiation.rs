//! From an accepted socket to a bound address: header, TLS, login, resource (RFC 6120, sections 4
//! to 7).

use tokio::net::TcpStream;
use xmpp::sasl::{self, Failure, Request};
use xmpp::stanza_error::{Condition, StanzaError};
use xmpp::stream::Event;
use xmpp::stream_error::{StreamCondition, StreamError};
use xmpp::{BareJid, Element, FullJid, bind, limits, ns, sm, stanza};

use super::login::{self, Candidate, Exchange, Next};
use super::wire::{End, Wire};
use super::{Entry, Streams};
use crate::activity::Activity;
use crate::bound::{NotTaken, Taken};

/// How a TLS handshake begins (RFC 8446 section 5.1); no stream begins so.
const TLS_HANDSHAKE: [u8; 1] = [22];

/// A client that is ready to live.
pub(super) struct Ready {
    pub(super) wire: Wire,
    pub(super) taken: Taken,
}

/// Negotiates within the time for it. However it ends, the client has been told why.
pub(super) async fn negotiate(
    streams: &Streams,
    socket: TcpStream,
    entry: Entry,
) -> Result<Ready, End> {
    let deadline = tokio::time::Instant::now() + streams.limits().login_time;
    let late = || {
        End::Error(StreamError::new(StreamCondition::ConnectionTimeout, "the login took too long"))
    };
    let secured = tokio::time::timeout_at(deadline, secure(streams, socket, entry));
    let mut wire = secured.await.unwrap_or_else(|_| Err(late()))?;
    let bound = tokio::time::timeout_at(deadline, introduce(streams, &mut wire));
    match bound.await.unwrap_or_else(|_| Err(late())) {
        Ok(taken) => Ok(Ready { wire, taken }),
        Err(end) => {
            wire.close(&end, streams.domain(), streams.limits().close_patience).await;
            Err(end)
        }
    }
}

/// Reaches TLS, by one way or the other. Nobody gets further without.
async fn secure(streams: &Streams, socket: TcpStream, entry: Entry) -> Result<Wire, End> {
    let limits = streams.limits().before_login();
    let mut first = [0];
    if entry == Entry::DirectTls || (socket.peek(&mut first).await? == 1 && first == TLS_HANDSHAKE)
    {
        let socket = streams.0.direct_tls.accept(socket).await?;
        return Ok(Wire::new(Box::new(socket), limits));
    }
    let mut wire = Wire::new(socket, limits);
    if let Err(end) = ask_for_tls(streams, &mut wire).await {
        wire.close(&end, streams.domain(), streams.limits().close_patience).await;
        return Err(end);
    }
    let socket = streams.0.start_tls.accept(wire.socket).await?;
    Ok(Wire::new(Box::new(socket), limits))
}

async fn ask_for_tls(streams: &Streams, wire: &mut Wire<TcpStream>) -> Result<(), End> {
    open(streams, wire).await?;
    let required = Element::new(ns::TLS, "required");
    let starttls = Element::new(ns::TLS, "starttls").with_child(required);
    wire.send(&features([starttls])).await?;
    let element = wire.next_element().await?;
    if !element.is(ns::TLS, "starttls") {
        return Err(not_authorized("TLS is required: begin with <starttls/>"));
    }
    if !wire.unread.is_empty() {
        // Read now, it would later count as said under TLS.
        return Err(StreamError::new(
            StreamCondition::PolicyViolation,
            "something was sent between <starttls/> and TLS",
        )
        .into());
    }
    Ok(wire.send(&Element::new(ns::TLS, "proceed")).await?)
}

/// Reads the client's header and answers it.
async fn open<S: super::wire::Socket>(streams: &Streams, wire: &mut Wire<S>) -> Result<(), End> {
    let header = match wire.next().await? {
        Event::Opened(header) => header,
        Event::Closed => return Err(End::Closed),
        Event::Stanza(_) => return Err(not_authorized("the stream is not open")),
    };
    let domain = streams.domain();
    wire.send_header(domain, header.from).await?;
    if header.to.as_deref() != Some(domain) {
        return Err(StreamError::new(
            StreamCondition::HostUnknown,
            format!("this server serves {domain}"),
        )
        .into());
    }
    let major = header.version.as_deref().and_then(|version| version.split('.').next());
    if !major.is_some_and(|major| major.parse::<u32>().is_ok_and(|major| major >= 1)) {
        return Err(StreamError::new(
            StreamCondition::UnsupportedVersion,
            "XMPP 1.0 is spoken here",
        )
        .into());
    }
    Ok(())
}

/// Login and resource, over TLS.
async fn introduce(streams: &Streams, wire: &mut Wire) -> Result<Taken, End> {
    open(streams, wire).await?;
    if let Activity::Inactive { move_to: other } = &*streams.0.activity.borrow() {
        return Err(StreamError::see_other_host(other.clone()).into());
    }
    let bytes = streams.limits().stanza_bytes_before_login;
    let mechanisms = sasl::mechanisms(&login::MECHANISMS);
    wire.send(&features([mechanisms, limits::feature(bytes, None)])).await?;
    let local = log_in(streams, wire).await?;
    wire.restart(streams.limits().after_login());
    open(streams, wire).await?;
    let bytes = streams.limits().stanza_bytes_after_login;
    let session =
        Element::new(ns::SESSION, "session").with_child(Element::new(ns::SESSION, "optional"));
    let offers = [bind::feature(), session, sm::feature(), limits::feature(bytes, None)];
    wire.send(&features(offers)).await?;
    bind_resource(streams, wire, &local).await
}

/// Lets the client try to log in, a few times.
async fn log_in(streams: &Streams, wire: &mut Wire) -> Result<String, End> {
    for _ in 0..streams.limits().login_attempts {
        let element = wire.next_element().await?;
        let Some(request) = Request::parse(&element) else {
            return Err(not_authorized("log in first"));
        };
        match attempt(streams, wire, request).await {
            Ok(local) => return Ok(local),
            Err(Attempt::Failed(failure)) => {
                tracing::debug!(failure = failure.name(), "a login failed");
                wire.send(&failure.element()).await?;
            }
            Err(Attempt::Ended(end)) => return Err(end),
        }
    }
    Err(StreamError::new(StreamCondition::PolicyViolation, "too many failed logins").into())
}

enum Attempt {
    Failed(Failure),
    Ended(End),
}

impl From<Failure> for Attempt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<E: Into<End>> From<E> for Attempt {
    fn from(end: E) -> Self {
        Self::Ended(end.into())
    }
}

async fn attempt(
    streams: &Streams,
    wire: &mut Wire,
    request: Result<Request, Failure>,
) -> Result<String, Attempt> {
    let Request::Auth { mechanism, initial } = request? else {
        return Err(Failure::MalformedRequest.into());
    };
    if !login::MECHANISMS.contains(&mechanism.as_str()) {
        return Err(Failure::InvalidMechanism.into());
    }
    let mut message = match initial {
        Some(initial) => initial,
        None => respond(wire, &[]).await?,
    };
    let candidate = candidate(streams, &mechanism, &message).await?;
    let mut exchange = Exchange::new(&mechanism, candidate)?;
    loop {
        let next;
        (exchange, next) = step(streams, exchange, message).await?;
        match next? {
            Next::Challenge(challenge) => message = respond(wire, &challenge).await?,
            Next::Known { local, last } => {
                wire.send(&sasl::success(last.as_deref())).await?;
                return Ok(local);
            }
        }
    }
}

/// Takes one step, away from the runtime's own threads where it is slow.
async fn step(
    streams: &Streams,
    mut exchange: Exchange,
    message: Vec<u8>,
) -> Result<(Exchange, Result<Next, Failure>), Failure> {
    if !exchange.is_slow() {
        let next = exchange.step(&message);
        return Ok((exchange, next));
    }
    let permit = streams.0.derivations.acquire().await;
    let permit = permit.map_err(|_| Failure::TemporaryAuthFailure)?;
    let stepped = streams.0.tasks.spawn_blocking(move || {
        let next = exchange.step(&message);
        (exchange, next)
    });
    let stepped = stepped.await.map_err(|_| Failure::TemporaryAuthFailure);
    drop(permit);
    stepped
}

/// Sends a challenge and waits for the response.
async fn respond(wire: &mut Wire, challenge: &[u8]) -> Result<Vec<u8>, Attempt> {
    wire.send(&sasl::challenge(challenge)).await?;
    match Request::parse(&wire.next_element().await?) {
        Some(Ok(Request::Response(response))) => Ok(response),
        Some(Ok(Request::Abort)) => Err(Failure::Aborted.into()),
        Some(Ok(Request::Auth { .. })) => Err(Failure::MalformedRequest.into()),
        Some(Err(failure)) => Err(failure.into()),
        None => Err(Attempt::Ended(not_authorized("log in first"))),
    }
}

/// The keys to check a claim against. A name that does not exist costs a look-up, too.
async fn candidate(streams: &Streams, mechanism: &str, first: &[u8]) -> Result<Candidate, Attempt> {
    let local = login::claimed(mechanism, first)?;
    let accounts = &streams.0.accounts;
    let name = local.unwrap_or_default();
    let found = accounts.scram_keys(&name).await.map_err(|error| {
        tracing::warn!(%error, "a login could not be checked");
        Failure::TemporaryAuthFailure
    })?;
    let exists = found.is_some();
    let keys = found.unwrap_or_else(|| login::likely_keys(&streams.0.settings.secret, &name));
    Ok(Candidate { local: name, keys, exists, domain: streams.domain().to_owned() })
}

/// Gives the client its address.
async fn bind_resource(streams: &Streams, wire: &mut Wire, local: &str) -> Result<Taken, End> {
    let account = format!("{local}@{}", streams.domain());
    let account: BareJid = account.parse().map_err(|_| not_authorized("no such account"))?;
    loop {
        let element = wire.next_element().await?;
        if sm::Request::parse(&element) == Some(sm::Request::Resume) {
            // Nothing of a former stream is kept: bind anew, and ask the rooms' archives.
            wire.send(&sm::failed(Condition::ItemNotFound.name())).await?;
            continue;
        }
        let Some(wanted) = bind::request(&element) else {
            return Err(not_authorized("bind a resource first"));
        };
        let resource = wanted.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let refusal = match account.with_resource_str(&resource) {
            Ok(address) => match take(streams, &address).await {
                Ok(taken) => {
                    wire.send(&stanza::result(&element, Some(bind::bound(&address)))).await?;
                    return Ok(taken);
                }
                Err(NotTaken::InUse) => {
                    StanzaError::new(Condition::Conflict, "another stream has this resource")
                }
                Err(NotTaken::TooMany) => StanzaError::new(
                    Condition::ResourceConstraint,
                    "you are connected to this server as often as one user may be",
                ),
            },
            Err(_) => StanzaError::new(Condition::BadRequest, "this cannot be a resource"),
        };
        wire.send(&refusal.answer(&element)).await?;
    }
}

async fn take(streams: &Streams, address: &FullJid) -> Result<Taken, NotTaken> {
    let limits = streams.limits();
    let patience = limits.finish_patience + limits.close_patience;
    streams.0.bound.take(address, limits.connections_per_user, patience).await
}

fn features(offers: impl IntoIterator<Item = Element>) -> Element {
    Element::new(ns::STREAM, "features").with_children(offers)
}

fn not_authorized(text: &str) -> End {
    End::Error(StreamError::new(StreamCondition::NotAuthorized, text))
}

//! A person's client at work: connect, enter, catch up, talk and listen, and again.

use super::memory::Memory;
use super::{Character, Order, Repeat, Standing};
use crate::client::{Client, Lost, Post, StanzaRefusal};
use crate::ledger::{Event, Ledger};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use xmpp::muc::HistoryWanted;
use xmpp::{Element, ns};

/// Posts on their way at the same time.
const IN_FLIGHT_MAX: usize = 32;

/// Who has so much to repeat says nothing new of his own accord.
const UNANSWERED_MAX: usize = 2_000;

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(50);

/// After a refusal that may pass.
const WAIT: Duration = Duration::from_millis(200);

/// How often to look at the clock.
const TICK: Duration = Duration::from_millis(50);

pub(super) struct Presence {
    character: Character,
    ledger: Arc<Ledger>,
    orders: mpsc::Receiver<Order>,
    tell: watch::Sender<Standing>,
    memory: Memory,
    talk: Option<Talk>,
}

struct Talk {
    every: Duration,
    next: Instant,
}

impl Presence {
    pub(super) fn new(
        character: Character,
        ledger: Arc<Ledger>,
        orders: mpsc::Receiver<Order>,
        tell: watch::Sender<Standing>,
    ) -> Self {
        let memory = Memory::new(&character.login.user, &character.rooms);
        Self { character, ledger, orders, tell, memory, talk: None }
    }

    /// Goes on until it is cancelled.
    pub(super) async fn live(mut self) {
        loop {
            let Err(lost) = self.connect_and_stay().await;
            self.memory.disconnected();
            self.write(Event::Lost(lost.to_string()));
            self.tell.send_modify(|it| it.is_in = false);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn connect_and_stay(&mut self) -> Result<std::convert::Infallible, Lost> {
        let mut client = Client::connect(&self.character.login).await?;
        self.write(Event::Connected(client.target().address));
        for room in &self.character.rooms {
            let nothing = HistoryWanted { max_stanzas: Some(0), ..HistoryWanted::default() };
            client.join(room, &self.character.login.user, nothing).await?;
        }
        if self.character.repeat == Repeat::EverythingUnanswered {
            self.send_what_is_due(&mut client).await?;
        }
        self.catch_up(&mut client).await?;
        self.tell.send_modify(|it| it.is_in = true);
        let mut heard = Instant::now();
        let mut asked = heard;
        loop {
            while let Some(stanza) = client.take_unread() {
                self.hear(&stanza)?;
            }
            self.send_what_is_due(&mut client).await?;
            self.tell_unanswered();
            tokio::select! {
                element = client.hear() => {
                    heard = Instant::now();
                    if let Some(stanza) = client.take(element?).await? {
                        self.hear(&stanza)?;
                    }
                }
                Some(order) = self.orders.recv() => self.obey(order),
                () = tokio::time::sleep(TICK) => {}
            }
            let patience = self.character.patience;
            if heard.elapsed() > patience {
                return Err(Lost::Silent(format!("nothing heard for {patience:?}")));
            }
            if heard.elapsed() > patience / 3 && asked.elapsed() > patience / 3 {
                asked = Instant::now();
                client.ask().await?;
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Say { room, body } => self.memory.say(room, body),
            Order::Talk { every } => self.talk = Some(Talk { every, next: Instant::now() }),
            Order::Hush => self.talk = None,
        }
        let unanswered = self.memory.unanswered.len();
        self.tell.send_modify(|it| {
            it.unanswered = unanswered;
            it.heeded += 1;
        });
    }

    fn tell_unanswered(&self) {
        let unanswered = self.memory.unanswered.len();
        self.tell.send_if_modified(|it| {
            let changed = it.unanswered != unanswered;
            it.unanswered = unanswered;
            changed
        });
    }

    async fn send_what_is_due(&mut self, client: &mut Client) -> Result<(), Lost> {
        self.think();
        let now = Instant::now();
        let on_their_way = self.memory.unanswered.iter().filter(|it| it.is_sent).count();
        let is_due = |it: &&mut super::memory::Unanswered| {
            !it.is_sent && it.not_before.is_none_or(|time| time <= now)
        };
        let due = self.memory.unanswered.iter_mut().filter(is_due);
        for post in due.take(IN_FLIGHT_MAX.saturating_sub(on_their_way)) {
            let (room, origin_id, body) =
                (post.room.clone(), post.origin_id.clone(), post.body.clone());
            let event = if post.was_asked {
                Event::Repeated { origin_id }
            } else {
                Event::Asked { room, origin_id, body }
            };
            // Written before it is sent: it cannot be answered earlier.
            self.ledger.write(&self.character.login.user, event);
            (post.is_sent, post.was_asked, post.not_before) = (true, true, None);
            client.post(&post.room, &post.origin_id, &post.body).await?;
        }
        Ok(())
    }

    /// Comes up with something to say when it is time.
    fn think(&mut self) {
        let now = Instant::now();
        while let Some(talk) = &mut self.talk
            && talk.next <= now
        {
            // Who was kept from talking does not make up for it.
            talk.next = (talk.next + talk.every).max(now);
            if self.memory.unanswered.len() < UNANSWERED_MAX
                && let Some((room, body)) = self.memory.next_line()
            {
                self.memory.say(room, body);
            }
        }
    }

    async fn catch_up(&mut self, client: &mut Client) -> Result<(), Lost> {
        for index in 0..self.memory.rooms.len() {
            let room = &self.memory.rooms[index];
            // Who has seen nothing yet has nothing to catch up on, but what he has to repeat.
            if room.last.is_none() && self.memory.unanswered.iter().all(|it| !it.was_asked) {
                continue;
            }
            let (name, last) = (room.name.clone(), room.last.clone());
            let posts = match client.read_archive(&name, last.as_deref()).await {
                Err(Lost::Refused(it)) if it.condition == "item-not-found" => {
                    client.read_archive(&name, None).await?
                }
                posts => posts?,
            };
            for post in posts {
                self.see(post, self.character.repeat == Repeat::WhatIsMissing);
            }
        }
        Ok(())
    }

    fn hear(&mut self, stanza: &Element) -> Result<(), Lost> {
        if let Some(post) = Post::read(stanza) {
            self.see(post, true);
            return Ok(());
        }
        if stanza.is(ns::CLIENT, "presence") && self.is_our_end(stanza) {
            return Err(Lost::Closed);
        }
        let Some(refusal) = StanzaRefusal::read(stanza) else { return Ok(()) };
        let origin_id = stanza.attribute("id").unwrap_or_default();
        if refusal.condition == "not-acceptable" {
            // The room does not know us any more.
            return Err(Lost::Refused(refusal));
        }
        if refusal.may_pass() {
            let posts = &mut self.memory.unanswered;
            if let Some(post) = posts.iter_mut().find(|it| it.origin_id == origin_id) {
                (post.is_sent, post.not_before) = (false, Some(Instant::now() + WAIT));
            }
        } else if self.memory.answered(origin_id) {
            self.write(Event::Refused { origin_id: origin_id.to_owned(), refusal });
        }
        Ok(())
    }

    /// A room says that we are in it no longer.
    fn is_our_end(&self, presence: &Element) -> bool {
        let from = presence.attribute("from").unwrap_or_default();
        let us = from.split_once('/').is_some_and(|(_, nick)| nick == self.character.login.user);
        us && presence.attribute("type") == Some("unavailable")
    }

    fn see(&mut self, post: Post, counts_as_answer: bool) {
        let Some(room) = self.memory.room(&post.room) else { return };
        let is_new = room.note(&post.archive_id);
        let is_ours = post.nick == self.character.login.user;
        let origin_id = post.origin_id.as_deref().unwrap_or_default();
        if is_ours && counts_as_answer && self.memory.answered(origin_id) {
            self.write(Event::Acknowledged(post.clone()));
        }
        if is_new {
            self.write(Event::Seen(post));
        }
    }

    fn write(&self, event: Event) {
        self.ledger.write(&self.character.login.user, event);
    }
}

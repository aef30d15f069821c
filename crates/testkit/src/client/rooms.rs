//! Rooms: enter, say something and hear it, ask the archive, leave.

use super::{Client, Lost, Post, StanzaRefusal};
use std::time::Duration;
use xmpp::mam::{Fin, Query};
use xmpp::muc::{HistoryWanted, Join, status, statuses};
use xmpp::{Element, ns, stanza_id};

/// Posts to ask an archive for at once.
const PAGE: u64 = 200;

/// Pages that one reading of an archive may take.
const PAGES_MAX: usize = 10_000;

/// How long to wait for a room to let us in, or to echo a post.
const ROOM: Duration = Duration::from_secs(20);

/// One page of an archive.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Page {
    pub posts: Vec<Post>,
    /// Nothing follows.
    pub complete: bool,
    /// The archive id to go on after.
    pub last: Option<String>,
}

impl Client {
    /// Enters a room and waits until the room says that we are in; history, occupants and the
    /// subject stay for [`Client::next`].
    pub async fn join(
        &mut self,
        room: &str,
        nick: &str,
        history: HistoryWanted,
    ) -> Result<(), Lost> {
        let us = format!("{room}/{nick}");
        let join = Join { history, password: None };
        let presence = Element::new(ns::CLIENT, "presence")
            .with_attribute("to", us.clone())
            .with_attribute("id", self.next_id())
            .with_child(join.element());
        self.send(&presence).await?;
        let what = format!("entering {us}");
        let answer = self.wait_for_within(ROOM, &what, |it| {
            let from_room = it.attribute("from").is_some_and(|from| from.starts_with(room));
            let is_ours = statuses(it).contains(&status::SELF) || StanzaRefusal::read(it).is_some();
            it.is(ns::CLIENT, "presence") && from_room && is_ours
        });
        match StanzaRefusal::read(&answer.await?) {
            Some(refusal) => Err(Lost::Refused(refusal)),
            None => Ok(()),
        }
    }

    /// Leaves a room and waits until the room says so.
    pub async fn leave(&mut self, room: &str, nick: &str) -> Result<(), Lost> {
        let us = format!("{room}/{nick}");
        let presence = Element::new(ns::CLIENT, "presence")
            .with_attribute("to", us.clone())
            .with_attribute("type", "unavailable");
        self.send(&presence).await?;
        let what = format!("leaving {us}");
        let gone = self.wait_for_within(ROOM, &what, |it| {
            it.is(ns::CLIENT, "presence")
                && it.attribute("from") == Some(us.as_str())
                && it.attribute("type") == Some("unavailable")
        });
        gone.await.map(drop)
    }

    /// Sends a post without waiting for anything.
    pub async fn post(&mut self, room: &str, origin_id: &str, body: &str) -> Result<(), Lost> {
        let message = Element::new(ns::CLIENT, "message")
            .with_attribute("to", room)
            .with_attribute("type", "groupchat")
            .with_attribute("id", origin_id)
            .with_child(Element::new(ns::CLIENT, "body").with_text(body))
            .with_child(stanza_id::origin(origin_id));
        self.send(&message).await
    }

    /// Waits for the room's echo of a post, which is the receipt. An error is [`Lost::Refused`].
    pub async fn receipt(&mut self, room: &str, origin_id: &str) -> Result<Post, Lost> {
        let what = format!("the echo of {origin_id} in {room}");
        let message = self.wait_for_within(ROOM, &what, |it| {
            let refused =
                it.attribute("id") == Some(origin_id) && StanzaRefusal::read(it).is_some();
            let echo = Post::read(it).is_some_and(|post| {
                post.room == room && post.origin_id.as_deref() == Some(origin_id)
            });
            it.is(ns::CLIENT, "message") && (refused || echo)
        });
        let message = message.await?;
        if let Some(refusal) = StanzaRefusal::read(&message) {
            return Err(Lost::Refused(refusal));
        }
        Ok(Post::read(&message).expect("it was read a moment ago"))
    }

    /// Says something and waits for the receipt.
    pub async fn say(&mut self, room: &str, origin_id: &str, body: &str) -> Result<Post, Lost> {
        self.post(room, origin_id, body).await?;
        self.receipt(room, origin_id).await
    }

    /// Asks a room's archive; the query may have its own filters and page.
    pub async fn query(&mut self, room: &str, query: Query) -> Result<Page, Lost> {
        let query_id = self.next_id();
        let query = Query { query_id: Some(query_id.clone()), ..query };
        let answer = self.request("set", Some(room), query.payload()).await?;
        let fin = Fin::parse(&answer).ok_or(Lost::NotOffered("the end of an archive's page"))?;
        let mut page = Page { complete: fin.complete, ..Page::default() };
        page.last = fin.bounds.map(|(_, last)| last);
        let ours = |it: &Element| {
            let result = it.child(ns::MAM, "result");
            result.is_some_and(|it| it.attribute("queryid") == Some(query_id.as_str()))
        };
        let (results, others): (Vec<_>, Vec<_>) = self.unread.drain(..).partition(ours);
        self.unread.extend(others);
        page.posts = results.iter().filter_map(Post::read_result).collect();
        Ok(page)
    }

    /// Reads a room's archive from after an archive id (or from its beginning) to its end.
    pub async fn read_archive(
        &mut self,
        room: &str,
        after: Option<&str>,
    ) -> Result<Vec<Post>, Lost> {
        let mut posts = Vec::new();
        let mut after = after.map(str::to_owned);
        for _ in 0..PAGES_MAX {
            let page = xmpp::mam::Page::First;
            let page = after.take().map_or(page, xmpp::mam::Page::After);
            let query = Query { page, max: Some(PAGE), ..Query::default() };
            let page = self.query(room, query).await?;
            posts.extend(page.posts);
            after = page.last;
            if page.complete || after.is_none() {
                return Ok(posts);
            }
        }
        Err(Lost::Silent(format!("the archive of {room} does not end")))
    }
}

//! What was said before: history for those who enter, and archive queries (XEP-0313).
//!
//! Nothing is read beyond what the room has been shown, so whoever asks sees no post that is not
//! proven, and no post twice or never between history and what is said next.
//!
//! Paging goes by position; archive ids name positions. Two kinds of id name none, or not the one
//! that a client means: the id of a post on a dead branch, and that of a recovered post, whose
//! place is not where the client saw it. *After* such an id the answer starts where the room's
//! branches parted: nothing is missing, and what comes twice has the same archive id. So that
//! paging still moves on, the bounds of a page name a recovered post by `ID@POSITION`.

use crate::error::RoomError;
use crate::house::Open;
use crate::outbox::Shared;
use crate::post::{COLUMNS, Post};
use crate::reads::{Lease, Unavailable};
use crate::render;
use crate::settings::Limits;
use std::time::{Duration, SystemTime};
use uuid::Uuid;
use xmpp::mam::{Fin, Page, Query};
use xmpp::muc::HistoryWanted;
use xmpp::{BareJid, Jid};

/// A room's archive, as far as it may be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Archive<'a> {
    pub(crate) lease: &'a Lease,
    pub(crate) address: &'a BareJid,
    pub(crate) room: Uuid,
    /// The last position that may be shown.
    pub(crate) shown: i64,
    pub(crate) limits: &'a Limits,
}

/// A page of an archive, and how it ends.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) results: Vec<Shared>,
    pub(crate) fin: Fin,
}

/// Which posts a query is about, but for the page.
#[derive(Debug, Default)]
struct Filter {
    /// The position before the first.
    after: i64,
    /// The position after the last.
    before: i64,
    start: Option<SystemTime>,
    end: Option<SystemTime>,
    sender: Option<String>,
    nick: Option<String>,
    ids: Option<Vec<Uuid>>,
}

const WHERE: &str = "p.room = $1 and p.position > $2 and p.position < $3
    and ($4::timestamptz is null or p.sent_at >= $4)
    and ($5::timestamptz is null or p.sent_at <= $5)
    and ($6::text is null or p.sender = $6)
    and ($7::text is null or p.nick = $7)
    and ($8::uuid[] is null or p.archive_id = any ($8))";

impl<'a> Archive<'a> {
    pub(crate) fn new(
        lease: &'a Lease,
        address: &'a BareJid,
        open: &Open,
        limits: &'a Limits,
    ) -> Self {
        Self { lease, address, room: open.id, shown: open.shown, limits }
    }

    /// The last posts, for somebody who enters (XEP-0045 section 7.2.14).
    pub(crate) async fn recent(&self, wanted: &HistoryWanted) -> Result<Vec<Shared>, Unavailable> {
        let limits = self.limits;
        let now = SystemTime::now();
        let seconds = wanted.seconds.map(Duration::from_secs);
        let seconds = seconds.and_then(|ago| now.checked_sub(ago));
        let since = wanted.since.as_deref().and_then(render::time).max(seconds);
        let asked = wanted.max_stanzas.map(|max| i64::try_from(max).unwrap_or(i64::MAX));
        let usual = if since.is_some() { limits.history_max } else { limits.history_default };
        let most = asked.unwrap_or(usual).min(limits.history_max);
        if most == 0 || wanted.max_chars == Some(0) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "select {COLUMNS} from chat.post p
             where p.room = $1 and p.position <= $2 and p.kind = 'message'
               and ($3::timestamptz is null or p.sent_at >= $3)
             order by p.position desc limit $4"
        );
        let rows = self.lease.rows(&sql, &[&self.room, &self.shown, &since, &most]).await?;
        let chars = wanted.max_chars.and_then(|max| usize::try_from(max).ok());
        let mut left = chars.unwrap_or(limits.page_bytes).min(limits.page_bytes);
        let mut history = Vec::new();
        for post in rows.iter().map(Post::of_row) {
            let Some(rest) = left.checked_sub(post.stanza.len()) else { break };
            left = rest;
            history.push(render::late(&post, self.address));
        }
        history.reverse();
        Ok(history)
    }

    /// One page of an archive query.
    pub(crate) async fn page(&self, query: &Query) -> Result<Found, RoomError> {
        let filter = self.filter(query).await?;
        let count = self.count(&filter).await?;
        let most = query.max.map_or(self.limits.page_max, |max| {
            i64::try_from(max).unwrap_or(i64::MAX).min(self.limits.page_max)
        });
        if most == 0 {
            return Ok(Found { results: Vec::new(), fin: Fin { count, ..Fin::default() } });
        }
        let mut page = filter;
        match &query.page {
            Page::First | Page::Last => {}
            Page::After(id) => page.after = page.after.max(self.after(id).await?),
            Page::Before(id) => page.before = page.before.min(self.before(id).await?),
        }
        let backwards = matches!(query.page, Page::Last | Page::Before(_));
        let (mut posts, complete) = self.posts(&page, backwards, most).await?;
        if backwards {
            posts.reverse();
        }
        let bounds = posts.first().zip(posts.last()).map(|(a, b)| (name(a), name(b)));
        if query.flip_page {
            posts.reverse();
        }
        let query_id = query.query_id.as_deref();
        let results = posts.iter().filter_map(|p| render::archived(p, self.address, query_id));
        Ok(Found { results: results.collect(), fin: Fin { complete, bounds, count } })
    }

    /// So many posts at one end, and whether that was all.
    async fn posts(
        &self,
        filter: &Filter,
        backwards: bool,
        most: i64,
    ) -> Result<(Vec<Post>, bool), Unavailable> {
        let order = if backwards { "desc" } else { "asc" };
        let sql = format!(
            "select {COLUMNS} from chat.post p where {WHERE} order by p.position {order} limit $9"
        );
        let Filter { after, before, start, end, sender, nick, ids } = filter;
        let one_more = most + 1;
        let rows = self
            .lease
            .rows(&sql, &[&self.room, after, before, start, end, sender, nick, ids, &one_more])
            .await?;
        let (mut posts, mut bytes) = (Vec::new(), 0);
        for post in rows.iter().take(usize::try_from(most).unwrap_or(0)).map(Post::of_row) {
            if bytes >= self.limits.page_bytes {
                break;
            }
            bytes += post.stanza.len();
            posts.push(post);
        }
        let complete = posts.len() == rows.len();
        Ok((posts, complete))
    }

    async fn filter(&self, query: &Query) -> Result<Filter, RoomError> {
        let time = |stamp: &Option<String>| match stamp {
            None => Ok(None),
            Some(stamp) => render::time(stamp)
                .map(Some)
                .ok_or_else(|| RoomError::BadQuery(format!("{stamp} is not a time"))),
        };
        let mut filter = Filter {
            after: 0,
            before: self.shown.saturating_add(1),
            start: time(&query.start)?,
            end: time(&query.end)?,
            ..Filter::default()
        };
        if let Some(with) = &query.with {
            let jid = Jid::new(with)
                .map_err(|_| RoomError::BadQuery(format!("{with} is not an address")))?;
            match jid.resource() {
                Some(nick) if jid.to_bare() == *self.address => {
                    filter.nick = Some(nick.to_string());
                }
                Some(_) | None => filter.sender = Some(jid.to_bare().to_string()),
            }
        }
        if let Some(id) = &query.after_id {
            filter.after = self.after(id).await?;
        }
        if let Some(id) = &query.before_id {
            filter.before = filter.before.min(self.before(id).await?);
        }
        if !query.ids.is_empty() {
            let ids = query.ids.iter().map(|id| Ok(archive_id(id)?.0));
            let ids = ids.collect::<Result<Vec<Uuid>, RoomError>>()?;
            let sql = "select count(*) from chat.post
                       where room = $1 and position <= $2 and archive_id = any ($3)";
            let found: i64 = self.lease.row(sql, &[&self.room, &self.shown, &ids]).await?.get(0);
            if usize::try_from(found) != Ok(ids.len()) {
                return Err(RoomError::NotInArchive);
            }
            filter.ids = Some(ids);
        }
        Ok(filter)
    }

    /// How many posts the filter lets through; none, if that is too many to count.
    async fn count(&self, filter: &Filter) -> Result<Option<u64>, Unavailable> {
        let Filter { after, before, start, end, sender, nick, ids } = filter;
        let all = start.is_none() && end.is_none() && sender.is_none() && nick.is_none();
        if all && ids.is_none() {
            // Positions have no gaps.
            return Ok(u64::try_from(before - after - 1).ok().or(Some(0)));
        }
        let sql = format!(
            "select count(*) from (select from chat.post p where {WHERE} limit $9) as counted"
        );
        let most = self.limits.count_max + 1;
        let found: i64 = self
            .lease
            .row(&sql, &[&self.room, after, before, start, end, sender, nick, ids, &most])
            .await?
            .get(0);
        Ok((found < most).then(|| u64::try_from(found).unwrap_or(0)))
    }

    /// The position before the first post that comes after `id`.
    async fn after(&self, id: &str) -> Result<i64, RoomError> {
        let (id, place) = archive_id(id)?;
        let sql = "select position, former_reign from chat.post
                   where room = $1 and archive_id = $2 and position <= $3";
        let row = self.lease.maybe_row(sql, &[&self.room, &id, &self.shown]).await?;
        let Some(row) = row else { return self.parting_before(id).await };
        let (position, former_reign): (i64, Option<i64>) = (row.get(0), row.get(1));
        let Some(former_reign) = former_reign else { return Ok(position) };
        if place == Some(position) {
            return Ok(position);
        }
        let sql = "select min(first_position) - 1 from chat.room_reign
                   where room = $1 and reign > $2";
        let fork: Option<i64> = self.lease.row(sql, &[&self.room, &former_reign]).await?.get(0);
        Ok(fork.unwrap_or(position))
    }

    /// Where the branch parted on which `id` must have stood: the last post of an older reign that
    /// was sent before it.
    async fn parting_before(&self, id: Uuid) -> Result<i64, RoomError> {
        let Some(made_at) = render::made_at(id) else { return Err(RoomError::NotInArchive) };
        // The present reign may have said nothing in this room yet: then its last post is the fork.
        let sql = "select max(p.position)
                   from (select f.first_position - 1 as position from chat.room_reign f
                         where f.room = $1
                         union all
                         select $3::bigint where not exists (
                           select from chat.room_reign f
                           where f.room = $1 and f.reign = $4)) as fork
                        join chat.post p on p.room = $1 and p.position = fork.position
                   where p.sent_at <= $2 and p.position <= $3";
        let (reign, _) = self.lease.term();
        let fork: Option<i64> =
            self.lease.row(sql, &[&self.room, &made_at, &self.shown, &reign]).await?.get(0);
        Ok(fork.unwrap_or(0))
    }

    /// The position of `id`.
    async fn before(&self, id: &str) -> Result<i64, RoomError> {
        let (id, _) = archive_id(id)?;
        let sql = "select position from chat.post
                   where room = $1 and archive_id = $2 and position <= $3";
        let row = self.lease.maybe_row(sql, &[&self.room, &id, &self.shown]).await?;
        row.map(|row| row.get(0)).ok_or(RoomError::NotInArchive)
    }
}

/// What a page's bounds call a post.
fn name(post: &Post) -> String {
    match post.recovered_at {
        Some(_) => format!("{}@{}", post.archive_id, post.position),
        None => post.archive_id.to_string(),
    }
}

/// Reads what [`name`] wrote.
fn archive_id(text: &str) -> Result<(Uuid, Option<i64>), RoomError> {
    let (id, place) = match text.split_once('@') {
        Some((id, place)) => (id, Some(place.parse().or(Err(RoomError::NotInArchive))?)),
        None => (text, None),
    };
    Ok((Uuid::try_parse(id).or(Err(RoomError::NotInArchive))?, place))
}

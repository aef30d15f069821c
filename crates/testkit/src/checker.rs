//! The independent checker: what clients were told, against what stands in the rooms.
//!
//! It knows nothing of databases and procedures. Its ground is the [`Ledger`] and the archives of
//! the rooms, read by an ordinary client.

mod order;
#[cfg(test)]
mod tests;

use crate::client::{Client, Lost, Post};
use crate::ledger::{Entry, Event, Ledger};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Complaints of one kind that are printed.
const SHOWN_MAX: usize = 10;

/// What stands in each room, in the order of the room.
pub type Rooms = BTreeMap<String, Vec<Post>>;

/// Reads the archives of `rooms` from beginning to end.
pub async fn read_rooms(client: &mut Client, rooms: &[String]) -> Result<Rooms, Lost> {
    let mut read = Rooms::new();
    for room in rooms {
        read.insert(room.clone(), client.read_archive(room, None).await?);
    }
    Ok(read)
}

/// A moment at which a site was gone: what stood in the rooms after the failover, and how much of
/// the ledger had been written when the failover was done.
#[derive(Clone, Debug)]
pub struct AfterFailover {
    standing: Rooms,
    entries: usize,
}

impl AfterFailover {
    /// `acknowledged_until` counts the ledger's entries that were written before the site was lost.
    pub fn new(standing: Rooms, acknowledged_until: usize) -> Self {
        Self { standing, entries: acknowledged_until }
    }
}

/// What the checker found. Posts are named `room origin-id archive-id`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verdict {
    /// Posts whose sender got a receipt.
    pub acknowledged: usize,
    /// Of those, how many stand in their rooms.
    pub present: usize,
    /// Acknowledged, but not there.
    pub lost: Vec<String>,
    /// Seen by somebody, but not there.
    pub vanished: Vec<String>,
    /// There more than once.
    pub duplicated: Vec<String>,
    /// There with another text, sender or archive id than somebody was told.
    pub altered: Vec<String>,
    /// There, though nobody sent it.
    pub invented: Vec<String>,
    /// Standing in another order than somebody was told.
    pub reordered: Vec<String>,
    /// Acknowledged before a site was lost, and not there after the failover.
    pub unshipped: usize,
    /// Of those, how many stand in the end, marked as recovered.
    pub recovered: usize,
}

impl Verdict {
    /// Compares what clients were told with what stands in the rooms in the end.
    ///
    /// `losses` has one entry for each failover without all of home's posts, in their order.
    pub fn reach(ledger: &Ledger, losses: &[AfterFailover], standing: &Rooms) -> Self {
        let entries = ledger.entries();
        let mut verdict = Self::default();
        verdict.judge_presence(&entries, standing);
        verdict.judge_uniqueness(&entries, standing);
        verdict.judge_losses(&entries, losses, standing);
        verdict.reordered = order::complaints(&entries, losses, standing);
        verdict
    }

    /// Nothing is missing, doubled, changed or out of order.
    pub fn is_good(&self) -> bool {
        self.complaints().iter().all(|(_, found)| found.is_empty())
            && self.recovered == self.unshipped
    }

    fn complaints(&self) -> [(&'static str, &[String]); 6] {
        [
            ("lost", &self.lost),
            ("vanished", &self.vanished),
            ("duplicated", &self.duplicated),
            ("altered", &self.altered),
            ("invented", &self.invented),
            ("reordered", &self.reordered),
        ]
    }

    fn judge_presence(&mut self, entries: &[Entry], standing: &Rooms) {
        let by_id = by_archive_id(standing);
        let by_sender: BTreeSet<_> = standing.values().flatten().filter_map(as_sent).collect();
        let mut acknowledged = BTreeSet::new();
        let mut vanished = BTreeSet::new();
        for entry in entries {
            let (Event::Acknowledged(told) | Event::Seen(told)) = &entry.what else { continue };
            let is_receipt = matches!(entry.what, Event::Acknowledged(_));
            let is_first = is_receipt && acknowledged.insert(key(told));
            match by_id.get(&key(told)) {
                Some(found) => {
                    self.present += usize::from(is_first);
                    let same = (&found.body, &found.nick) == (&told.body, &told.nick);
                    if !same && is_first {
                        self.altered.push(name(told));
                    }
                }
                None if is_first => self.lost.push(name(told)),
                // Its sender had no receipt, repeated it elsewhere, and that one stands: once.
                None if !is_receipt && as_sent(told).is_some_and(|it| by_sender.contains(&it)) => {}
                None if !is_receipt => {
                    vanished.insert(name(told));
                }
                None => {}
            }
        }
        self.acknowledged = acknowledged.len();
        self.vanished = vanished.into_iter().collect();
    }

    fn judge_uniqueness(&mut self, entries: &[Entry], standing: &Rooms) {
        let asked: BTreeMap<&str, (&str, &str)> = entries
            .iter()
            .filter_map(|entry| match &entry.what {
                Event::Asked { room, origin_id, body } => {
                    Some((origin_id.as_str(), (room.as_str(), body.as_str())))
                }
                _ => None,
            })
            .collect();
        let mut archive_ids = BTreeSet::new();
        let mut origin_ids = BTreeSet::new();
        for post in standing.values().flatten() {
            let is_again = !archive_ids.insert(&post.archive_id);
            // Posts that others sent may have no origin id; nothing is promised to them.
            let Some(origin_id) = &post.origin_id else { continue };
            if is_again || !origin_ids.insert((&post.room, &post.nick, origin_id)) {
                self.duplicated.push(name(post));
            }
            match asked.get(origin_id.as_str()) {
                Some((room, body)) if (*room, *body) == (&post.room, &post.body) => {}
                Some(_) => self.altered.push(name(post)),
                None => self.invented.push(name(post)),
            }
        }
    }

    fn judge_losses(&mut self, entries: &[Entry], losses: &[AfterFailover], standing: &Rooms) {
        let in_the_end = by_archive_id(standing);
        let mut unshipped = BTreeMap::new();
        for loss in losses {
            let there = by_archive_id(&loss.standing);
            for entry in &entries[..loss.entries] {
                if let Event::Acknowledged(post) = &entry.what
                    && !there.contains_key(&key(post))
                {
                    unshipped.insert(key(post), post);
                }
            }
        }
        self.unshipped = unshipped.len();
        let is_back = |key: &Key| in_the_end.get(key).is_some_and(|it| it.recovered);
        self.recovered = unshipped.keys().filter(|key| is_back(key)).count();
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, present, unshipped, recovered, .. } = self;
        writeln!(
            f,
            "{acknowledged} posts acknowledged, {present} present, {} duplicated, \
             {unshipped} unshipped, {recovered} recovered",
            self.duplicated.len()
        )?;
        for (what, found) in self.complaints() {
            for post in found.iter().take(SHOWN_MAX) {
                writeln!(f, "{what}: {post}")?;
            }
            if found.len() > SHOWN_MAX {
                writeln!(f, "{what}: and {} more", found.len() - SHOWN_MAX)?;
            }
        }
        Ok(())
    }
}

/// Room and archive id.
type Key = (String, String);

fn key(post: &Post) -> Key {
    (post.room.clone(), post.archive_id.clone())
}

/// What makes a post and its repetition one: room, sender, origin id and content.
fn as_sent(post: &Post) -> Option<(&str, &str, &str, &str)> {
    let origin_id = post.origin_id.as_deref()?;
    Some((&post.room, &post.nick, origin_id, &post.body))
}

fn by_archive_id(rooms: &Rooms) -> BTreeMap<Key, &Post> {
    rooms.values().flatten().map(|post| (key(post), post)).collect()
}

fn name(post: &Post) -> String {
    let origin_id = post.origin_id.as_deref().unwrap_or("-");
    format!("{} {origin_id} {}", post.room, post.archive_id)
}

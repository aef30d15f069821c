//! Bringing back what a lost site had committed and never shipped.
//!
//! The old copy is read on its own host, read-only, before anything is rewound; what is found
//! travels to the present primary and is put at the end of each room, marked recovered.
//!
//! What two copies of a room have in common is exactly its posts up to a position: positions are
//! taken under the room's row lock, so they are in the order of commits, and shipping cuts the
//! order of commits at one place. Each copy knows where its own reigns began ([`Forks`]), and the
//! copies part before the first reign that only one of them knows. Everything else of the old copy
//! is unshipped ([`unshipped`]), whichever of the two sites it is from.
//!
//! Putting back is safe to repeat: a post whose archive id stands is left alone, and so is one that
//! its sender has already repeated under the same origin id with the same content.

mod differences;
mod restore;

pub use differences::{Declared, Difference, declared, differences};
pub use restore::{MissingRoom, Report, restore};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// Posts on one page of unshipped ones.
pub const PAGE_POSTS: i64 = 1000;

/// Bytes of stanzas on one page, the last post not counted: a page fits one control answer.
pub const PAGE_BYTES: usize = 2 << 20;

/// Why salvage stopped. It can be run again.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    /// A database did not answer.
    #[error("a database did not answer; nothing is lost, run it again")]
    Database(#[from] tokio_postgres::Error),
    /// The old copy carries no term.
    #[error("the old copy does not say in which term it was; is it a database of this pool?")]
    NoTerm,
    /// What is to be put back cannot be read.
    #[error("post {0} arrived damaged; run it again")]
    Damaged(Uuid),
}

/// Where, in each room of the present primary, each reign began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forks {
    /// By the room's id.
    pub rooms: BTreeMap<Uuid, RoomForks>,
}

/// Where in one room each reign began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomForks {
    /// The position of the room's last post.
    pub last: i64,
    /// Reign and first position, in order.
    pub reigns: Vec<(i64, i64)>,
}

/// A post of an old copy that may have to be put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salvaged {
    /// Its archive id, which it keeps.
    pub archive_id: Uuid,
    /// The room's id.
    pub room: Uuid,
    /// The room's name.
    pub room_name: String,
    /// Where it stood.
    pub position: i64,
    /// The reign in which it took that position.
    pub reign: i64,
    /// `message` or `subject`.
    pub kind: String,
    /// The sender's bare address.
    pub sender: String,
    /// The sender's nick.
    pub nick: String,
    /// The sender's own id for it.
    pub origin_id: Option<String>,
    /// What makes two posts the same, in BASE64.
    pub content_hash: String,
    /// The stanza.
    pub stanza: String,
    /// When it was sent, in microseconds since 1970.
    pub sent_at_micros: u64,
}

/// Where the next page begins: after this position of this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The room's id.
    pub room: Uuid,
    /// The position.
    pub position: i64,
}

/// A page of unshipped posts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageOfPosts {
    /// By room, in the order of positions.
    pub posts: Vec<Salvaged>,
    /// Where the next page begins; none, if this is the last.
    pub next: Option<Cursor>,
}

/// Asks the present primary where reigns began.
pub async fn forks(current: &Client) -> Result<Forks, SalvageError> {
    let sql = "select r.id, r.next_position - 1, f.reign, f.first_position
               from chat.room r left join chat.room_reign f on f.room = r.id
               order by r.id, f.reign";
    let mut forks = Forks::default();
    for row in current.query(sql, &[]).await? {
        let room = forks.rooms.entry(row.get(0)).or_default();
        room.last = row.get(1);
        let began = row.get::<_, Option<i64>>(2).zip(row.get(3));
        room.reigns.extend(began);
    }
    Ok(forks)
}

impl Forks {
    /// The last position in a room up to which the present primary and an old copy are the same.
    pub fn shared(&self, room: Uuid, old: &Self) -> i64 {
        let (Some(here), Some(there)) = (self.rooms.get(&room), old.rooms.get(&room)) else {
            return 0;
        };
        let same = here.reigns.iter().zip(&there.reigns).take_while(|(a, b)| a == b).count();
        let parted = [here, there].into_iter().filter_map(|copy| copy.reigns.get(same));
        let ends = parted.map(|(_, first)| first - 1).chain([here.last, there.last]);
        ends.min().unwrap_or_default()
    }
}

/// All posts of the old copy that the present primary does not have by shipping.
pub async fn unshipped(old: &Client, forks: &Forks) -> Result<Vec<Salvaged>, SalvageError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = unshipped_page(old, forks, after).await?;
        found.extend(page.posts);
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// One page of them, to be sent over the control port.
pub async fn unshipped_page(
    old: &Client,
    forks: &Forks,
    after: Option<Cursor>,
) -> Result<PageOfPosts, SalvageError> {
    let term = old.query_opt("select reign::bigint from recovery.term", &[]).await?;
    term.ok_or(SalvageError::NoTerm)?;
    let parted = self::forks(old).await?;
    let rooms = old.query("select id from chat.room order by id", &[]).await?;
    let rooms: Vec<Uuid> = rooms.iter().map(|row| row.get(0)).collect();
    let rooms: Vec<Uuid> =
        rooms.into_iter().filter(|room| after.is_none_or(|after| *room >= after.room)).collect();
    let begins = |room: &Uuid| match after {
        Some(after) if after.room == *room => after.position,
        Some(_) | None => forks.shared(*room, &parted),
    };
    let positions: Vec<i64> = rooms.iter().map(begins).collect();
    let sql = "select p.archive_id, p.room, r.name, p.position, p.reign, p.kind, p.sender, p.nick,
                      p.origin_id, p.content_hash, p.stanza, p.sent_at
               from unnest($1::uuid[], $2::bigint[]) as w (room, after)
                    join chat.room r on r.id = w.room
                    cross join lateral (
                      select q.* from chat.post q
                      where q.room = w.room and q.position > w.after
                      order by q.position limit $3) p
               order by p.room, p.position limit $3";
    let rows = old.query(sql, &[&rooms, &positions, &PAGE_POSTS]).await?;
    let mut page = PageOfPosts::default();
    let mut bytes = 0;
    for row in &rows {
        if bytes >= PAGE_BYTES {
            break;
        }
        let post = Salvaged::of_row(row);
        bytes += post.stanza.len();
        page.posts.push(post);
    }
    let full = usize::try_from(PAGE_POSTS).unwrap_or(usize::MAX);
    let all = page.posts.len() == rows.len() && rows.len() < full;
    let last = page.posts.last().filter(|_| !all);
    page.next = last.map(|post| Cursor { room: post.room, position: post.position });
    Ok(page)
}

impl Salvaged {
    fn of_row(row: &Row) -> Self {
        let since = row.get::<_, SystemTime>(11).duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            archive_id: row.get(0),
            room: row.get(1),
            room_name: row.get(2),
            position: row.get(3),
            reign: row.get(4),
            kind: row.get(5),
            sender: row.get(6),
            nick: row.get(7),
            origin_id: row.get(8),
            content_hash: STANDARD.encode(row.get::<_, &[u8]>(9)),
            stanza: row.get(10),
            sent_at_micros: u64::try_from(since.as_micros()).unwrap_or(u64::MAX),
        }
    }

    fn hash(&self) -> Result<Vec<u8>, SalvageError> {
        STANDARD.decode(&self.content_hash).or(Err(SalvageError::Damaged(self.archive_id)))
    }

    fn sent_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.sent_at_micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_copies_part_before_the_first_reign_that_one_of_them_lacks() {
        let room = Uuid::now_v7();
        let forks = |last, reigns: &[(i64, i64)]| {
            let parted = RoomForks { last, reigns: reigns.to_vec() };
            Forks { rooms: BTreeMap::from([(room, parted)]) }
        };
        let here = forks(50, &[(1, 1), (2, 11), (4, 31)]);
        let shared = |last, reigns: &[(i64, i64)]| here.shared(room, &forks(last, reigns));
        assert_eq!(shared(17, &[(1, 1)]), 10, "lost in reign 1, with seven posts unshipped");
        assert_eq!(shared(8, &[(1, 1)]), 8, "the shorter of two copies");
        assert_eq!(shared(40, &[(1, 1), (2, 11)]), 30);
        assert_eq!(shared(50, &[(1, 1), (2, 11), (4, 31)]), 50);
        assert_eq!(shared(60, &[(1, 1), (2, 11), (3, 26)]), 25, "it took the pool unheard");
        assert_eq!(forks(9, &[]).shared(Uuid::now_v7(), &here), 0);
    }
}

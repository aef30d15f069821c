//! Putting unshipped posts at the end of their rooms.

use super::{SalvageError, Salvaged};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::SystemTime;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// Posts of one room that go in with one transaction, so that nothing said meanwhile stands between
/// them.
const POSTS_AT_ONCE: usize = 5000;

/// What became of the posts that were to be put back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Put back, at the end of their rooms.
    pub restored: u64,
    /// They stood already, by their archive id.
    pub already_there: u64,
    /// Their senders had repeated them already.
    pub repeated_by_sender: u64,
    /// Rooms that are not here. Make them, and run salvage again.
    pub rooms_missing: Vec<MissingRoom>,
}

/// A room that only the old copy has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingRoom {
    /// Its name.
    pub name: String,
    /// How many posts of it wait.
    pub posts: u64,
    /// The command that makes it.
    pub command: String,
}

impl Report {
    /// Adds what another page brought.
    pub fn add(&mut self, other: Self) {
        self.restored += other.restored;
        self.already_there += other.already_there;
        self.repeated_by_sender += other.repeated_by_sender;
        for missing in other.rooms_missing {
            match self.rooms_missing.iter_mut().find(|known| known.name == missing.name) {
                Some(known) => known.posts += missing.posts,
                None => self.rooms_missing.push(missing),
            }
        }
    }
}

/// Puts posts back into the present primary, those of one room in the order of their positions.
/// `current` must be allowed to write tables.
pub async fn restore(current: &Client, posts: &[Salvaged]) -> Result<Report, SalvageError> {
    let mut by_room: BTreeMap<Uuid, Vec<&Salvaged>> = BTreeMap::new();
    for post in posts {
        by_room.entry(post.room).or_default().push(post);
    }
    let mut report = Report::default();
    for (room, mut posts) in by_room {
        posts.sort_by_key(|post| post.position);
        let name = &posts[0].room_name;
        let Some(here) = room_here(current, room, name).await? else {
            report.rooms_missing.push(MissingRoom {
                name: name.clone(),
                posts: u64::try_from(posts.len()).unwrap_or(u64::MAX),
                command: super::differences::make_room(name),
            });
            continue;
        };
        for some in posts.chunks(POSTS_AT_ONCE) {
            put_back(current, here, some, &mut report).await?;
        }
    }
    Ok(report)
}

/// The room with that id, or the one that was made anew under that name.
async fn room_here(client: &Client, id: Uuid, name: &str) -> Result<Option<Uuid>, SalvageError> {
    let sql = "select id from chat.room where id = $1 or name = $2 order by id <> $1 limit 1";
    Ok(client.query_opt(sql, &[&id, &name]).await?.map(|row| row.get(0)))
}

async fn put_back(
    client: &Client,
    room: Uuid,
    posts: &[&Salvaged],
    report: &mut Report,
) -> Result<(), SalvageError> {
    let ids: Vec<Uuid> = posts.iter().map(|p| p.archive_id).collect();
    let rooms: Vec<Uuid> = posts.iter().map(|_| room).collect();
    let positions: Vec<i64> = posts.iter().map(|p| p.position).collect();
    let kinds: Vec<&str> = posts.iter().map(|p| p.kind.as_str()).collect();
    let senders: Vec<&str> = posts.iter().map(|p| p.sender.as_str()).collect();
    let nicks: Vec<&str> = posts.iter().map(|p| p.nick.as_str()).collect();
    let origins: Vec<Option<&str>> = posts.iter().map(|p| p.origin_id.as_deref()).collect();
    let hashes = posts.iter().map(|p| p.hash()).collect::<Result<Vec<Vec<u8>>, _>>()?;
    let stanzas: Vec<&str> = posts.iter().map(|p| p.stanza.as_str()).collect();
    let sent_ats: Vec<SystemTime> = posts.iter().map(|p| p.sent_at()).collect();
    let reigns: Vec<i64> = posts.iter().map(|p| p.reign).collect();
    let values: [&(dyn ToSql + Sync); 11] = [
        &ids, &rooms, &positions, &kinds, &senders, &nicks, &origins, &hashes, &stanzas, &sent_ats,
        &reigns,
    ];
    let sql = "select outcome, count(*)
               from chat.restore($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) group by outcome";
    for row in client.query(sql, &values).await? {
        let count = u64::try_from(row.get::<_, i64>(1)).unwrap_or(0);
        match row.get::<_, &str>(0) {
            "restored" => report.restored += count,
            "repeated" => report.repeated_by_sender += count,
            _ => report.already_there += count,
        }
    }
    Ok(())
}

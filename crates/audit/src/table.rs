//! The table in a pool's database: made, and added to. Nothing here changes or removes a line.

use std::time::SystemTime;

use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row};

use crate::entry::{Entry, Phase};

/// The role in PostgreSQL that copies and reads the trail: it may add lines, and change none.
pub const ROLE: &str = "standfast_audit";

/// The key of the advisory lock under which lines come in, so that the order in which they came is
/// that of their commits, and nobody waits for another in a circle: eight letters in ASCII.
const LOCK: i64 = 0x5346_6175_6469_7431;

/// The table, as the next change of a schema.
pub const fn migration(number: i32) -> db::Migration {
    db::Migration { number, name: "audit", sql: include_str!("../schema/audit.sql") }
}

/// Makes the role that copies and reads, and lets it in.
pub async fn grant(client: &Client) -> Result<(), Error> {
    let there = client.query_opt("select from pg_roles where rolname = $1", &[&ROLE]).await?;
    if there.is_none() {
        client.batch_execute(include_str!("../schema/role.sql")).await?;
    }
    db::grant(client, ROLE, include_str!("../schema/grants.sql")).await
}

/// What stands in the table of a line, but for its host's place.
pub(crate) const COLUMNS: &str =
    "id, at, host, who, role, address, cmdlet, line, phase, objects, code, message";

/// A line and where in its host's file it begins, if it comes from there.
pub(crate) type Placed<'a> = (Option<u64>, &'a Entry);

/// Waits, in the transaction that has begun, until nobody else adds lines.
pub(crate) async fn lock(client: &Client) -> Result<(), Error> {
    client.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await.map(drop)
}

/// Adds lines in their order, but those that stand already. Tells how many were added.
pub(crate) async fn add(client: &Client, lines: &[Placed<'_>]) -> Result<u64, Error> {
    let of = |field: fn(&Entry) -> &str| -> Vec<String> {
        lines.iter().map(|(_, entry)| storable(field(entry))).collect()
    };
    let ids: Vec<_> = lines.iter().map(|(_, entry)| entry.id).collect();
    let ats: Vec<SystemTime> = lines.iter().map(|(_, entry)| entry.at.into()).collect();
    let (hosts, whos, roles) = (of(|it| &it.host), of(|it| &it.who), of(|it| &it.role));
    let (addresses, cmdlets) = (of(|it| &it.from), of(|it| &it.cmdlet));
    let (texts, phases) = (of(|it| &it.line), of(|it| it.phase.name()));
    let results: Vec<_> = lines.iter().map(|(_, entry)| Outcome::of(&entry.phase)).collect();
    let objects: Vec<Option<i64>> = results.iter().map(|it| it.objects).collect();
    let codes: Vec<Option<&str>> = results.iter().map(|it| it.code.as_deref()).collect();
    let messages: Vec<Option<&str>> = results.iter().map(|it| it.message.as_deref()).collect();
    let signed = |place: u64| i64::try_from(place).expect("no file is that long");
    let places: Vec<Option<i64>> = lines.iter().map(|(place, _)| place.map(signed)).collect();
    let values: [&(dyn ToSql + Sync); 13] = [
        &ids, &ats, &hosts, &whos, &roles, &addresses, &cmdlets, &texts, &phases, &objects, &codes,
        &messages, &places,
    ];
    let sql = "insert into audit.line (id, at, host, who, role, address, cmdlet, line, phase,
                                       objects, code, message, place)
               select id, at, host, who, role, address, cmdlet, line, phase, objects, code,
                      message, place
               from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[],
                           $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[],
                           $11::text[], $12::text[], $13::bigint[])
                    with ordinality as given (id, at, host, who, role, address, cmdlet, line, phase,
                                              objects, code, message, place, number)
               order by number
               on conflict (id, phase) do nothing";
    client.execute(sql, &values).await
}

/// A text as PostgreSQL can store it: it has no NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// What a phase carries besides its name.
struct Outcome {
    objects: Option<i64>,
    code: Option<String>,
    message: Option<String>,
}

impl Outcome {
    fn of(phase: &Phase) -> Self {
        let none = Self { objects: None, code: None, message: None };
        match phase {
            Phase::Asked => none,
            Phase::Done { objects } => {
                Self { objects: Some(i64::try_from(*objects).unwrap_or(i64::MAX)), ..none }
            }
            Phase::Failed { code, message } | Phase::Refused { code, message } => {
                Self { code: Some(storable(code)), message: Some(storable(message)), ..none }
            }
        }
    }
}

/// The line that stands in `row`, which has the [`COLUMNS`] from the first on.
pub(crate) fn entry(row: &Row) -> Entry {
    let phase = phase(row, 8).unwrap_or(Phase::Asked);
    Entry {
        id: row.get(0),
        at: time(row.get(1)),
        host: row.get(2),
        who: row.get(3),
        role: row.get(4),
        from: row.get(5),
        cmdlet: row.get(6),
        line: row.get(7),
        phase,
    }
}

/// The phase whose name and results stand in `row` from column `first` on; none if they are null.
pub(crate) fn phase(row: &Row, first: usize) -> Option<Phase> {
    let objects = || row.get::<_, Option<i64>>(first + 1).unwrap_or_default();
    let text = |column: usize| row.get::<_, Option<String>>(column).unwrap_or_default();
    let (code, message) = (|| text(first + 2), || text(first + 3));
    Some(match row.get::<_, Option<&str>>(first)? {
        "done" => Phase::Done { objects: usize::try_from(objects()).unwrap_or_default() },
        "failed" => Phase::Failed { code: code(), message: message() },
        "refused" => Phase::Refused { code: code(), message: message() },
        _ => Phase::Asked,
    })
}

/// A time of PostgreSQL; one that no calendar has is the beginning of time.
pub(crate) fn time(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or_default()
}

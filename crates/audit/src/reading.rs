//! The trail as it is read: one object for each invocation, the newest first.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::copying::{CopyError, Trail};
use crate::entry::{Entry, Phase};
use crate::table;

/// How long a primary may take to be heard of, by a host that has just started.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// Bytes of text in one answer, before they are written as JSON, which may make six of one.
const ANSWER_BYTES: usize = 1 << 20;

/// What is wanted of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Who asked; `*` and `?` stand for any text and any character.
    pub who: Option<String>,
    /// What was run, in the same way.
    pub cmdlet: Option<String>,
    /// Asked at this time or later.
    pub after: Option<Timestamp>,
    /// Asked before this time.
    pub before: Option<Timestamp>,
    /// The most invocations that are read.
    pub limit: usize,
}

/// Something that was run, or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// What was asked, and when.
    pub asked: Entry,
    /// When and how it ended; none if that is not known.
    pub ended: Option<(Timestamp, Phase)>,
}

const SQL: &str = r#"
    select asked.id, asked.at, asked.host, asked.who, asked.role, asked.address, asked.cmdlet,
           asked.line, asked.phase, asked.objects, asked.code, asked.message,
           ended.at, ended.phase, ended.objects, ended.code, ended.message
    from audit.line asked
         left join audit.line ended on ended.id = asked.id and ended.phase <> 'asked'
    where (asked.phase = 'asked'
           or not exists (select from audit.line earlier
                          where earlier.id = asked.id and earlier.phase = 'asked'))
      and ($1::text is null or lower(asked.who collate "C") like $1)
      and ($2::text is null or lower(asked.cmdlet collate "C") like $2)
      and ($3::timestamptz is null or asked.at >= $3)
      and ($4::timestamptz is null or asked.at < $4)
    order by asked.at desc, asked.id desc limit $5"#;

impl Trail {
    /// Reads the newest invocations that are wanted, from the primary.
    pub async fn read(&self, query: &Query) -> Result<Vec<Invocation>, CopyError> {
        if self.connections.primary().is_none() {
            // If nobody is heard of, connecting says so.
            timeout(HEARD_WITHIN, self.connections.differs(None)).await.ok();
        }
        let connection = self.connections.connect(&self.database).await?;
        let (who, cmdlet) = (query.who.as_deref().map(like), query.cmdlet.as_deref().map(like));
        let after = query.after.map(SystemTime::from);
        let before = query.before.map(SystemTime::from);
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let values: [&(dyn ToSql + Sync); 5] = [&who, &cmdlet, &after, &before, &limit];
        let rows = connection.query(SQL, &values).await?;
        let invocation = |row: &tokio_postgres::Row| {
            let ended_at = row.get::<_, Option<SystemTime>>(12).map(table::time);
            Invocation { asked: table::entry(row), ended: ended_at.zip(table::phase(row, 13)) }
        };
        Ok(rows.iter().map(invocation).collect())
    }
}

/// What several databases tell, as one: each invocation once, the newest first, at most `limit`
/// and so many as fit one answer; and whether there are more. Where one knows how it ended and
/// another does not yet, it has ended.
pub fn merge(
    told: impl IntoIterator<Item = Vec<Invocation>>,
    limit: usize,
) -> (Vec<Invocation>, bool) {
    let mut newest: BTreeMap<(Timestamp, Uuid), Invocation> = BTreeMap::new();
    for invocation in told.into_iter().flatten() {
        let key = (invocation.asked.at, invocation.asked.id);
        let known = newest.entry(key).or_insert_with(|| invocation.clone());
        if known.ended.is_none() {
            known.ended = invocation.ended;
        }
    }
    let (there, mut bytes) = (newest.len(), 0);
    let fits = |invocation: &Invocation| {
        bytes += invocation.asked.size();
        bytes += invocation.ended.as_ref().map_or(0, |(_, phase)| phase.size());
        bytes <= ANSWER_BYTES
    };
    let read: Vec<_> = newest.into_values().rev().take(limit).take_while(fits).collect();
    let has_more = read.len() < there;
    (read, has_more)
}

/// A pattern of the shell as one of SQL, in lower case.
fn like(pattern: &str) -> String {
    let mut like = String::new();
    for letter in pattern.to_ascii_lowercase().chars() {
        match letter {
            '*' => like.push('%'),
            '?' => like.push('_'),
            '%' | '_' | '\\' => like.extend(['\\', letter]),
            other => like.push(other),
        }
    }
    like
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_the_shell_means_the_same_in_sql() {
        assert_eq!(like("Get-Cs*"), "get-cs%");
        assert_eq!(like("a?_100%\\"), "a_\\_100\\%\\\\");
    }

    #[test]
    fn what_two_databases_tell_is_told_once_with_its_end_and_the_newest_first() {
        let asked = |second: i64| Entry {
            id: Uuid::from_u128(u128::try_from(second).unwrap()),
            at: Timestamp::from_second(second).unwrap(),
            host: "north".to_owned(),
            who: "ada".to_owned(),
            role: "CsAdministrator".to_owned(),
            from: "127.0.0.1".to_owned(),
            cmdlet: "Get-CsTopology".to_owned(),
            line: second.to_string(),
            phase: Phase::Asked,
        };
        let open = |second| Invocation { asked: asked(second), ended: None };
        let ended = |second: i64| {
            let at = Timestamp::from_second(second + 1).unwrap();
            Invocation { asked: asked(second), ended: Some((at, Phase::Done { objects: 1 })) }
        };
        let told = [vec![open(3), ended(1)], vec![ended(3), open(2), ended(1)]];
        let all = vec![ended(3), open(2), ended(1)];
        assert_eq!(merge(told.clone(), 3), (all.clone(), false));
        assert_eq!(merge(told, 2), (all[..2].to_vec(), true));
        let mut long = open(4);
        long.asked.line = "x".repeat(ANSWER_BYTES - 90);
        let (read, has_more) = merge([vec![long], all], 9);
        assert_eq!((read.len(), has_more), (1, true), "more do not fit one answer");
    }
}

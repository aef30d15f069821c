//! Bringing back the lines that only the database of a lost site has.
//!
//! A host whose file stands copies its lines again by itself. This is for those of hosts that are
//! gone: the old copy is read on its own host, and every line that the present primary lacks is
//! added there, by its id. Doing it again changes nothing.

use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Error};
use uuid::Uuid;

use crate::entry::Entry;
use crate::table::{self, COLUMNS, Placed};

/// Lines on one page.
const PAGE_LINES: i64 = 1000;

/// Bytes of text on one page, the last line not counted: a page fits one control answer.
const PAGE_BYTES: usize = 2 << 20;

/// Where the next page begins: after this line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Its id.
    pub id: Uuid,
    /// Its phase.
    pub phase: String,
}

/// A page of an old copy's lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// By id.
    pub lines: Vec<Entry>,
    /// Where the next page begins; none, if this is the last.
    pub next: Option<Cursor>,
}

/// Reads a page of the lines that `old` has: none, if it is older than the trail in databases.
pub async fn page(old: &Client, after: Option<&Cursor>) -> Result<Page, Error> {
    let there = "select to_regclass('audit.line') is not null";
    if !old.query_one(there, &[]).await?.get::<_, bool>(0) {
        return Ok(Page::default());
    }
    let (id, phase) = after.map_or((Uuid::nil(), ""), |after| (after.id, after.phase.as_str()));
    let sql = format!(
        "select {COLUMNS} from audit.line where (id, phase) > ($1, $2)
         order by id, phase limit $3"
    );
    let rows = old.query(&sql, &[&id, &phase, &PAGE_LINES]).await?;
    let mut page = Page::default();
    let mut bytes = 0;
    for row in &rows {
        if bytes >= PAGE_BYTES {
            break;
        }
        let entry = table::entry(row);
        bytes += entry.size();
        page.lines.push(entry);
    }
    let full = usize::try_from(PAGE_LINES).unwrap_or(usize::MAX);
    let all = page.lines.len() == rows.len() && rows.len() < full;
    let last = page.lines.last().filter(|_| !all);
    page.next = last.map(|it| Cursor { id: it.id, phase: it.phase.name().to_owned() });
    Ok(page)
}

/// Adds the lines that `current` lacks; tells how many. The connection is of no more use after an
/// error.
pub async fn restore(current: &Client, lines: &[Entry]) -> Result<u64, Error> {
    let lines: Vec<Placed<'_>> = lines.iter().map(|entry| (None, entry)).collect();
    current.batch_execute("begin").await?;
    table::lock(current).await?;
    let added = table::add(current, &lines).await?;
    current.batch_execute("commit").await?;
    Ok(added)
}

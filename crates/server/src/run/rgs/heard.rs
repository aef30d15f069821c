//! What each pool of a pair says of what belongs to one of them, and how the pair stands then.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::time::Duration;

use recovery::paired::{Hosts, Pair, Received, Side};
use recovery::world::{Known, Lock, Reach};
use response_groups::import::{Named, Standing};
use response_groups::store::{Hosting, ReceivedRevision, RgsError};

/// How long a pool may take to say how it stands.
const PATIENCE: Duration = Duration::from_secs(4);

/// What one pool says of what belongs to the primary pool.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) standing: Standing,
    pub(super) names: Vec<Named>,
    pub(super) objects: usize,
    /// What it has received, without what that holds.
    pub(super) received: Option<ReceivedRevision>,
}

impl Heard {
    /// The place of what it has received.
    fn received(&self) -> Option<(i64, i64)> {
        self.received.as_ref().map(|it| (it.reign, it.revision))
    }
}

/// Asks a pool what it has of `owner`.
pub(super) async fn hear(hosting: &Hosting, owner: &str) -> Result<Heard, String> {
    let ask = async {
        let standing = hosting.standing(owner).await?;
        let names = hosting.names().await?;
        let objects = names.iter().filter(|it| it.owner == owner).count();
        let received = hosting.received_revisions().await?;
        let received = received.into_iter().find(|it| it.owner == owner);
        Ok::<_, RgsError>(Heard { standing, names, objects, received })
    };
    match tokio::time::timeout(PATIENCE, ask).await {
        Ok(heard) => heard.map_err(|error| error.to_string()),
        Err(_) => Err(format!("{} does not answer within {PATIENCE:?}", hosting.parent())),
    }
}

/// How the two stand to each other. Nobody has the lock, said anything or looked what fits.
pub(super) fn pair(mine: Option<&Heard>, theirs: Option<&Heard>) -> Pair {
    let over = is_over(mine, theirs);
    Pair {
        primary: side(mine, !over),
        backup: backup_side(theirs, over, mine.is_some()),
        lock: Lock::Free,
        attested: false,
        received: match (theirs, mine) {
            (Some(Heard { received: None, .. }) | None, _) => Received::Nothing,
            (Some(_), None) => Received::Perhaps,
            (Some(it), Some(mine)) => match it.received().cmp(&Some(mine.standing.place())) {
                Ordering::Less => Received::Perhaps,
                Ordering::Equal => Received::All,
                Ordering::Greater => Received::More,
            },
        },
        consented: false,
        kept: mine.is_some_and(|mine| mine.received() == Some(mine.standing.place())),
        fits: Known::Unknown,
    }
}

/// Whether the backup pool stands in: its reign is the higher one, or the primary pool has heard
/// of it and changes nothing.
fn is_over(mine: Option<&Heard>, theirs: Option<&Heard>) -> bool {
    let Some(theirs) = theirs else { return false };
    match mine {
        Some(mine) => stands_in(mine.standing, theirs.standing, theirs.received()),
        // Closed, and with nothing: it has given all of it back, whatever it heard of that.
        None if !theirs.standing.edits && theirs.objects == 0 => false,
        None => {
            let reign = theirs.standing.reign;
            theirs.received().is_none_or(|it| it.0 < reign) && reign > 0
        }
    }
}

/// The same, where both are heard. One that is closed and has received what is as new has given all
/// of it back.
fn stands_in(mine: Standing, theirs: Standing, received: Option<(i64, i64)>) -> bool {
    let gave_back = !theirs.edits && received.is_some_and(|it| theirs.reign <= it.0);
    let is_closed = mine.reign == theirs.reign && theirs.reign > 0 && !mine.edits;
    (mine.reign < theirs.reign || is_closed) && !gave_back
}

/// Whether the primary pool, which knows `mine`, has lost what it had: its pair does not stand in,
/// and has received more.
pub(crate) fn has_lost(mine: Standing, theirs: Standing, received: Option<(i64, i64)>) -> bool {
    Some(mine.place()) < received && !stands_in(mine, theirs, received)
}

/// Why a failover would be refused, as far as names tell: the same objects belong to somebody else
/// at the backup pool.
pub(super) fn refused(
    primary: &str,
    backup: &str,
    (mine, theirs): (&Heard, &Heard),
) -> Option<String> {
    let own = mine.names.iter().filter(|it| it.owner == primary);
    let own: HashSet<_> = own.map(|it| (it.kind, it.id)).collect();
    let is_other = |it: &&Named| it.owner != primary && own.contains(&(it.kind, it.id));
    let others: Vec<_> = theirs.names.iter().filter(is_other).collect();
    let first = others.first()?;
    let owner = &first.owner;
    let of = if owner == backup { String::new() } else { format!(" -Owner {owner}") };
    Some(format!(
        "A failover of {primary} would be refused: {} of its objects are at {backup}, too, and \
         belong to {owner} there, such as the {} {:?}. To take out all that belongs to {owner} \
         there: Export-CsRgsConfiguration {backup}{of} -FileName FILE \
         -RemoveExportedConfiguration.",
        others.len(),
        first.kind,
        first.name
    ))
}

/// A backup pool that does not stand in changes nothing, whatever it has not heard yet.
fn backup_side(heard: Option<&Heard>, over: bool, primary_is_heard: bool) -> Side {
    let side = side(heard, over);
    let is_stale = heard.is_some() && primary_is_heard && !over;
    Side { edits: if is_stale { Known::No } else { side.edits }, ..side }
}

fn side(heard: Option<&Heard>, reigns: bool) -> Side {
    let Some(heard) = heard else {
        return Side {
            reach: Reach::Unknown,
            edits: Known::Unknown,
            reigns,
            hosts: Hosts::Unknown,
        };
    };
    Side {
        reach: Reach::Up,
        edits: if heard.standing.edits { Known::Yes } else { Known::No },
        reigns,
        hosts: match heard.objects {
            _ if reigns => Hosts::Imported,
            0 => Hosts::Nothing,
            _ => Hosts::Other,
        },
    }
}

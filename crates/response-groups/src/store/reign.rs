//! Which pool may edit an owner's objects: the one with the highest reign.

use std::collections::BTreeMap;

use super::change::Change;
use super::lease::Lease;
use super::{Hosting, RgsError, looked, received};
use crate::import::{RAISED_MAX, Standing};

/// What a pool says to the one that it is paired with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// What it knows of each owner.
    pub standings: BTreeMap<String, Standing>,
    /// The reign and the revision of what it has received of the one that asks.
    pub received: Option<(i64, i64)>,
}

/// What came of another pool's word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heeded {
    /// What this pool knows of each owner now.
    pub standings: BTreeMap<String, Standing>,
    /// Those whose objects it may not edit any more.
    pub fenced: Vec<String>,
    /// Whether it has lost what was its own, and could edit it until now.
    pub lost: bool,
}

impl Hosting {
    /// What this pool knows of an owner. Of one that it has never heard of, it edits nothing but
    /// its own.
    pub async fn standing(&self, owner: &str) -> Result<Standing, RgsError> {
        Ok(self.standings().await?.remove(owner).unwrap_or_default())
    }

    /// The same, once every change that is under way here has ended.
    pub async fn settled_standing(&self, owner: &str) -> Result<Standing, RgsError> {
        let change = self.change().await?;
        let standing = change.standing(owner).await;
        change.undo().await;
        standing
    }

    /// What this pool knows of each owner.
    pub async fn standings(&self) -> Result<BTreeMap<String, Standing>, RgsError> {
        let lease = self.look().await?;
        let standings = all(&lease, self.parent()).await;
        looked(lease, standings).await
    }

    /// What this pool says to `pool`, with which it is paired.
    pub async fn word(&self, pool: &str) -> Result<Word, RgsError> {
        let lease = self.look().await?;
        let word = word(&lease, self.parent(), pool).await;
        looked(lease, word).await
    }

    /// Tells this pool that its pair has received `place` of what is its own. If that is more than
    /// it has now, it has lost that, and may not edit its own any more; nothing else changes, for
    /// what it has is not to pass for newer. Gives whether it could until now.
    pub async fn heed_received(&self, place: (i64, i64)) -> Result<bool, RgsError> {
        let owner = self.parent();
        let standing = self.standing(owner).await?;
        if !standing.edits || place <= standing.place() {
            return Ok(false);
        }
        let mut change = self.change().await?;
        let lost = heed_received(&mut change, owner, place).await;
        change.end(lost).await
    }

    /// Whether this pool knows anything of its own, if only that its pair was heard. A database
    /// that was just made does not.
    pub async fn knows_its_own(&self) -> Result<bool, RgsError> {
        let lease = self.look().await?;
        let sql = "select exists (select from rgs.owner where name = $1)";
        let known = lease.row(sql, &[&self.parent()]).await;
        Ok(looked(lease, known).await?.get(0))
    }

    /// Remembers that the pair was heard, and has received no more than there is here.
    pub async fn know_its_own(&self) -> Result<(), RgsError> {
        let change = self.change().await?;
        let known = change.standing(self.parent()).await.map(drop);
        change.end(known).await
    }

    /// From now on this pool may edit what belongs to `owner`, under a reign that is higher than
    /// any that it has heard of. Told again, it is done already.
    pub async fn claim(&self, owner: &str, reign: i64) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let claimed = claim(&mut change, owner, reign).await;
        change.end(claimed).await
    }

    /// From now on this pool may edit what belongs to `owner`, under the next reign.
    pub async fn take_over(&self, owner: &str) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let taken = next(&mut change, owner, true).await;
        change.end(taken).await
    }

    /// From now on this pool may not edit what belongs to `owner`; told again, it is done already.
    pub async fn close(&self, owner: &str) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let closed = close(&mut change, owner).await;
        change.end(closed).await
    }

    /// Another pool has `reign`: this one may not edit what belongs to `owner` any more.
    pub async fn yield_to(&self, owner: &str, reign: i64) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let yielded = yield_to(&mut change, owner, reign).await;
        change.end(yielded).await
    }

    /// Another pool edits under `reign`, which is not below what is known here: whoever edits next
    /// takes a higher one.
    pub async fn learn(&self, owner: &str, reign: i64) -> Result<(), RgsError> {
        if self.standing(owner).await?.reign < reign {
            self.yield_to(owner, reign).await?;
        }
        Ok(())
    }

    /// Heeds what another pool says of these owners: where that one edits under a higher reign, or
    /// has received more of this one's own than there is here, this one may not any more, whatever
    /// it was about to change.
    pub async fn heed(&self, theirs: &Word, owners: &[&str]) -> Result<Heeded, RgsError> {
        let mut standings = self.standings().await?;
        let (mut fenced, mut lost) = (Vec::new(), false);
        // First: whoever has lost what it had must not pass for newer by a reign that it hears of.
        if let (Some(own), Some(received)) = (standings.get_mut(self.parent()), theirs.received)
            && own.edits
            && own.place() < received
        {
            lost = self.heed_received(received).await?;
            *own = self.standing(self.parent()).await?;
        }
        for owner in owners {
            let known = standings.get(*owner).copied().unwrap_or_default();
            let other = theirs.standings.get(*owner).copied().unwrap_or_default();
            if is_over(known, other) {
                let mut change = self.change().await?;
                let heeded = heed(&mut change, owner, other).await;
                standings.insert((*owner).to_owned(), change.end(heeded).await?);
                fenced.push((*owner).to_owned());
            }
        }
        Ok(Heeded { standings, fenced, lost })
    }
}

async fn word(lease: &Lease, parent: &str, pool: &str) -> Result<Word, RgsError> {
    let standings = all(lease, parent).await?;
    let received = received::place(lease, pool).await?;
    Ok(Word { standings, received })
}

async fn heed_received(
    change: &mut Change,
    owner: &str,
    place: (i64, i64),
) -> Result<bool, RgsError> {
    let standing = change.standing(owner).await?;
    if !standing.edits || place <= standing.place() {
        return Ok(false);
    }
    change.execute("update rgs.owner set edits = false where name = $1", &[&owner]).await?;
    Ok(true)
}

/// Whether another pool has become the one that edits.
fn is_over(known: Standing, other: Standing) -> bool {
    known.edits && other.edits && known.reign < other.reign
}

async fn heed(change: &mut Change, owner: &str, other: Standing) -> Result<Standing, RgsError> {
    let known = change.standing(owner).await?;
    if is_over(known, other) {
        set(change, owner, known, other.reign, false).await?;
    }
    change.standing(owner).await
}

/// Makes this pool the editor under a reign.
pub(super) async fn claim(change: &mut Change, owner: &str, reign: i64) -> Result<(), RgsError> {
    let known = change.standing(owner).await?;
    if known.edits && known.reign == reign {
        return Ok(());
    }
    set(change, owner, known, reign, true).await
}

async fn yield_to(change: &mut Change, owner: &str, reign: i64) -> Result<(), RgsError> {
    let known = change.standing(owner).await?;
    if !known.edits && known.reign == reign {
        return Ok(());
    }
    set(change, owner, known, reign, false).await
}

async fn close(change: &mut Change, owner: &str) -> Result<(), RgsError> {
    if change.standing(owner).await?.edits { next(change, owner, false).await } else { Ok(()) }
}

/// Sets who edits under the reign that follows upon the one that is known.
async fn next(change: &mut Change, owner: &str, edits: bool) -> Result<(), RgsError> {
    let known = change.standing(owner).await?;
    let reign = known.next_reign().ok_or_else(|| out_of_bounds(owner, known.reign))?;
    set(change, owner, known, reign, edits).await
}

fn out_of_bounds(owner: &str, reign: i64) -> RgsError {
    RgsError::OutOfBounds { owner: owner.to_owned(), reign }
}

async fn set(
    change: &mut Change,
    owner: &str,
    known: Standing,
    reign: i64,
    edits: bool,
) -> Result<(), RgsError> {
    if !(0..=RAISED_MAX).contains(&reign) {
        return Err(out_of_bounds(owner, reign));
    }
    if reign <= known.reign {
        let what = format!("the reign {reign}");
        return Err(RgsError::Older { what, owner: owner.to_owned() });
    }
    change.touch(owner).await?;
    let sql = "update rgs.owner set reign = $2, edits = $3 where name = $1";
    change.execute(sql, &[&owner, &reign, &edits]).await?;
    Ok(())
}

/// What is known of each owner, the hosting pool among them.
pub(super) async fn all(
    lease: &Lease,
    parent: &str,
) -> Result<BTreeMap<String, Standing>, RgsError> {
    let sql = "select name, reign, edits, revision from rgs.owner";
    let rows = lease.rows(sql, &[]).await?;
    let standing = |row: &tokio_postgres::Row| {
        let standing = Standing { reign: row.get(1), edits: row.get(2), revision: row.get(3) };
        (row.get(0), standing)
    };
    let mut all: BTreeMap<String, Standing> = rows.iter().map(standing).collect();
    let own = Standing { edits: true, ..Standing::default() };
    all.entry(parent.to_owned()).or_insert(own);
    Ok(all)
}

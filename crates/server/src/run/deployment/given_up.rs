//! What an import would give up: changes that were made where another pool stands in, and that are
//! not in the file.

use admin::deployment::response_groups::Import;
use admin::{Fault, FaultKind};
use response_groups::compare::{Compared, Found, What, compare};
use response_groups::configuration::Configuration;
use response_groups::store::{Hosting, OwnerFilter};

use super::Reached;
use super::response_groups::fault;

/// How many differences are named.
const NAMED_MAX: usize = 10;

/// The pool that stands in for another one, and the reign in which it does.
pub(super) struct Other<'a> {
    hosting: &'a Hosting,
    pub(super) reign: i64,
}

impl Reached {
    /// The pool that stands in for `owner`, if it is heard.
    pub(super) async fn stand_in(&self, owner: &str) -> Option<Other<'_>> {
        let own = self.hostings.get(owner)?;
        let hosting = self.hostings.pair(owner)?.partner();
        let (mine, theirs) = tokio::join!(own.standing(owner), hosting.standing(owner));
        // Of one that is not heard, a warning was given before.
        let (mine, theirs) = (mine.ok()?, theirs.ok()?);
        let stands_in = theirs.edits && (mine.reign < theirs.reign || !mine.edits);
        stands_in.then_some(Other { hosting, reign: theirs.reign })
    }

    /// Refuses a file without what was changed at `other`: brought home in its place, that would be
    /// gone with the copy there.
    pub(super) async fn gives_nothing_up(
        &self,
        order: &Import,
        other: &Other<'_>,
        coming: &Configuration,
    ) -> Result<(), Fault> {
        let Import { destination: owner, .. } = order;
        let of = OwnerFilter::Of(owner.clone());
        let there = other.hosting.export(&of).await.map_err(|it| fault(&it))?;
        let (there, _) = there.end().await;
        // Settings at home stay, and an audio file matters as far as an object plays it.
        let is_lost = |it: &Compared| matches!(it.what, What::Object(_)) && it.found != Found::Same;
        let lost: Vec<_> = compare(&there, coming).into_iter().filter(is_lost).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let stand_in = other.hosting.parent();
        let named: Vec<_> = lost.iter().take(NAMED_MAX).map(|it| told(it, stand_in)).collect();
        let more = match lost.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Err(Fault::new(
            FaultKind::Unsafe,
            "stands-in",
            format!(
                "{stand_in} stands in for {owner}, and the file is not what it has: {}{more}; \
                 nothing was imported",
                named.join(", ")
            ),
            format!(
                "bring it home (Invoke-CsPoolFailBack {owner}), or export it there \
                 (Export-CsRgsConfiguration {stand_in} -Owner {owner}) and import that; -Force \
                 gives up what was changed there"
            ),
        ))
    }
}

fn told(it: &Compared, stand_in: &str) -> String {
    let what = format!("the {} {:?}", it.what, it.name);
    match it.found {
        Found::OnlyHere => format!("{what} is only at {stand_in}"),
        Found::OnlyThere => format!("{what} is only in the file"),
        Found::Differs(_) | Found::Same => format!("{what} is another"),
    }
}

//! Where a run that was stopped has left the Response Groups of a pool so that nobody may change
//! them, and what to do next.

use super::{Figures, POOL_FAIL_BACK, POOL_FAIL_OVER, Pair};
use crate::world::{Known, Lock, Reach};

/// Why nobody may change a pool's Response Groups, though no procedure runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// A failover has closed the primary pool and was stopped then.
    OnTheWayThere,
    /// A failback has closed the backup pool and was stopped then.
    OnTheWayHome,
    /// A failback has closed the backup pool, and the primary pool is not heard: perhaps they are
    /// home.
    HomeIsNotHeard,
    /// The primary pool has come back without what it had.
    HomeHasLostIt,
    /// The primary pool is closed, and the backup pool is not heard: perhaps it stands in.
    OneIsNotHeard,
}

impl Pair {
    /// Whether a run that was stopped keeps everybody from changing anything.
    pub fn closed(&self) -> Option<Closed> {
        let may_be_changed = self.primary.edits == Known::Yes || self.backup.edits == Known::Yes;
        match () {
            () if self.lock == Lock::Others => None,
            () if self.has_lost() => Some(Closed::HomeHasLostIt),
            () if may_be_changed => None,
            () if self.is_over() && !self.is_surely_over() => Some(Closed::HomeIsNotHeard),
            () if self.is_over() => Some(Closed::OnTheWayHome),
            () if self.primary.reach != Reach::Up => None,
            () if self.backup.reach == Reach::Up => Some(Closed::OnTheWayThere),
            () => Some(Closed::OneIsNotHeard),
        }
    }
}

impl Closed {
    /// In sentences, with the next step.
    pub fn told(self, figures: &Figures) -> String {
        let Figures { primary, backup, .. } = figures;
        let [over, back] = [POOL_FAIL_OVER, POOL_FAIL_BACK].map(|it| it.cmdlet);
        let nobody = format!("Nobody can change the Response Groups of {primary} now");
        match self {
            Self::OnTheWayThere => format!(
                "{nobody}: a failover was stopped after {primary} was closed for changes. Give it \
                 again, and it goes on: {over} -PoolFqdn {primary}. Or let them be changed at \
                 {primary} again: {back} -PoolFqdn {primary}."
            ),
            Self::OnTheWayHome => format!(
                "{nobody}: a failback was stopped after {backup} was closed for changes. Give it \
                 again, and it goes on: {back} -PoolFqdn {primary}. Or let them be changed at \
                 {backup} again: {over} -PoolFqdn {primary}."
            ),
            Self::HomeIsNotHeard => format!(
                "{backup} has stood in for {primary} and is closed for changes, by a failback that \
                 was stopped or has brought the Response Groups home; which of the two is not \
                 known, because {primary} is not heard. Start the hosts of its databases, then \
                 look again. If it is lost, let them be changed at {backup} again: {over} \
                 -PoolFqdn {primary} -DisasterMode -AcceptDataLoss."
            ),
            Self::HomeHasLostIt => format!(
                "{primary} has come back without what it had, and changes nothing until that is \
                 there again; {}. Let {backup} make objects of it: {over} -PoolFqdn {primary} \
                 -AcceptDataLoss. Then bring them home as always.",
                figures.told()
            ),
            Self::OneIsNotHeard => format!(
                "{primary} is closed for changes, and {backup}, which may stand in for it, is not \
                 heard. Start the hosts of the databases of {backup}, then look again."
            ),
        }
    }
}

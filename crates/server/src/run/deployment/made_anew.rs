//! A front-end pool's databases, made anew when the last disk with them is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use admin::deployment::Mode;
use admin::deployment::response_groups::MovePool;
use admin::{Fault, FaultKind, Watch};
use tokio::time::Instant;

use super::Reached;

/// How long making them may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// Between two looks whether they answer.
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl Reached {
    /// Has the databases of the order's pool made anew, and waits until they answer.
    pub(super) async fn make_anew(&self, order: &MovePool, watch: &Watch) -> Result<(), Fault> {
        let (pool, lost) = (&order.pool, &order.lost_copies);
        let declared = self.host.topology.pool(pool).into_iter().flat_map(|it| it.stores.iter());
        let stores: Vec<String> = declared.map(|(_, store)| store.to_owned()).collect();
        let all = stores.join(",");
        if BTreeSet::from_iter(&stores) != BTreeSet::from_iter(lost) {
            let what = format!("the stores of {pool} are {all}, and not {}", lost.join(","));
            let hint = format!("if all of them are lost, say -AttestCopyIsLost {all}");
            return Err(Fault::new(FaultKind::Misspoken, "not-all-lost", what, hint));
        }
        if order.mode == Mode::WhatIf {
            watch.note(format!("{all} would be made anew, empty, before this:"));
            return Ok(());
        }
        let made = self.procedures.grounds().make_anew(pool, &stores).await;
        made.map_err(|why| {
            let hint = "leave -AttestCopyIsLost out, or see to that first";
            let what = format!("nothing was made anew: {why}");
            Fault::new(FaultKind::Unsafe, "not-lost", what, hint)
        })?;
        watch.note(format!("{all} is made anew, empty."));
        let hosting = self.hosting(pool)?;
        let end = Instant::now() + PATIENCE;
        loop {
            match hosting.standing(pool).await {
                Ok(_) => return Ok(()),
                Err(error) if end <= Instant::now() => {
                    let what = format!("{all} was to be made anew, and does not answer: {error}");
                    let hint = "look at its host, then fail back without -AttestCopyIsLost";
                    return Err(Fault::new(FaultKind::Unavailable, "away", what, hint));
                }
                Err(_) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }
}

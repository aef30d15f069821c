//! Is the pool protected, so that it may be hit again?

use crate::ground::{BACKUP, Databases, Ground, HOME, LONG};
use instance::Lsn;
use jiff::Timestamp;
use recovery::keeper::report::Report;
use recovery::observed::Observed;
use recovery::record::{Gate, PoolRecord};
use testkit::eventually;

/// Accounts of the home pair and of the backup instance.
const HOME_STORES: [&str; 2] = ["north-a", "north-b"];

impl Ground {
    /// Waits until primary and mirror are in sync, clients are let in and WAL flows, all of it
    /// seen after this call: what is told from before the last hit is not believed.
    pub(crate) async fn is_protected(&self, when: &str) {
        let from = Timestamp::now();
        let what = format!("the pool is protected: {when}");
        let position = eventually(LONG, &what, async || {
            let observed = self.look().await;
            primary_position(&observed, from).ok_or(observed)
        })
        .await;
        eventually(LONG, &what, async || {
            let observed = self.look().await;
            let follows = |it: &Report| it.received.is_some_and(|it| it >= position);
            let home = record(&observed).is_some_and(|record| {
                let mirror = |store: &&&str| Some(**store) != record.primary();
                record.is_synchronized()
                    && record.gate == Gate::Open
                    && HOME_STORES.iter().filter(mirror).all(|store| {
                        fresh(&observed, store, from).is_some_and(|it| it.streaming && follows(it))
                    })
            });
            let shipped = || {
                let report = fresh(&observed, BACKUP, from);
                let shipping = report.filter(|it| it.runs).and_then(|it| it.shipping.as_ref());
                shipping.is_some_and(|it| it.receiving && it.flushed >= Some(position))
            };
            let away = self.databases == Databases::HomePair || shipped();
            if home && away { Ok(()) } else { Err(observed) }
        })
        .await;
    }
}

fn record(observed: &Observed) -> Option<&PoolRecord> {
    observed.record(HOME)
}

/// Where a writable primary was, at a time not before `from`.
fn primary_position(observed: &Observed, from: Timestamp) -> Option<Lsn> {
    let report = fresh(observed, record(observed)?.primary()?, from)?;
    report.position.filter(|_| report.writable)
}

/// A keeper's account, if it was given after `from`.
fn fresh<'a>(observed: &'a Observed, store: &str, from: Timestamp) -> Option<&'a Report> {
    let report = observed.report(store)?;
    let at: Timestamp = report.at.parse().ok()?;
    (at > from).then_some(report)
}

//! A former primary that fell and comes back as the mirror: it is taken back to where it parted
//! from the new primary, and copied anew if that cannot be, or if the copy is quicker.
//!
//! Nothing that was acknowledged is lost by it: commits waited for the mirror that took over. What
//! may hold more, across sites, is marked and never rewound: see [`old_copy`].

use std::time::Instant;

use instance::{ControlData, Error as InstanceError, Found, Rewound, Standby};
use tracing::{info, warn};

use super::standby::fell_as_primary;
use super::{Keeper, KeeperError, START_PATIENCE, old_copy};
use crate::probe::{self, Probe};

impl Keeper {
    /// One step of a former primary that is down and is to follow `primary`. Tells whether there
    /// was one.
    pub(super) async fn returns(&mut self, primary: &str) -> Result<bool, KeeperError> {
        let instance = self.setup.instance.clone();
        let Found::Stopped(control) = instance.found().await? else { return Ok(false) };
        if !may_be_taken_back(&control, old_copy::is_marked(&self.setup.directory)) {
            return Ok(false);
        }
        let source = self.source(primary)?;
        if probe::postgres((source.address, source.port).into()).await != Probe::Answers {
            self.note(&format!("waiting for {primary}, which does not answer"));
            return Ok(true);
        }
        // Its postmaster is gone; what is left of the others would be in the way.
        instance.kill().await?;
        if !instance.is_quicker_rewound().await? {
            return Ok(false);
        }
        let standby = Standby::from(self.upstream(primary)?);
        let mut settings = instance.settings()?;
        self.be_told(&mut settings, standby.clone());
        let begun = Instant::now();
        let store = self.setup.store.clone();
        self.note(&format!("being taken back to where it parted from {primary}"));
        let rewound = match instance.rewind_from(&source, &settings).await {
            Ok(rewound) => match instance.start(START_PATIENCE).await {
                Ok(_) => Ok(rewound),
                Err(error @ InstanceError::StillStarting { .. }) => return Err(error.into()),
                Err(error) => Err(error),
            },
            Err(InstanceError::SourceIsStandby { .. }) => {
                self.note(&format!("{primary} is becoming primary; then it is followed"));
                return Ok(true);
            }
            Err(error) => Err(error),
        };
        match rewound {
            Ok(how) => {
                let what = match how {
                    Rewound::Rewound => "taken back to where it parted",
                    Rewound::NotNeeded => "has not parted, and follows as it is",
                };
                info!(store, primary, took = ?begun.elapsed(), what);
                self.unstreamed_since = None;
            }
            Err(error) => {
                warn!(store, primary, %error, "cannot be taken back: copied anew");
                self.seed(primary, standby).await?;
            }
        }
        Ok(true)
    }
}

/// Whether a stopped instance fell as a primary, and holds nothing that nobody else may have. One
/// that ended in order has not parted from anybody.
fn may_be_taken_back(control: &ControlData, is_marked: bool) -> bool {
    fell_as_primary(control) && !is_marked
}

#[cfg(test)]
mod tests {
    use instance::{ControlData, Lsn, ServerState};

    use super::may_be_taken_back;

    #[test]
    fn only_what_fell_as_a_primary_and_holds_nothing_more_is_taken_back() {
        let control = |state| ControlData {
            system_identifier: 1,
            state,
            timeline: 1,
            checkpoint: Lsn::ZERO,
            redo: Lsn::ZERO,
            minimum_recovery_end: Lsn::ZERO,
            minimum_recovery_timeline: 1,
            checksums: true,
            segment_bytes: 1,
        };
        let standby = ServerState::InArchiveRecovery;
        for state in [ServerState::InProduction, ServerState::ShutDown, standby] {
            let fell = state == ServerState::InProduction;
            assert_eq!(may_be_taken_back(&control(state), false), fell, "{state:?}");
            assert!(!may_be_taken_back(&control(state), true), "marked: {state:?}");
        }
    }
}

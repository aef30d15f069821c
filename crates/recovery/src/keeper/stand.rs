//! A backup instance whose replay stands still although the share holds more: PostgreSQL waits for
//! ever at a record that it cannot read, and says so to nobody but its own trace. What is received
//! and was damaged before it was read stands still as well: it looks like what is still to come.

use std::time::{Duration, Instant};

use instance::{Lsn, Observation};
use tracing::warn;

use super::judged::judge;
use super::shipped::PAGE_HEADER_BYTES;
use super::{Keeper, KeeperError};

/// How long a replay stands before the share is read to see why, and between two such looks.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Where a replay stands.
#[derive(Debug)]
pub(super) struct Stand {
    at: Lsn,
    looked: Instant,
    /// What is damaged or missing there.
    lost: Option<String>,
}

/// Where what is received stands although the source has more.
#[derive(Debug)]
pub(super) struct Stalled {
    at: Lsn,
    since: Instant,
}

/// What helps a replay that stands before damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The open file comes once more when the receiver begins anew.
    ReceiveAgain,
    /// That did not help.
    CopyAnew,
}

impl Keeper {
    /// Looks into the share when the replay has stood for long before what was received. Looking
    /// costs reading all that is not replayed.
    pub(super) async fn look_at_stand(
        &mut self,
        observed: &Observation,
    ) -> Result<Option<Remedy>, KeeperError> {
        if self.receipt_stands() {
            return Ok(Some(Remedy::ReceiveAgain));
        }
        if observed.replay_paused {
            self.note(
                "its replay is paused by hand, so nothing that is shipped arrives in it; go on \
                 with `select pg_wal_replay_resume()` there",
            );
            return Ok(None);
        }
        let at = observed.replayed.unwrap_or_default();
        let flushed = self.receiver.flushed().map_or(Lsn::ZERO, |it| it.lsn);
        if flushed.bytes_since(at) <= PAGE_HEADER_BYTES {
            self.receiver.stand = None;
            return Ok(None);
        }
        let stand = match self.receiver.stand.take() {
            Some(stand) if stand.at == at => stand,
            _ => Stand { at, looked: Instant::now(), lost: None },
        };
        let judged = self.judged();
        let stand = self.receiver.stand.insert(stand);
        let mut remedy = None;
        if LOOK_EVERY <= stand.looked.elapsed() {
            let look = move || judge(&judged, (at, at));
            let looked = tokio::task::spawn_blocking(look).await;
            let looked = looked.map_err(|error| KeeperError::Cannot(error.to_string()))??;
            stand.looked = Instant::now();
            let before = std::mem::replace(&mut stand.lost, looked.lost);
            if let Some(lost) = &stand.lost {
                warn!(store = self.setup.store, lost, "the replay stands still");
                let again = before.is_some();
                remedy = Some(if again { Remedy::CopyAnew } else { Remedy::ReceiveAgain });
            }
        }
        if let Some(lost) = stand.lost.clone() {
            self.note(&lost);
        }
        Ok(remedy)
    }

    /// Whether for long nothing that came could be read, though the source is connected.
    fn receipt_stands(&mut self) -> bool {
        let stalled = self.receiver.stalled.take();
        let Some(at) = self.receiver.waits_at() else { return false };
        let stalled = match stalled {
            Some(stalled) if stalled.at == at => stalled,
            _ => Stalled { at, since: Instant::now() },
        };
        let stands = LOOK_EVERY <= stalled.since.elapsed();
        if stands {
            warn!(store = self.setup.store, %at, "what is received stands still: it comes again");
        } else {
            self.receiver.stalled = Some(stalled);
        }
        stands
    }
}

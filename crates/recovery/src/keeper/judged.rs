//! How far what is shipped can take the backup instance, and what of it is lost on the way.

use std::path::PathBuf;

use instance::shipping::drain::{self, Consent, LostRange, Replay, drained_from};
use instance::shipping::{Share, ShippingError};
use instance::{ControlData, Lsn};
use serde::{Deserialize, Serialize};

use super::received;

/// How far the share can take the backup instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    /// The end of the last valid record in the share.
    pub end: Option<Lsn>,
    /// Replayed to that end, with nothing lost on the way.
    pub replayed: bool,
    /// What was shipped and cannot be replayed, in words.
    pub lost: Option<String>,
    /// Its range, as it must be typed to give it up.
    #[serde(default)]
    pub range: Option<String>,
    /// Why nobody could say.
    #[serde(default)]
    pub unknown: Option<String>,
}

/// What is judged: a share, and what is remembered of it beside the backup instance. Either may be
/// gone.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) share: PathBuf,
    pub(super) directory: PathBuf,
}

/// From where on an instance that does not run needs WAL, and how far it has replayed for certain.
pub(super) fn begins_anew(control: &ControlData) -> (Lsn, Lsn) {
    (control.redo, control.minimum_recovery_end.max(control.redo))
}

/// The range as an administrator types it.
fn typed(range: &LostRange) -> String {
    format!("{}:{}-{}", range.timeline, range.from, range.to)
}

/// Records that the range is given up, if just that one is missing.
pub(super) fn give_up(
    judged: &Judged,
    (redo, replayed): (Lsn, Lsn),
    range: &str,
) -> Result<Result<(), String>, ShippingError> {
    let share = Share::create(&judged.share)?;
    let received = received::read(&judged.directory);
    let Some(lost) = drained_from(&share, Replay { redo, replayed, received })?.lost else {
        return Ok(Err("nothing that was shipped is missing".to_owned()));
    };
    if typed(&lost) != range {
        return Ok(Err(format!("{} is missing, and not {range}", typed(&lost))));
    }
    let consent = Consent { range: lost, given_at: jiff::Timestamp::now() };
    consent.write(&share).map(Ok)
}

/// How far the share can take an instance that begins anew at `redo` and has replayed to
/// `replayed`.
pub(super) fn judge(
    judged: &Judged,
    (redo, replayed): (Lsn, Lsn),
) -> Result<Drained, ShippingError> {
    let share = Share::create(&judged.share)?;
    let received = received::read(&judged.directory);
    let end = drained_from(&share, Replay { redo, replayed, received })?;
    let given_up = Consent::read(&share)?.map(|consent| consent.range);
    let drained = end.is_drained(replayed, given_up.as_ref());
    let lost = match &drained {
        drain::Drained::Lost { range } => Some(range),
        drain::Drained::Yes | drain::Drained::Behind { .. } => None,
    };
    let range = lost.map(typed);
    let lost = lost.map(|range| {
        let files = range.files.join(", ");
        format!("WAL from {range} was shipped and is damaged or missing ({files})")
    });
    Ok(Drained {
        end: end.end,
        replayed: drained == drain::Drained::Yes,
        lost,
        range,
        unknown: None,
    })
}

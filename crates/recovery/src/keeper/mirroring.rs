//! How a primary stands with its mirror: the next step, read off record and observation. Pure.
//!
//! The order is what keeps promises. *Suspended* is recorded before anything is acknowledged
//! without the mirror, so the name is cleared only after the record. *Synchronized* is published
//! only after PostgreSQL has reported it, so the name is set first.

use std::time::Duration;

use instance::Lsn;

use crate::record::Mirror;

/// How long a mirror may be away before the primary goes on without it.
pub const MIRROR_PATIENCE: Duration = Duration::from_secs(1);
/// A mirror that is nearer than this to the primary's position may be waited for, in bytes.
pub const NEAR_BYTES: u64 = 4 * 1024 * 1024;

/// What PostgreSQL says of the mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No such standby is connected.
    Absent,
    /// It is connected and still catching up.
    CatchingUp,
    /// It streams.
    Streaming {
        /// Flushed on the mirror.
        flushed: Lsn,
        /// PostgreSQL counts it as the synchronous standby.
        synchronous: bool,
    },
}

/// All that the next step depends on.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    /// As recorded.
    pub recorded: &'a Mirror,
    /// As PostgreSQL says.
    pub seen: Seen,
    /// Whether the mirror's name stands in `synchronous_standby_names`.
    pub named: bool,
    /// The primary's own position.
    pub position: Lsn,
    /// Since when no mirror has streamed.
    pub away_for: Duration,
    /// Whether the pool may acknowledge without its mirror.
    pub allow_suspended: bool,
}

/// What a primary's keeper does next about its mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// All is as it should be, or time must pass.
    Nothing,
    /// Record that the primary goes on alone.
    RecordSuspended,
    /// Record that commits wait for the mirror.
    RecordAwaited,
    /// Clear the mirror's name, so that commits stop waiting.
    ClearName,
    /// Set the mirror's name, so that commits wait for it.
    SetName,
    /// Record that the mirror is in sync.
    RecordSynchronized {
        /// Flushed on the mirror.
        lsn: Lsn,
    },
}

/// The next step.
pub fn next(standing: &Standing<'_>) -> Step {
    let in_sync = match standing.seen {
        Seen::Streaming { flushed, synchronous: true } => Some(flushed),
        Seen::Streaming { .. } | Seen::CatchingUp | Seen::Absent => None,
    };
    let near = match standing.seen {
        Seen::Streaming { flushed, .. } => standing.position.bytes_since(flushed) < NEAR_BYTES,
        Seen::CatchingUp | Seen::Absent => false,
    };
    let overdue = MIRROR_PATIENCE <= standing.away_for;
    match (standing.recorded, in_sync) {
        (Mirror::Synchronized { .. }, Some(_)) => Step::Nothing,
        (Mirror::Suspended { .. } | Mirror::Awaited, Some(lsn)) => Step::RecordSynchronized { lsn },
        (Mirror::Suspended { .. }, None) => alone(standing, near, overdue),
        // It is declared since: from here on the record tells how it stands.
        (Mirror::NotDeclared { .. }, _) if standing.allow_suspended => Step::RecordSuspended,
        (Mirror::NotDeclared { .. }, _) => Step::RecordAwaited,
        (Mirror::Synchronized { .. } | Mirror::Awaited, None) => waiting(standing, overdue),
    }
}

/// The primary acknowledges alone, and its mirror is not in sync.
fn alone(standing: &Standing<'_>, near: bool, overdue: bool) -> Step {
    match standing.named {
        true if overdue || !near => Step::ClearName,
        false if near => Step::SetName,
        true | false => Step::Nothing,
    }
}

/// Commits wait for the mirror, and it is not in sync.
fn waiting(standing: &Standing<'_>, overdue: bool) -> Step {
    let recorded_awaited = *standing.recorded == Mirror::Awaited;
    match (standing.named, overdue, standing.allow_suspended) {
        (false, _, _) => Step::SetName,
        (true, true, true) => Step::RecordSuspended,
        (true, true, false) if !recorded_awaited => Step::RecordAwaited,
        (true, _, _) => Step::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use instance::Lsn;

    use super::{MIRROR_PATIENCE, NEAR_BYTES, Seen, Standing, Step, next};
    use crate::record::Mirror;

    const POSITION: Lsn = Lsn(1 << 30);

    fn suspended() -> Mirror {
        Mirror::Suspended { lsn: Lsn::ZERO, since: String::new(), why: String::new() }
    }

    /// Every combination: what may never be done is never done.
    #[test]
    fn nothing_is_acknowledged_without_a_record() {
        let not_declared = Mirror::NotDeclared { since: String::new() };
        let mirrors =
            [Mirror::Synchronized { lsn: Lsn::ZERO }, suspended(), Mirror::Awaited, not_declared];
        let far = Lsn(POSITION.0 - 2 * NEAR_BYTES);
        let streaming = [far, POSITION].into_iter().flat_map(|flushed| {
            [false, true].map(|synchronous| Seen::Streaming { flushed, synchronous })
        });
        let seen: Vec<_> = [Seen::Absent, Seen::CatchingUp].into_iter().chain(streaming).collect();
        for recorded in &mirrors {
            for &seen in &seen {
                for bits in 0..8_u32 {
                    let standing = Standing {
                        recorded,
                        seen,
                        named: bits & 1 != 0,
                        position: POSITION,
                        away_for: MIRROR_PATIENCE * (bits >> 1 & 1),
                        allow_suspended: bits & 4 != 0,
                    };
                    never(&standing, next(&standing));
                }
            }
        }
    }

    fn never(standing: &Standing<'_>, step: Step) {
        let recorded_suspended = matches!(standing.recorded, Mirror::Suspended { .. });
        match step {
            Step::ClearName => assert!(recorded_suspended, "cleared without record: {standing:?}"),
            Step::RecordSuspended => assert!(standing.allow_suspended, "{standing:?}"),
            Step::RecordSynchronized { .. } => assert!(
                matches!(standing.seen, Seen::Streaming { synchronous: true, .. }),
                "published before PostgreSQL reported it: {standing:?}"
            ),
            Step::Nothing | Step::RecordAwaited | Step::SetName => {}
        }
    }

    #[test]
    fn a_mirror_that_comes_back_is_named_then_published() {
        let recorded = suspended();
        let mut standing = Standing {
            recorded: &recorded,
            seen: Seen::Streaming { flushed: POSITION, synchronous: false },
            named: false,
            position: POSITION,
            away_for: Duration::ZERO,
            allow_suspended: true,
        };
        assert_eq!(next(&standing), Step::SetName);
        standing.named = true;
        assert_eq!(next(&standing), Step::Nothing);
        standing.seen = Seen::Streaming { flushed: POSITION, synchronous: true };
        assert_eq!(next(&standing), Step::RecordSynchronized { lsn: POSITION });
    }

    #[test]
    fn a_mirror_that_is_declared_later_is_recorded_before_it_is_named() {
        let not_declared = Mirror::NotDeclared { since: String::new() };
        for (allow_suspended, step) in [(true, Step::RecordSuspended), (false, Step::RecordAwaited)]
        {
            let standing = Standing {
                recorded: &not_declared,
                seen: Seen::Absent,
                named: false,
                position: POSITION,
                away_for: Duration::ZERO,
                allow_suspended,
            };
            assert_eq!(next(&standing), step);
        }
    }
}

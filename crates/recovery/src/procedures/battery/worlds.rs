//! The worlds that the battery of stretched pools begins with.

use crate::action::StretchedPool;
use crate::battery::Tried;
use crate::record::PoolState;
use crate::world::{
    Active, Copies, Known, Lock, MirrorSeen, MissingLog, Reach, ShippingSeen, Site, Standing,
    Switched, World,
};

impl Tried for StretchedPool {
    fn lock(world: &mut World) -> &mut Lock {
        &mut world.lock
    }
}

/// An old primary that was cut off and is heard again. It obeys the higher reign when there is one.
pub(super) fn home_returns(world: &mut World) {
    world.home.reach = Reach::Up;
    if world.backup.reigns {
        world.home.standing = Standing::Fenced;
        world.home.writable = Known::No;
    } else {
        world.home.standing = Standing::Primary;
        world.home.reigns = true;
        world.home.writable = Known::Yes;
    }
}

fn site(standing: Standing, reigns: bool) -> Site {
    let primary = standing == Standing::Primary;
    let unknown = standing == Standing::Unknown;
    Site {
        reach: if unknown { Reach::Unknown } else { Reach::Up },
        standing,
        reigns,
        writable: match (primary, unknown) {
            (true, _) => Known::Yes,
            (_, true) => Known::Unknown,
            _ => Known::No,
        },
        gate: if primary { Known::Yes } else { Known::No },
        mirror: if primary { MirrorSeen::InSync } else { MirrorSeen::Building },
        shipping: ShippingSeen::Removed,
        closed: false,
        replayed: false,
    }
}

fn normal() -> World {
    World {
        home: site(Standing::Primary, true),
        backup: Site { shipping: ShippingSeen::Flowing, ..site(Standing::StandsBy, false) },
        state: PoolState::Normal,
        active: Active::Home,
        lock: Lock::Free,
        attested: false,
        consented: false,
        salvaged: false,
        missing_log: MissingLog::Nothing,
        copies: Copies::Readable,
        backup_owes: false,
        switched: Switched::NotYet,
    }
}

/// Home is silent, and an administrator has said all that there is to say.
pub(super) fn lost() -> World {
    let home = Site { reigns: true, ..site(Standing::Unknown, true) };
    World { home, attested: true, consented: true, ..normal() }
}

/// The pool is at the backup site, and home has come back and fenced itself.
pub(super) fn failed_over() -> World {
    World {
        home: site(Standing::Fenced, false),
        backup: site(Standing::Primary, true),
        state: PoolState::FailedOver,
        active: Active::Backup,
        ..normal()
    }
}

/// What the same two bits mean: a share is judged while there is nothing to salvage.
fn judged_or_read(judged: bool, bits: (bool, bool)) -> (MissingLog, Copies) {
    match (judged, bits) {
        (true, (false, _)) | (false, (false, false)) => (MissingLog::Nothing, Copies::Readable),
        (true, (true, false)) => (MissingLog::Missing, Copies::Readable),
        (true, (true, true)) => (MissingLog::GivenUp, Copies::Readable),
        (false, (false, true)) => (MissingLog::Nothing, Copies::Unreadable),
        (false, (true, false)) => (MissingLog::Nothing, Copies::AttestedLost),
        (false, (true, true)) => (MissingLog::Nothing, Copies::AttestedInVain),
    }
}

/// Every combination of the interesting values. Most of them can never be; a run must be safe in
/// all of them all the same.
pub(super) fn worlds() -> impl Iterator<Item = World> {
    let standings = [
        Standing::Primary,
        Standing::Stopped,
        Standing::StandsBy,
        Standing::Follows,
        Standing::Fenced,
        Standing::Unknown,
    ];
    let pairs = standings.into_iter().flat_map(move |home| standings.map(|backup| (home, backup)));
    let bits = 0..16384_u32;
    pairs.flat_map(move |(home, backup)| {
        bits.clone().filter_map(move |bits| {
            let bit = |n: u32| bits & (1 << n) != 0;
            let reigns = bit(0);
            let silent = bit(5);
            let any_primary = home == Standing::Primary || backup == Standing::Primary;
            let alone = !(bit(11) || bit(12) || bit(13));
            if home == backup && any_primary || silent && !(any_primary && alone) {
                return None;
            }
            let mirror = match (bit(1), bit(10)) {
                (false, false) => MirrorSeen::Building,
                (false, true) => MirrorSeen::Away,
                (true, _) => MirrorSeen::InSync,
            };
            let is_home_primary = home == Standing::Primary;
            let judged = backup == Standing::StandsBy;
            let may_owe = home == Standing::Primary && backup == Standing::Fenced;
            let may_salvage = backup == Standing::Primary && home == Standing::Fenced;
            let mut home = Site { mirror, replayed: bit(2), ..site(home, !reigns) };
            let shipping = if bit(3) { ShippingSeen::Flowing } else { ShippingSeen::Removed };
            let mut backup =
                Site { shipping, mirror, closed: bit(4), replayed: bit(2), ..site(backup, reigns) };
            // Copies are looked at only where they would be salvaged, on either side.
            let (missing_log, copies) = judged_or_read(judged, (bit(11), bit(12)));
            if silent {
                // A primary whose host does not answer, though its site's store does.
                let side = if is_home_primary { &mut home } else { &mut backup };
                (side.reach, side.writable) = (Reach::Unknown, Known::Unknown);
            }
            if copies != Copies::Readable && !may_salvage || bit(13) && !may_owe {
                return None;
            }
            Some(World {
                home,
                backup,
                state: if bit(6) { PoolState::FailedOver } else { PoolState::Normal },
                active: if bit(7) { Active::Nobody } else { Active::Home },
                lock: Lock::Free,
                attested: bit(8),
                consented: bit(8),
                salvaged: bit(9),
                missing_log,
                copies,
                backup_owes: bit(13),
                switched: Switched::NotYet,
            })
        })
    })
}

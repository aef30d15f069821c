//! What a step can do, and the pure forecast of it.

use serde::{Deserialize, Serialize};

use crate::procedure::{self, Subject};
use crate::record::PoolState;
use crate::world::{
    Active, Known, Lock, Measured, MirrorSeen, MissingLog, Reach, ShippingSeen, Site, Standing,
    Switched, World,
};

/// What the procedures of a stretched pool are about.
#[derive(Debug)]
pub enum StretchedPool {}

impl Subject for StretchedPool {
    type World = World;
    type Measured = Measured;
    type Action = Action;

    const TAKE_LOCK: Action = Action::TakeLock;

    fn foresee(action: Action, world: &mut World) {
        action.foresee(world);
    }

    fn obstacles(measured: &Measured) -> String {
        measured.notes.join("; ")
    }
}

/// A runbook for a stretched pool.
pub type Procedure = procedure::Procedure<StretchedPool>;
/// What must hold before every row of it.
pub type Given = procedure::Given<StretchedPool>;
/// A row of it.
pub type Step = procedure::Step<StretchedPool>;

/// Which site of a stretched pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Where the pool was designed to be served.
    Home,
    /// Where it fails over to.
    Backup,
}

/// An act. Repeating one that has been done changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Take the procedure lock at every site that can be reached.
    TakeLock,
    /// Stop receiving WAL at the backup site.
    RemoveShipping,
    /// Close, verify and take over every file of the share up to its last valid record.
    CloseShare,
    /// Replay the share to its end.
    ReplayShare,
    /// Raise the reign by compare-and-set, and promote the side's first instance.
    BringOnline(Side),
    /// Record the pool's state.
    SetState(PoolState),
    /// Have the side's mirror follow and come into sync.
    EstablishMirror(Side),
    /// Make the side's servers the active ones, and open its gate.
    SetActive(Side),
    /// Empty the list of active servers, and shut the gate of the primary.
    ClearActive,
    /// Read the home copies, and put back what they had and nobody else has.
    Salvage,
    /// Read the backup site's copies, and put back what they took and home has not.
    SalvageBackup,
    /// Rewind or copy the home instances so that they follow the backup site's primary.
    SeedHome,
    /// Stop the backup site's primary with a shutdown checkpoint.
    StopBackup,
    /// Wait until home has replayed the shutdown checkpoint.
    ProveReplayed,
    /// Receive WAL at the backup site again, from a copy that fits.
    EstablishShipping,
    /// Start the backup site's primary again, in the reign that it had.
    StartBackupAgain,
    /// Raise home's reign if it does not have the pool, and start its database, though the backup
    /// site was not heard.
    BringHomeAlone,
    /// Have the primary hand over to the mirror beside it.
    HandOver,
    /// Raise the turn and promote the mirror, though its primary was not heard.
    TakeOver,
    /// Have the former primary follow the new one, and come into sync.
    MirrorAgain,
}

impl Action {
    /// What the world will be once this is done: the pure twin of performing it.
    ///
    /// # Panics
    /// When the act's preconditions do not hold: a table in the wrong order cannot pass its tests.
    pub fn foresee(self, world: &mut World) {
        match self {
            Self::TakeLock => {
                assert_ne!(world.lock, Lock::Others, "two procedures at once");
                world.lock = Lock::Ours;
            }
            Self::RemoveShipping => world.backup.shipping = ShippingSeen::Removed,
            Self::CloseShare => {
                assert_eq!(world.backup.shipping, ShippingSeen::Removed, "closed while it grows");
                world.backup.closed = true;
            }
            Self::ReplayShare => {
                assert!(world.backup.closed, "replayed to an end that is not known");
                assert_ne!(world.missing_log, MissingLog::Missing, "a gap nobody gave up");
                world.backup.replayed = true;
            }
            Self::BringOnline(Side::Backup) => bring_backup_online(world),
            Self::BringOnline(Side::Home) => bring_home_online(world),
            Self::SetState(state) => set_state(world, state),
            Self::EstablishMirror(side) => establish_mirror(side.of(world)),
            Self::SetActive(side) => set_active(side, world),
            Self::ClearActive => {
                world.active = Active::Nobody;
                world.backup.gate = Known::No;
            }
            Self::Salvage => {
                assert!(world.home_is_fenced(), "an old copy is read while it changes");
                assert!(world.backup_serves(), "nowhere to put it back");
                assert!(world.copies_are_judged(), "a copy was passed over");
                world.salvaged = true;
            }
            Self::SalvageBackup => {
                assert!(world.home_serves(), "nowhere to put it back");
                assert_ne!(world.backup.writable, Known::Yes, "read while it changes");
                world.backup_owes = false;
            }
            Self::SeedHome => {
                assert!(world.salvaged, "released before it was salvaged");
                assert!(world.home_is_fenced(), "a primary was overwritten");
                world.home.standing = Standing::Follows;
                world.home.replayed = true;
            }
            Self::StopBackup => {
                assert_eq!(world.backup.gate, Known::No, "stopped under its clients");
                world.backup.standing = Standing::Stopped;
                world.backup.writable = Known::No;
                world.home.replayed = false;
            }
            Self::ProveReplayed => {
                assert_eq!(world.backup.standing, Standing::Stopped, "its end is not known yet");
                world.home.replayed = true;
            }
            Self::EstablishShipping => {
                assert!(world.home_serves(), "shipped from what is no primary");
                assert!(!world.backup_owes, "released before it was salvaged");
                world.backup.standing = Standing::StandsBy;
                world.backup.shipping = ShippingSeen::Flowing;
            }
            Self::StartBackupAgain => start_backup_again(world),
            Self::BringHomeAlone => bring_home_alone(world),
            Self::HandOver => hand_over(world),
            Self::TakeOver => take_over(world),
            Self::MirrorAgain => mirror_again(world),
        }
    }
}

impl Side {
    fn of(self, world: &mut World) -> &mut Site {
        match self {
            Self::Home => &mut world.home,
            Self::Backup => &mut world.backup,
        }
    }
}

fn start_backup_again(world: &mut World) {
    assert!(!world.home_serves(), "two primaries");
    assert_ne!(world.home.standing, Standing::Unknown, "home may have been promoted");
    if world.home.standing == Standing::Follows {
        world.home.standing = Standing::Fenced;
    }
    world.backup.standing = Standing::Primary;
    world.backup.writable = Known::Yes;
}

fn establish_mirror(site: &mut Site) {
    assert_eq!(site.standing, Standing::Primary, "a mirror of what is no primary");
    if site.mirror == MirrorSeen::Building {
        site.mirror = MirrorSeen::InSync;
    }
}

fn set_active(side: Side, world: &mut World) {
    let site = side.of(world);
    assert_eq!(site.writable, Known::Yes, "clients let in where nothing is written");
    site.gate = Known::Yes;
    world.active = match side {
        Side::Home => Active::Home,
        Side::Backup => Active::Backup,
    };
}

fn serving(world: &mut World) -> &mut Site {
    if world.backup_serves() { &mut world.backup } else { &mut world.home }
}

fn hand_over(world: &mut World) {
    let site = serving(world);
    assert_eq!(site.mirror, MirrorSeen::InSync, "handed over to what may lack posts");
    site.mirror = MirrorSeen::Building;
    world.switched = Switched::Over;
}

fn take_over(world: &mut World) {
    assert!(world.attested, "two primaries");
    let site = serving(world);
    assert_ne!(site.writable, Known::Yes, "two primaries");
    assert_eq!(site.mirror, MirrorSeen::InSync, "promoted without all that was acknowledged");
    site.reach = Reach::Up;
    site.writable = Known::Yes;
    site.mirror = MirrorSeen::Away;
    world.switched = Switched::Over;
}

fn mirror_again(world: &mut World) {
    assert_ne!(world.switched, Switched::NotYet, "nothing was handed over");
    serving(world).mirror = MirrorSeen::InSync;
    world.switched = Switched::AndMirrored;
}

fn bring_backup_online(world: &mut World) {
    assert!(world.home_is_fenced() || world.attested, "two primaries");
    assert_eq!(world.backup.shipping, ShippingSeen::Removed, "promoted while WAL still comes");
    assert!(world.backup.replayed, "promoted with WAL unapplied");
    assert!(world.consented, "a loss nobody accepted");
    world.backup.standing = Standing::Primary;
    world.backup.reigns = true;
    world.home.reigns = false;
    world.backup.writable = Known::Yes;
    world.backup.gate = Known::No;
    world.backup.mirror = building(world.backup.mirror);
    world.state = PoolState::FailingOver;
    world.active = Active::Nobody;
    // From here on a home site that returns is outranked, and fences itself when it hears so.
    if world.home.reach == Reach::Up {
        world.home.standing = Standing::Fenced;
        world.home.writable = Known::No;
    }
}

fn bring_home_online(world: &mut World) {
    assert_eq!(world.backup.standing, Standing::Stopped, "two primaries");
    assert_eq!(world.backup.writable, Known::No, "two primaries");
    assert!(world.home.replayed, "promoted with WAL unapplied");
    assert_eq!(world.home.standing, Standing::Follows, "promoted without a copy");
    world.home.standing = Standing::Primary;
    world.home.reigns = true;
    world.backup.reigns = false;
    world.home.writable = Known::Yes;
    world.home.gate = Known::No;
    world.home.mirror = building(world.home.mirror);
    // It hears the higher reign, and fences itself until log shipping begins.
    world.backup.standing = Standing::Fenced;
    world.state = PoolState::FailingBack;
}

fn bring_home_alone(world: &mut World) {
    assert_ne!(world.backup.writable, Known::Yes, "two primaries");
    let asked = world.backup.standing != Standing::Unknown;
    assert!(asked || world.attested, "two primaries");
    if world.home.standing != Standing::Primary || !asked {
        let own = world.home.standing == Standing::Primary;
        assert!(own || world.consented, "a loss nobody accepted");
        world.home.standing = Standing::Primary;
        world.home.gate = Known::No;
        world.home.mirror = building(world.home.mirror);
        world.state = PoolState::FailingBack;
        world.active = Active::Nobody;
    }
    world.home.reigns = true;
    world.backup.reigns = false;
    world.home.writable = Known::Yes;
}

/// A primary that has just been promoted has nobody in sync yet.
fn building(mirror: MirrorSeen) -> MirrorSeen {
    if mirror == MirrorSeen::Away { MirrorSeen::Away } else { MirrorSeen::Building }
}

fn set_state(world: &mut World, state: PoolState) {
    match state {
        PoolState::FailedOver => {
            assert!(world.backup_serves(), "FailedOver while the backup does not serve");
        }
        PoolState::Normal => {
            assert!(world.home_serves(), "Normal while home does not serve");
            assert_ne!(world.home.mirror, MirrorSeen::Building, "Normal without its mirror");
            assert_eq!(world.backup.shipping, ShippingSeen::Flowing, "Normal without shipping");
        }
        PoolState::FailingOver | PoolState::FailingBack => {}
    }
    world.state = state;
}

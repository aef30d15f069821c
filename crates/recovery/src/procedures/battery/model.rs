//! The model that stands for a deployment in the battery, and the worlds that it begins with.

use crate::action::{Action, Procedure, StretchedPool};
use crate::engine::{Deployment, Line, Reply, Stopped, run};
use crate::record::PoolState;
use crate::world::{
    Active, Copies, Known, Lock, Measured, MirrorSeen, MissingLog, Reach, ShippingSeen, Site,
    Standing, Switched, Unshipped, World,
};

/// What goes wrong in a run, at the n-th touch of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The orchestrator is killed before the touch.
    Crash,
    /// The orchestrator is killed after the touch took effect.
    CrashAfter,
    /// An act says that it was done, and did nothing.
    Idle,
    /// The home site's old primary is alive again.
    HomeReturns,
    /// Another run takes the lock.
    LockStolen,
}

pub(super) struct Model {
    pub(super) world: World,
    pub(super) touches: usize,
    pub(super) fault: Option<(usize, Fault)>,
    pub(super) acts: Vec<Action>,
    pub(super) worlds: Vec<World>,
}

impl Model {
    pub(super) fn new(world: World) -> Self {
        Self { world, touches: 0, fault: None, acts: Vec::new(), worlds: Vec::new() }
    }

    fn touch(&mut self) -> Result<Option<Fault>, String> {
        self.touches += 1;
        let due = self.fault.filter(|(at, _)| *at == self.touches).map(|(_, fault)| fault);
        match due {
            Some(Fault::Crash) => return Err("killed".to_owned()),
            Some(Fault::HomeReturns) => home_returns(&mut self.world),
            Some(Fault::LockStolen) => self.world.lock = Lock::Others,
            Some(Fault::CrashAfter | Fault::Idle) | None => {}
        }
        Ok(due)
    }

    fn after(due: Option<Fault>) -> Result<(), String> {
        if due == Some(Fault::CrashAfter) { Err("killed".to_owned()) } else { Ok(()) }
    }

    pub(super) fn go(&mut self, procedure: &'static Procedure) -> Result<Vec<Line>, Stopped> {
        let mut lines = Vec::new();
        let result = now(run(procedure, self, &mut |line| lines.push(line.clone())));
        result.map(|()| lines)
    }
}

/// An old primary that was cut off and is heard again. It obeys the higher reign when there is one.
fn home_returns(world: &mut World) {
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

impl Deployment<StretchedPool> for Model {
    fn observe(&mut self) -> Reply<'_, (World, Measured)> {
        Box::pin(async move {
            let due = self.touch()?;
            self.worlds.push(self.world.clone());
            Self::after(due)?;
            Ok((self.world.clone(), Measured::default()))
        })
    }

    fn perform(&mut self, action: Action) -> Reply<'_, ()> {
        Box::pin(async move {
            let due = self.touch()?;
            self.acts.push(action);
            if due != Some(Fault::Idle) {
                action.foresee(&mut self.world);
            }
            self.worlds.push(self.world.clone());
            Self::after(due)
        })
    }

    fn note(&mut self, _: Line) -> Reply<'_, ()> {
        Box::pin(async move {
            let due = self.touch()?;
            Self::after(due)
        })
    }

    fn release(&mut self) -> Reply<'_, ()> {
        Box::pin(async move {
            let due = self.touch()?;
            self.world.lock = Lock::Free;
            Self::after(due)
        })
    }
}

/// Runs a future that never waits.
pub(super) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the model never waits"),
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
        unshipped: Unshipped::Perhaps,
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
    let bits = 0..32768_u32;
    pairs.flat_map(move |(home, backup)| {
        bits.clone().filter_map(move |bits| {
            let bit = |n: u32| bits & (1 << n) != 0;
            let reigns = bit(0);
            let silent = bit(14);
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
            let unshipped = if bit(5) { Unshipped::Nothing } else { Unshipped::Perhaps };
            Some(World {
                home,
                backup,
                state: if bit(6) { PoolState::FailedOver } else { PoolState::Normal },
                active: if bit(7) { Active::Nobody } else { Active::Home },
                lock: Lock::Free,
                attested: bit(8),
                unshipped,
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

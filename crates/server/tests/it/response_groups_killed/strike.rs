//! Strikes: what is killed, when, and how far the command was then, as the host's audit tells.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use audit::{Entry, Phase as Audited};
use testkit::deployment::Ended;

use super::ground::Ground;
use crate::dice::Dice;

/// What is killed, with SIGKILL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The administrator's shell.
    Shell,
    /// The process of the host that runs the cmdlet; databases beside it live on.
    Server,
    /// Everything on that host.
    Host,
    /// The postmaster of the pool that is changed.
    Postgres,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Shell, Self::Server, Self::Host, Self::Postgres];

    /// Each kind once in a round.
    pub(super) fn dealt(rounds: u64, dice: &mut Dice) -> Vec<Self> {
        let mut dealt = Vec::new();
        for _ in 0..rounds {
            let mut round = Self::ALL;
            dice.shuffle(&mut round);
            dealt.extend(round);
        }
        dealt
    }
}

/// A command to strike.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) cmdlet: &'static str,
    pub(super) line: String,
    /// The host that runs it.
    pub(super) via: &'static str,
    /// A host of which PostgreSQL may be killed, and its store.
    pub(super) database: (&'static str, &'static str),
    /// The pools that must answer before it is given again.
    pub(super) pools: &'static [&'static str],
    /// Whether it is a procedure.
    pub(super) is_journalled: bool,
}

/// How far a command was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The host had not been asked yet.
    NotAsked,
    /// The host was at work.
    AtWork,
    /// What it had made was on its way to the shell.
    Travelling,
    /// The shell had said that all is safe, and what follows was at work.
    Following,
    /// The host had done all, or had given up.
    Over,
}

impl Phase {
    fn is_middle(self) -> bool {
        matches!(self, Self::AtWork | Self::Travelling | Self::Following)
    }
}

/// What was hit, and when.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) kind: Kind,
    phase: Phase,
    after: Duration,
    of: Duration,
    row: Option<String>,
    ended: Ended,
}

/// The strikes upon one command, at moments spread over its whole duration; and some more in its
/// middle if none of them hit that.
#[derive(Debug)]
pub(super) struct Strikes {
    command: &'static str,
    planned: Vec<(Kind, u64)>,
    spare: u32,
    /// Where the next spare strike hits.
    place: u64,
    phases: Vec<Phase>,
    /// How long the command takes if nothing disturbs it, as was measured last.
    pub(super) whole: Duration,
}

/// A moment is a place in the whole duration, in so many parts.
const PARTS: u64 = 1000;

/// How many strikes more there are until one hits the middle.
const SPARE: u32 = 8;

impl Strikes {
    pub(super) fn plan(
        command: &'static str,
        kinds: Vec<Kind>,
        whole: Duration,
        dice: &mut Dice,
    ) -> Self {
        let count = kinds.len() as u64;
        let spread = (0..count).map(|it| (PARTS * it + dice.roll(PARTS)) / count);
        let mut planned: Vec<_> = kinds.into_iter().zip(spread).collect();
        dice.shuffle(&mut planned);
        Self { command, planned, spare: SPARE, place: PARTS / 2, phases: Vec::new(), whole }
    }

    /// What is to be killed next, and where in the whole duration.
    pub(super) fn next(&mut self, dice: &mut Dice) -> Option<(Kind, u64)> {
        if let Some(next) = self.planned.pop() {
            return Some(next);
        }
        let is_hit = self.phases.iter().any(|it| it.is_middle());
        if is_hit || self.spare == 0 {
            return None;
        }
        // The machine is faster or slower by now than when the command was measured.
        match self.phases.last() {
            Some(Phase::Over) if self.spare < SPARE => self.place /= 2,
            Some(Phase::NotAsked) => self.place = self.place * 3 / 2,
            _ => {}
        }
        self.spare -= 1;
        Some((dice.choose(&Kind::ALL), self.place))
    }

    /// Begins the command, and kills at that moment; starts again what a service manager would.
    pub(super) async fn strike(
        &mut self,
        ground: &mut Ground,
        order: &Order,
        (kind, place): (Kind, u64),
    ) -> Hit {
        let known = ground.audit(order.via).len();
        let after = self.whole * u32::try_from(place).unwrap() / u32::try_from(PARTS).unwrap();
        let running = ground.begin(order.via, &order.line);
        // On purpose: any moment will do; the wait is the fault's, not the test's.
        tokio::time::sleep(after).await;
        let ended = match kind {
            Kind::Shell => Ok(running.kill().await),
            Kind::Server => {
                ground.deployment.host(order.via).kill_process().await.unwrap();
                Err(running)
            }
            Kind::Host => {
                ground.deployment.host(order.via).kill_host().await.unwrap();
                Err(running)
            }
            Kind::Postgres => {
                let (host, store) = order.database;
                ground.deployment.host(host).kill_postmaster(store).unwrap();
                Err(running)
            }
        };
        let phase = phase(&ground.audit(order.via)[known..], order.cmdlet);
        let row = if order.is_journalled { ground.newest_row(order.via) } else { None };
        if matches!(kind, Kind::Server | Kind::Host) {
            ground.deployment.host(order.via).start().await.unwrap();
        }
        let ended = match ended {
            Ok(killed) => killed.unwrap(),
            Err(running) => running.end().await.unwrap(),
        };
        self.phases.push(phase);
        Hit { kind, phase, after, of: self.whole, row, ended }
    }

    /// Says which phases were hit. Fails if none of them was in the middle.
    pub(super) fn end(self) {
        let mut counts = BTreeMap::<Phase, usize>::new();
        for phase in &self.phases {
            *counts.entry(*phase).or_default() += 1;
        }
        println!("{}: {} strikes: {counts:?}", self.command, self.phases.len());
        let is_hit = self.phases.iter().any(|it| it.is_middle());
        assert!(is_hit, "no strike hit {} in its middle: {counts:?}", self.command);
    }
}

/// How far the command was, by what the host had audited since.
fn phase(since: &[Entry], cmdlet: &str) -> Phase {
    let last = |name: &str| since.iter().rev().find(|it| it.cmdlet == name).map(|it| &it.phase);
    match (last(cmdlet), last("Delivered")) {
        (_, Some(Audited::Asked)) => Phase::Following,
        (None, None) => Phase::NotAsked,
        (Some(Audited::Asked), None) => Phase::AtWork,
        (Some(Audited::Done { objects }), None) if *objects > 0 => Phase::Travelling,
        (_, Some(_)) | (Some(_), None) => Phase::Over,
    }
}

impl fmt::Display for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, phase, after, of, row, ended } = self;
        write!(f, "{kind:?} killed after {after:.0?} of {of:.0?}: {phase:?}")?;
        if let Some(row) = row {
            write!(f, ", {row}")?;
        }
        let how = if ended.is_good() { "ended well" } else { "failed" };
        // The place in the line, with a caret, says nothing new here.
        let remarks = ended.remarks.lines().take_while(|it| !it.starts_with(' '));
        write!(f, "; it {how}: {}", remarks.last().unwrap_or("without a word"))
    }
}

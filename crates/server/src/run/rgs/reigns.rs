//! The battery of reigns: two pools that count them, change what belongs to one, hear each other or
//! not, and are failed over and back by runs that are killed anywhere.
//!
//! The plans of imports, the look at a pair and the procedures are the product's own. Nothing that
//! somebody was told is done may be lost, and two who change it may never have the same reign.

use std::collections::BTreeSet;

use proptest::prelude::*;
use recovery::engine::{Deployment, Line, Reply, Seen, run};
use recovery::paired::{
    Act, Figures, POOL_FAIL_BACK, POOL_FAIL_OVER, Pair, PairedPools, Procedure,
};
use recovery::world::{Known, Lock};
use response_groups::configuration::Configuration;
use response_groups::import::{Existing, Incoming, Options, Standing, above_unheard, plan};
use response_groups::store::ReceivedRevision;

use super::heard::{self, Heard};
use super::{coming_home, fitting};

const HOME: &str = "primary.contoso.com";
const AWAY: &str = "backup.contoso.com";

/// How often a run touches the pair, at most; a few more, so that some runs are not killed.
const TOUCHES: usize = 30;

/// What happens to a pair.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// Somebody changes something, where he may.
    Change,
    /// The primary pool's host is gone.
    Lost,
    /// Nobody hears the primary pool, which lives.
    Unheard,
    /// It is heard again.
    Heard,
    /// The primary pool's machines burn; new ones have its name, and nothing else.
    Burnt,
    /// The primary pool lets the other one receive what it has.
    Sent,
    /// A procedure, killed at some touch; with all that an administrator can say, or nothing.
    Over(usize, bool),
    /// The same.
    Back(usize),
}

/// What was changed at a pool, or received: the numbers of the changes.
type Changes = BTreeSet<u32>;

#[derive(Clone, Debug, Default)]
struct Pool {
    standing: Standing,
    has: Changes,
    received: Option<(i64, i64, Changes)>,
    /// The other one was heard in this life.
    met: bool,
}

impl Pool {
    fn set(&mut self, reign: i64, edits: bool) {
        assert!(self.standing.reign < reign, "{self:?} {reign}");
        self.standing = Standing { reign, edits, revision: self.standing.revision + 1 };
    }

    /// Its own place, and what it has.
    fn new() -> Self {
        Self { standing: Standing { edits: true, ..Standing::default() }, ..Self::default() }
    }

    fn place(&self) -> (i64, i64) {
        self.standing.place()
    }

    /// Told what the other one has received of its own.
    fn has_lost(&mut self, received: Option<(i64, i64)>) {
        self.standing.edits &= received <= Some(self.place());
    }

    fn received(&self) -> Option<(i64, i64)> {
        self.received.as_ref().map(|(reign, revision, _)| (*reign, *revision))
    }

    fn heard(&self) -> Heard {
        let received = self.received.as_ref().map(|(reign, revision, has)| ReceivedRevision {
            owner: HOME.to_owned(),
            reign: *reign,
            revision: *revision,
            received_at: jiff::Timestamp::UNIX_EPOCH,
            objects: has.len(),
        });
        let (standing, objects) = (self.standing, self.has.len());
        Heard { standing, names: Vec::new(), objects, received }
    }

    fn receive(&mut self, place: (i64, i64), has: &Changes) {
        let here = self.received();
        if self.standing.reign <= place.0 && here.is_none_or(|here| here < place) {
            self.received = Some((place.0, place.1, has.clone()));
        }
    }

    /// What the import's own plan claims.
    fn claim(&mut self, parent: &str, incoming: &Incoming<'_>, options: Options) {
        let received = self.received.iter().map(|it| (HOME.to_owned(), it.0));
        let existing = Existing {
            parent: parent.to_owned(),
            owners: [(HOME.to_owned(), self.standing)].into(),
            received: received.collect(),
            ..Existing::default()
        };
        let claims = plan(&existing, incoming, options).unwrap().claim;
        let [(owner, reign)] = &claims[..] else { panic!("{claims:?}") };
        assert_eq!(owner, HOME);
        self.set(*reign, true);
    }
}

struct World {
    home: Pool,
    away: Pool,
    alive: bool,
    heard: bool,
    said: bool,
    lock: Lock,
    kill_at: usize,
    changes: u32,
}

impl World {
    fn new() -> Self {
        let (home, away) = (Pool::new(), Pool::default());
        let (lock, kill_at, changes) = (Lock::Free, 0, 0);
        Self { home, away, alive: true, heard: true, said: false, lock, kill_at, changes }
    }

    /// Each heeds the other's word, as before every change.
    fn heed(&mut self) {
        if self.heard {
            self.home.has_lost(self.away.received());
            self.home.met = true;
        }
        let (home, away) = (self.home.standing, self.away.standing);
        if !self.heard || !home.edits || !away.edits {
            return;
        }
        assert_ne!(home.reign, away.reign, "both change it");
        let (lower, reign) = if home.reign < away.reign {
            (&mut self.home, away.reign)
        } else {
            (&mut self.away, home.reign)
        };
        lower.set(reign, false);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Change => {
                self.heed();
                if self.alive && !self.heard && !self.home.met {
                    // It may have lost all that it had, and asks first.
                    return;
                }
                let is_home = self.alive && self.home.standing.edits;
                let pool = if is_home { &mut self.home } else { &mut self.away };
                if pool.standing.edits {
                    self.changes += 1;
                    pool.has.insert(self.changes);
                    pool.standing.revision += 1;
                }
            }
            Event::Lost => (self.alive, self.heard) = (false, false),
            Event::Unheard => self.heard = false,
            Event::Heard => (self.alive, self.heard) = (true, true),
            Event::Burnt => {
                (self.alive, self.heard) = (false, false);
                self.home = Pool::new();
            }
            Event::Sent => {
                self.heed();
                if self.heard && self.home.standing.edits {
                    self.send();
                }
            }
            Event::Over(at, said) => drop(self.go(&POOL_FAIL_OVER, at, said)),
            Event::Back(at) => drop(self.go(&POOL_FAIL_BACK, at, false)),
        }
        let (home, away) = (self.home.standing, self.away.standing);
        let both = home.edits && away.edits;
        assert!(!both || home.reign != away.reign, "both change it in {}", home.reign);
    }

    fn send(&mut self) {
        self.away.receive(self.home.place(), &self.home.has);
    }

    fn go(&mut self, procedure: &'static Procedure, at: usize, said: bool) -> Result<(), String> {
        (self.kill_at, self.said) = (at, said);
        let had = self.away.received.clone();
        let ended = futures_util::FutureExt::now_or_never(run(procedure, self, &mut |_| ()));
        let ended = ended.expect("it never waits").map_err(|why| why.to_string());
        self.lock = Lock::Free;
        if ended.is_ok() && procedure.name == POOL_FAIL_OVER.name {
            assert!(self.away.standing.edits, "{:?}", self.away);
            let all = had.into_iter().flat_map(|it| it.2).all(|it| self.away.has.contains(&it));
            assert!(all, "what was received is not there: {:?}", self.away);
        }
        ended
    }

    fn touch(&mut self) -> Result<(), String> {
        self.kill_at = self.kill_at.wrapping_sub(1);
        if self.kill_at == 0 { Err("killed".to_owned()) } else { Ok(()) }
    }

    fn act(&mut self, act: Act) -> Result<(), String> {
        let whole = Configuration::default();
        let there = [Act::TakeLock, Act::ImportThere, Act::OpenBackup];
        assert!(self.heard || there.contains(&act), "{act:?}: {HOME} is not heard");
        match act {
            Act::TakeLock => self.lock = Lock::Ours,
            Act::ClosePrimary => {
                self.home.has_lost(self.away.received());
                if self.home.standing.edits {
                    self.home.set(self.home.standing.reign + 1, false);
                }
            }
            Act::CloseBackup => self.away.set(self.away.standing.reign + 1, false),
            Act::Receive => self.send(),
            Act::ImportThere => {
                let (reign, _, has) = self.away.received.clone().ok_or("nothing was received")?;
                let incoming = fitting::incoming(HOME, &whole, reign);
                self.away.claim(AWAY, &incoming, fitting::OPTIONS);
                self.away.has = has;
            }
            Act::OpenBackup => {
                let received = self.away.received.as_ref().map_or(0, |it| it.0);
                let known = self.away.standing.reign.max(received);
                self.away.set(above_unheard(known).unwrap(), true);
            }
            Act::OpenPrimary => {
                assert!(self.home.standing.reign > self.away.standing.reign);
                self.home.set(self.home.standing.reign + 1, true);
                self.send();
            }
            Act::Keep => {
                self.home.has_lost(self.away.received());
                if self.home.standing.edits && self.home.standing.reign < self.away.standing.reign {
                    self.home.set(self.away.standing.reign, false);
                }
                let (reign, revision) = self.home.place();
                self.home.received = Some((reign, revision, self.home.has.clone()));
            }
            Act::ImportHome => {
                let reign = self.away.standing.reign;
                let given = BTreeSet::new();
                let incoming = coming_home::incoming(HOME, AWAY, (&whole, reign), &given);
                self.home.claim(HOME, &incoming, coming_home::OPTIONS);
                self.home.has.extend(&self.away.has);
            }
            Act::RemoveThere => {
                self.send();
                let received = self.away.received.as_ref().map(|it| (it.0, it.1));
                assert_eq!(received, Some(self.home.place()));
                assert!(self.away.has.is_subset(&self.home.has));
                self.away.has.clear();
            }
        }
        Ok(())
    }
}

impl Deployment<PairedPools> for World {
    fn observe(&mut self) -> Reply<'_, Seen<PairedPools>> {
        Box::pin(async move {
            self.touch()?;
            let home = self.heard.then(|| self.home.heard());
            let seen = heard::pair(home.as_ref(), Some(&self.away.heard()));
            let (lock, fits) = (self.lock, Known::Yes);
            let (attested, consented) = (self.said, self.said);
            Ok((Pair { lock, attested, consented, fits, ..seen }, Figures::default()))
        })
    }

    fn perform(&mut self, act: Act) -> Reply<'_, ()> {
        Box::pin(async move {
            self.touch()?;
            self.act(act)?;
            self.touch()
        })
    }

    fn note(&mut self, _: Line) -> Reply<'_, ()> {
        Box::pin(async move { self.touch() })
    }

    fn release(&mut self) -> Reply<'_, ()> {
        Box::pin(async move { self.touch() })
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => Just(Event::Change),
        1 => Just(Event::Lost),
        1 => Just(Event::Unheard),
        1 => Just(Event::Burnt),
        2 => Just(Event::Heard),
        2 => Just(Event::Sent),
        3 => (1..TOUCHES, any::<bool>()).prop_map(|(at, said)| Event::Over(at, said)),
        3 => (1..TOUCHES).prop_map(Event::Back),
    ];
    proptest::collection::vec(event, 1..30)
}

/// The pair is heard again: nothing is lost, and one of the two may change it.
fn comes_home(world: &mut World) {
    world.happens(Event::Heard);
    world.heed();
    if heard::pair(Some(&world.home.heard()), Some(&world.away.heard())).has_lost() {
        world.go(&POOL_FAIL_BACK, 0, false).unwrap_err();
        world.go(&POOL_FAIL_OVER, 0, false).unwrap_err();
        world.go(&POOL_FAIL_OVER, 0, true).unwrap();
    }
    world.go(&POOL_FAIL_BACK, 0, false).unwrap();
    assert!(world.home.standing.edits && !world.away.standing.edits, "{:?}", world.home);
    assert!(world.away.has.is_empty(), "{:?}", world.away);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_is_lost_and_no_two_change_it_in_one_reign(events in events()) {
        let mut world = World::new();
        let mut done = Changes::new();
        for event in events {
            if matches!(event, Event::Burnt) {
                let away = world.away.received.iter().flat_map(|it| &it.2).chain(&world.away.has);
                done = away.copied().collect();
            }
            world.happens(event);
            done.extend(world.home.has.iter().chain(&world.away.has));
        }
        comes_home(&mut world);
        prop_assert_eq!(world.home.has, done);
    }
}

/// Closed and with nothing, as after a removal by hand: an older revision comes in again, if the
/// primary pool is lost. With objects, or open, it stands in.
#[test]
fn a_pool_that_has_given_all_of_it_back_does_not_stand_in() {
    let received = Some((1, 1, Changes::from([1])));
    for (edits, has, over) in
        [(false, Changes::new(), false), (false, [1].into(), true), (true, Changes::new(), true)]
    {
        let standing = Standing { reign: 4, edits, revision: 9 };
        let away = Pool { standing, has, received: received.clone(), met: true };
        assert_eq!(heard::pair(None, Some(&away.heard())).is_over(), over, "{away:?}");
    }
}

/// The primary pool is lost as a failback ends, before or after its last row.
#[test]
fn a_failover_right_after_a_failback_brings_all_of_it() {
    for at in 1..TOUCHES {
        let mut world = World::new();
        for event in [Event::Change, Event::Over(0, false), Event::Change, Event::Back(at)] {
            world.happens(event);
        }
        let done = world.changes;
        world.happens(Event::Change);
        world.happens(Event::Lost);
        let closed = !world.away.standing.edits;
        assert_eq!(world.go(&POOL_FAIL_OVER, 0, false).is_err(), closed, "nobody attests it");
        world.go(&POOL_FAIL_OVER, 0, true).unwrap();
        assert!((1..=done).all(|it| world.away.has.contains(&it)), "{at}: {:?}", world.away);
        world.happens(Event::Change);
        comes_home(&mut world);
        assert_eq!(world.home.has, (1..=world.changes).collect(), "{at}");
    }
}

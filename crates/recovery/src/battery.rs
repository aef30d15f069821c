//! The battery of every sort of procedures: a model that stands for a deployment, and what must
//! hold from all of its worlds.
//!
//! The model performs the forecast of each act. It is added to the real tests, never instead of
//! them. Faults are injected at every point where a run can be hurt.

use std::collections::HashSet;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::engine::{Deployment, Line, Mark, Reply, Seen, Stopped, run, what_if};
use crate::procedure::{Procedure, Step, Subject};
use crate::world::Lock;

/// What procedures are about, so that it can be tried.
pub(crate) trait Tried: Subject<World: PartialEq, Measured: Default> {
    /// Who holds the procedure lock.
    fn lock(world: &mut Self::World) -> &mut Lock;
}

/// What goes wrong in a run, at the n-th touch of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The orchestrator is killed before the touch.
    Crash,
    /// The orchestrator is killed after the touch took effect.
    CrashAfter,
    /// An act says that it was done, and did nothing.
    Idle,
}

/// What somebody else does to the world.
pub(crate) type Intrusion<S> = fn(&mut <S as Subject>::World);

/// A deployment that does what the forecasts say, until it is hurt.
pub(crate) struct Model<S: Subject> {
    pub(crate) world: S::World,
    pub(crate) touches: usize,
    pub(crate) fault: Option<(usize, Fault)>,
    /// What happens just before the n-th touch.
    pub(crate) intrusion: Option<(usize, Intrusion<S>)>,
    pub(crate) acts: Vec<S::Action>,
    pub(crate) worlds: Vec<S::World>,
}

impl<S: Tried> Model<S> {
    pub(crate) fn new(world: S::World) -> Self {
        let (acts, worlds) = (Vec::new(), Vec::new());
        Self { world, touches: 0, fault: None, intrusion: None, acts, worlds }
    }

    /// The same, hurt at the n-th touch.
    pub(crate) fn hurt(world: S::World, at: usize, fault: Fault) -> Self {
        Self { fault: Some((at, fault)), ..Self::new(world) }
    }

    pub(crate) fn go(&mut self, procedure: &'static Procedure<S>) -> Result<Vec<Line>, Stopped> {
        let mut lines = Vec::new();
        let result = now(run(procedure, self, &mut |line| lines.push(line.clone())));
        let lock = S::lock(&mut self.world);
        if result.is_err() && *lock == Lock::Ours {
            // Whoever is killed holds no lock for long.
            *lock = Lock::Free;
        }
        result.map(|()| lines)
    }

    fn touch(&mut self) -> Result<Option<Fault>, String> {
        self.touches += 1;
        if let Some((_, intrude)) = self.intrusion.filter(|(at, _)| *at == self.touches) {
            intrude(&mut self.world);
        }
        match self.fault.filter(|(at, _)| *at == self.touches) {
            Some((_, Fault::Crash)) => Err("killed".to_owned()),
            due => Ok(due.map(|(_, fault)| fault)),
        }
    }

    fn after(due: Option<Fault>) -> Result<(), String> {
        if due == Some(Fault::CrashAfter) { Err("killed".to_owned()) } else { Ok(()) }
    }
}

impl<S: Tried> Deployment<S> for Model<S> {
    fn observe(&mut self) -> Reply<'_, Seen<S>> {
        Box::pin(async move {
            let due = self.touch()?;
            self.worlds.push(self.world.clone());
            Self::after(due)?;
            Ok((self.world.clone(), S::Measured::default()))
        })
    }

    fn perform(&mut self, action: S::Action) -> Reply<'_, ()> {
        Box::pin(async move {
            let due = self.touch()?;
            self.acts.push(action);
            if due != Some(Fault::Idle) {
                S::foresee(action, &mut self.world);
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
            *S::lock(&mut self.world) = Lock::Free;
            Self::after(due)
        })
    }
}

/// Runs a future that never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the model never waits"),
    }
}

/// Whether every row is done.
fn is_done<S: Subject>(procedure: &Procedure<S>, world: &S::World) -> bool {
    procedure.steps.iter().all(|step| step.act == S::TAKE_LOCK || (step.done)(world))
}

fn numbers<'a>(lines: &'a [Line], mark: &Mark) -> Vec<&'a str> {
    lines.iter().filter(|line| line.mark == *mark).map(|line| line.number.as_str()).collect()
}

pub(crate) fn finishes_from_any_world_whose_givens_hold<S: Tried>(
    worlds: impl IntoIterator<Item = S::World>,
    all: &[&'static Procedure<S>],
) {
    let mut finished = vec![0; all.len()];
    for world in worlds {
        for (count, procedure) in finished.iter_mut().zip(all.iter().copied()) {
            if procedure.givens.iter().any(|given| !(given.holds)(&world)) {
                continue;
            }
            let mut model = Model::<S>::new(world.clone());
            // `foresee` asserts the preconditions of every act on the way.
            model.go(procedure).unwrap_or_else(|why| panic!("{}: {why} {world:?}", procedure.name));
            assert!(is_done(procedure, &model.world), "{}: {world:?}", procedure.name);
            assert_eq!(*S::lock(&mut model.world), Lock::Free);
            *count += 1;
        }
    }
    assert!(finished.iter().all(|count| 10 < *count), "too few worlds were tried: {finished:?}");
}

pub(crate) fn resumes_after_a_crash_anywhere<S: Tried>(
    start: &S::World,
    procedure: &'static Procedure<S>,
) {
    let acts_but_locks = |model: &Model<S>| -> Vec<S::Action> {
        model.acts.iter().copied().filter(|act| *act != S::TAKE_LOCK).collect()
    };
    let mut whole = Model::<S>::new(start.clone());
    whole.go(procedure).unwrap();
    for fault in [Fault::Crash, Fault::CrashAfter] {
        for at in 1..=whole.touches {
            let mut model = Model::<S>::hurt(start.clone(), at, fault);
            let stopped = model.go(procedure);
            assert!(stopped.is_err(), "{} survived a crash at {at}", procedure.name);
            model.go(procedure).unwrap_or_else(|why| panic!("{fault:?} at {at}: {why}"));
            assert_eq!(model.world, whole.world, "{} {fault:?} at {at}", procedure.name);
            let mut acts = acts_but_locks(&model);
            acts.dedup();
            let once = acts_but_locks(&whole);
            assert_eq!(acts, once, "an act was done twice, apart: {fault:?} at {at}");
        }
    }
}

pub(crate) fn notices_an_act_that_did_nothing<S: Tried>(
    start: &S::World,
    procedure: &'static Procedure<S>,
) {
    let mut whole = Model::<S>::new(start.clone());
    whole.go(procedure).unwrap();
    let mut noticed = 0;
    for at in 1..=whole.touches {
        if let Err(why) = Model::<S>::hurt(start.clone(), at, Fault::Idle).go(procedure) {
            assert!(matches!(why, Stopped::DidNotTake { .. }), "{why}");
            noticed += 1;
        }
    }
    assert_eq!(noticed, whole.acts.len(), "{}", procedure.name);
}

pub(crate) fn dry_run_foretells_the_run<S: Tried>(
    worlds: impl IntoIterator<Item = S::World>,
    all: &[&'static Procedure<S>],
) {
    for world in worlds {
        for &procedure in all {
            let foretold = what_if(procedure, None, &world, &S::Measured::default());
            let Ok(lines) = Model::<S>::new(world.clone()).go(procedure) else {
                assert_ne!(foretold.refused, [], "{world:?}");
                continue;
            };
            assert_eq!(foretold.refused, [], "{world:?}");
            let would = numbers(&foretold.lines, &Mark::WouldDo);
            assert_eq!(would, numbers(&lines, &Mark::Done), "{}", procedure.name);
            let already = numbers(&foretold.lines, &Mark::AlreadyDone);
            assert_eq!(already, numbers(&lines, &Mark::AlreadyDone), "{}", procedure.name);
        }
    }
}

pub(crate) fn done_is_monotone<S: Tried>(
    worlds: impl IntoIterator<Item = S::World>,
    all: &[&'static Procedure<S>],
) {
    for world in worlds {
        for &procedure in all {
            let mut model = Model::<S>::new(world.clone());
            if model.go(procedure).is_err() {
                continue;
            }
            let mut reached = 0;
            for world in &model.worlds {
                let done = |step: &&Step<S>| step.act == S::TAKE_LOCK || (step.done)(world);
                let now = procedure.steps.iter().take_while(done).count();
                assert!(reached <= now, "{}: row {reached} came undone", procedure.name);
                reached = now;
            }
        }
    }
}

pub(crate) fn one_run_at_a_time<S: Tried>(start: &S::World, procedure: &'static Procedure<S>) {
    let mut locked = start.clone();
    *S::lock(&mut locked) = Lock::Others;
    let mut model = Model::<S>::new(locked);
    assert!(matches!(model.go(procedure), Err(Stopped::Unsafe { .. })), "{}", procedure.name);
    assert!(model.acts.is_empty(), "{}: {:?}", procedure.name, model.acts);
    let mut stolen = Model::<S>::new(start.clone());
    stolen.intrusion = Some((6, |world| *S::lock(world) = Lock::Others));
    assert!(stolen.go(procedure).is_err(), "{}", procedure.name);
}

pub(crate) fn numbers_are_unique_and_sentences_end<S: Subject>(all: &[&'static Procedure<S>]) {
    for &procedure in all {
        let numbers: HashSet<_> = procedure.steps.iter().map(|step| step.number).collect();
        assert_eq!(numbers.len(), procedure.steps.len(), "{}", procedure.name);
        for step in procedure.steps {
            assert!(step.text.ends_with('.'), "{}", step.text);
        }
        for given in procedure.givens {
            assert!(given.text.ends_with('.') && given.remedy.ends_with('.'), "{}", given.text);
        }
    }
}

//! The battery of paired pools: both procedures, over every pair.
//!
//! The deployment here is a model that performs the forecast of each act. It is added to the real
//! tests, never instead of them.

use std::collections::HashSet;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::{ALL, Act, Figures, Hosts, POOL_FAIL_BACK, POOL_FAIL_OVER, Pair, PairedPools};
use super::{Procedure, Received, Side};
use crate::engine::{Deployment, Line, Mark, Reply, Stopped, run, what_if};
use crate::world::{Known, Lock, Reach};

/// A deployment that does what the forecasts say, until it is hurt at the n-th touch.
struct Model {
    pair: Pair,
    touches: usize,
    fault: Option<(usize, Fault)>,
    acts: Vec<Act>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The orchestrator is killed before the touch.
    Crash,
    /// The orchestrator is killed after the touch took effect.
    CrashAfter,
    /// An act says that it was done, and did nothing.
    Idle,
}

impl Model {
    fn new(pair: Pair) -> Self {
        Self { pair, touches: 0, fault: None, acts: Vec::new() }
    }

    fn touch(&mut self, effect: impl FnOnce(&mut Self)) -> Result<(), String> {
        self.touches += 1;
        let due = self.fault.filter(|(at, _)| *at == self.touches).map(|(_, fault)| fault);
        match due {
            Some(Fault::Crash) => return Err("killed".to_owned()),
            Some(Fault::Idle) => {}
            Some(Fault::CrashAfter) | None => effect(self),
        }
        if due == Some(Fault::CrashAfter) { Err("killed".to_owned()) } else { Ok(()) }
    }

    fn go(&mut self, procedure: &'static Procedure) -> Result<Vec<Line>, Stopped> {
        let mut lines = Vec::new();
        let result = {
            let mut told = |line: &Line| lines.push(line.clone());
            let mut run = pin!(run(procedure, self, &mut told));
            match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(result) => result,
                Poll::Pending => panic!("the model never waits"),
            }
        };
        if result.is_err() {
            // Whoever is killed holds no lock for long.
            self.pair.lock = if self.pair.lock == Lock::Ours { Lock::Free } else { self.pair.lock };
        }
        result.map(|()| lines)
    }
}

impl Deployment<PairedPools> for Model {
    fn observe(&mut self) -> Reply<'_, (Pair, Figures)> {
        let result = self.touch(|_| {}).map(|()| (self.pair.clone(), Figures::default()));
        Box::pin(async { result })
    }

    fn perform(&mut self, act: Act) -> Reply<'_, ()> {
        let result = self.touch(|it| {
            act.foresee(&mut it.pair);
            it.acts.push(act);
        });
        Box::pin(async { result })
    }

    fn note(&mut self, _: Line) -> Reply<'_, ()> {
        let result = self.touch(|_| {});
        Box::pin(async { result })
    }

    fn release(&mut self) -> Reply<'_, ()> {
        self.pair.lock = Lock::Free;
        Box::pin(async { Ok(()) })
    }
}

/// Every pair that can be observed.
fn pairs() -> Vec<Pair> {
    let knowns = [Known::Yes, Known::No, Known::Unknown];
    let hosts = [Hosts::Nothing, Hosts::Other, Hosts::Imported];
    let mut sides = vec![Side {
        reach: Reach::Unknown,
        edits: Known::Unknown,
        reigns: false,
        hosts: Hosts::Unknown,
    }];
    for edits in &knowns[..2] {
        for hosts in hosts {
            for reigns in [false, true] {
                sides.push(Side { reach: Reach::Up, edits: *edits, reigns, hosts });
            }
        }
    }
    let mut pairs = Vec::new();
    for primary in &sides {
        for backup in sides.iter().filter(|it| !(it.reigns && primary.reigns)) {
            pairs.extend(said().map(|said| Pair {
                primary: primary.clone(),
                backup: backup.clone(),
                ..said
            }));
        }
    }
    pairs
}

/// Everything else about a pair, each way.
fn said() -> impl Iterator<Item = Pair> {
    let received = [Received::Nothing, Received::Perhaps, Received::All];
    (0..48).map(move |number| Pair {
        lock: if number & 8 == 0 { Lock::Free } else { Lock::Others },
        received: received[number / 16],
        attested: number & 1 != 0,
        consented: number & 2 != 0,
        kept: number & 4 != 0,
        ..normal()
    })
}

fn normal() -> Pair {
    let side = |edits, reigns, hosts| Side { reach: Reach::Up, edits, reigns, hosts };
    Pair {
        primary: side(Known::Yes, true, Hosts::Imported),
        backup: side(Known::No, false, Hosts::Nothing),
        lock: Lock::Free,
        attested: false,
        received: Received::Perhaps,
        consented: false,
        kept: false,
    }
}

fn lost() -> Pair {
    let primary =
        Side { reach: Reach::Unknown, edits: Known::Unknown, reigns: false, hosts: Hosts::Unknown };
    Pair { primary, attested: true, consented: true, ..normal() }
}

/// The primary pool is back, and does not know yet that another stood in for it.
fn returned() -> Pair {
    let mut model = Model::new(lost());
    model.go(&POOL_FAIL_OVER).unwrap();
    let primary = Side { reigns: false, ..normal().primary };
    Pair { primary, attested: false, consented: false, ..model.pair }
}

fn is_done(procedure: &Procedure, pair: &Pair) -> bool {
    procedure.steps.iter().all(|step| step.act == Act::TakeLock || (step.done)(pair))
}

#[test]
fn finishes_from_any_pair_whose_givens_hold() {
    let mut finished = [0; ALL.len()];
    for pair in pairs() {
        for (count, procedure) in finished.iter_mut().zip(ALL) {
            if procedure.givens.iter().any(|given| !(given.holds)(&pair)) {
                continue;
            }
            let mut model = Model::new(pair.clone());
            model.go(procedure).unwrap_or_else(|why| panic!("{}: {why} {pair:?}", procedure.name));
            assert!(is_done(procedure, &model.pair), "{}: {pair:?}", procedure.name);
            *count += 1;
        }
    }
    assert!(finished.iter().all(|count| 10 < *count), "too few pairs were tried: {finished:?}");
}

#[test]
fn resumes_after_a_crash_anywhere() {
    for (start, procedure) in
        [(lost(), &POOL_FAIL_OVER), (normal(), &POOL_FAIL_OVER), (returned(), &POOL_FAIL_BACK)]
    {
        let mut whole = Model::new(start.clone());
        whole.go(procedure).unwrap();
        for fault in [Fault::Crash, Fault::CrashAfter] {
            for at in 1..=whole.touches {
                let mut model = Model::new(start.clone());
                model.fault = Some((at, fault));
                assert!(model.go(procedure).is_err(), "survived a crash at {at}");
                model.go(procedure).unwrap_or_else(|why| panic!("{fault:?} at {at}: {why}"));
                assert_eq!(model.pair, whole.pair, "{} {fault:?} at {at}", procedure.name);
            }
        }
    }
}

#[test]
fn notices_an_act_that_did_nothing() {
    for (start, procedure) in [(lost(), &POOL_FAIL_OVER), (returned(), &POOL_FAIL_BACK)] {
        let mut whole = Model::new(start.clone());
        whole.go(procedure).unwrap();
        let mut noticed = 0;
        for at in 1..=whole.touches {
            let mut model = Model::new(start.clone());
            model.fault = Some((at, Fault::Idle));
            if let Err(why) = model.go(procedure) {
                assert!(matches!(why, Stopped::DidNotTake { .. }), "{why}");
                noticed += 1;
            }
        }
        assert_eq!(noticed, whole.acts.len(), "{}", procedure.name);
    }
}

#[test]
fn dry_run_foretells_the_run() {
    for pair in pairs() {
        for procedure in ALL {
            let foretold = what_if(procedure, None, &pair, &Figures::default());
            match Model::new(pair.clone()).go(procedure) {
                Ok(lines) => {
                    assert_eq!(foretold.refused, [], "{pair:?}");
                    let would = numbers(&foretold.lines, &Mark::WouldDo);
                    assert_eq!(would, numbers(&lines, &Mark::Done), "{}", procedure.name);
                }
                Err(_) => assert_ne!(foretold.refused, [], "{pair:?}"),
            }
        }
    }
}

fn numbers<'a>(lines: &'a [Line], mark: &Mark) -> Vec<&'a str> {
    lines.iter().filter(|line| line.mark == *mark).map(|line| line.number.as_str()).collect()
}

#[test]
fn a_pool_that_is_not_heard_is_not_taken_for_down() {
    for (attested, consented) in [(false, false), (false, true), (true, false)] {
        let mut model = Model::new(Pair { attested, consented, ..lost() });
        assert!(matches!(model.go(&POOL_FAIL_OVER), Err(Stopped::Unsafe { .. })));
        assert_eq!(model.acts, []);
    }
}

#[test]
fn a_pool_that_answers_is_closed_before_it_is_copied() {
    let mut model = Model::new(normal());
    model.go(&POOL_FAIL_OVER).unwrap();
    let acts = [Act::TakeLock, Act::ClosePrimary, Act::Receive, Act::ImportThere];
    assert_eq!(model.acts, acts);
    assert!(!model.pair.has_two_editors());
}

#[test]
fn a_failback_that_was_interrupted_can_be_turned_back() {
    let mut whole = Model::new(returned());
    whole.go(&POOL_FAIL_BACK).unwrap();
    for at in 1..=whole.touches {
        let mut model = Model::new(returned());
        model.fault = Some((at, Fault::CrashAfter));
        model.go(&POOL_FAIL_BACK).unwrap_err();
        if model.acts.contains(&Act::ImportHome) {
            continue;
        }
        model.go(&POOL_FAIL_OVER).unwrap_or_else(|why| panic!("at {at}: {why}"));
        assert_eq!(model.pair.backup.edits, Known::Yes);
        assert!(!model.acts.contains(&Act::ImportThere), "what was changed there would be lost");
    }
}

#[test]
fn numbers_are_unique_and_sentences_end() {
    for procedure in ALL {
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

//! The battery of paired pools: both procedures, over every pair.

use super::{
    ALL, Act, Closed, Figures, Hosts, POOL_FAIL_BACK, POOL_FAIL_OVER, Pair, PairedPools, Received,
    Side,
};
use crate::battery::{self, Fault, Tried};
use crate::engine::{Stopped, what_if};
use crate::world::{Known, Lock, Reach};

type Model = battery::Model<PairedPools>;

impl Tried for PairedPools {
    fn lock(pair: &mut Pair) -> &mut Lock {
        &mut pair.lock
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
    let received = [Received::Nothing, Received::Perhaps, Received::All, Received::More];
    let fits = [Known::Yes, Known::No, Known::Unknown];
    (0..192).map(move |number| Pair {
        lock: if number & 8 == 0 { Lock::Free } else { Lock::Others },
        received: received[number / 16 % 4],
        attested: number & 1 != 0,
        consented: number & 2 != 0,
        kept: number & 4 != 0,
        fits: fits[number / 64],
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
        fits: Known::Yes,
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
    Pair { primary, attested: false, consented: false, ..model.world }
}

#[test]
fn finishes_from_any_pair_whose_givens_hold() {
    battery::finishes_from_any_world_whose_givens_hold(pairs(), &ALL);
}

#[test]
fn resumes_after_a_crash_anywhere() {
    battery::resumes_after_a_crash_anywhere(&lost(), &POOL_FAIL_OVER);
    battery::resumes_after_a_crash_anywhere(&normal(), &POOL_FAIL_OVER);
    battery::resumes_after_a_crash_anywhere(&returned(), &POOL_FAIL_BACK);
}

#[test]
fn notices_an_act_that_did_nothing() {
    battery::notices_an_act_that_did_nothing(&lost(), &POOL_FAIL_OVER);
    battery::notices_an_act_that_did_nothing(&returned(), &POOL_FAIL_BACK);
}

#[test]
fn dry_run_foretells_the_run() {
    battery::dry_run_foretells_the_run(pairs(), &ALL);
}

#[test]
fn done_is_monotone() {
    battery::done_is_monotone(pairs(), &ALL);
}

#[test]
fn one_run_at_a_time() {
    battery::one_run_at_a_time(&lost(), &POOL_FAIL_OVER);
    battery::one_run_at_a_time(&returned(), &POOL_FAIL_BACK);
}

#[test]
fn numbers_are_unique_and_sentences_end() {
    battery::numbers_are_unique_and_sentences_end(&ALL);
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
    assert!(!model.world.has_two_editors());
}

/// It is neither copied nor opened, and what was received comes home.
#[test]
fn a_pool_that_has_lost_what_it_had_gets_it_back() {
    let empty = Pair { received: Received::More, ..normal() };
    for procedure in ALL {
        let mut model = Model::new(empty.clone());
        assert!(matches!(model.go(procedure), Err(Stopped::Unsafe { .. })));
        assert_eq!(model.acts, []);
    }
    let mut model = Model::new(Pair { consented: true, ..empty });
    model.go(&POOL_FAIL_OVER).unwrap();
    assert_eq!(model.acts, [Act::TakeLock, Act::ClosePrimary, Act::ImportThere]);
    model.go(&POOL_FAIL_BACK).unwrap();
    assert!(model.world.is_home() && model.acts.contains(&Act::ImportHome));
}

#[test]
fn a_failback_that_was_interrupted_can_be_turned_back() {
    let mut whole = Model::new(returned());
    whole.go(&POOL_FAIL_BACK).unwrap();
    for at in 1..=whole.touches {
        let mut model = Model::hurt(returned(), at, Fault::CrashAfter);
        model.go(&POOL_FAIL_BACK).unwrap_err();
        if model.acts.contains(&Act::ImportHome) {
            continue;
        }
        model.go(&POOL_FAIL_OVER).unwrap_or_else(|why| panic!("at {at}: {why}"));
        assert_eq!(model.world.backup.edits, Known::Yes);
        assert!(!model.acts.contains(&Act::ImportThere), "what was changed there would be lost");
    }
}

/// Wherever a run is stopped, either somebody may change them or it is said what to do; and doing
/// that helps.
#[test]
fn a_run_that_was_stopped_says_that_nobody_may_change_anything_and_what_to_do() {
    let mut found = Vec::new();
    for (start, procedure) in [(normal(), &POOL_FAIL_OVER), (returned(), &POOL_FAIL_BACK)] {
        let mut whole = Model::new(start.clone());
        whole.go(procedure).unwrap();
        for at in 1..=whole.touches {
            let mut model = Model::hurt(start.clone(), at, Fault::CrashAfter);
            model.go(procedure).unwrap_err();
            found.extend(helped(&model.world));
        }
    }
    found.dedup();
    assert_eq!(found, [Closed::OnTheWayThere, Closed::OnTheWayHome]);
    let anywhere = pairs();
    assert!(anywhere.iter().filter_map(helped).count() > 0);
}

/// Does what is said of a pair.
fn helped(pair: &Pair) -> Option<Closed> {
    let may = |pair: &Pair| pair.primary.edits == Known::Yes || pair.backup.edits == Known::Yes;
    let Some(closed) = pair.closed() else {
        let nobody = pair.primary.edits == Known::No && pair.backup.edits == Known::No;
        assert!(!nobody || pair.lock == Lock::Others, "nobody tells of {pair:?}");
        return None;
    };
    let figures = Figures {
        primary: "primary.contoso.com".to_owned(),
        backup: "backup.contoso.com".to_owned(),
        ..Figures::default()
    };
    let told = closed.told(&figures);
    for procedure in ALL {
        let is_named =
            told.contains(&format!("{} -PoolFqdn primary.contoso.com", procedure.cmdlet));
        let goes_over = procedure.name == POOL_FAIL_OVER.name;
        let both_answer = pair.primary.reach == Reach::Up;
        // It says itself what stands against it; the other way is open.
        let is_refused = goes_over && !pair.is_over() && pair.fits != Known::Yes;
        if is_named && (both_answer || goes_over) && !is_refused {
            let mut model = Model::new(pair.clone());
            if closed == Closed::HomeIsNotHeard {
                assert!(told.contains("-DisasterMode -AcceptDataLoss"), "{told}");
                let unsaid = Pair { attested: false, consented: false, ..pair.clone() };
                assert!(Model::new(unsaid).go(procedure).is_err(), "{pair:?}");
                (model.world.attested, model.world.consented) = (true, true);
            }
            if closed == Closed::HomeHasLostIt {
                assert!(told.contains("-AcceptDataLoss"), "{told}");
                let unsaid = Pair { consented: false, ..pair.clone() };
                assert!(Model::new(unsaid).go(procedure).is_err(), "{pair:?}");
                model.world.consented = true;
            }
            model.go(procedure).unwrap_or_else(|why| panic!("{told}: {why} {pair:?}"));
            assert!(may(&model.world), "{told}: {pair:?}");
        }
    }
    Some(closed)
}

#[test]
fn what_stands_against_the_import_is_found_before_anything_is_changed() {
    for fits in [Known::No, Known::Unknown] {
        for start in [normal(), lost()].map(|start| Pair { fits, ..start }) {
            let foretold = what_if(&POOL_FAIL_OVER, None, &start, &Figures::default());
            let [Stopped::Unsafe { text, .. }] = foretold.refused[..] else { panic!("{start:?}") };
            assert!(text.contains("against the import"), "{text}");
            let mut model = Model::new(start.clone());
            assert!(matches!(model.go(&POOL_FAIL_OVER), Err(Stopped::Unsafe { .. })));
            assert_eq!((model.acts, model.world), (vec![], start));
        }
    }
}

/// Wherever a failover is stopped, and something stands against the import by then, either the
/// backup pool stands in or a failback opens the primary pool, and imports and removes nothing.
#[test]
fn a_failover_that_cannot_go_on_is_turned_back() {
    let mut whole = Model::new(normal());
    whole.go(&POOL_FAIL_OVER).unwrap();
    let mut opened = 0;
    for at in 1..=whole.touches {
        let mut model = Model::hurt(normal(), at, Fault::CrashAfter);
        model.go(&POOL_FAIL_OVER).unwrap_err();
        model.world.fits = Known::No;
        if model.world.is_over() {
            model.go(&POOL_FAIL_OVER).unwrap_or_else(|why| panic!("at {at}: {why}"));
            continue;
        }
        let closed = model.world.was_never_over();
        model.go(&POOL_FAIL_OVER).unwrap_err();
        assert_eq!(model.world.was_never_over(), closed, "at {at}");
        model.acts.clear();
        model.go(&POOL_FAIL_BACK).unwrap_or_else(|why| panic!("at {at}: {why}"));
        assert!(model.world.is_home() && !model.world.has_two_editors(), "at {at}");
        let more: &[Act] = if closed { &[Act::OpenPrimary] } else { &[] };
        assert_eq!(model.acts[1..], *more, "at {at}");
        opened += usize::from(closed);
        model.world.fits = Known::Yes;
        model.go(&POOL_FAIL_OVER).unwrap_or_else(|why| panic!("at {at}: {why}"));
    }
    assert!(opened > 3, "{opened}");
}

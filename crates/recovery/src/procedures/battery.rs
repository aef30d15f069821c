//! The battery of stretched pools: every procedure, over every world that matters.

mod worlds;

use worlds::{failed_over, home_returns, lost, worlds};

use super::{ALL, FAIL_BACK, FAIL_OVER, SALVAGE, row_for};
use crate::action::{Action, StretchedPool};
use crate::battery::{self, Fault, now};
use crate::engine::{Stopped, run_row, what_if};
use crate::record::PoolState;
use crate::world::{Active, Copies, Known, Measured, MissingLog, Reach, Site, Standing, World};

type Model = battery::Model<StretchedPool>;

#[test]
fn finishes_from_any_world_whose_givens_hold() {
    battery::finishes_from_any_world_whose_givens_hold(worlds(), &ALL);
}

#[test]
fn resumes_after_a_crash_anywhere() {
    battery::resumes_after_a_crash_anywhere(&lost(), &FAIL_OVER);
    battery::resumes_after_a_crash_anywhere(&failed_over(), &FAIL_BACK);
}

#[test]
fn dry_run_foretells_the_run() {
    battery::dry_run_foretells_the_run(worlds(), &ALL);
}

#[test]
fn notices_an_act_that_did_nothing() {
    battery::notices_an_act_that_did_nothing(&lost(), &FAIL_OVER);
    battery::notices_an_act_that_did_nothing(&failed_over(), &FAIL_BACK);
}

#[test]
fn done_is_monotone() {
    battery::done_is_monotone(worlds(), &ALL);
}

#[test]
fn one_run_at_a_time() {
    battery::one_run_at_a_time(&lost(), &FAIL_OVER);
    battery::one_run_at_a_time(&failed_over(), &FAIL_BACK);
}

#[test]
fn numbers_are_unique_and_sentences_end() {
    battery::numbers_are_unique_and_sentences_end(&ALL);
}

#[test]
fn no_failover_while_home_serves_or_is_unknown_without_attestation() {
    for world in worlds() {
        if world.backup_serves() {
            continue;
        }
        let mut model = Model::new(world.clone());
        let result = model.go(&FAIL_OVER);
        let home_may_write = world.home.writable != Known::No;
        if world.home.writable == Known::Yes || home_may_write && !world.attested {
            assert!(matches!(result, Err(Stopped::Unsafe { .. })), "{world:?}");
            assert_eq!(model.acts, [], "something was changed: {world:?}");
        }
    }
}

#[test]
fn no_failover_without_consent_to_what_was_not_shipped() {
    let mut model = Model::new(World { consented: false, ..lost() });
    assert!(matches!(model.go(&FAIL_OVER), Err(Stopped::Unsafe { .. })));
    assert_eq!(model.acts, []);
}

#[test]
fn stops_when_the_old_primary_returns() {
    let mut whole = Model::new(lost());
    whole.go(&FAIL_OVER).unwrap();
    for at in 1..=whole.touches {
        let mut model = Model::new(lost());
        model.intrusion = Some((at, home_returns));
        // Between a look and its act the primary may return; the act's own assertion would then
        // stand for the compare-and-set that the real act is. Only looks are hit here.
        let outcome =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.go(&FAIL_OVER)));
        let Ok(outcome) = outcome else { continue };
        let two = model.worlds.iter().any(World::has_two_primaries);
        assert!(!two || model.world.attested, "two primaries without an attestation, at {at}");
        if outcome.is_ok() {
            assert!(!model.world.has_two_primaries(), "at {at}");
        }
    }
}

#[test]
fn no_two_primaries_and_nothing_released_before_salvage() {
    for world in worlds() {
        for procedure in ALL {
            let mut model = Model::new(world.clone());
            let finished = model.go(procedure).is_ok();
            if world.attested {
                continue;
            }
            assert!(!model.worlds.iter().any(World::has_two_primaries), "{world:?}");
            let seeded = model.acts.iter().position(|act| *act == Action::SeedHome);
            if let Some(at) = seeded.filter(|_| finished) {
                let salvaged = model.acts[..at].contains(&Action::Salvage) || world.salvaged;
                assert!(salvaged, "{world:?}");
            }
        }
    }
}

#[test]
fn a_home_copy_that_cannot_be_read_stops_a_failback_until_it_is_given_up() {
    for procedure in [&FAIL_BACK, &SALVAGE] {
        for copies in [Copies::Unreadable, Copies::AttestedInVain] {
            let mut model = Model::new(World { copies, ..failed_over() });
            assert!(matches!(model.go(procedure), Err(Stopped::Unsafe { .. })), "{copies:?}");
            assert_eq!(model.acts, []);
        }
        let mut given_up = Model::new(World { copies: Copies::AttestedLost, ..failed_over() });
        given_up.go(procedure).unwrap();
        // The command that was interrupted is typed again, and by then the copies are new ones.
        let again = World { copies: Copies::AttestedInVain, ..given_up.world };
        Model::new(again).go(procedure).unwrap();
    }
}

#[test]
fn a_gap_in_the_share_stops_a_failover_until_just_it_is_given_up() {
    let mut model = Model::new(World { missing_log: MissingLog::Missing, ..lost() });
    assert!(matches!(model.go(&FAIL_OVER), Err(Stopped::Unsafe { .. })));
    assert_eq!(model.acts, []);
    let given_up = World { missing_log: MissingLog::GivenUp, ..lost() };
    Model::new(given_up).go(&FAIL_OVER).unwrap();
}

#[test]
fn a_failback_can_be_turned_back_until_home_is_promoted() {
    let mut whole = Model::new(failed_over());
    whole.go(&FAIL_BACK).unwrap();
    let promotion = Action::BringOnline(crate::action::Side::Home);
    let (mut turned, mut refused) = (0, 0);
    for at in 1..=whole.touches {
        let mut model = Model::hurt(failed_over(), at, Fault::CrashAfter);
        model.go(&FAIL_BACK).unwrap_err();
        let promoted = model.acts.contains(&promotion);
        let result = model.go(&super::TURN_BACK);
        assert_eq!(result.is_err(), promoted, "crashed after touch {at}: {result:?}");
        if promoted {
            refused += 1;
        } else {
            assert_eq!(model.world.active, Active::Backup);
            assert_eq!(model.world.state, PoolState::FailedOver);
            model.go(&FAIL_BACK).expect("a failback that was turned back can be run again");
            turned += 1;
        }
    }
    assert!(10 < turned && 10 < refused, "{turned} {refused}");
}

#[test]
fn a_home_that_is_lost_again_during_failback_is_failed_over_from_again() {
    let mut whole = Model::new(failed_over());
    whole.go(&FAIL_BACK).unwrap();
    for at in 1..=whole.touches {
        let mut model = Model::hurt(failed_over(), at, Fault::CrashAfter);
        model.go(&FAIL_BACK).unwrap_err();
        model.world.home.reach = Reach::Unknown;
        model.world.home.standing = Standing::Unknown;
        model.world.home.writable = Known::Unknown;
        model.world.home.reigns = !model.world.backup_serves();
        let turned_back = model.go(&super::TURN_BACK);
        assert!(turned_back.is_err(), "home may have been promoted, at {at}");
        model.world.attested = true;
        model.world.consented = true;
        model.go(&FAIL_OVER).unwrap_or_else(|why| panic!("at {at}: {why}"));
        assert!(model.world.backup_serves(), "at {at}");
    }
}

#[test]
fn a_row_alone_runs_only_in_its_turn() {
    let (procedure, step) = row_for("Set-CsPersistentChatState -PoolState Normal").unwrap();
    let mut early = Model::new(failed_over());
    let stopped = now(run_row(procedure, step, &mut early, &mut |_| {})).unwrap_err();
    assert!(matches!(stopped, Stopped::TooEarly { number: "b", .. }), "{stopped}");
    assert_eq!(early.acts, []);

    let (procedure, step) = row_for("Set-CsPersistentChatState -PoolState FailedOver").unwrap();
    let mut whole = Model::new(lost());
    whole.go(&FAIL_OVER).unwrap();
    whole.world.state = PoolState::FailingOver;
    now(run_row(procedure, step, &mut whole, &mut |_| {})).unwrap();
    assert_eq!(whole.world.state, PoolState::FailedOver);
}

#[test]
fn a_failback_that_is_rehearsed_while_home_is_off_says_that_home_is_not_heard() {
    let start = failed_over();
    let home = Site { reach: Reach::Unknown, standing: Standing::Unknown, ..start.home.clone() };
    let home = Site { writable: Known::Unknown, ..home };
    let world = World { home, ..start };
    let measured = Measured { not_heard: vec!["north".to_owned()], ..Measured::default() };
    let forecast = what_if::<StretchedPool>(&FAIL_BACK, None, &world, &measured);
    let refused: Vec<String> = forecast.refused.iter().map(ToString::to_string).collect();
    let [both, ..] = refused.as_slice() else { panic!("nothing is in its way") };
    assert!(
        both.contains("Both sites answer.") && both.contains("not heard: site north"),
        "{both}"
    );
    assert!(!refused.iter().any(|it| it.contains("old primary")), "{refused:#?}");
}

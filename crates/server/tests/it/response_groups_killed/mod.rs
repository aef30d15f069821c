//! Response Groups on a live deployment while their commands are killed at random moments: the
//! shell, the host that runs the command, PostgreSQL. What is found is before or after, and the
//! same command given again finishes.
//!
//! `STANDFAST_SEED` repeats the choices of a run, `STANDFAST_ROUNDS` makes it longer.

mod export;
mod ground;
mod import;
mod made;
mod moves;
mod strike;

use std::time::{Duration, Instant};

use crate::dice::{Dice, rounds};
use ground::{Ground, LONG};
use strike::{Kind, Order};

const ROUNDS: u64 = 1;

/// What a command is refused with while an earlier one is still at work, or has just ended.
const STILL_AT_WORK: [&str; 2] = [RUNS, "changed since it was exported; export again"];
const RUNS: &str = "other procedure runs for this pool";

/// How such a refusal tells whose procedure that is.
const WHOSE: &str = "which administrator began at";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_response_groups_are_as_before_or_as_after() {
    let (mut dice, rounds) = (Dice::shown(), rounds(ROUNDS));
    let begun = Instant::now();
    let mut ground = Ground::stand().await;
    println!("{:.1?}: the pools serve", begun.elapsed());
    import::is_whole(&mut ground, &mut dice, rounds).await;
    println!("{:.1?}: imports are whole", begun.elapsed());
    export::keeps_all(&mut ground, &mut dice, rounds).await;
    println!("{:.1?}: exports with removal keep all", begun.elapsed());
    moves::go_on(&mut ground, &mut dice, rounds).await;
    println!("{:.1?}: procedures go on", begun.elapsed());
    moves::tell_where_they_were_stopped(&mut ground).await;
}

/// Gives the order again until no earlier one is at work; it must finish then. Where the shell
/// alone was killed that is at once: whatever it had begun may still be at work.
async fn again(ground: &Ground, order: &Order, killed: Kind) -> Duration {
    if killed != Kind::Shell {
        ground.answers(order.via, order.pools).await;
    }
    let end = Instant::now() + LONG;
    let mut refusals = 0;
    loop {
        let begun = Instant::now();
        let ended = ground.begin(order.via, &order.line).end().await.unwrap();
        if ended.is_good() {
            println!("  given again it finishes, after {refusals} refusals");
            return begun.elapsed();
        }
        let refused = ended.into_good().unwrap_err().to_string();
        if refusals == 0 {
            println!("  given again: {refused}");
        }
        refusals += 1;
        let tells = !refused.contains(RUNS) || refused.contains(WHOSE);
        assert!(tells, "it does not say what runs: {refused}");
        let is_at_work = STILL_AT_WORK.iter().any(|it| refused.contains(it));
        assert!(is_at_work && Instant::now() < end, "given again after {killed:?}: {refused}");
    }
}

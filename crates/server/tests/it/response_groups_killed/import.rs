//! An import that is struck: the pool hosts what it hosted, or what the file holds.

use response_groups::configuration::Configuration;

use super::again;
use super::ground::{BACKUP, Ground, NORTH, NORTH_STORE, PRIMARY};
use super::made::{differences, made, write};
use super::strike::{Kind, Order, Strikes};
use crate::dice::Dice;

const FILE: &str = "next.zip";

/// Imports one generation after the other, the first of them undisturbed.
pub(super) async fn is_whole(ground: &mut Ground, dice: &mut Dice, rounds: u64) {
    let order = Order {
        cmdlet: "Import-CsRgsConfiguration",
        line: format!(
            "Import-CsRgsConfiguration -Destination {PRIMARY} -FileName C:\\{FILE} \
             -ReplaceExistingRgsSettings"
        ),
        via: NORTH,
        database: (NORTH, NORTH_STORE),
        pools: &[PRIMARY, BACKUP],
        is_journalled: false,
    };
    let mut before = generation(ground, 1);
    let (_, took) = ground.run(order.via, &order.line).await;
    expect(&ground.hosted(PRIMARY).await, &before, "the first import");
    let kinds = Kind::dealt(rounds, dice);
    let mut strikes = Strikes::plan("an import", kinds, took, dice);
    let mut number = 1;
    while let Some(next) = strikes.next(dice) {
        number += 1;
        let after = generation(ground, number);
        let hit = strikes.strike(ground, &order, next).await;
        let found = ground.hosted(PRIMARY).await;
        let is_after = found == after;
        println!("import {number}: {hit}; found {}", if is_after { "after" } else { "before" });
        if !is_after {
            expect(&found, &before, &format!("neither before nor after ({hit})"));
        }
        strikes.whole = again(ground, &order, hit.kind).await;
        expect(&ground.hosted(PRIMARY).await, &after, &format!("imported again ({hit})"));
        before = after;
    }
    strikes.end();
}

/// Writes a generation into the file.
fn generation(ground: &Ground, number: u32) -> Configuration {
    let (whole, mut contents) = made(PRIMARY, number);
    write(&ground.exchange().join(FILE), PRIMARY, &whole, &mut contents);
    whole
}

pub(super) fn expect(found: &Configuration, wanted: &Configuration, when: &str) {
    assert!(found == wanted, "{when}: {}", differences(found, wanted));
}

//! An export with removal that is struck: nothing is removed, or all of it and the file is whole.

use std::path::PathBuf;

use response_groups::configuration::Configuration;

use super::again;
use super::ground::{BACKUP, Ground, NORTH, NORTH_STORE, PRIMARY};
use super::import::expect;
use super::made::{emptied, read};
use super::strike::{Hit, Kind, Order, Strikes};
use crate::dice::Dice;

/// Exports, removes, and brings back by the file what was removed.
pub(super) async fn keeps_all(ground: &mut Ground, dice: &mut Dice, rounds: u64) {
    let whole = ground.hosted(PRIMARY).await;
    let (_, took) = ground.run(NORTH, &order(0).line).await;
    expect(&ground.hosted(PRIMARY).await, &emptied(&whole), "the first export");
    bring_back(ground, 0, &whole).await;
    let kinds = Kind::dealt(rounds, dice);
    let mut strikes = Strikes::plan("an export with removal", kinds, took, dice);
    let mut number = 0;
    while let Some(next) = strikes.next(dice) {
        number += 1;
        let order = order(number);
        let hit = strikes.strike(ground, &order, next).await;
        let found = ground.hosted(PRIMARY).await;
        let is_removed = found == emptied(&whole);
        println!("export {number}: {hit}; {}", if is_removed { "removed" } else { "all there" });
        check(ground, number, (&found, &whole), &hit);
        let took = again(ground, &order, hit.kind).await;
        if !is_removed {
            strikes.whole = took;
        }
        let found = ground.hosted(PRIMARY).await;
        expect(&found, &emptied(&whole), &format!("exported again ({hit})"));
        let file = ground.exchange().join(name(number, ".zip"));
        expect(&read(&file), &whole, &format!("the file, exported again ({hit})"));
        bring_back(ground, number, &whole).await;
    }
    strikes.end();
}

/// Whatever lies under an export's name is whole. If anything was removed, all was, and a file
/// with all of it lies there.
fn check(
    ground: &Ground,
    number: u32,
    (found, whole): (&Configuration, &Configuration),
    hit: &Hit,
) {
    let files = files(ground, number);
    let held: Vec<_> = files.iter().map(|it| read(it)).collect();
    if found == whole {
        let only = held.iter().all(|it| it == whole);
        assert!(only, "a file is not what was exported: {files:?} ({hit})");
        return;
    }
    expect(found, &emptied(whole), &format!("some of it was removed ({hit})"));
    assert!(held.contains(whole), "removed, and none of {files:?} has it ({hit})");
}

/// Imports the file.
async fn bring_back(ground: &Ground, number: u32, whole: &Configuration) {
    let line = format!(
        "Import-CsRgsConfiguration -Destination {PRIMARY} -FileName C:\\{}",
        name(number, ".zip")
    );
    ground.run(NORTH, &line).await;
    expect(&ground.hosted(PRIMARY).await, whole, "brought back by the file");
}

fn order(number: u32) -> Order {
    Order {
        cmdlet: "Export-CsRgsConfiguration",
        line: format!(
            "Export-CsRgsConfiguration -Source {PRIMARY} -FileName C:\\{} \
             -RemoveExportedConfiguration",
            name(number, ".zip")
        ),
        via: NORTH,
        database: (NORTH, NORTH_STORE),
        pools: &[PRIMARY, BACKUP],
        is_journalled: false,
    }
}

fn name(number: u32, end: &str) -> String {
    format!("export{number}{end}")
}

/// The file of an export, and older ones that are kept beside it.
fn files(ground: &Ground, number: u32) -> Vec<PathBuf> {
    let begin = name(number, ".");
    let entries = std::fs::read_dir(ground.exchange()).unwrap();
    let paths = entries.map(|it| it.unwrap().path());
    let is_of = |it: &PathBuf| {
        let name = it.file_name().unwrap().to_str().unwrap();
        name.starts_with(&begin) && it.extension().is_some_and(|it| it == "zip")
    };
    paths.filter(is_of).collect()
}

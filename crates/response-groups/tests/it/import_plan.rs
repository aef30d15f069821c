//! What an import writes, and what it refuses.

use std::collections::{BTreeMap, BTreeSet};

use response_groups::configuration::Configuration;
use response_groups::import::{Conflict, Existing, Incoming, Options, Plan, Standing, plan};
use response_groups::model::{Kind, Object, ServiceSettings};
use uuid::Uuid;

use crate::testing::{Contents, Dice, Pool, Size, made};

pub(crate) const PRIMARY: &str = "primary.contoso.com";
pub(crate) const BACKUP: &str = "backup.contoso.com";
pub(crate) const OTHER: &str = "other.contoso.com";

pub(crate) const PLAIN: Options = Options {
    overwrite_owner: false,
    replace_settings: false,
    resolve_name_conflicts: false,
    owner_is_away: false,
};
pub(crate) const RENAME: Options = Options { resolve_name_conflicts: true, ..PLAIN };

/// What the primary pool exports, with settings of its own.
fn whole() -> (Configuration, Contents) {
    let mut dice = Dice::new(21);
    let size = Size {
        workflows: 3,
        queues: 3,
        agent_groups: 3,
        agents: 3,
        hours: 2,
        holiday_sets: 2,
        audio: 2,
        audio_bytes: 20,
    };
    let (mut whole, contents) = made(&mut dice, &[PRIMARY], size);
    let grace = 77;
    let settings = ServiceSettings { agent_ringback_grace_period: grace, ..Default::default() };
    whole.settings = BTreeMap::from([(PRIMARY.to_owned(), settings)]);
    (whole, contents)
}

pub(crate) fn incoming(whole: &Configuration) -> Incoming<'_> {
    let reigns = BTreeMap::from([(PRIMARY.to_owned(), 4)]);
    Incoming { configuration: whole, source: PRIMARY, owner: None, reigns, given: BTreeSet::new() }
}

fn of(kind: Kind, whole: &Configuration) -> Object {
    whole.objects.iter().find(|it| it.kind() == kind).unwrap().clone()
}

/// A queue of the backup pool's own, with a name.
pub(crate) fn own_queue(name: &str, id: u128) -> Object {
    let (whole, _) = whole();
    let Object::Queue(mut queue) = of(Kind::Queue, &whole) else { unreachable!() };
    queue.id = Uuid::from_u128(id);
    BACKUP.clone_into(&mut queue.owner);
    name.clone_into(&mut queue.name);
    Object::Queue(queue)
}

pub(crate) fn backup(objects: Vec<Object>) -> Pool {
    Pool { objects, ..Pool::new(BACKUP) }
}

pub(crate) fn planned(existing: &Existing, whole: &Configuration, options: Options) -> Plan {
    plan(existing, &incoming(whole), options).unwrap()
}

#[test]
fn a_visiting_copy_keeps_its_owner_and_claims_nothing() {
    let (whole, _) = whole();
    let plan = planned(&backup(vec![]).existing(&[]), &whole, PLAIN);
    assert_eq!(plan.write.len(), whole.objects.len());
    assert!(plan.write.iter().all(|it| it.owner() == PRIMARY));
    assert!(plan.audio.iter().all(|it| it.owner == PRIMARY));
    assert_eq!(plan.claim, []);
    assert_eq!((plan.sign_ins, plan.sign_out_of), (whole.sign_ins.clone(), None));
    assert_eq!(plan.report.written[&Kind::Queue], 3);
    assert!(plan.report.updated.is_empty());
    let told = plan.report.left_behind.join("\n");
    assert!(told.contains("a copy here, and are edited elsewhere"), "{told}");
}

#[test]
fn what_is_referred_to_is_written_first() {
    let (mut whole, _) = whole();
    whole.objects.reverse();
    let plan = planned(&backup(vec![]).existing(&[]), &whole, PLAIN);
    let place = |it: &Object| Kind::ALL.iter().position(|kind| *kind == it.kind());
    assert!(plan.write.is_sorted_by_key(place));
}

#[test]
fn an_overwritten_owner_is_the_destination_which_may_edit_from_then_on() {
    let (whole, _) = whole();
    let options = Options { overwrite_owner: true, ..PLAIN };
    let plan = planned(&backup(vec![]).existing(&[]), &whole, options);
    assert!(plan.write.iter().all(|it| it.owner() == BACKUP));
    assert!(plan.audio.iter().all(|it| it.owner == BACKUP));
    assert_eq!(plan.claim, [(BACKUP.to_owned(), 2)]);
    // The former owner's settings are kept under its name.
    assert_eq!(plan.settings[0].0, PRIMARY);
}

#[test]
fn a_claim_is_above_every_reign_that_either_side_knows() {
    let (whole, _) = whole();
    let options = Options { owner_is_away: true, ..PLAIN };
    let mut existing = backup(vec![]).existing(&[]);
    assert_eq!(planned(&existing, &whole, options).claim, [(PRIMARY.to_owned(), 105)]);
    let known = Standing { reign: 9, edits: false, revision: 1 };
    existing.owners.insert(PRIMARY.to_owned(), known);
    let plan = planned(&existing, &whole, options);
    assert_eq!(plan.claim, [(PRIMARY.to_owned(), 110)]);
    let told = plan.report.left_behind.join("\n");
    assert!(told.contains("exported before its objects changed hands"), "{told}");
    existing.received.insert(PRIMARY.to_owned(), 20);
    let claim = planned(&existing, &whole, options).claim;
    assert_eq!(claim, [(PRIMARY.to_owned(), 121)], "what was received is of a later reign");
    // Coming home: the owner is the destination, and takes its objects back.
    let home = Pool::new(PRIMARY).existing(&[]);
    let options = Options { overwrite_owner: true, ..PLAIN };
    assert_eq!(planned(&home, &whole, options).claim, [(PRIMARY.to_owned(), 5)]);
}

#[test]
fn the_copy_that_is_there_already_is_replaced() {
    let (whole, _) = whole();
    let mut there = of(Kind::Queue, &whole);
    "An older name".clone_into(there.owner_and_name().1);
    let there = backup(vec![there, own_queue("Mine", 1)]);
    let plan = planned(&there.existing(&[]), &whole, PLAIN);
    assert_eq!(plan.report.updated, BTreeMap::from([(Kind::Queue, 1)]));
    assert_eq!(plan.report.renamed, []);
    assert_eq!(plan.write.len(), whole.objects.len());
}

#[test]
fn what_is_not_in_the_import_stays_and_is_told() {
    let (whole, _) = whole();
    let mut gone = own_queue("Gone at home", 5);
    PRIMARY.clone_into(gone.owner_and_name().0);
    let there = backup(vec![gone, own_queue("Mine", 1)]);
    let plan = planned(&there.existing(&[]), &whole, PLAIN);
    let told = plan.report.left_behind.join("\n");
    let sentence =
        "1 queue of primary.contoso.com that is not in the import stays here: \"Gone at home\"";
    assert!(told.contains(sentence), "{told}");
    assert!(!told.contains("Mine"), "{told}");
}

#[test]
fn all_conflicts_are_listed_and_nothing_is_planned() {
    let (whole, _) = whole();
    let queues: Vec<_> = whole.objects.iter().filter(|it| it.kind() == Kind::Queue).collect();
    let one = own_queue(&queues[0].name().to_uppercase(), 1);
    let two = own_queue(queues[1].name(), 2);
    let there = backup(vec![one]);
    let elsewhere = Pool { objects: vec![two], ..Pool::new(OTHER) };
    let conflicts = plan(&there.existing(&[&elsewhere]), &incoming(&whole), PLAIN).unwrap_err();
    let pools: Vec<_> = conflicts
        .0
        .iter()
        .map(|it| match it {
            Conflict::Name { pool, .. } => pool.as_str(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(pools, [BACKUP, OTHER]);
    let told = conflicts.to_string();
    assert!(told.starts_with("nothing was imported, because of 2 conflicts:\n- the queue"));
    assert!(told.contains("import with -ResolveNameConflicts"), "{told}");
}

#[test]
fn the_same_object_elsewhere_and_another_kind_of_that_name_are_no_conflict() {
    let (whole, _) = whole();
    let home = Pool { objects: whole.objects.clone(), ..Pool::new(PRIMARY) };
    let group_name = of(Kind::AgentGroup, &whole).name().to_owned();
    let there = backup(vec![own_queue(&group_name, 1)]);
    assert_eq!(planned(&there.existing(&[&home]), &whole, PLAIN).report.renamed, []);
}

#[test]
fn what_comes_back_from_who_took_the_calls_says_who_is_signed_in() {
    let (whole, _) = whole();
    let given = whole.objects.iter().map(Object::id).collect();
    let back = Incoming { owner: Some(PRIMARY), given, ..incoming(&whole) };
    let plan = plan(&Pool::new(PRIMARY).existing(&[]), &back, PLAIN).unwrap();
    assert_eq!(plan.sign_ins, whole.sign_ins);
    assert_eq!(plan.sign_out_of.as_deref(), Some(PRIMARY));
}

#[test]
fn a_newcomer_is_given_the_first_free_number() {
    let (whole, _) = whole();
    let name = of(Kind::Queue, &whole).name().to_owned();
    let taken = [own_queue(&name, 1), own_queue(&format!("{name} (2)"), 2)];
    let elsewhere = own_queue(&format!("{name} (3)").to_lowercase(), 3);
    let elsewhere = Pool { objects: vec![elsewhere], ..Pool::new(OTHER) };
    let there = backup(taken.to_vec());
    let plan = planned(&there.existing(&[&elsewhere]), &whole, RENAME);
    let [renamed] = plan.report.renamed.as_slice() else { panic!("{:?}", plan.report) };
    assert_eq!((&renamed.old, &renamed.new), (&name, &format!("{name} (4)")));
    let written = plan.write.iter().find(|it| it.id() == renamed.id).unwrap();
    assert_eq!(written.name(), renamed.new);
}

#[test]
fn a_name_that_an_import_gave_stays_the_next_time() {
    let (whole, contents) = whole();
    let name = of(Kind::Queue, &whole).name().to_owned();
    let taken = [own_queue(&name, 1), own_queue(&format!("{name} (2)"), 2)];
    let mut there = backup(taken.to_vec());
    let first = planned(&there.existing(&[]), &whole, RENAME);
    there.apply(&first, &contents);
    // A smaller number is free now; nobody wants the name to change every night.
    there.objects.retain(|it| it.id() != Uuid::from_u128(2));
    let second = planned(&there.existing(&[]), &whole, RENAME);
    assert_eq!(second.report.renamed[0].new, format!("{name} (3)"));
    assert_eq!(second.report.renamed, first.report.renamed);
}

#[test]
fn newcomers_do_not_take_each_others_names() {
    let (mut whole, _) = whole();
    let name = of(Kind::Queue, &whole).name().to_owned();
    let queues: Vec<_> = (0..whole.objects.len())
        .filter(|index| whole.objects[*index].kind() == Kind::Queue)
        .collect();
    *whole.objects[queues[1]].owner_and_name().1 = format!("{name} (2)");
    let there = backup(vec![own_queue(&name, 1)]);
    let plan = planned(&there.existing(&[]), &whole, RENAME);
    assert_eq!(plan.report.renamed.len(), 1);
    assert_eq!(plan.report.renamed[0].new, format!("{name} (3)"));
}

#[test]
fn a_long_name_stays_within_the_limit() {
    let (mut whole, _) = whole();
    let long = "ü".repeat(response_groups::checks::NAME_MAX);
    let index = whole.objects.iter().position(|it| it.kind() == Kind::Queue).unwrap();
    long.clone_into(whole.objects[index].owner_and_name().1);
    let there = backup(vec![own_queue(&long, 1)]);
    let plan = planned(&there.existing(&[]), &whole, RENAME);
    let new = &plan.report.renamed[0].new;
    assert!(new.ends_with("ü (2)"), "{new}");
    assert_eq!(new.chars().count(), response_groups::checks::NAME_MAX);
}

#[test]
fn names_may_be_exchanged() {
    let (whole, _) = whole();
    let mut there = whole.clone();
    let queues: Vec<_> =
        (0..there.objects.len()).filter(|it| there.objects[*it].kind() == Kind::Queue).collect();
    let (one, two) = (there.objects[queues[0]].name().to_owned(), whole.objects[queues[1]].name());
    two.clone_into(there.objects[queues[0]].owner_and_name().1);
    one.clone_into(there.objects[queues[1]].owner_and_name().1);
    let there = backup(there.objects);
    assert_eq!(planned(&there.existing(&[]), &whole, PLAIN).report.renamed, []);
}

#[test]
fn the_identity_of_another_kind_is_a_conflict() {
    let (whole, _) = whole();
    let id = of(Kind::AgentGroup, &whole).id().as_u128();
    let there = backup(vec![own_queue("Mine", id)]);
    let conflicts = plan(&there.existing(&[]), &incoming(&whole), RENAME).unwrap_err();
    assert!(matches!(conflicts.0[..], [Conflict::Kind { .. }]), "{conflicts}");
}

#[test]
fn what_this_pool_edits_for_another_owner_is_not_taken_from_it() {
    let (whole, _) = whole();
    let id = of(Kind::Queue, &whole).id().as_u128();
    let there = backup(vec![own_queue("Given to backup once", id)]);
    let conflicts = plan(&there.existing(&[]), &incoming(&whole), PLAIN).unwrap_err();
    let [Conflict::Owner { owner, holder, .. }] = &conflicts.0[..] else { panic!("{conflicts}") };
    assert_eq!((owner.as_str(), holder.owner.as_str()), (PRIMARY, BACKUP));
    // Given to the backup pool again, it only gets newer.
    let options = Options { overwrite_owner: true, ..PLAIN };
    assert!(plan(&there.existing(&[]), &incoming(&whole), options).is_ok());
    // If this pool does not edit that owner's objects, the file is right.
    let mut existing = there.existing(&[]);
    existing.owners.clear();
    let plan = planned(&existing, &whole, PLAIN);
    let told = plan.report.left_behind.join("\n");
    assert!(told.contains("1 object that belonged to backup.contoso.com here now"), "{told}");
}

#[test]
fn settings_are_kept_side_by_side_or_replaced_when_asked() {
    let (whole, _) = whole();
    let theirs = whole.settings[PRIMARY].clone();
    let mut existing = backup(vec![]).existing(&[]);
    existing.settings.insert(BACKUP.to_owned());
    let beside = vec![(PRIMARY.to_owned(), theirs.clone())];
    let plan = planned(&existing, &whole, PLAIN);
    assert_eq!(plan.settings, beside);
    assert!(plan.report.left_behind.join("\n").contains("are kept beside them"));

    let options = Options { replace_settings: true, ..PLAIN };
    let plan = planned(&existing, &whole, options);
    let both = [(BACKUP.to_owned(), theirs.clone()), (PRIMARY.to_owned(), theirs.clone())];
    assert_eq!(plan.settings, both);
    assert_eq!(plan.report.settings, [BACKUP, PRIMARY]);

    // Coming home, with settings there and without.
    let mut home = Pool::new(PRIMARY).existing(&[]);
    assert_eq!(planned(&home, &whole, PLAIN).settings, beside);
    home.settings.insert(PRIMARY.to_owned());
    let plan = planned(&home, &whole, PLAIN);
    assert_eq!(plan.settings, []);
    assert!(plan.report.left_behind.join("\n").contains("stay as they were here"));
    assert_eq!(planned(&home, &whole, options).settings, beside);
}

#[test]
fn settings_that_are_not_in_the_file_cannot_replace_anything() {
    let (mut whole, _) = whole();
    whole.settings.clear();
    let mut existing = backup(vec![]).existing(&[]);
    existing.settings.insert(BACKUP.to_owned());
    let options = Options { replace_settings: true, ..PLAIN };
    let plan = planned(&existing, &whole, options);
    assert_eq!(plan.settings, []);
    let told = plan.report.left_behind.join("\n");
    assert!(told.contains("no application-level settings of primary.contoso.com"), "{told}");
}

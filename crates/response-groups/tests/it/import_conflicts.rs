//! What stands against an import besides names: references between owners, and addresses.

use response_groups::configuration::Configuration;
use response_groups::import::{
    Conflict, Conflicts, Elsewhere, Existing, Incoming, Named, Options, Taken, clashes, plan, taken,
};
use response_groups::model::{ActionKind, AgentGroup, CallAction, Kind, Object, Queue, Workflow};
use uuid::Uuid;

use crate::import_plan::{
    BACKUP, OTHER, PLAIN, PRIMARY, RENAME, backup, incoming, own_queue, planned,
};
use crate::testing::Pool;

/// A group, a queue that names it, and a workflow that leads to the queue.
fn chain() -> Configuration {
    let group = AgentGroup::new(Uuid::from_u128(1), PRIMARY, "Agents");
    let agent_groups = vec![group.id];
    let queue = Queue { agent_groups, ..Queue::new(Uuid::from_u128(2), PRIMARY, "Line") };
    let to_queue =
        CallAction { queue: Some(queue.id), ..CallAction::new(ActionKind::TransferToQueue) };
    let uri = "sip:line@contoso.com";
    let workflow = Workflow::new(Uuid::from_u128(3), PRIMARY, "Number", uri, "en-US");
    let workflow = Workflow { default_action: Some(to_queue), ..workflow };
    let objects = vec![group.into(), queue.into(), workflow.into()];
    Configuration { objects, ..Configuration::default() }
}

#[test]
fn the_address_of_another_workflow_is_a_conflict_that_no_renaming_resolves() {
    let whole = chain();
    let dialled = |id: u128, uri: &str| {
        Workflow::new(Uuid::from_u128(id), BACKUP, format!("w{id}"), uri, "en-US").into()
    };
    let upper = "sip:LINE@contoso.com";
    // The same object elsewhere, and an older copy of it here, are no clash.
    let home = Pool { objects: whole.objects.clone(), ..Pool::new(PRIMARY) };
    let there = backup(vec![dialled(3, "sip:old@contoso.com")]);
    let mut existing = there.existing(&[&home]);
    existing.owners.clear();
    planned(&existing, &whole, PLAIN);

    let here = backup(vec![dialled(8, upper)]).existing(&[]);
    let third = Pool { objects: vec![dialled(8, upper)], ..Pool::new(OTHER) };
    let elsewhere = backup(vec![]).existing(&[&third]);
    for (existing, at) in [(here, BACKUP), (elsewhere, OTHER)] {
        let Conflicts(conflicts) = plan(&existing, &incoming(&whole), RENAME).unwrap_err();
        let [Conflict::Uri { name, holder, pool, .. }] = &conflicts[..] else {
            panic!("{conflicts:?}")
        };
        assert_eq!((name.as_str(), holder.id, pool.as_str()), ("Number", Uuid::from_u128(8), at));
        let told = conflicts[0].to_string();
        assert!(told.contains("give one of the two another PrimaryUri"), "{told}");
    }
    // And among themselves.
    let mut twice = chain();
    twice.objects.push(Workflow::new(Uuid::from_u128(8), PRIMARY, "Two", upper, "en-US").into());
    let Conflicts(conflicts) =
        plan(&backup(vec![]).existing(&[]), &incoming(&twice), RENAME).unwrap_err();
    assert!(matches!(conflicts[..], [Conflict::Uri { .. }]), "{conflicts:?}");
}

#[test]
fn a_name_or_an_address_that_another_pool_has_is_taken() {
    let number = &chain().objects[2];
    let at = |id: u128, name: &str, uri: &str| {
        let workflow = Workflow::new(Uuid::from_u128(id), OTHER, name, uri, "en-US");
        vec![Elsewhere { object: Named::from(&Object::from(workflow)), pool: OTHER.to_owned() }]
    };
    let copy = at(3, "number", "sip:line@contoso.com");
    assert_eq!(taken(number, &copy), None, "a visiting copy is the same object");
    assert_eq!(taken(number, &at(8, "Numbers", "sip:lines@contoso.com")), None);
    let name = at(8, "NUMBER", "sip:lines@contoso.com");
    assert_eq!(taken(number, &name), Some(Taken::Name(&name[0])));
    let uri = at(8, "Numbers", "SIP:Line@contoso.com");
    assert_eq!(taken(number, &uri), Some(Taken::Uri(&uri[0])));
    let told = taken(number, &uri).unwrap().to_string();
    assert_eq!(
        told,
        "the workflow \"Numbers\" at other.contoso.com has the address SIP:Line@contoso.com, too; \
         give another PrimaryUri"
    );
    assert_eq!(taken(&own_queue("Number", 9), &name), None, "of another kind");
}

#[test]
fn what_two_pools_have_made_unseen_by_each_other_is_found() {
    let named = |id: u128, kind, name: &str, uri: Option<&str>| Named {
        kind,
        id: Uuid::from_u128(id),
        name: name.to_owned(),
        owner: OTHER.to_owned(),
        uri: uri.map(str::to_owned),
    };
    let here = [
        named(1, Kind::Queue, "Help", None),
        named(2, Kind::Queue, "Copy", None),
        named(3, Kind::Workflow, "Line", Some("sip:line@contoso.com")),
        named(4, Kind::Workflow, "Alone", Some("sip:alone@contoso.com")),
    ];
    let there = [
        named(11, Kind::Queue, "HELP", None),
        named(2, Kind::Queue, "Copy", None),
        named(13, Kind::Workflow, "Other", Some("SIP:line@contoso.com")),
        named(14, Kind::AgentGroup, "Alone", None),
    ];
    let found: Vec<_> =
        clashes(&here, &there).into_iter().map(|(one, other)| (one.id, other.id)).collect();
    assert_eq!(found, [(here[0].id, there[0].id), (here[2].id, there[2].id)]);
}

/// The references of an import that are refused: who names what, and which of them stays.
fn torn(existing: &Existing, whole: &Configuration, options: Options) -> Vec<String> {
    let Conflicts(conflicts) = plan(existing, &incoming(whole), options).unwrap_err();
    let told = |it: &Conflict| match it {
        Conflict::Reference { from, to, staying } => {
            format!("{} of {} > {} of {}, {staying:?}", from.name, from.owner, to.name, to.owner)
        }
        Conflict::Unknown { from, kind, .. } => format!("{} > unknown {kind}", from.name),
        other => panic!("{other}"),
    };
    conflicts.iter().map(told).collect()
}

#[test]
fn every_reference_between_owners_is_a_conflict() {
    let overwrite = Options { overwrite_owner: true, ..PLAIN };
    let whole = chain();
    let empty = backup(vec![]).existing(&[]);
    planned(&empty, &whole, PLAIN);

    // The file itself holds objects of two owners that name each other.
    let mut mixed = chain();
    BACKUP.clone_into(mixed.objects[1].owner_and_name().0);
    assert_eq!(
        torn(&empty, &mixed, PLAIN),
        [
            "Line of backup.contoso.com > Agents of primary.contoso.com, Neither",
            "Number of primary.contoso.com > Line of backup.contoso.com, Neither",
        ]
    );
    planned(&empty, &mixed, overwrite);

    // What is here and does not come in names what comes in under another owner.
    let there = backup(chain().objects).existing(&[]);
    let mut part = chain();
    part.objects.truncate(1);
    let staying = ["Line of primary.contoso.com > Agents of backup.contoso.com, From"];
    assert_eq!(torn(&there, &part, overwrite), staying);
    planned(&there, &part, PLAIN);
    planned(&there, &whole, overwrite);

    // What comes in names what is here and does not come in; or what is nowhere.
    let mut part = chain();
    part.objects.remove(0);
    let staying = ["Line of backup.contoso.com > Agents of primary.contoso.com, To"];
    assert_eq!(torn(&there, &part, overwrite), staying);
    assert_eq!(torn(&empty, &part, PLAIN), ["Line > unknown agent group"]);
}

#[test]
fn conflicts_of_every_sort_are_listed_together_and_say_what_to_do() {
    let mut mixed = chain();
    OTHER.clone_into(mixed.objects[0].owner_and_name().0);
    let one = own_queue("line", 9);
    let conflicts = plan(&backup(vec![one]).existing(&[]), &incoming(&mixed), PLAIN).unwrap_err();
    let told = conflicts.to_string();
    assert!(told.starts_with("nothing was imported, because of 2 conflicts:"), "{told}");
    assert!(told.contains("which would belong to other.contoso.com; import with"), "{told}");
    assert!(told.contains("backup.contoso.com hosts another one of that name"), "{told}");
    // The names can be resolved, the rest cannot.
    let conflicts =
        plan(&backup(vec![own_queue("line", 9)]).existing(&[]), &incoming(&mixed), RENAME);
    let told = conflicts.unwrap_err().to_string();
    assert!(told.starts_with("nothing was imported, because of 1 conflict:"), "{told}");
}

/// A queue that the other pool has removed is removed here, and holds nothing up by what it names.
#[test]
fn what_goes_tears_nothing_apart() {
    let whole = chain();
    let there = backup(chain().objects).existing(&[]);
    let mut part = chain();
    part.objects.truncate(1);
    let given = whole.objects.iter().map(Object::id).collect();
    let incoming = Incoming { owner: Some(PRIMARY), given, ..incoming(&part) };
    let options = Options { overwrite_owner: true, ..PLAIN };
    let plan = plan(&there, &incoming, options).unwrap();
    assert_eq!(plan.remove.len(), 2);
    let left: Vec<_> = plan.outcome(&there).into_iter().map(|it| (it.name, it.owner)).collect();
    assert_eq!(left, [("Agents".to_owned(), BACKUP.to_owned())]);
}

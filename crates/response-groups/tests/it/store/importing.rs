//! Imports: planned upon what is there, all or nothing.

use std::collections::{BTreeMap, BTreeSet};

use response_groups::configuration::{AudioEntry, Configuration};
use response_groups::import::{
    self, AudioSource, Conflict, Conflicts, Elsewhere, Existing, Incoming, Named, Options, Plan,
    Reference, Standing, Staying,
};
use response_groups::model::{
    AgentGroup, AudioFile, Kind, Object, ParticipationPolicy, ServiceSettings, SignIn, Workflow,
};
use response_groups::store::{ImportError, NoAudio, RgsError};

use super::references::hours;
use super::world::{BACKUP, NoPlan, PRIMARY, World, audio_file, group, id, queue, workflow};
use crate::testing::{Contents, sha256};

pub(crate) fn entry(file: &AudioFile) -> AudioEntry {
    AudioEntry {
        id: file.id,
        owner: file.owner.clone(),
        original_file_name: file.original_file_name.clone(),
        bytes: file.content.len() as u64,
        sha256: sha256(&file.content),
    }
}

fn of(objects: Vec<Object>) -> Configuration {
    Configuration { objects, ..Configuration::default() }
}

fn given(object: impl Into<Object>, owner: &str) -> Object {
    let mut object = object.into();
    owner.clone_into(object.owner_and_name().0);
    object
}

#[tokio::test]
async fn a_plan_is_made_upon_what_is_there() {
    let world = World::new().await;
    let support = Object::from(group(1, "Support"));
    let line = Object::from(queue(2, "Line", &[1]));
    let private = Object::from(hours(3, true));
    for object in [&support, &line, &private] {
        world.add(object.clone()).await.unwrap();
    }
    world.hosting.set_settings(PRIMARY, &ServiceSettings::default()).await.unwrap();
    let desk = Named::from(&Object::from(group(2, "Desk")));
    let elsewhere = vec![Elsewhere { object: desk, pool: BACKUP.to_owned() }];
    let standing = Standing { reign: 0, edits: true, revision: 4 };
    let names = Reference { from: (Kind::Queue, id(2)), to: (Kind::AgentGroup, id(1)) };
    let expected = Existing {
        parent: PRIMARY.to_owned(),
        objects: vec![Named::from(&support), Named::from(&line), Named::from(&private)],
        references: [names].into(),
        private: [id(3)].into(),
        elsewhere: elsewhere.clone(),
        owners: BTreeMap::from([(PRIMARY.to_owned(), standing)]),
        received: BTreeMap::new(),
        settings: [PRIMARY.to_owned()].into(),
    };
    let make = |existing: &Existing| {
        assert_eq!(existing, &expected);
        Err::<Plan, _>(NoPlan)
    };
    let refused = world.hosting.import(elsewhere, make, &mut NoAudio).await;
    assert!(matches!(refused, Err(ImportError::Plan(NoPlan))), "{refused:?}");
}

#[tokio::test]
async fn an_import_writes_all_or_nothing() {
    let world = World::new().await;
    world.add(group(1, "Support")).await.unwrap();
    let before = world.all().await;
    let file = audio_file(9, b"sound");
    let damaged = Contents(BTreeMap::from([(id(9), audio_file(9, b"other").content)]));
    let cases: Vec<(&str, Configuration)> = vec![
        ("a taken name", of(vec![group(2, "Desk").into(), group(3, "SUPPORT").into()])),
        ("an unknown group", of(vec![group(2, "Desk").into(), queue(3, "q", &[7]).into()])),
        ("a bad field", of(vec![AgentGroup { agent_alert_time: 1, ..group(2, "Desk") }.into()])),
        ("a group of another owner", of(vec![given(queue(3, "q", &[1]), BACKUP)])),
        (
            "two workflows of one address",
            of(vec![
                workflow(1, "w", None).into(),
                Workflow { id: id(2), ..workflow(1, "v", None) }.into(),
            ]),
        ),
        (
            "damaged audio",
            Configuration { audio: vec![entry(&file)], ..of(vec![group(2, "Desk").into()]) },
        ),
        (
            "bad settings",
            Configuration {
                settings: BTreeMap::from([(
                    PRIMARY.to_owned(),
                    ServiceSettings { agent_ringback_grace_period: 1, ..Default::default() },
                )]),
                ..of(vec![group(2, "Desk").into()])
            },
        ),
    ];
    for (what, whole) in cases {
        let refused = world.import(&whole, &mut damaged.clone()).await;
        assert!(matches!(refused, Err(ImportError::Store(_))), "{what}: {refused:?}");
        assert_eq!(world.all().await, before, "{what}");
        assert_eq!(world.hosting.standing(PRIMARY).await.unwrap().revision, 1, "{what}");
    }
}

#[tokio::test]
async fn an_import_may_change_names_and_owners_among_what_is_there() {
    let world = World::new().await;
    world.add(group(1, "one")).await.unwrap();
    world.add(group(2, "two")).await.unwrap();
    world.add(queue(3, "q", &[1, 2])).await.unwrap();
    let swapped = of(vec![group(1, "two").into(), group(2, "one").into()]);
    world.import(&swapped, &mut Contents::default()).await.unwrap();
    assert_eq!(world.named().await, ["one", "two", "q"]);
    let get = world.hosting.get(Kind::AgentGroup, id(1)).await.unwrap();
    assert_eq!(get.name(), "two");

    let torn = of(vec![given(group(1, "two"), BACKUP)]);
    let refused = world.import(&torn, &mut Contents::default()).await;
    let broken = matches!(refused, Err(ImportError::Store(RgsError::Broken(_))));
    assert!(broken, "the queue would name what is another's: {refused:?}");
    let all = vec![
        given(group(1, "one"), BACKUP),
        given(group(2, "two"), BACKUP),
        given(queue(3, "q", &[2, 1]), BACKUP),
    ];
    world.import(&of(all.clone()), &mut Contents::default()).await.unwrap();
    assert_eq!(world.all().await.objects, all);
    // Both owners have changed.
    assert_eq!(world.hosting.standing(PRIMARY).await.unwrap().revision, 5);
    let standing = Standing { reign: 0, edits: false, revision: 1 };
    assert_eq!(world.hosting.standing(BACKUP).await.unwrap(), standing);
}

/// What is here and does not come in names what comes in: the list of conflicts says so, before the
/// database would.
#[tokio::test]
async fn an_import_that_would_tear_a_reference_apart_is_a_conflict() {
    let world = World::of(BACKUP).await;
    let guests = vec![
        group(1, "Support").into(),
        queue(2, "Line", &[1]).into(),
        workflow(3, "w", Some(2)).into(),
    ];
    world.import(&of(guests), &mut Contents::default()).await.unwrap();
    let before = world.all().await;
    let file = of(vec![group(1, "Support").into(), queue(4, "Night", &[1]).into()]);
    let options = Options { overwrite_owner: true, ..Options::default() };
    let conflicts = conflicts(&world, &file, options).await;
    let [Conflict::Reference { from, to, staying: Staying::From }] = &conflicts[..] else {
        panic!("{conflicts:?}")
    };
    assert_eq!((from.name.as_str(), from.owner.as_str()), ("Line", PRIMARY));
    assert_eq!((to.name.as_str(), to.owner.as_str()), ("Support", BACKUP));
    assert_eq!(world.all().await, before);
}

/// Each of the ways in which private hours would be shared is in the list, and the database agrees.
#[tokio::test]
async fn private_hours_that_several_workflows_would_use_are_a_conflict() {
    let world = World::new().await;
    for object in [hours(1, true), hours(2, false)] {
        world.add(object).await.unwrap();
    }
    let uses =
        |number, of| Workflow { business_hours: Some(id(of)), ..workflow(number, "w", None) };
    let named = |number, name: &str, of| Workflow { name: name.to_owned(), ..uses(number, of) };
    world.add(named(3, "first", 1)).await.unwrap();
    world.add(named(4, "second", 2)).await.unwrap();
    let before = world.all().await;
    let files: [&[Object]; 4] = [
        // One more uses what is here.
        &[named(5, "third", 1).into()],
        // The same, and the hours come in again.
        &[hours(1, true).into(), named(5, "third", 1).into()],
        // What is used here becomes private, and another comes in that uses it.
        &[hours(2, true).into(), named(6, "fourth", 2).into()],
        // A file whose own workflows share them.
        &[hours(7, true).into(), named(8, "x", 7).into(), named(9, "y", 7).into()],
    ];
    let shared = ["first and third", "first and third", "second and fourth", "x and y"];
    for (file, shared) in files.into_iter().zip(shared) {
        let file = of(file.to_vec());
        let conflicts = conflicts(&world, &file, Options::default()).await;
        let [Conflict::PrivateHours { workflows, .. }] = &conflicts[..] else {
            panic!("{conflicts:?}")
        };
        let names: BTreeSet<_> = workflows.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, shared.split(" and ").collect());
        // By the database, too.
        let refused = world.import(&file, &mut Contents::default()).await;
        assert!(matches!(refused, Err(ImportError::Store(_))), "{refused:?}");
        assert_eq!(world.all().await, before);
    }
    // A copy of what is here, and one whose private hours are free, come in.
    let file = of(vec![hours(1, true).into(), named(3, "first", 1).into(), hours(2, true).into()]);
    world.import(&file, &mut Contents::default()).await.unwrap();
}

/// Somebody writes past us, by hand, after the plan was made.
#[tokio::test]
async fn what_an_import_was_planned_upon_is_looked_at_again_before_it_writes() {
    const BY_HAND: &str = "update rgs.agent_group set name = 'Hand', name_key = 'hand'";
    let world = World::new().await;
    world.add(group(1, "Support")).await.unwrap();
    let plan = super::world::plan(&of(vec![group(2, "Desk").into()]));
    let by_hand = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let write = async { world.sql().await.batch_execute(BY_HAND).await };
        runtime.unwrap().block_on(write).unwrap();
    };
    let make = |_: &Existing| {
        std::thread::scope(|scope| scope.spawn(by_hand).join()).unwrap();
        Ok::<_, NoPlan>(plan)
    };
    let refused = world.hosting.import(Vec::new(), make, &mut NoAudio).await;
    let overtaken = matches!(refused, Err(ImportError::Store(RgsError::Overtaken { .. })));
    assert!(overtaken, "{refused:?}");
    assert_eq!(world.named().await, ["Hand"]);
}

#[tokio::test]
async fn an_import_that_comes_to_something_else_than_planned_is_undone() {
    let world = World::new().await;
    world.add(group(1, "Support")).await.unwrap();
    let before = world.all().await;
    // A rule of the database that no plan knows.
    let sql = "create function rgs.shout() returns trigger language plpgsql as $$
                 begin new.name := upper(new.name); return new; end $$;
               create trigger shout before insert on rgs.agent_group
                 for each row execute function rgs.shout()";
    world.sql().await.batch_execute(sql).await.unwrap();
    let whole = of(vec![group(2, "Desk").into()]);
    let refused = world.import(&whole, &mut Contents::default()).await;
    let Err(ImportError::Store(RgsError::Unplanned { what, .. })) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(what.len(), 2, "what was planned, and what came: {what:?}");
    assert_eq!(world.all().await, before);
}

#[tokio::test]
async fn an_import_claims_and_signs_in_those_who_may() {
    let world = World::of(BACKUP).await;
    let formal = AgentGroup {
        participation_policy: ParticipationPolicy::Formal,
        agents_by_uri: vec!["sip:ken@contoso.com".to_owned()],
        ..group(1, "Support")
    };
    let since = "2026-03-01T02:03:04.5Z".parse().unwrap();
    let sign_in = |number, agent: &str| {
        let agent = format!("sip:{agent}@contoso.com");
        SignIn { group: id(number), agent, since }
    };
    let plan = Plan {
        write: vec![formal.into(), group(2, "Informal").into()],
        sign_ins: vec![sign_in(1, "ken"), sign_in(1, "eve"), sign_in(2, "ken")],
        claim: vec![(PRIMARY.to_owned(), 4)],
        ..Plan::default()
    };
    let make = |_: &Existing| Ok::<_, NoPlan>(plan.clone());
    world.hosting.import(Vec::new(), make, &mut NoAudio).await.unwrap();
    assert_eq!(world.hosting.sign_ins(PRIMARY).await.unwrap(), [sign_in(1, "ken")]);
    let standing = world.hosting.standing(PRIMARY).await.unwrap();
    assert_eq!(standing, Standing { reign: 4, edits: true, revision: 1 });
    world.add(group(3, "Desk")).await.unwrap();
}

/// Fails when asked.
struct NobodyAsks;

impl AudioSource for NobodyAsks {
    fn content(&mut self, id: uuid::Uuid) -> Result<Vec<u8>, String> {
        panic!("{id} is here already");
    }
}

#[tokio::test]
async fn content_that_is_here_is_not_asked_for() {
    let world = World::new().await;
    let file = audio_file(9, b"sound");
    world.hosting.add_audio(&file).await.unwrap();
    let same = AudioFile { id: id(10), ..file.clone() };
    let other = AudioFile { id: id(9), ..audio_file(9, b"other") };
    let import = async |files: &[&AudioFile], source: &mut (dyn AudioSource + Send)| {
        let audio = files.iter().map(|it| entry(it)).collect();
        let plan = Plan { audio, ..Plan::default() };
        let make = |_: &Existing| Ok::<_, NoPlan>(plan);
        world.hosting.import(Vec::new(), make, source).await
    };
    import(&[&file, &same], &mut NobodyAsks).await.unwrap();
    assert_eq!(world.hosting.audio(id(10)).await.unwrap(), same);
    let mut contents = Contents(BTreeMap::from([(id(9), other.content.clone())]));
    let refused = import(&[&other], &mut contents).await;
    let refused = matches!(refused, Err(ImportError::Store(RgsError::Audio { .. })));
    assert!(refused, "an identity has one content");
    assert_eq!(world.hosting.audio(id(9)).await.unwrap(), file);
}

/// What stands against an import of the primary pool's `file`.
async fn conflicts(world: &World, file: &Configuration, options: Options) -> Vec<Conflict> {
    let incoming = Incoming {
        configuration: file,
        source: PRIMARY,
        owner: Some(PRIMARY),
        reigns: BTreeMap::new(),
        given: BTreeSet::new(),
    };
    let make = |existing: &Existing| import::plan(existing, &incoming, options);
    let refused = world.hosting.import(Vec::new(), make, &mut NoAudio).await;
    let Err(ImportError::Plan(Conflicts(conflicts))) = refused else { panic!("{refused:?}") };
    conflicts
}

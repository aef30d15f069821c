//! Imports: planned upon what is there, all or nothing.

use std::collections::BTreeMap;

use response_groups::configuration::{AudioEntry, Configuration};
use response_groups::import::{AudioSource, Elsewhere, Existing, Named, Plan, Standing};
use response_groups::model::{
    AgentGroup, AudioFile, Kind, Object, ParticipationPolicy, ServiceSettings, SignIn, Workflow,
};
use response_groups::store::{ImportError, NoAudio, RgsError};

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
    world.add(group(1, "Support")).await.unwrap();
    world.hosting.set_settings(PRIMARY, &ServiceSettings::default()).await.unwrap();
    let named = |number, name: &str| Named {
        kind: Kind::AgentGroup,
        id: id(number),
        name: name.to_owned(),
        owner: PRIMARY.to_owned(),
    };
    let elsewhere = vec![Elsewhere { object: named(2, "Desk"), pool: BACKUP.to_owned() }];
    let standing = Standing { reign: 0, edits: true, revision: 2 };
    let expected = Existing {
        parent: PRIMARY.to_owned(),
        objects: vec![named(1, "Support")],
        elsewhere: elsewhere.clone(),
        owners: BTreeMap::from([(PRIMARY.to_owned(), standing)]),
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

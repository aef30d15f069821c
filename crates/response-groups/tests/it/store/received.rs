//! What other pools have sent: kept, and seen by nobody before an import.

use std::collections::BTreeMap;

use response_groups::configuration::Configuration;
use response_groups::import::{Base, Existing, Plan};
use response_groups::model::{Kind, Object};
use response_groups::store::{Filter, Listing, NoAudio, OwnerFilter, RgsError};

use super::importing::entry;
use super::world::{BACKUP, PRIMARY, World, audio_file, group, id, plan};
use crate::testing::{Contents, Dice, Size, made};

#[tokio::test]
async fn what_was_received_is_invisible_until_it_is_imported() {
    let world = World::of(BACKUP).await;
    let mut dice = Dice::new(3);
    let size = Size { audio: 4, agent_groups: 3, ..Size::upto(4, &mut dice) };
    let (whole, mut contents) = made(&mut dice, &[PRIMARY], size);
    let wanted = world.hosting.wanted_audio(&whole).await.unwrap();
    assert_eq!(wanted.len(), whole.audio.len());
    world.hosting.receive(PRIMARY, 1, 7, &whole, &mut contents).await.unwrap();
    assert!(world.hosting.wanted_audio(&whole).await.unwrap().is_empty());

    let received = world.hosting.received(PRIMARY).await.unwrap().unwrap();
    assert_eq!((received.reign, received.revision), (1, 7));
    assert_eq!(received.configuration, whole);
    for kind in Kind::ALL {
        let filter = Filter { owner: OwnerFilter::All, ..Filter::default() };
        let listing = world.hosting.list(kind, &filter).await.unwrap();
        assert_eq!(listing, Listing::default());
    }
    assert_eq!(world.hosting.names().await.unwrap(), []);
    assert_eq!(world.all().await, Configuration::default());
    // Its names are free.
    let group_of = |it: &&Object| it.kind() == Kind::AgentGroup;
    let name = whole.objects.iter().find(group_of).unwrap().name().to_owned();
    let mut other = Object::from(group(1, &name));
    BACKUP.clone_into(other.owner_and_name().0);
    world.add(other).await.unwrap();
    world.hosting.remove(Kind::AgentGroup, id(1)).await.unwrap();

    let make = |_: &Existing| Ok::<_, super::world::NoPlan>(plan(&received.configuration));
    world.hosting.import(Vec::new(), make, &mut NoAudio).await.unwrap();
    assert_eq!(world.all().await.objects, whole.objects);
}

#[tokio::test]
async fn only_a_newer_revision_takes_the_place_of_another() {
    let world = World::of(BACKUP).await;
    let file = audio_file(9, b"sound");
    let with = |audio: &[_], name: &str| Configuration {
        objects: vec![group(1, name).into()],
        audio: audio.iter().map(entry).collect(),
        ..Configuration::default()
    };
    let mut contents = Contents(BTreeMap::from([(id(9), file.content.clone())]));
    let one = with(std::slice::from_ref(&file), "one");
    world.hosting.receive(PRIMARY, 1, 7, &one, &mut contents).await.unwrap();
    world.hosting.receive(PRIMARY, 1, 7, &one, &mut NoAudio).await.unwrap();
    for place in [(1, 6), (0, 9)] {
        let refused = world.hosting.receive(PRIMARY, place.0, place.1, &one, &mut NoAudio).await;
        assert!(matches!(refused, Err(RgsError::Older { .. })), "{refused:?}");
    }
    let contents_kept = async || -> i64 {
        let sql = "select count(*) from rgs.content";
        world.sql().await.query_one(sql, &[]).await.unwrap().get(0)
    };
    assert_eq!(contents_kept().await, 1);
    let two = with(&[], "two");
    let objects = two.objects.len();
    world.hosting.receive(PRIMARY, 2, 1, &two, &mut NoAudio).await.unwrap();
    let received = world.hosting.received(PRIMARY).await.unwrap().unwrap();
    assert_eq!((received.reign, received.revision, received.configuration), (2, 1, two));
    assert_eq!(contents_kept().await, 0);
    let all = world.hosting.received_revisions().await.unwrap();
    let places: Vec<_> = all.iter().map(|it| (&*it.owner, it.reign, it.revision)).collect();
    assert_eq!(places, [(PRIMARY, 2, 1)]);
    assert_eq!(all[0].objects, objects);
    // What lacks its audio is not received at all.
    let refused = world.hosting.receive(PRIMARY, 3, 1, &one, &mut NoAudio).await;
    assert!(matches!(refused, Err(RgsError::Audio { .. })), "{refused:?}");
    world.hosting.forget_received(PRIMARY).await.unwrap();
    assert_eq!(world.hosting.received(PRIMARY).await.unwrap(), None);
}

#[tokio::test]
async fn what_stood_in_is_not_replaced_by_whoever_came_back() {
    let world = World::of(BACKUP).await;
    let of = |name: &str| Configuration {
        objects: vec![group(1, name).into()],
        ..Configuration::default()
    };
    world.hosting.receive(PRIMARY, 1, 7, &of("received"), &mut NoAudio).await.unwrap();
    world.hosting.claim(PRIMARY, 2).await.unwrap();
    let late = world.hosting.receive(PRIMARY, 1, 8, &of("late"), &mut NoAudio).await;
    assert!(matches!(late, Err(RgsError::Older { .. })), "{late:?}");
    let received = world.hosting.received(PRIMARY).await.unwrap().unwrap();
    assert_eq!(received.configuration, of("received"));
    world.hosting.receive(PRIMARY, 2, 9, &of("home again"), &mut NoAudio).await.unwrap();
}

#[tokio::test]
async fn a_file_by_which_a_pool_comes_to_stand_in_is_what_it_was_given() {
    let world = World::of(BACKUP).await;
    let of = |names: &[&str]| Configuration {
        objects: names.iter().zip(1..).map(|(name, id)| group(id, name).into()).collect(),
        ..Configuration::default()
    };
    let newest = of(&["one", "two"]);
    world.hosting.receive(PRIMARY, 0, 9, &newest, &mut NoAudio).await.unwrap();
    let file = of(&["one"]);
    let base = |place| Base { owner: PRIMARY.to_owned(), place, configuration: file.clone() };
    let planned = Plan { base: Some(base((0, 7))), ..plan(&file) };
    let make = |_: &Existing| Ok::<_, super::world::NoPlan>(planned);
    world.hosting.import(Vec::new(), make, &mut NoAudio).await.unwrap();
    let given = world.hosting.received(PRIMARY).await.unwrap().unwrap();
    assert_eq!(((given.reign, given.revision), given.configuration), ((0, 7), file));
}

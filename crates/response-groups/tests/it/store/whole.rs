//! Whole configurations, made by dice: in, and out again as they were.

use std::collections::{BTreeMap, BTreeSet};

use response_groups::checks;
use response_groups::configuration::Configuration;
use response_groups::model::{AudioRef, CallAction, Object};
use response_groups::store::OwnerFilter;
use uuid::Uuid;

use super::world::{PRIMARY, World};
use crate::testing::{Dice, Size, made};

/// The audio files that something names.
pub(crate) fn named_audio(whole: &Configuration) -> BTreeSet<Uuid> {
    let of_object = |it: &Object| -> Vec<Uuid> {
        let (actions, music): (Vec<_>, _) = match it {
            Object::Workflow(it) => (it.actions().collect(), it.custom_music_on_hold_file.clone()),
            Object::Queue(it) => (it.actions().collect(), None),
            _ => (Vec::new(), None),
        };
        let played = actions.into_iter().flat_map(CallAction::all).flat_map(CallAction::audio);
        played.map(|it| it.id).chain(music.map(|AudioRef { id, .. }| id)).collect()
    };
    let of_settings = whole
        .settings
        .values()
        .filter_map(|it| it.default_music_on_hold_file.as_ref().map(|AudioRef { id, .. }| *id));
    whole.objects.iter().flat_map(of_object).chain(of_settings).collect()
}

#[tokio::test]
async fn what_goes_in_comes_out_again() {
    let world = World::new().await;
    for seed in 1..=8 {
        let mut dice = Dice::new(seed);
        let size = Size::upto(6, &mut dice);
        let (mut whole, mut contents) = made(&mut dice, &[PRIMARY], size);
        let faults: Vec<_> = whole.objects.iter().flat_map(checks::check).collect();
        assert_eq!(faults, [], "seed {seed}");
        world.import(&whole, &mut contents.clone()).await.unwrap();
        // Again, it changes nothing.
        world.import(&whole, &mut contents).await.unwrap();

        let export = world.hosting.export(&OwnerFilter::Parent).await.unwrap();
        let named = named_audio(&whole);
        whole.audio.retain(|it| named.contains(&it.id));
        assert_eq!(export.configuration(), &whole, "seed {seed}");
        for entry in &whole.audio {
            assert_eq!(export.content(entry.id).await.unwrap(), contents.0[&entry.id]);
        }
        let (_, exported) = export.end().await;
        world.hosting.remove_exported(&exported).await.unwrap();
        assert_eq!(world.all().await.objects, []);
        // Settings stay with their owner; the next round begins without them.
        let sql = "delete from rgs.settings; delete from rgs.audio; delete from rgs.content";
        world.sql().await.batch_execute(sql).await.unwrap();
    }
}

#[tokio::test]
async fn an_export_sees_one_moment() {
    let world = World::new().await;
    let mut dice = Dice::new(5);
    let size = Size { audio: 3, ..Size::upto(4, &mut dice) };
    let (whole, mut contents) = made(&mut dice, &[PRIMARY], size);
    world.import(&whole, &mut contents).await.unwrap();
    let export = world.hosting.export(&OwnerFilter::Parent).await.unwrap();
    world.hosting.remove_exported(export.exported()).await.unwrap();
    let gone = "delete from rgs.settings; delete from rgs.audio; delete from rgs.content";
    world.sql().await.batch_execute(gone).await.unwrap();
    assert_eq!(world.all().await, Configuration::default());
    let read: BTreeMap<Uuid, Vec<u8>> = {
        let mut read = BTreeMap::new();
        for entry in &export.configuration().audio {
            read.insert(entry.id, export.content(entry.id).await.unwrap());
        }
        read
    };
    assert!(read.iter().all(|(id, content)| contents.0[id] == *content));
    export.end().await;
}

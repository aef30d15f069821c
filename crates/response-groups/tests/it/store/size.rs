//! A large pool is imported, listed and exported in seconds. The times are printed, not judged.

use std::time::Instant;

use response_groups::model::{Kind, Object};
use response_groups::store::{Filter, OwnerFilter};

use super::world::{PRIMARY, World};
use crate::testing::{Dice, Size, made};

#[tokio::test]
async fn a_large_configuration_is_stored_and_read() {
    let world = World::new().await;
    let mut dice = Dice::new(2);
    let size = Size {
        workflows: 2000,
        queues: 400,
        agent_groups: 240,
        agents: 20,
        hours: 100,
        holiday_sets: 500,
        audio: 500,
        audio_bytes: 100_000,
    };
    let (mut whole, mut contents) = made(&mut dice, &[PRIMARY], size);
    for object in &mut whole.objects {
        if let Object::Workflow(it) = object {
            it.holiday_sets.truncate(10);
        }
    }
    let begun = Instant::now();
    world.import(&whole, &mut contents).await.unwrap();
    let imported = begun.elapsed();

    let begun = Instant::now();
    world.import(&whole, &mut contents).await.unwrap();
    let again = begun.elapsed();

    let begun = Instant::now();
    let listing = world.hosting.list(Kind::Workflow, &Filter::default()).await.unwrap();
    let listed = begun.elapsed();
    assert_eq!(listing.objects.len(), 2000);

    let begun = Instant::now();
    let export = world.hosting.export(&OwnerFilter::Parent).await.unwrap();
    let mut bytes = 0;
    for entry in &export.configuration().audio {
        bytes += export.content(entry.id).await.unwrap().len();
    }
    let exported = begun.elapsed();
    assert_eq!(export.configuration().objects, whole.objects);
    let (_, exported_objects) = export.end().await;

    let begun = Instant::now();
    world.hosting.remove_exported(&exported_objects).await.unwrap();
    let removed = begun.elapsed();
    println!(
        "{} objects, {} kB of audio: imported in {imported:.1?}, again in {again:.1?}, workflows \
         listed in {listed:.1?}, exported in {exported:.1?}, removed in {removed:.1?}",
        whole.objects.len(),
        bytes / 1024
    );
}

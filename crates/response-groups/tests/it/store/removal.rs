//! Removing what was exported: just that, and only if it has not changed.

use std::collections::BTreeMap;

use response_groups::configuration::Configuration;
use response_groups::model::{AgentGroup, Object, ParticipationPolicy, ServiceSettings};
use response_groups::store::{OwnerFilter, RgsError};

use super::world::{BACKUP, PRIMARY, World, group, id, queue};
use crate::testing::Contents;

#[tokio::test]
async fn what_changed_since_its_export_is_not_removed() {
    let world = World::new().await;
    world.add(group(1, "Support")).await.unwrap();
    world.add(queue(2, "q", &[1])).await.unwrap();
    let export = async || {
        let export = world.hosting.export(&OwnerFilter::Parent).await.unwrap();
        export.end().await.1
    };
    let exported = export().await;
    world.change(AgentGroup { agent_alert_time: 30, ..group(1, "Support") }).await.unwrap();
    let refused = world.hosting.remove_exported(&exported).await;
    let Err(RgsError::Changed { what }) = &refused else { panic!("{refused:?}") };
    assert_eq!(what, &["the agent group \"Support\""]);
    assert_eq!(world.named().await, ["Support", "q"]);

    // What is new stays, and keeps what it refers to.
    let exported = export().await;
    world.add(queue(3, "r", &[1])).await.unwrap();
    let refused = world.hosting.remove_exported(&exported).await;
    let Err(RgsError::InUse { by, .. }) = &refused else { panic!("{refused:?}") };
    assert_eq!(by, &["the queue \"r\""]);
    world.change(queue(3, "r", &[])).await.unwrap();
    world.hosting.remove_exported(&exported).await.unwrap();
    assert_eq!(world.named().await, ["r"]);
    let refused = world.hosting.remove_exported(&exported).await;
    assert!(matches!(refused, Err(RgsError::Changed { .. })), "{refused:?}");
}

#[tokio::test]
async fn whoever_signed_in_or_out_since_an_export_is_not_removed_with_it() {
    const KEN: &str = "sip:ken@contoso.com";
    const ADA: &str = "sip:ada@contoso.com";
    let world = World::new().await;
    let formal = |number, name: &str| AgentGroup {
        participation_policy: ParticipationPolicy::Formal,
        agents_by_uri: vec![KEN.to_owned(), ADA.to_owned()],
        ..group(number, name)
    };
    world.add(formal(1, "Support")).await.unwrap();
    world.add(formal(2, "Sales")).await.unwrap();
    world.hosting.sign_in(id(1), KEN, true).await.unwrap();
    for (agent, is_in) in [(ADA, true), (KEN, false)] {
        let export = world.hosting.export(&OwnerFilter::Parent).await.unwrap();
        let (_, exported) = export.end().await;
        world.hosting.sign_in(id(1), agent, is_in).await.unwrap();
        let before = world.all().await;
        let refused = world.hosting.remove_exported(&exported).await;
        let Err(RgsError::SignedSince { groups }) = &refused else { panic!("{refused:?}") };
        assert_eq!(groups, &["\"Support\""]);
        assert_eq!(world.all().await, before, "nothing was removed");
    }
    // Out and in again is another one; the file has the older.
    let export = world.hosting.export(&OwnerFilter::Parent).await.unwrap();
    let (_, exported) = export.end().await;
    for is_in in [false, true] {
        world.hosting.sign_in(id(1), ADA, is_in).await.unwrap();
    }
    let refused = world.hosting.remove_exported(&exported).await;
    assert!(matches!(refused, Err(RgsError::SignedSince { .. })), "{refused:?}");

    let export = world.hosting.export(&OwnerFilter::Parent).await.unwrap();
    let (whole, exported) = export.end().await;
    assert_eq!(whole.sign_ins.len(), 1);
    world.hosting.remove_exported(&exported).await.unwrap();
    assert_eq!(world.all().await, Configuration::default());
}

#[tokio::test]
async fn a_guest_leaves_with_its_settings_and_the_host_keeps_its_own() {
    let world = World::of(BACKUP).await;
    let settings = ServiceSettings { disable_call_context: true, ..ServiceSettings::default() };
    let guest = Configuration {
        objects: vec![Object::from(group(1, "Support"))],
        settings: BTreeMap::from([
            (PRIMARY.to_owned(), settings.clone()),
            (BACKUP.to_owned(), settings.clone()),
        ]),
        ..Configuration::default()
    };
    world.import(&guest, &mut Contents::default()).await.unwrap();
    let of = OwnerFilter::Of(PRIMARY.to_owned());
    let export = world.hosting.export(&of).await.unwrap();
    assert_eq!(export.configuration().settings.len(), 1);
    let (_, exported) = export.end().await;
    world.hosting.remove_exported(&exported).await.unwrap();
    let all = world.all().await;
    assert_eq!(all.objects, []);
    assert_eq!(all.settings, BTreeMap::from([(BACKUP.to_owned(), settings)]));
}

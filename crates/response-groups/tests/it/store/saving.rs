//! Saving and removing one object: what is kept, what is refused, and who may.

use response_groups::model::{AgentGroup, Kind, Workflow};
use response_groups::store::{RgsError, Save};

use super::world::{BACKUP, World, group, id, queue, to_queue, workflow};

#[tokio::test]
async fn what_is_saved_is_read_as_it_was() {
    let world = World::new().await;
    let one = AgentGroup {
        description: Some("day and night".to_owned()),
        agents_by_uri: vec!["sip:ken@contoso.com".to_owned(), "sip:ana@contoso.com".to_owned()],
        ..group(1, "Support")
    };
    world.add(one.clone()).await.unwrap();
    assert_eq!(world.hosting.get(Kind::AgentGroup, one.id).await.unwrap(), one.clone().into());
    let two = AgentGroup { agent_alert_time: 33, agents_by_uri: Vec::new(), ..one };
    world.change(two.clone()).await.unwrap();
    assert_eq!(world.hosting.get(Kind::AgentGroup, two.id).await.unwrap(), two.into());
    world.hosting.remove(Kind::AgentGroup, id(1)).await.unwrap();
    let missing = world.hosting.get(Kind::AgentGroup, id(1)).await;
    assert!(matches!(missing, Err(RgsError::Missing { .. })), "{missing:?}");
    let missing = world.hosting.remove(Kind::AgentGroup, id(1)).await;
    assert!(matches!(missing, Err(RgsError::Missing { .. })), "{missing:?}");
}

#[tokio::test]
async fn names_are_unique_per_kind_whatever_their_case() {
    let world = World::new().await;
    world.add(group(1, "Süd")).await.unwrap();
    let taken = world.add(group(2, "SÜD")).await.unwrap_err();
    let RgsError::NameTaken { kind: Kind::AgentGroup, id: by, .. } = &taken else {
        panic!("{taken:?}");
    };
    assert_eq!(*by, id(1), "{taken}");
    world.add(queue(2, "SÜD", &[])).await.unwrap();
    world.add(group(3, "Nord")).await.unwrap();
    let taken = world.change(group(3, "süd")).await;
    assert!(matches!(taken, Err(RgsError::NameTaken { .. })), "{taken:?}");
    world.change(group(1, "SÜd")).await.unwrap();
    let exists = world.add(group(1, "West")).await;
    assert!(matches!(exists, Err(RgsError::Exists { .. })), "{exists:?}");
    let missing = world.change(group(9, "West")).await;
    assert!(matches!(missing, Err(RgsError::Missing { .. })), "{missing:?}");
    world.add(workflow(1, "One", None)).await.unwrap();
    let primary_uri = "SIP:workflow1@CONTOSO.com".to_owned();
    let taken = world.add(Workflow { primary_uri, ..workflow(2, "Two", None) }).await;
    assert!(matches!(taken, Err(RgsError::UriTaken { .. })), "{taken:?}");
    assert_eq!(world.named().await, ["Nord", "SÜd", "SÜD", "One"]);
}

#[tokio::test]
async fn what_is_not_acceptable_is_refused_and_nothing_is_changed() {
    let world = World::new().await;
    let refused = world.add(AgentGroup { agent_alert_time: 1, ..group(1, "Support") }).await;
    let Err(RgsError::Refused(complaints)) = &refused else { panic!("{refused:?}") };
    assert_eq!(complaints[0].field, "AgentAlertTime");
    let managed = Workflow {
        managed: true,
        managers_by_uri: vec!["sip:ana@contoso.com".to_owned()],
        ..workflow(1, "Help", None)
    };
    let refused = world.add(managed.clone()).await;
    assert!(matches!(refused, Err(RgsError::Refused(_))), "{refused:?}");
    world.add(queue(1, "Help", &[])).await.unwrap();
    let active = Workflow { active: true, default_action: Some(to_queue(1)), ..managed };
    world.add(active.clone()).await.unwrap();
    world.change(Workflow { active: false, ..active }).await.unwrap();
    assert_eq!(world.hosting.standing(super::world::PRIMARY).await.unwrap().revision, 3);
}

#[tokio::test]
async fn an_object_keeps_its_owner_and_only_its_editor_changes_it() {
    let world = World::new().await;
    world.add(group(1, "Support")).await.unwrap();
    let stranger = AgentGroup { owner: BACKUP.to_owned(), ..group(2, "Desk") };
    let refused = world.add(stranger).await;
    assert!(matches!(refused, Err(RgsError::NotEditor { .. })), "{refused:?}");
    world.hosting.claim(BACKUP, 1).await.unwrap();
    let given = AgentGroup { owner: BACKUP.to_owned(), ..group(1, "Support") };
    let refused = world.change(given).await;
    assert!(matches!(refused, Err(RgsError::OtherOwner { .. })), "{refused:?}");
    world.hosting.yield_to(super::world::PRIMARY, 1).await.unwrap();
    let refused = world.change(group(1, "Help")).await;
    assert!(matches!(refused, Err(RgsError::NotEditor { .. })), "{refused:?}");
    let refused = world.hosting.remove(Kind::AgentGroup, id(1)).await;
    assert!(matches!(refused, Err(RgsError::NotEditor { .. })), "{refused:?}");
    assert_eq!(world.named().await, ["Support"]);
}

#[tokio::test]
async fn an_old_term_takes_no_change_and_a_new_one_goes_on() {
    let world = World::new().await;
    world.add(group(1, "one")).await.unwrap();
    let sql = world.sql().await;
    sql.batch_execute("update recovery.term set turn = 2").await.unwrap();
    let refused = world.add(group(2, "two")).await;
    assert!(matches!(refused, Err(RgsError::Away { .. })), "{refused:?}");
    world.primary.send_modify(|it| it.as_mut().unwrap().turn = 2);
    world.add(group(3, "three")).await.unwrap();
    assert_eq!(world.named().await, ["one", "three"]);
}

#[tokio::test]
async fn changes_are_made_one_after_the_other() {
    let world = World::new().await;
    let save = async |number: u128| {
        let object = group(number, "the same name").into();
        world.hosting.save(&object, Save::New).await
    };
    let (one, two, three) = tokio::join!(save(1), save(2), save(3));
    let made = [one, two, three].into_iter().flatten().count();
    assert_eq!(made, 1);
    assert_eq!(world.hosting.names().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_rehearsal_is_refused_where_the_act_would_be_and_changes_nothing() {
    let world = World::new().await;
    let (new, change) = (Save::New, Save::Change);
    world.add(group(1, "Support")).await.unwrap();
    world.add(queue(2, "Help", &[1])).await.unwrap();
    let before = world.all().await;
    let hosting = world.hosting.rehearsing();
    hosting.save(&group(3, "Sales").into(), new).await.unwrap();
    hosting.save(&group(1, "Service").into(), change).await.unwrap();
    hosting.remove(Kind::Queue, id(2)).await.unwrap();

    let unacceptable = AgentGroup { agent_alert_time: 1, ..group(3, "Sales") };
    let refused = hosting.save(&unacceptable.into(), new).await;
    assert!(matches!(refused, Err(RgsError::Refused(_))), "{refused:?}");
    let taken = hosting.save(&group(3, "support").into(), new).await;
    assert!(matches!(taken, Err(RgsError::NameTaken { .. })), "{taken:?}");
    let torn = hosting.save(&queue(3, "Torn", &[9]).into(), new).await;
    assert!(torn.is_err(), "it refers to nothing");
    let in_use = hosting.remove(Kind::AgentGroup, id(1)).await;
    assert!(matches!(in_use, Err(RgsError::InUse { .. })), "{in_use:?}");
    assert_eq!(world.all().await, before);
}

#[tokio::test]
async fn a_number_that_two_workflows_have_is_told() {
    let world = World::new().await;
    let calls = |number: u128, name: &str, line_uri: &str| Workflow {
        line_uri: Some(line_uri.to_owned()),
        ..workflow(number, name, None)
    };
    let first = calls(1, "Help", "tel:+4989123000");
    world.add(first.clone()).await.unwrap();
    let second = calls(2, "Sales", "TEL:+4989123000").into();
    assert_eq!(world.hosting.sharing_number(&second).await.unwrap(), ["Help"]);
    let other = calls(2, "Sales", "tel:+4989123001").into();
    for unlike in [first.into(), other, group(3, "Support").into()] {
        assert!(world.hosting.sharing_number(&unlike).await.unwrap().is_empty());
    }
}

//! Formal agents: only they sign in, and they stay only while they are agents.

use response_groups::import::{Existing, Plan};
use response_groups::model::{AgentGroup, ParticipationPolicy};
use response_groups::store::{NoAudio, RgsError};

use super::world::{BACKUP, NoPlan, PRIMARY, World, group, id};

fn formal(agents: &[&str]) -> AgentGroup {
    AgentGroup {
        participation_policy: ParticipationPolicy::Formal,
        agents_by_uri: agents.iter().map(|it| format!("sip:{it}@contoso.com")).collect(),
        ..group(1, "Support")
    }
}

#[tokio::test]
async fn only_listed_agents_of_formal_groups_sign_in() {
    let world = World::new().await;
    world.add(formal(&["ken", "ana"])).await.unwrap();
    world.add(group(2, "Informal")).await.unwrap();
    let sign_in = async |group, agent: &str, is_in| {
        let agent = format!("sip:{agent}@contoso.com");
        world.hosting.sign_in(id(group), &agent, is_in).await
    };
    let signed_in = async || {
        let all = world.hosting.sign_ins(PRIMARY).await.unwrap();
        all.into_iter().map(|it| it.agent).collect::<Vec<_>>()
    };
    sign_in(1, "Ken", true).await.unwrap();
    let revision = world.hosting.standing(PRIMARY).await.unwrap().revision;
    sign_in(1, "ken", true).await.unwrap();
    assert_eq!(world.hosting.standing(PRIMARY).await.unwrap().revision, revision);
    sign_in(1, "ana", true).await.unwrap();
    for (group, agent) in [(1, "eve"), (2, "ken")] {
        let refused = sign_in(group, agent, true).await;
        assert!(matches!(refused, Err(RgsError::Refused(_))), "{refused:?}");
    }
    let missing = sign_in(3, "ken", true).await;
    assert!(matches!(missing, Err(RgsError::Missing { .. })), "{missing:?}");
    assert_eq!(signed_in().await, ["sip:ana@contoso.com", "sip:ken@contoso.com"]);
    world.change(formal(&["ken"])).await.unwrap();
    assert_eq!(signed_in().await, ["sip:ken@contoso.com"]);
    let named = world.hosting.all_sign_ins().await.unwrap();
    assert!(matches!(&named[..], [(it, name)] if it.group == id(1) && name == "Support"));
    sign_in(1, "ken", false).await.unwrap();
    sign_in(1, "ken", false).await.unwrap();
    assert!(signed_in().await.is_empty());
    sign_in(1, "ken", true).await.unwrap();
    let participation_policy = ParticipationPolicy::Informal;
    world.change(AgentGroup { participation_policy, ..formal(&["ken"]) }).await.unwrap();
    assert!(signed_in().await.is_empty());
    // Where another pool stands in, no call arrives.
    world.hosting.close(PRIMARY).await.unwrap();
    for on in [true, false] {
        let refused = sign_in(1, "ken", on).await;
        assert!(matches!(refused, Err(RgsError::NotEditor { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn who_signed_out_where_the_calls_were_taken_is_signed_out_here() {
    let world = World::new().await;
    world.add(formal(&["ken", "ana"])).await.unwrap();
    let visiting = AgentGroup { owner: BACKUP.to_owned(), ..formal(&["ken"]) };
    let visiting = AgentGroup { id: id(2), name: "Guests".to_owned(), ..visiting };
    let plan = Plan { write: vec![visiting.into()], ..Plan::default() };
    let import = async |plan: Plan| {
        let make = |_: &Existing| Ok::<_, NoPlan>(plan);
        world.hosting.import(Vec::new(), make, &mut NoAudio).await.unwrap();
    };
    import(plan).await;
    world.hosting.take_over(BACKUP).await.unwrap();
    for (group, agent) in [(1, "ken"), (1, "ana"), (2, "ken")] {
        let agent = format!("sip:{agent}@contoso.com");
        world.hosting.sign_in(id(group), &agent, true).await.unwrap();
    }
    let before = world.all().await.sign_ins;
    let [ana, ken, guest] = before.as_slice() else { panic!("{before:?}") };

    let stays = vec![ken.clone()];
    let plan = Plan { sign_ins: stays.clone(), ..Plan::default() };
    import(plan.clone()).await;
    assert_eq!(world.all().await.sign_ins, before, "{ana:?} stays beside who comes in");
    import(Plan { sign_out_of: Some(PRIMARY.to_owned()), ..plan }).await;
    assert_eq!(world.all().await.sign_ins, [ken.clone(), guest.clone()]);
    assert_eq!(world.hosting.sign_ins(PRIMARY).await.unwrap(), stays);
}

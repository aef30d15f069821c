//! What comes home beside what was changed at home unheard: an object is as the one has it that
//! changed it, and nothing that was changed is overwritten without being named.

use std::collections::BTreeMap;

use proptest::prelude::*;
use response_groups::configuration::Configuration;
use response_groups::import::{Fate, Homecoming, Unheard};
use response_groups::model::{AgentGroup, Object, ParticipationPolicy, SignIn};
use uuid::Uuid;

use crate::testing::cases;

/// A group by its number; another `at` is another content, none is no group.
fn group(number: u128, at: u16) -> Object {
    let owner = "primary.contoso.com";
    let it = AgentGroup::new(Uuid::from_u128(number), owner, format!("Group {number}"));
    AgentGroup { agent_alert_time: 10 + at, ..it }.into()
}

fn whole(contents: impl Iterator<Item = Option<u16>>) -> Configuration {
    let objects = (1..).zip(contents).filter_map(|(number, at)| Some(group(number, at?)));
    Configuration { objects: objects.collect(), ..Configuration::default() }
}

/// What becomes of one group, as it is in the base, at the other pool and at home.
fn alone(base: Option<u16>, there: Option<u16>, home: Option<u16>) -> (Option<u16>, Vec<Fate>) {
    let of = |it: Option<u16>| whole(std::iter::once(it));
    let came = Homecoming::of(&of(base), &of(there), &of(home));
    let at = |at: &u16| came.configuration.objects == [group(1, *at)];
    let found = (0..4).find(at);
    assert_eq!(came.configuration.objects.len(), usize::from(found.is_some()));
    (found, came.met.into_keys().collect())
}

#[test]
fn each_way_in_which_one_object_may_come_home() {
    let (base, one, two) = (Some(0), Some(1), Some(2));
    for (there, home, came, fate) in [
        (base, base, base, None),
        (one, base, one, None),
        (base, one, one, Some(Fate::Stays)),
        (one, one, one, None),
        (one, two, one, Some(Fate::PutAside)),
        (None, base, None, None),
        (None, one, None, Some(Fate::RemovedThere)),
        (base, None, base, Some(Fate::ThereAgain)),
        (one, None, one, Some(Fate::ThereAgain)),
        (None, None, None, None),
    ] {
        let expected = (came, fate.into_iter().collect());
        assert_eq!(alone(base, there, home), expected, "{there:?} {home:?}");
    }
    assert_eq!(alone(None, one, None), (one, vec![]));
    assert_eq!(alone(None, None, one), (None, vec![Fate::MadeAtHome]));
    assert_eq!(alone(None, one, two), (one, vec![Fate::PutAside]));
}

/// A formal group of these agents, of whom some are signed in.
fn formal(agents: &[&str], signed_in: &[&str]) -> Configuration {
    let uri = |agent: &&str| format!("sip:{agent}@contoso.com");
    let mut configuration = whole(std::iter::once(Some(0)));
    let Object::AgentGroup(group) = &mut configuration.objects[0] else { unreachable!() };
    group.participation_policy = ParticipationPolicy::Formal;
    group.agents_by_uri = agents.iter().map(uri).collect();
    let since = jiff::Timestamp::UNIX_EPOCH;
    let sign_in = |agent| SignIn { group: group.id, agent: uri(agent), since };
    configuration.sign_ins = signed_in.iter().map(sign_in).collect();
    configuration
}

/// Who of the one group is signed in.
fn signed_in(configuration: &Configuration) -> Vec<&str> {
    let agents = configuration.sign_ins.iter();
    agents.map(|it| it.agent[4..].split('@').next().unwrap()).collect()
}

#[test]
fn who_signed_in_or_out_at_one_pool_only_is_as_at_that_one() {
    let with = |agents: &[&str]| formal(&["ann", "bo", "cy", "dan", "eve", "fay"], agents);
    let base = with(&["ann", "bo", "cy"]);
    let there = with(&["bo", "cy", "eve", "fay"]);
    let home = with(&["Ann", "cy", "dan", "fay"]);
    let came = Homecoming::of(&base, &there, &home);
    let here = signed_in(&came.configuration);
    assert_eq!(here, ["cy", "dan", "eve", "fay"], "ann went there, bo and dan at home");
    assert_eq!(came.agents.signed_in, ["sip:dan@contoso.com (\"Group 1\")"]);
    assert_eq!(came.agents.signed_out, ["sip:bo@contoso.com (\"Group 1\")"]);

    let burnt = Configuration::default();
    let came = Homecoming::of(&base, &there, &burnt);
    assert_eq!(signed_in(&came.configuration), ["bo", "cy", "eve", "fay"], "as there");
    assert_eq!(came.agents, Unheard::default());

    let removed = Configuration::default();
    let came = Homecoming::of(&base, &removed, &home);
    assert_eq!(came.configuration.sign_ins, [], "nobody is in a group that is gone");
}

#[test]
fn whoever_the_other_pool_lets_sign_in_no_more_is_named() {
    let base = formal(&["ann", "bo"], &["bo"]);
    // Each takes out whom the other has signed in.
    let there = formal(&["bo", "cy"], &["bo", "cy"]);
    let home = formal(&["ann", "bo"], &["ann", "bo"]);
    let came = Homecoming::of(&base, &there, &home);
    assert_eq!(signed_in(&came.configuration), ["bo", "cy"]);
    assert_eq!(came.agents.no_agents, ["sip:ann@contoso.com (\"Group 1\")"]);
    assert_eq!(came.agents.signed_in, [""; 0], "she is not");

    let base = formal(&["ann", "bo"], &[]);
    let there = formal(&["ann", "bo"], &["ann", "bo"]);
    let home = formal(&["bo"], &["bo"]);
    let came = Homecoming::of(&base, &there, &home);
    assert_eq!(signed_in(&came.configuration), ["bo"]);
    assert_eq!(came.agents.no_agents, ["sip:ann@contoso.com (\"Group 1\")"]);
}

#[test]
fn a_number_that_a_clash_gave_is_no_change() {
    let base = whole([Some(0), Some(0)].into_iter());
    let mut there = base.clone();
    for object in &mut there.objects {
        object.owner_and_name().1.push_str(" (2)");
    }
    let home = whole([Some(1), Some(0)].into_iter());
    let came = Homecoming::of(&base, &there, &home);
    assert_eq!(came.configuration.objects, home.objects, "under their own names");
    assert!(came.met.keys().eq([&Fate::Stays]));
    let aside = Homecoming::with_all_aside(&base, &there, &home);
    assert_eq!(aside.configuration.objects[0], there.objects[0]);
    assert!(aside.met.keys().eq([&Fate::PutAside]));
}

proptest! {
    #![proptest_config(cases(300))]

    /// Whatever was changed at home is at home afterwards, or is named.
    #[test]
    fn nothing_that_was_changed_at_home_goes_unnamed(
        all in prop::collection::vec((any_content(), any_content(), any_content()), 0..12),
        keeps in any::<bool>(),
    ) {
        let base = whole(all.iter().map(|it| it.0));
        let there = whole(all.iter().map(|it| it.1));
        let home = whole(all.iter().map(|it| it.2));
        let meeting = if keeps { Homecoming::of } else { Homecoming::with_all_aside };
        let came = meeting(&base, &there, &home);
        let by_id = |whole: &Configuration| -> BTreeMap<Uuid, Object> {
            whole.objects.iter().map(|it| (it.id(), it.clone())).collect()
        };
        let (given, coming) = (by_id(&base), by_id(&came.configuration));
        for mine in &home.objects {
            let unheard = given.get(&mine.id()) != Some(mine);
            let is_named = came.met.values().flatten().any(|(_, name)| name == mine.name());
            let is_kept = coming.get(&mine.id()) == Some(mine);
            prop_assert!(!unheard || is_named || is_kept, "{mine:?}");
        }
        // What the other pool changed is always in force.
        for (id, object) in by_id(&there) {
            if given.get(&id) != Some(&object) {
                prop_assert_eq!(coming.get(&id), Some(&object));
            }
        }
    }
}

fn any_content() -> impl Strategy<Value = Option<u16>> {
    prop::option::of(0_u16..3)
}

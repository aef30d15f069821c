//! Who is signed in when what two pools have of an owner meets: three ways, agent by agent.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::configuration::Configuration;
use crate::model::{AgentGroup, Object, SignIn};

/// How many agents one line names.
const NAMED_IN_A_LINE: usize = 50;

/// The agents who had signed in or out at one pool only, each with the group's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unheard {
    /// At home, and they stay so.
    pub signed_in: Vec<String>,
    /// At home, and they stay so.
    pub signed_out: Vec<String>,
    /// At either; and by what the other pool made of the group they are none of its agents, or
    /// nobody signs in to it.
    pub no_agents: Vec<String>,
}

impl Unheard {
    /// Names all of them.
    pub fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        for (agents, what) in [
            (&self.signed_in, "Signed in at home only, unheard, and kept so"),
            (&self.signed_out, "Signed out at home only, unheard, and kept so"),
            (
                &self.no_agents,
                "Signed in at one pool only, and signed out, as the other pool's change of the \
                 group does not let them sign in",
            ),
        ] {
            for some in agents.chunks(NAMED_IN_A_LINE) {
                told.push(format!("{what}: {}.", some.join(", ")));
            }
        }
        told
    }
}

/// Agent groups by their identity.
pub type Groups<'a> = BTreeMap<Uuid, &'a AgentGroup>;

/// The agent groups among `objects`.
pub fn agent_groups<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Groups<'a> {
    let mut groups = Groups::new();
    for object in objects {
        if let Object::AgentGroup(group) = object {
            groups.insert(group.id, group);
        }
    }
    groups
}

/// Who is signed in to the groups that there are `afterwards`. Whoever has signed in or out at one
/// pool only since `base` is as at that one; one who did at both did the same. Where `home` has not
/// the group, because it burnt or somebody removed it there, nobody has signed out of it.
pub fn meet_sign_ins(
    base: &Configuration,
    there: &Configuration,
    home: &Configuration,
    afterwards: &Groups<'_>,
) -> (Vec<SignIn>, Unheard) {
    let [given, coming, own] = [base, there, home].map(signed_in);
    let all: BTreeSet<_> = coming.keys().chain(own.keys()).cloned().collect();
    let at_home = agent_groups(&home.objects);
    let (mut sign_ins, mut named) = (Vec::new(), Unheard::default());
    for who in all {
        let Some(group) = afterwards.get(&who.0) else { continue };
        let was = given.contains_key(&who);
        let unheard = at_home.contains_key(&who.0)
            && own.contains_key(&who) != was
            && coming.contains_key(&who) == was;
        let found = if unheard { own.get(&who) } else { coming.get(&who) };
        let name = format!("{} ({:?})", who.1, group.name);
        match found {
            Some(found) if group.lets_sign_in(&who.1) => {
                sign_ins.push((*found).clone());
                if unheard {
                    named.signed_in.push(name);
                }
            }
            Some(_) => named.no_agents.push(name),
            None if unheard => named.signed_out.push(name),
            None => {}
        }
    }
    (sign_ins, named)
}

/// Who is signed in to which group.
fn signed_in(whole: &Configuration) -> BTreeMap<(Uuid, String), &SignIn> {
    whole.sign_ins.iter().map(|it| ((it.group, it.agent.to_lowercase()), it)).collect()
}

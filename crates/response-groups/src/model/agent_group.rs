//! Agent groups: who answers, and who is offered a call first.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who answers calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AgentGroup {
    /// Made once; the same in every copy.
    #[serde(rename = "ID")]
    pub id: Uuid,
    /// The pool that it belongs to.
    pub owner: String,
    /// Unique among agent groups.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether agents must sign in to the group.
    pub participation_policy: ParticipationPolicy,
    /// How long an agent is alerted, in seconds.
    pub agent_alert_time: u16,
    /// Who is offered a call.
    pub routing_method: RoutingMethod,
    /// A distribution list whose members are the agents; else [`Self::agents_by_uri`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution_group_address: Option<String>,
    /// The agents' SIP addresses, in order.
    #[serde(rename = "AgentsByUri", default)]
    pub agents_by_uri: Vec<String>,
}

/// Whether agents must sign in to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ParticipationPolicy {
    /// They are in it as soon as their client is signed in.
    Informal,
    /// They sign in to it.
    Formal,
}

/// Who of a group is offered a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RoutingMethod {
    /// Who has been free the longest.
    LongestIdle,
    /// The next in the list's order.
    RoundRobin,
    /// Always from the top of the list.
    Serial,
    /// All who are free, at once.
    Parallel,
    /// All who are signed in, at once, whatever they do.
    Attendant,
}

impl AgentGroup {
    /// How long an agent is alerted unless told otherwise, in seconds.
    pub const AGENT_ALERT_TIME: u16 = 20;

    /// A group with the original's defaults and nobody in it.
    pub fn new(id: Uuid, owner: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id,
            owner: owner.into(),
            name: name.into(),
            description: None,
            participation_policy: ParticipationPolicy::Informal,
            agent_alert_time: Self::AGENT_ALERT_TIME,
            routing_method: RoutingMethod::Parallel,
            distribution_group_address: None,
            agents_by_uri: Vec::new(),
        }
    }

    /// Whether `agent`, a SIP address, may sign in: to a formal group, as one of its agents. Of a
    /// distribution list nobody here knows the members; every address may.
    pub fn lets_sign_in(&self, agent: &str) -> bool {
        let is = |uri: &String| uri.to_lowercase() == agent.to_lowercase();
        self.participation_policy == ParticipationPolicy::Formal
            && (self.distribution_group_address.is_some() || self.agents_by_uri.iter().any(is))
    }
}

impl ParticipationPolicy {
    /// Every policy.
    pub const ALL: [Self; 2] = [Self::Informal, Self::Formal];

    /// The original's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Informal => "Informal",
            Self::Formal => "Formal",
        }
    }
}

impl RoutingMethod {
    /// Every method.
    pub const ALL: [Self; 5] =
        [Self::LongestIdle, Self::RoundRobin, Self::Serial, Self::Parallel, Self::Attendant];

    /// The original's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::LongestIdle => "LongestIdle",
            Self::RoundRobin => "RoundRobin",
            Self::Serial => "Serial",
            Self::Parallel => "Parallel",
            Self::Attendant => "Attendant",
        }
    }
}

/// A formal agent who is signed in to a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignIn {
    /// The group.
    #[serde(rename = "AgentGroupID")]
    pub group: Uuid,
    /// The agent's SIP address.
    pub agent: String,
    /// When the agent signed in.
    pub since: jiff::Timestamp,
}

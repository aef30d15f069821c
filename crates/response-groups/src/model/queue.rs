//! Queues: where calls wait for agents.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::CallAction;

/// Where calls wait for agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Queue {
    /// Made once; the same in every copy.
    #[serde(rename = "ID")]
    pub id: Uuid,
    /// The pool that it belongs to.
    pub owner: String,
    /// Unique among queues.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is done with a call that has waited too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_action: Option<CallAction>,
    /// What is done when too many wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow_action: Option<CallAction>,
    /// How long a call may wait, in seconds; for ever if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_threshold: Option<i32>,
    /// How many calls may wait; any number if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow_threshold: Option<i16>,
    /// The call that the overflow action is for.
    pub overflow_candidate: OverflowCandidate,
    /// Searched for an agent in this order.
    #[serde(rename = "AgentGroupIDList", default)]
    pub agent_groups: Vec<Uuid>,
}

/// The call that an overflow action is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OverflowCandidate {
    /// The one that has just come.
    NewestCall,
    /// The one that has waited longest.
    OldestCall,
}

impl Queue {
    /// A queue with the original's defaults and no agent group.
    pub fn new(id: Uuid, owner: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id,
            owner: owner.into(),
            name: name.into(),
            description: None,
            timeout_action: None,
            overflow_action: None,
            timeout_threshold: None,
            overflow_threshold: None,
            overflow_candidate: OverflowCandidate::NewestCall,
            agent_groups: Vec::new(),
        }
    }

    /// The actions of the queue that are there.
    pub fn actions(&self) -> impl Iterator<Item = &CallAction> {
        [&self.timeout_action, &self.overflow_action].into_iter().flatten()
    }
}

impl OverflowCandidate {
    /// Both.
    pub const ALL: [Self; 2] = [Self::NewestCall, Self::OldestCall];

    /// The original's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewestCall => "NewestCall",
            Self::OldestCall => "OldestCall",
        }
    }
}

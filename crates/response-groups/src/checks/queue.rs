//! What makes a queue acceptable.

use super::action::{self, Place};
use super::{AGENT_GROUPS_MAX, Complaints, OVERFLOW_THRESHOLD, TIMEOUT_THRESHOLD, text};
use crate::model::Queue;

pub(super) fn check(found: &mut Complaints, it: &Queue) {
    text::description(found, it.description.as_deref());
    if let Some(seconds) = it.timeout_threshold
        && !TIMEOUT_THRESHOLD.contains(&seconds)
    {
        let (least, most) = (TIMEOUT_THRESHOLD.start(), TIMEOUT_THRESHOLD.end());
        let remedy = format!("give seconds from {least} to {most}, or none for ever");
        found.add("TimeoutThreshold", format!("a call cannot wait {seconds} seconds"), remedy);
    }
    if let Some(calls) = it.overflow_threshold
        && !OVERFLOW_THRESHOLD.contains(&calls)
    {
        let (least, most) = (OVERFLOW_THRESHOLD.start(), OVERFLOW_THRESHOLD.end());
        let remedy = format!("give a number from {least} to {most}, or none for any number");
        found.add("OverflowThreshold", format!("{calls} calls cannot be the limit"), remedy);
    }
    action::check(found, Place::Queue, "TimeoutAction", it.timeout_action.as_ref());
    action::check(found, Place::Queue, "OverflowAction", it.overflow_action.as_ref());
    if text::count(found, "AgentGroupIDList", it.agent_groups.len(), AGENT_GROUPS_MAX) {
        text::once(found, "AgentGroupIDList", it.agent_groups.iter());
    }
}

//! What makes an agent group acceptable.

use super::{AGENTS_MAX, ALERT_TIME, Complaints, text};
use crate::model::AgentGroup;

pub(super) fn check(found: &mut Complaints, it: &AgentGroup) {
    text::description(found, it.description.as_deref());
    let time = it.agent_alert_time;
    if !ALERT_TIME.contains(&time) {
        let what = format!("an agent cannot be alerted for {time} seconds");
        let (least, most) = (ALERT_TIME.start(), ALERT_TIME.end());
        found.add("AgentAlertTime", what, format!("give from {least} to {most}"));
    }
    text::sip_list(found, "AgentsByUri", &it.agents_by_uri, AGENTS_MAX);
    let Some(address) = &it.distribution_group_address else { return };
    if !text::is_address(address) {
        let what = format!("{} is not an e-mail address", text::shown(address));
        found.add("DistributionGroupAddress", what, "write it as list@domain");
    }
    if !it.agents_by_uri.is_empty() {
        let what = "there are agents in AgentsByUri, too";
        found.add("DistributionGroupAddress", what, "give one of the two");
    }
}

//! What objects refer to: other objects, and audio files.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{CallAction, Kind, Object, Queue, Workflow};

impl Object {
    /// The objects that it names. Identities are unique within a kind only.
    pub fn references(&self) -> BTreeSet<(Kind, Uuid)> {
        let queues = self.actions().flat_map(CallAction::all).filter_map(|it| it.queue);
        let mut named: BTreeSet<_> = queues.map(|id| (Kind::Queue, id)).collect();
        match self {
            Self::Workflow(it) => {
                named.extend(it.business_hours.map(|id| (Kind::HoursOfBusiness, id)));
                named.extend(it.holiday_sets.iter().map(|id| (Kind::HolidaySet, *id)));
            }
            Self::Queue(it) => {
                named.extend(it.agent_groups.iter().map(|id| (Kind::AgentGroup, *id)));
            }
            Self::AgentGroup(_) | Self::HoursOfBusiness(_) | Self::HolidaySet(_) => {}
        }
        named
    }

    /// The audio files that it plays.
    pub fn audio(&self) -> BTreeSet<Uuid> {
        let played = self.actions().flat_map(CallAction::all).flat_map(CallAction::audio);
        let mut files: BTreeSet<_> = played.map(|it| it.id).collect();
        if let Self::Workflow(it) = self {
            files.extend(it.custom_music_on_hold_file.as_ref().map(|it| it.id));
        }
        files
    }

    /// The actions with which something begins.
    fn actions(&self) -> impl Iterator<Item = &CallAction> {
        let (workflow, queue) = match self {
            Self::Workflow(it) => (Some(it), None),
            Self::Queue(it) => (None, Some(it)),
            Self::AgentGroup(_) | Self::HoursOfBusiness(_) | Self::HolidaySet(_) => (None, None),
        };
        let of_workflow = workflow.into_iter().flat_map(Workflow::actions);
        of_workflow.chain(queue.into_iter().flat_map(Queue::actions))
    }
}

//! What objects refer to: gathered, looked at, and kept as rows with foreign keys.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::RgsError;
use super::change::Change;
use super::lease::Lease;
use super::table;
use crate::checks::Complaint;
use crate::model::{AudioRef, CallAction, Kind, Object, ServiceSettings};

/// How many broken references are told of.
const COMPLAINTS_MAX: usize = 20;

/// What is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    AgentGroups,
    Hours,
    HolidaySets,
    Transfer,
    Audio,
}

impl Target {
    const ALL: [Self; 5] =
        [Self::AgentGroups, Self::Hours, Self::HolidaySets, Self::Transfer, Self::Audio];

    /// The table of what is referred to.
    fn table(self) -> &'static str {
        match self {
            Self::AgentGroups => table::of(Kind::AgentGroup).name,
            Self::Hours => table::of(Kind::HoursOfBusiness).name,
            Self::HolidaySets => table::of(Kind::HolidaySet).name,
            Self::Transfer => table::of(Kind::Queue).name,
            Self::Audio => "audio",
        }
    }

    /// What people call it.
    fn words(self) -> &'static str {
        match self {
            Self::AgentGroups => "agent group",
            Self::Hours => "hours of business",
            Self::HolidaySets => "holiday set",
            Self::Transfer => "queue",
            Self::Audio => "audio file",
        }
    }

    /// The field that refers.
    fn field(self) -> &'static str {
        match self {
            Self::AgentGroups => "AgentGroupIDList",
            Self::Hours => "BusinessHoursID",
            Self::HolidaySets => "HolidaySetIDList",
            Self::Transfer => "QueueID",
            Self::Audio => "AudioFile",
        }
    }

    /// Makes the rows of the references in `l`.
    fn insert(self) -> &'static str {
        match self {
            Self::AgentGroups => {
                "insert into rgs.queue_agent_group (owner, queue, position, agent_group)
                 select l.owner, l.queue, l.position, l.target from l"
            }
            Self::Hours => {
                "insert into rgs.workflow_hours (owner, workflow, hours, custom)
                 select l.owner, l.workflow, l.target, h.custom
                 from l join rgs.hours_of_business h on h.id = l.target"
            }
            Self::HolidaySets => {
                "insert into rgs.workflow_holiday_set (owner, workflow, position, holiday_set)
                 select l.owner, l.workflow, l.position, l.target from l"
            }
            Self::Transfer => {
                "insert into rgs.transfer (owner, workflow, from_queue, queue)
                 select l.owner, l.workflow, l.queue, l.target from l"
            }
            Self::Audio => {
                "insert into rgs.audio_use (owner, workflow, queue, settings, audio)
                 select l.owner, l.workflow, l.queue, l.settings, l.target from l"
            }
        }
    }
}

/// Who refers.
#[derive(Clone, Copy, Debug)]
enum Source {
    Workflow(Uuid),
    Queue(Uuid),
    Settings,
}

/// One reference.
#[derive(Clone, Debug)]
struct Reference<'a> {
    owner: &'a str,
    source: Source,
    /// For people.
    name: &'a str,
    position: i32,
    target: Uuid,
}

/// References of some objects, or of settings.
#[derive(Debug, Default)]
pub(super) struct References<'a>(BTreeMap<Target, Vec<Reference<'a>>>);

impl<'a> References<'a> {
    pub(super) fn of(objects: &'a [Object]) -> Self {
        let mut all = Self::default();
        for object in objects {
            let (owner, name) = (object.owner(), object.name());
            match object {
                Object::Workflow(it) => {
                    let from = Reference {
                        owner,
                        source: Source::Workflow(it.id),
                        name,
                        position: 1,
                        target: it.id,
                    };
                    all.add(Target::Hours, &from, it.business_hours);
                    all.add(Target::HolidaySets, &from, it.holiday_sets.iter().copied());
                    let music = it.custom_music_on_hold_file.as_ref();
                    all.add_actions(&from, it.actions().collect(), music);
                }
                Object::Queue(it) => {
                    let from = Reference {
                        owner,
                        source: Source::Queue(it.id),
                        name,
                        position: 1,
                        target: it.id,
                    };
                    all.add(Target::AgentGroups, &from, it.agent_groups.iter().copied());
                    all.add_actions(&from, it.actions().collect(), None);
                }
                Object::AgentGroup(_) | Object::HoursOfBusiness(_) | Object::HolidaySet(_) => {}
            }
        }
        all
    }

    pub(super) fn of_settings(owner: &'a str, settings: &ServiceSettings) -> Self {
        let mut all = Self::default();
        let Some(music) = &settings.default_music_on_hold_file else { return all };
        let source = Source::Settings;
        let from = Reference { owner, source, name: owner, position: 1, target: music.id };
        all.add(Target::Audio, &from, [music.id]);
        all
    }

    fn add_actions(
        &mut self,
        from: &Reference<'a>,
        actions: Vec<&CallAction>,
        music: Option<&AudioRef>,
    ) {
        let (mut queues, mut audio) = (BTreeSet::new(), BTreeSet::new());
        audio.extend(music.map(|it| it.id));
        for action in actions.into_iter().flat_map(CallAction::all) {
            queues.extend(action.queue);
            audio.extend(action.audio().map(|it| it.id));
        }
        self.add(Target::Transfer, from, queues);
        self.add(Target::Audio, from, audio);
    }

    fn add(&mut self, target: Target, from: &Reference<'a>, ids: impl IntoIterator<Item = Uuid>) {
        let list = self.0.entry(target).or_default();
        let references = ids.into_iter().zip(1..);
        list.extend(references.map(|(target, position)| Reference {
            position,
            target,
            ..from.clone()
        }));
    }

    /// Complains of what is not there, or belongs to another owner; then makes the rows. Those that
    /// were there before are gone already.
    pub(super) async fn keep(&self, change: &Change) -> Result<(), RgsError> {
        let mut complaints = Vec::new();
        for (target, references) in &self.0 {
            let owners = owners(change, *target, references).await?;
            for reference in references {
                let owner = owners.get(&reference.target).map(String::as_str);
                // Audio files go along with whatever plays them, whoever owns them.
                let fits = match target {
                    Target::Audio => owner.is_some(),
                    _ => owner == Some(reference.owner),
                };
                if !fits && complaints.len() < COMPLAINTS_MAX {
                    complaints.push(reference.complaint(*target, owner));
                }
            }
        }
        if !complaints.is_empty() {
            return Err(RgsError::Refused(complaints));
        }
        for target in Target::ALL {
            if let Some(references) = self.0.get(&target).filter(|it| !it.is_empty()) {
                insert(change, target, references).await?;
            }
        }
        Ok(())
    }
}

impl Reference<'_> {
    fn complaint(&self, target: Target, owner: Option<&str>) -> Complaint {
        let Self { name, target: id, .. } = self;
        let from = match self.source {
            Source::Workflow(_) => format!("the workflow {name:?}"),
            Source::Queue(_) => format!("the queue {name:?}"),
            Source::Settings => format!("the settings of {name}"),
        };
        let words = target.words();
        let (what, remedy) = match owner {
            Some(owner) => (
                format!("{from} names the {words} {id}, which belongs to {owner}"),
                format!("name one of {}", self.owner),
            ),
            None => (
                format!("{from} names the {words} {id}, which is not here"),
                format!("make that one first, or name another {words}"),
            ),
        };
        Complaint { field: target.field(), what, remedy }
    }
}

async fn owners(
    lease: &Lease,
    target: Target,
    references: &[Reference<'_>],
) -> Result<BTreeMap<Uuid, String>, RgsError> {
    let ids: BTreeSet<Uuid> = references.iter().map(|it| it.target).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let sql = format!("select id, owner from rgs.{} where id = any($1)", target.table());
    let rows = lease.rows(&sql, &[&ids]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn insert(
    change: &Change,
    target: Target,
    references: &[Reference<'_>],
) -> Result<(), RgsError> {
    let owners: Vec<&str> = references.iter().map(|it| it.owner).collect();
    let source = |choose: fn(&Source) -> Option<Uuid>| -> Vec<Option<Uuid>> {
        references.iter().map(|it| choose(&it.source)).collect()
    };
    let workflows = source(|it| match it {
        Source::Workflow(id) => Some(*id),
        Source::Queue(_) | Source::Settings => None,
    });
    let queues = source(|it| match it {
        Source::Queue(id) => Some(*id),
        Source::Workflow(_) | Source::Settings => None,
    });
    let settings: Vec<Option<&str>> = references
        .iter()
        .map(|it| matches!(it.source, Source::Settings).then_some(it.owner))
        .collect();
    let positions: Vec<i32> = references.iter().map(|it| it.position).collect();
    let targets: Vec<Uuid> = references.iter().map(|it| it.target).collect();
    let sql = format!(
        "with l as (
           select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[],
             $6::uuid[]) as l (owner, workflow, queue, settings, position, target)
         ) {}",
        target.insert()
    );
    change.execute(&sql, &[&owners, &workflows, &queues, &settings, &positions, &targets]).await?;
    Ok(())
}

/// The workflows and the queues among some objects: those that may refer to others. Identities are
/// unique within a kind only.
#[derive(Clone, Debug, Default)]
pub(super) struct Referrers {
    workflows: Vec<Uuid>,
    queues: Vec<Uuid>,
}

impl Referrers {
    pub(super) fn of(objects: impl IntoIterator<Item = (Kind, Uuid)>) -> Self {
        let mut all = Self::default();
        for (kind, id) in objects {
            match kind {
                Kind::Workflow => all.workflows.push(id),
                Kind::Queue => all.queues.push(id),
                Kind::AgentGroup | Kind::HoursOfBusiness | Kind::HolidaySet => {}
            }
        }
        all
    }

    /// Removes their references.
    pub(super) async fn forget(&self, change: &Change) -> Result<(), RgsError> {
        let sql = "with groups as (delete from rgs.queue_agent_group where queue = any($2)),
                   hours as (delete from rgs.workflow_hours where workflow = any($1)),
                   holidays as (delete from rgs.workflow_holiday_set where workflow = any($1)),
                   one as (delete from rgs.transfer where workflow = any($1)),
                   two as (delete from rgs.transfer where from_queue = any($2)),
                   three as (delete from rgs.audio_use where workflow = any($1))
                   delete from rgs.audio_use where queue = any($2)";
        change.execute(sql, &[&self.workflows, &self.queues]).await?;
        Ok(())
    }
}

/// Those who refer to any of `ids`, all of one kind, and are not about to go themselves.
pub(super) async fn users(
    lease: &Lease,
    kind: Kind,
    ids: &[Uuid],
    going: &Referrers,
) -> Result<Vec<String>, RgsError> {
    let Referrers { workflows, queues } = going;
    let sql = match kind {
        Kind::Workflow => return Ok(Vec::new()),
        Kind::AgentGroup => {
            "select distinct 'the queue', q.name from rgs.queue_agent_group l
             join rgs.queue q on q.id = l.queue
             where l.agent_group = any($1) and q.id <> all($3) order by 1, 2"
        }
        Kind::Queue => {
            "select 'the workflow', w.name from rgs.transfer l
             join rgs.workflow w on w.id = l.workflow
             where l.queue = any($1) and w.id <> all($2)
             union select 'the queue', q.name from rgs.transfer l
             join rgs.queue q on q.id = l.from_queue
             where l.queue = any($1) and q.id <> all($3) order by 1, 2"
        }
        Kind::HoursOfBusiness => {
            "select distinct 'the workflow', w.name from rgs.workflow_hours l
             join rgs.workflow w on w.id = l.workflow
             where l.hours = any($1) and w.id <> all($2) order by 1, 2"
        }
        Kind::HolidaySet => {
            "select distinct 'the workflow', w.name from rgs.workflow_holiday_set l
             join rgs.workflow w on w.id = l.workflow
             where l.holiday_set = any($1) and w.id <> all($2) order by 1, 2"
        }
    };
    let sql = format!("with going as (select $2::uuid[], $3::uuid[]) {sql}");
    let rows = lease.rows(&sql, &[&ids, workflows, queues]).await?;
    let user = |row: &tokio_postgres::Row| {
        let (what, name): (&str, &str) = (row.get(0), row.get(1));
        format!("{what} {name:?}")
    };
    Ok(rows.iter().map(user).collect())
}

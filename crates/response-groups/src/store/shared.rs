//! What must not be shared: hours that are private to a workflow, and the queues and agent groups
//! of a managed one.

use super::RgsError;
use super::lease::Lease;
use crate::checks::Complaint;

/// How many are told of.
const COMPLAINTS_MAX: i64 = 20;

/// Complains of what is shared and must not be.
pub(super) async fn check(lease: &Lease) -> Result<(), RgsError> {
    check_private_hours(lease).await?;
    check_managed(lease).await
}

async fn check_private_hours(lease: &Lease) -> Result<(), RgsError> {
    let sql = "select h.name, array_agg(w.name order by w.name)
               from rgs.workflow_hours l join rgs.hours_of_business h on h.id = l.hours
               join rgs.workflow w on w.id = l.workflow
               where h.custom group by h.id having count(*) > 1 order by 1 limit $1";
    let rows = lease.rows(sql, &[&COMPLAINTS_MAX]).await?;
    let complaint = |row: &tokio_postgres::Row| {
        let (hours, workflows): (&str, Vec<String>) = (row.get(0), row.get(1));
        let what = format!("the private hours {hours:?} are used by {}", workflows.join(" and "));
        let remedy = "give each workflow its own, or set Custom to $false".to_owned();
        Complaint { field: "BusinessHoursID", what, remedy }
    };
    refuse(rows.iter().map(complaint).collect())
}

fn refuse(complaints: Vec<Complaint>) -> Result<(), RgsError> {
    if complaints.is_empty() { Ok(()) } else { Err(RgsError::Refused(complaints)) }
}

/// Complains of queues and agent groups that belong to a managed workflow alone and that another
/// workflow reaches.
async fn check_managed(lease: &Lease) -> Result<(), RgsError> {
    let sql = "with recursive own as (
                 select w.id as workflow, w.name, l.queue
                 from rgs.workflow w join rgs.transfer l on l.workflow = w.id where w.managed
               ),
               reach (workflow, queue) as (
                 select l.workflow, l.queue from rgs.transfer l
                 where l.workflow is not null and exists (select from own)
                 union
                 select r.workflow, l.queue
                 from reach r join rgs.transfer l on l.from_queue = r.queue
               ),
               shared as (
                 select own.name, r.workflow, 'the queue ' || q.name as what
                 from own join reach r on r.queue = own.queue and r.workflow <> own.workflow
                 join rgs.queue q on q.id = own.queue
                 union
                 select own.name, r.workflow, 'the agent group ' || g.name
                 from own join rgs.queue_agent_group mine on mine.queue = own.queue
                 join rgs.queue_agent_group theirs on theirs.agent_group = mine.agent_group
                   and theirs.queue <> mine.queue
                 join reach r on r.queue = theirs.queue and r.workflow <> own.workflow
                 join rgs.agent_group g on g.id = mine.agent_group
               )
               select s.name, s.what, w.name
               from shared s join rgs.workflow w on w.id = s.workflow
               order by 1, 2, 3 limit $1";
    let rows = lease.rows(sql, &[&COMPLAINTS_MAX]).await?;
    let complaint = |row: &tokio_postgres::Row| {
        let (managed, what, other): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
        let what = format!("{what} of the managed workflow {managed:?} is used by {other:?}, too");
        let remedy = "give each workflow its own".to_owned();
        Complaint { field: "Managed", what, remedy }
    };
    refuse(rows.iter().map(complaint).collect())
}

//! Looking at what is there.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::types::Json;
use uuid::Uuid;

use super::lease::Lease;
use super::{Filter, Hosting, Listing, RgsError, looked, table};
use crate::import::{Named, Reference};
use crate::model::{Kind, Object, Workflow, name_key};

impl Hosting {
    /// The objects of a kind that `filter` chooses, and how many more other owners have.
    pub async fn list(&self, kind: Kind, filter: &Filter) -> Result<Listing, RgsError> {
        let lease = self.look().await?;
        let listing = list(&lease, kind, filter, self.parent()).await;
        looked(lease, listing).await
    }

    /// One object, whoever owns it.
    pub async fn get(&self, kind: Kind, id: Uuid) -> Result<Object, RgsError> {
        let owner = super::OwnerFilter::All;
        let filter = Filter { id: Some(id), name: None, owner };
        let listing = self.list(kind, &filter).await?;
        let missing = || RgsError::Missing { what: format!("{kind} {id} at {}", self.parent()) };
        listing.objects.into_iter().next().ok_or_else(missing)
    }

    /// Every object by its name.
    pub async fn names(&self) -> Result<Vec<Named>, RgsError> {
        let lease = self.look().await?;
        let names = names(&lease).await;
        looked(lease, names).await
    }

    /// The names of other workflows that have the telephone number of this one, if it has one.
    pub async fn sharing_number(&self, object: &Object) -> Result<Vec<String>, RgsError> {
        let Object::Workflow(Workflow { id, line_uri: Some(number), .. }) = object else {
            return Ok(Vec::new());
        };
        let lease = self.look().await?;
        let sql = "select name from rgs.workflow where lower(line_uri) = lower($1) and id <> $2
                   order by name limit 3";
        let rows = lease.rows(sql, &[number, id]).await;
        Ok(looked(lease, rows).await?.iter().map(|row| row.get(0)).collect())
    }
}

async fn list(
    lease: &Lease,
    kind: Kind,
    filter: &Filter,
    parent: &str,
) -> Result<Listing, RgsError> {
    const CHOSEN: &str = "($1::uuid is null or it.id = $1)
                          and ($2::text is null or it.name_key = $2)";
    let owner = filter.owner.owner(parent);
    let name = filter.name.as_deref().map(name_key);
    let chosen = format!("{CHOSEN} and ($3::text is null or it.owner = $3)");
    let found = objects(lease, kind, &chosen, &[&filter.id, &name, &owner]).await?;
    let objects = found.into_iter().map(|(_, it)| it).collect();
    let Some(owner) = owner else { return Ok(Listing { objects, hidden: BTreeMap::new() }) };
    let name_of_table = table::of(kind).name;
    let sql = format!(
        "select it.owner, count(*) from rgs.{name_of_table} it
         where {CHOSEN} and it.owner <> $3 group by it.owner"
    );
    let rows = lease.rows(&sql, &[&filter.id, &name, &owner]).await?;
    let count = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let hidden = rows.iter().map(|row| (row.get(0), count(row.get(1)))).collect();
    Ok(Listing { objects, hidden })
}

/// The objects that a condition on `it` chooses, with their versions, by name.
pub(super) async fn objects(
    lease: &Lease,
    kind: Kind,
    chosen: &str,
    values: super::lease::Values<'_>,
) -> Result<Vec<(i64, Object)>, RgsError> {
    let select = table::of(kind).select();
    let sql = format!("{select} where {chosen} order by it.name collate \"C\"");
    let rows = lease.rows(&sql, values).await?;
    let object = |row: tokio_postgres::Row| {
        let Json(value) = row.get(1);
        Ok((row.get(0), table::from_row(kind, value)?))
    };
    rows.into_iter().map(object).collect()
}

/// Every object by its name, in the order of [`Kind::ALL`].
pub(super) async fn names(lease: &Lease) -> Result<Vec<Named>, RgsError> {
    let mut names = Vec::new();
    for kind in Kind::ALL {
        let table = table::of(kind).name;
        let uri = if kind == Kind::Workflow { "primary_uri" } else { "null::text" };
        let sql =
            format!("select id, name, owner, {uri} from rgs.{table} order by name collate \"C\"");
        let rows = lease.rows(&sql, &[]).await?;
        let named = |row: &tokio_postgres::Row| Named {
            kind,
            id: row.get(0),
            name: row.get(1),
            owner: row.get(2),
            uri: row.get(3),
        };
        names.extend(rows.iter().map(named));
    }
    Ok(names)
}

/// The hours of business that are for one workflow only.
pub(super) async fn private_hours(lease: &Lease) -> Result<BTreeSet<Uuid>, RgsError> {
    let sql = "select id from rgs.hours_of_business where custom";
    Ok(lease.rows(sql, &[]).await?.iter().map(|row| row.get(0)).collect())
}

/// What objects name of each other.
pub(super) async fn references(lease: &Lease) -> Result<BTreeSet<Reference>, RgsError> {
    const LINKS: [(Kind, Kind, &str); 5] = [
        (Kind::Queue, Kind::AgentGroup, "select queue, agent_group from rgs.queue_agent_group"),
        (Kind::Workflow, Kind::HoursOfBusiness, "select workflow, hours from rgs.workflow_hours"),
        (
            Kind::Workflow,
            Kind::HolidaySet,
            "select workflow, holiday_set from rgs.workflow_holiday_set",
        ),
        (
            Kind::Workflow,
            Kind::Queue,
            "select workflow, queue from rgs.transfer where workflow is not null",
        ),
        (
            Kind::Queue,
            Kind::Queue,
            "select from_queue, queue from rgs.transfer where from_queue is not null",
        ),
    ];
    let mut all = BTreeSet::new();
    for (from, to, sql) in LINKS {
        let rows = lease.rows(sql, &[]).await?;
        let reference = |row: &tokio_postgres::Row| Reference {
            from: (from, row.get(0)),
            to: (to, row.get(1)),
        };
        all.extend(rows.iter().map(reference));
    }
    Ok(all)
}

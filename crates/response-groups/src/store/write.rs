//! Saving and removing objects.

use serde_json::Value;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::change::Change;
use super::references::{self, References, Referrers};
use super::{Hosting, RgsError, Save, audio, shared, sign_ins, table};
use crate::checks::{self, Complaint};
use crate::import::Named;
use crate::model::{Kind, Object};

/// How many objects go in one statement.
const BATCH: usize = 500;

/// How many complaints are told of.
const COMPLAINTS_MAX: usize = 50;

impl Hosting {
    /// Saves an object: a new one, or one in the place of that of its identity.
    pub async fn save(&self, object: &Object, how: Save) -> Result<(), RgsError> {
        let mut complaints = checks::check(object);
        if how == Save::New {
            complaints.extend(checks::check_new(object));
        }
        if !complaints.is_empty() {
            return Err(RgsError::Refused(complaints));
        }
        let mut change = self.change().await?;
        let saved = save(&mut change, object, how).await;
        change.end(saved).await
    }

    /// Removes an object that nobody refers to.
    pub async fn remove(&self, kind: Kind, id: Uuid) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let removed = remove(&mut change, kind, id).await;
        change.end(removed).await
    }
}

async fn save(change: &mut Change, object: &Object, how: Save) -> Result<(), RgsError> {
    change.edit(object.owner()).await?;
    let (kind, id) = (object.kind(), object.id());
    match (how, find(change, kind, id).await?) {
        (Save::New, None) => {}
        (Save::New, Some((name, _))) => {
            return Err(RgsError::Exists { what: format!("the {kind} {name:?} ({id})") });
        }
        (Save::Change, None) => return Err(missing(change, kind, id)),
        (Save::Change, Some((_, owner))) if owner == object.owner() => {}
        (Save::Change, Some((name, owner))) => {
            return Err(RgsError::OtherOwner { what: format!("the {kind} {name:?}"), owner });
        }
    }
    put(change, std::slice::from_ref(object)).await?;
    audio::sweep(change).await
}

async fn remove(change: &mut Change, kind: Kind, id: Uuid) -> Result<(), RgsError> {
    let Some((name, owner)) = find(change, kind, id).await? else {
        return Err(missing(change, kind, id));
    };
    change.edit(&owner).await?;
    let by = references::users(change, kind, &[id], &Referrers::of([(kind, id)])).await?;
    if !by.is_empty() {
        return Err(RgsError::InUse { what: format!("the {kind} {name:?}"), by });
    }
    delete(change, kind, &[id]).await?;
    audio::sweep(change).await
}

/// Removes objects, but for those that others refer to who stay. Gives these.
pub(super) async fn remove_unused(
    change: &mut Change,
    mut going: Vec<Named>,
) -> Result<Vec<Named>, RgsError> {
    let mut kept = Vec::new();
    loop {
        let all = Referrers::of(going.iter().map(|it| (it.kind, it.id)));
        let mut used = None;
        for (index, it) in going.iter().enumerate() {
            if !references::users(change, it.kind, &[it.id], &all).await?.is_empty() {
                used = Some(index);
                break;
            }
        }
        // What stays refers to others in turn: each round keeps one more, so this ends.
        let Some(index) = used else { break };
        kept.push(going.swap_remove(index));
    }
    for it in &going {
        change.touch(&it.owner).await?;
    }
    for kind in Kind::ALL {
        let ids = going.iter().filter(|it| it.kind == kind).map(|it| it.id);
        delete(change, kind, &ids.collect::<Vec<_>>()).await?;
    }
    Ok(kept)
}

/// Removes objects of one kind.
pub(super) async fn delete(change: &Change, kind: Kind, ids: &[Uuid]) -> Result<(), RgsError> {
    let sql = format!("delete from rgs.{} where id = any($1)", table::of(kind).name);
    change.execute(&sql, &[&ids]).await?;
    Ok(())
}

fn missing(change: &Change, kind: Kind, id: Uuid) -> RgsError {
    RgsError::Missing { what: format!("{kind} {id} at {}", change.pool()) }
}

/// Name and owner of an object.
async fn find(change: &Change, kind: Kind, id: Uuid) -> Result<Option<(String, String)>, RgsError> {
    let sql = format!("select name, owner from rgs.{} where id = $1", table::of(kind).name);
    let row = change.maybe_row(&sql, &[&id]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// Complains of objects that are not acceptable by themselves.
pub(super) fn check_all(objects: &[Object]) -> Result<(), RgsError> {
    let complaint = |object: &Object, it: Complaint| {
        let what = format!("the {} {:?}: {}", object.kind(), object.name(), it.what);
        Complaint { what, ..it }
    };
    let all = objects
        .iter()
        .flat_map(|object| checks::check(object).into_iter().map(move |it| complaint(object, it)));
    let complaints: Vec<_> = all.take(COMPLAINTS_MAX).collect();
    if complaints.is_empty() { Ok(()) } else { Err(RgsError::Refused(complaints)) }
}

/// Writes objects, each in the place of the one of its identity, with all that they refer to.
pub(super) async fn put(change: &mut Change, objects: &[Object]) -> Result<(), RgsError> {
    for object in objects {
        change.touch(object.owner()).await?;
    }
    Referrers::of(objects.iter().map(|it| (it.kind(), it.id()))).forget(change).await?;
    for kind in Kind::ALL {
        let rows: Result<Vec<Value>, _> =
            objects.iter().filter(|it| it.kind() == kind).map(table::to_row).collect();
        let rows = rows?;
        if rows.is_empty() {
            continue;
        }
        let ids: Vec<Uuid> =
            objects.iter().filter(|it| it.kind() == kind).map(Object::id).collect();
        touch_former_owners(change, kind, &ids).await?;
        let upsert = table::of(kind).upsert();
        for batch in rows.chunks(BATCH) {
            change.execute(&upsert, &[&Json(batch)]).await?;
        }
        check_names(change, kind, &ids).await?;
    }
    References::of(objects).keep(change).await?;
    shared::check(change).await?;
    sign_ins::prune(change).await
}

/// What is given to another owner changes its former one, too.
async fn touch_former_owners(
    change: &mut Change,
    kind: Kind,
    ids: &[Uuid],
) -> Result<(), RgsError> {
    let table = table::of(kind).name;
    let sql = format!("select distinct owner from rgs.{table} where id = any($1)");
    for row in change.rows(&sql, &[&ids]).await? {
        change.touch(row.get(0)).await?;
    }
    Ok(())
}

/// Complains of names and SIP addresses that others have as well.
async fn check_names(change: &Change, kind: Kind, ids: &[Uuid]) -> Result<(), RgsError> {
    let table = table::of(kind).name;
    let sql = format!(
        "select it.name, o.id, o.owner from rgs.{table} it
         join rgs.{table} o on o.name_key = it.name_key and o.id <> it.id
         where it.id = any($1) order by 1, 2 limit 1"
    );
    if let Some(row) = change.maybe_row(&sql, &[&ids]).await? {
        let (name, id, owner) = (row.get(0), row.get(1), row.get(2));
        return Err(RgsError::NameTaken { kind, name, id, owner });
    }
    if kind != Kind::Workflow {
        return Ok(());
    }
    let sql = "select it.primary_uri, o.name from rgs.workflow it
               join rgs.workflow o on o.primary_uri_key = it.primary_uri_key and o.id <> it.id
               where it.id = any($1) order by 1, 2 limit 1";
    match change.maybe_row(sql, &[&ids]).await? {
        Some(row) => Err(RgsError::UriTaken { uri: row.get(0), workflow: row.get(1) }),
        None => Ok(()),
    }
}

//! What the five kinds of objects have in common: to be listed, made, set and removed.

use response_groups::model::{Kind, Object as Model};
use shell::{Object, Value};
use uuid::Uuid;

use super::field::{Field, identity};
use super::places::{self, Given};
use crate::cmdlets::Context;
use crate::deployment::response_groups::{Listing, Owner, Remove, Save, Which};
use crate::deployment::{Mode, Reply};
use crate::fault::Fault;

/// A kind of objects, as cmdlets show and change it.
pub(super) trait Shown: Clone + Into<Model> + Send + Sync + 'static {
    /// Which kind.
    const KIND: Kind;
    /// The noun of its cmdlets.
    const NOUN: &'static str;
    /// What one is called where it is printed.
    const PRINTED: &'static str;
    /// Its fields, in the order they are printed.
    const FIELDS: &'static [Field<Self>];

    /// A new one, with the original's defaults.
    fn blank(id: Uuid, owner: &str, name: &str) -> Self;

    /// It, if `model` is of this kind.
    fn from_model(model: Model) -> Option<Self>;
}

/// One that is only in the shell's memory is called so, and only that may be saved as new.
const IN_MEMORY: &str = "InMemory";

/// The object as it is shown.
pub(super) fn shown<K: Shown>(object: &K, parent: &str) -> Value {
    let empty = Object::new(K::PRINTED);
    let put =
        |shown: Object, field: &Field<K>| shown.with(field.name, (field.show)(object, parent));
    Value::Object(K::FIELDS.iter().fold(empty, put))
}

fn put<K: Shown>(
    object: &mut K,
    field: &Field<K>,
    value: &Value,
    parent: &str,
) -> Result<(), Fault> {
    let message = || format!("{} of the {} cannot be what was given", field.name, K::KIND);
    let Some(put) = field.put else {
        let is_same = (field.show)(object, parent) == *value;
        let hint = "leave it as it is; an import gives an object another pool or owner";
        return if is_same { Ok(()) } else { Err(Fault::misspoken(message(), hint)) };
    };
    put(object, value, parent)
        .map_err(|takes| Fault::misspoken(message(), format!("it takes {takes}")))
}

/// `Get-`
pub(super) fn get<K: Shown>(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let given = Given::read(context, "Identity", &pools)?;
        let of = owner(context, &given, &pools)?;
        let name = context.given.text("Name").map(|it| it.trim().to_owned());
        let which = Which { id: given.id, name, of };
        let mut found = Vec::new();
        let mut away = Vec::new();
        for parent in &given.parents {
            let listed = context.response_groups().list(parent.clone(), K::KIND, which.clone());
            match listed.await {
                Ok(listing) => {
                    note_hidden::<K>(context, parent, &listing);
                    let objects = listing.objects.into_iter().filter_map(K::from_model);
                    found.extend(objects.map(|it| shown(&it, parent)));
                }
                Err(fault) if given.parents.len() > 1 => away.push(fault),
                Err(fault) => return Err(fault),
            }
        }
        let unheard = away.len() == given.parents.len();
        match away.into_iter().next() {
            Some(fault) if unheard => return Err(fault),
            Some(fault) => context.watch.warn(format!("Not all pools were heard: {fault}.")),
            None => {}
        }
        if let (Some(id), true) = (given.id, found.is_empty()) {
            let message = format!("there is no {} with the identity {id}", K::KIND);
            return Err(Fault::missing(message, format!("`Get-{} -ShowAll` lists all", K::NOUN)));
        }
        Ok(found)
    })
}

/// Whose objects are asked for.
fn owner(
    context: Context<'_>,
    given: &Given,
    pools: &[crate::deployment::response_groups::FrontEndPool],
) -> Result<Owner, Fault> {
    let show_all = context.given.on("ShowAll");
    match context.given.text("Owner") {
        Some(_) if show_all => Err(Fault::misspoken(
            "-Owner and -ShowAll exclude each other",
            "give -Owner for the objects of one pool, or -ShowAll for those of all",
        )),
        Some(owner) => Ok(Owner::Pool(places::owner(context, owner, pools)?)),
        None if show_all || given.id.is_some() => Ok(Owner::Any),
        None => Ok(Owner::Parent),
    }
}

/// Says what is there and not shown: in the original people take it for lost.
fn note_hidden<K: Shown>(context: Context<'_>, parent: &str, listing: &Listing) {
    for (owner, count) in &listing.hidden {
        let plural = if *count == 1 { "" } else { "s" };
        context.watch.note(format!(
            "{parent} also hosts {count} {}{plural} of {owner}: -ShowAll or -Owner {owner} shows \
             {}.",
            K::KIND,
            if *count == 1 { "it" } else { "them" },
        ));
    }
}

/// `New-`
pub(super) fn new<K: Shown>(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let parent = places::parent(context, "Parent", &pools)?;
        let name = context.given.text("Name").unwrap_or_default().trim().to_owned();
        let mut object = K::blank(Uuid::new_v4(), &parent, &name);
        for field in K::FIELDS {
            if let Some(value) = context.given.get(field.name) {
                put(&mut object, field, value, &parent)?;
            }
        }
        let made = shown(&object, &parent);
        if context.given.on(IN_MEMORY) {
            let Value::Object(mut made) = made else { return Ok(Vec::new()) };
            made.kind = format!("{}{IN_MEMORY}", K::PRINTED);
            return Ok(vec![Value::Object(made)]);
        }
        let save = Save { object: object.into(), as_new: true, mode: context.mode() };
        context.response_groups().save(parent.clone(), save, context.watch).await?;
        Ok(vec![match context.mode() {
            Mode::Act => made,
            Mode::WhatIf => {
                format!("What if: the {} {name} would be made at {parent}.", K::KIND).into()
            }
        }])
    })
}

/// The instance that was given: where it is, which it is, and its properties.
fn instance<K: Shown>(context: Context<'_>) -> Result<(Object, String, Uuid), Fault> {
    let wrong = || {
        Fault::misspoken(
            format!("-Instance is not a {} from Get-{}", K::KIND, K::NOUN),
            format!(
                "write $x = Get-{noun} ..., change $x, then Set-{noun} -Instance $x",
                noun = K::NOUN
            ),
        )
    };
    let Some(Value::Object(given)) = context.given.get("Instance") else { return Err(wrong()) };
    let named = given.get("Identity").and_then(Value::as_text).ok_or_else(wrong)?;
    let read = crate::identity::Identity::read(named, &[]);
    let id = read.guid.as_deref().and_then(|it| Uuid::parse_str(it).ok()).ok_or_else(wrong)?;
    Ok((given.clone(), read.name, id))
}

/// `Set-`
pub(super) fn set<K: Shown>(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (given, named, id) = instance::<K>(context)?;
        let pools = context.response_groups().front_end_pools().await?;
        let parent = places::declared(&named, &pools)?;
        let as_new = given.kind.ends_with(IN_MEMORY);
        let mut object = if as_new {
            K::blank(id, &parent, "")
        } else {
            stored::<K>(context, &parent, id).await?
        };
        for (name, value) in &given.properties {
            let field = K::FIELDS.iter().find(|it| it.name.eq_ignore_ascii_case(name));
            let field = field.ok_or_else(|| {
                let message = format!("the {} has no property {name}", K::KIND);
                let names: Vec<_> = K::FIELDS.iter().map(|it| it.name).collect();
                Fault::misspoken(message, format!("it has {}", names.join(", ")))
            })?;
            put(&mut object, field, value, &parent)?;
        }
        let what = identity(&parent, id);
        let save = Save { object: object.into(), as_new, mode: context.mode() };
        context.response_groups().save(parent, save, context.watch).await?;
        Ok(context.nothing_or(&format!("the {} {what} would be set", K::KIND)))
    })
}

async fn stored<K: Shown>(context: Context<'_>, parent: &str, id: Uuid) -> Result<K, Fault> {
    let which = Which { id: Some(id), name: None, of: Owner::Any };
    let listing = context.response_groups().list(parent.to_owned(), K::KIND, which).await?;
    let found = listing.objects.into_iter().find_map(K::from_model);
    found.ok_or_else(|| {
        let message = format!("there is no {} {}", K::KIND, identity(parent, id));
        Fault::missing(message, format!("`Get-{} -ShowAll` lists all", K::NOUN))
    })
}

/// `Remove-`
pub(super) fn remove<K: Shown>(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, named, id) = instance::<K>(context)?;
        let pools = context.response_groups().front_end_pools().await?;
        let parent = places::declared(&named, &pools)?;
        let model: Model = stored::<K>(context, &parent, id).await?.into();
        let remove = Remove { kind: K::KIND, id, mode: context.mode() };
        context.response_groups().remove(parent, remove, context.watch).await?;
        Ok(context.nothing_or(&format!("the {} {} would be removed", K::KIND, model.name())))
    })
}

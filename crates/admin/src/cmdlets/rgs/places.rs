//! Where Response Groups are: identities of pools and of objects, in any spelling of the documents.

use uuid::Uuid;

use crate::cmdlets::Context;
use crate::deployment::response_groups::FrontEndPool;
use crate::fault::Fault;
use crate::identity::{APPLICATION_SERVER, Identity};

/// What an identity means: one pool or all, one object or all.
#[derive(Debug)]
pub(super) struct Given {
    /// The pools that may host what is meant.
    pub(super) parents: Vec<String>,
    /// The object, if the identity names one.
    pub(super) id: Option<Uuid>,
}

impl Given {
    /// What the parameter `name` means; everything if it is left out.
    pub(super) fn read(
        context: Context<'_>,
        name: &str,
        pools: &[FrontEndPool],
    ) -> Result<Self, Fault> {
        let all = || pools.iter().map(|it| it.fqdn.clone()).collect();
        let Some(given) = context.given.text(name) else {
            return Ok(Self { parents: all(), id: None });
        };
        if let Ok(id) = Uuid::parse_str(given.trim()) {
            return Ok(Self { parents: all(), id: Some(id) });
        }
        let (pool, guid) = pool(context, given, pools)?;
        let id = guid.map(|guid| {
            Uuid::parse_str(&guid).map_err(|_| {
                let message = format!("`{guid}` in `{given}` is no GUID");
                Fault::misspoken(message, "copy the Identity that a Get- cmdlet prints")
            })
        });
        Ok(Self { parents: vec![pool], id: id.transpose()? })
    }
}

/// The pool that the parameter `name` means; may be left out where there is just one.
pub(in crate::cmdlets) fn parent(
    context: Context<'_>,
    name: &str,
    pools: &[FrontEndPool],
) -> Result<String, Fault> {
    match (context.given.text(name), pools) {
        (Some(given), _) => Ok(pool(context, given, pools)?.0),
        (None, [only]) => Ok(only.fqdn.clone()),
        (None, _) => Err(Fault::misspoken(
            format!("-{name} does not say which pool"),
            format!("there is {}", names(pools)),
        )),
    }
}

/// The pool that is an owner: it may be declared no more.
pub(super) fn owner(
    context: Context<'_>,
    given: &str,
    pools: &[FrontEndPool],
) -> Result<String, Fault> {
    let (read, _) = read(context, given, pools)?;
    if !read.name.contains('.') {
        let message = format!("`{given}` is not the name of a pool");
        return Err(Fault::misspoken(message, format!("there is {}", names(pools))));
    }
    if !pools.iter().any(|it| it.fqdn.eq_ignore_ascii_case(&read.name)) {
        context.watch.note(format!(
            "No pool {} is declared (there is {}): it may own objects from before.",
            read.name,
            names(pools)
        ));
    }
    Ok(read.name)
}

/// The declared pool called `name`.
pub(super) fn declared(name: &str, pools: &[FrontEndPool]) -> Result<String, Fault> {
    let found = pools.iter().find(|it| it.fqdn.eq_ignore_ascii_case(name));
    found.map(|it| it.fqdn.clone()).ok_or_else(|| {
        let hint = if pools.is_empty() {
            "publish a topology with a [[front_end_pool]]".to_owned()
        } else {
            format!("there is {}", names(pools))
        };
        Fault::missing(format!("there is no pool `{name}` that hosts Response Groups"), hint)
    })
}

/// The pool in an identity, and what stands behind its `/`.
fn pool(
    context: Context<'_>,
    given: &str,
    pools: &[FrontEndPool],
) -> Result<(String, Option<String>), Fault> {
    let (read, guid) = read(context, given, pools)?;
    Ok((declared(&read.name, pools)?, guid))
}

fn read(
    context: Context<'_>,
    given: &str,
    pools: &[FrontEndPool],
) -> Result<(Identity, Option<String>), Fault> {
    let known: Vec<String> = pools.iter().map(|it| it.fqdn.clone()).collect();
    let mut read = Identity::read(given, &known);
    if let Some(role) = read.role.filter(|it| *it != APPLICATION_SERVER) {
        return Err(Fault::misspoken(
            format!("`{given}` names a service of the role {role}"),
            format!("name a pool: service:{APPLICATION_SERVER}:<fqdn>"),
        ));
    }
    if !read.tolerated.is_empty() {
        let how = read.tolerated.join(" and ");
        let name = &read.name;
        context.watch.note(format!(
            "`{given}` is read as service:{APPLICATION_SERVER}:{name}, in spite of {how}."
        ));
    }
    let guid = read.guid.take();
    Ok((read, guid))
}

fn names(pools: &[FrontEndPool]) -> String {
    pools.iter().map(|it| it.fqdn.as_str()).collect::<Vec<_>>().join(", ")
}

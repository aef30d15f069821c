//! `CsPersistentChatActiveServer`: which servers of a pool accept clients.

use shell::{Cmdlet, Effect, Example, ListChange, Object, Output, Parameter, Type, Value};

use super::{Context, FORCE, IDENTITY, Row, printed};
use crate::deployment::{PoolLayout, Reply, SetActive};
use crate::fault::Fault;
use crate::roles::{CHAT, EVERYBODY};

const OUTPUT: Output = Output {
    kind: "PersistentChatActiveServer",
    properties: &["Identity", "ActiveServers", "InactiveServers"],
};

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsPersistentChatActiveServer",
            aliases: &[],
            summary: "Tells which servers of a pool accept clients. The original lacks this.",
            description: "",
            parameters: &[IDENTITY],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[Example {
                line: "(Get-CsPersistentChatActiveServer lyncpc.dci.discovery.com).ActiveServers",
                means: "Lists the active servers of a pool.",
            }],
        },
        handler: get,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Set",
            noun: "CsPersistentChatActiveServer",
            aliases: &[],
            summary: "Changes which servers of a pool accept clients.",
            description: "A server that is taken off the list acknowledges what it has taken, then \
                          moves its clients to an active server. With an empty list clients stay \
                          connected and posts wait.",
            parameters: &[
                IDENTITY,
                Parameter::new(
                    "ActiveServers",
                    Type::ListModifier,
                    "The change: @{Add=\"...\"}, @{Remove=\"...\"}, $null to empty the list, or \
                     the whole new list.",
                )
                .mandatory()
                .sets(&["List"])
                .offers("server"),
                Parameter::new(
                    "Swap",
                    Type::Switch,
                    "Active servers become inactive and the others active.",
                )
                .mandatory()
                .sets(&["Swap"]),
                FORCE,
            ],
            roles: CHAT,
            effect: Effect::Changes,
            output: None,
            examples: &[
                Example {
                    line: "Set-CsPersistentChatActiveServer -Identity lyncpc.dci.discovery.com \
                           -ActiveServers $null",
                    means: "Empties the list, as a failback begins.",
                },
                Example {
                    line: "Set-CsPersistentChatActiveServer global -ActiveServers \
                           @{Add=\"chat1\",\"chat2\"}",
                    means: "Lets two servers accept clients.",
                },
                Example {
                    line: "Set-CsPersistentChatActiveServer -Swap -WhatIf",
                    means: "Tells what swapping would do.",
                },
            ],
        },
        handler: set,
    },
];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (layout, wanted) = match context.given.text("Identity") {
            Some(_) => context.pool("Identity").await.map(|(it, pool)| (it, Some(pool)))?,
            None => (context.deployment.layout().await?, None),
        };
        let pools = layout.pools.into_iter();
        let chosen = pools.filter(|it| wanted.as_ref().is_none_or(|wanted| *wanted == it.fqdn));
        let object = |it: PoolLayout| {
            let inactive = others(&it);
            Object::new(OUTPUT.kind)
                .with("Identity", printed(&it.fqdn))
                .with("ActiveServers", it.active)
                .with("InactiveServers", inactive)
        };
        Ok(chosen.map(|it| Value::Object(object(it))).collect())
    })
}

fn set(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (layout, pool) = context.pool("Identity").await?;
        let domain = layout.domain;
        let declared = layout.pools.into_iter().find(|it| it.fqdn == pool);
        let declared =
            declared.ok_or_else(|| Fault::missing(format!("there is no pool {pool}"), ""))?;
        let servers = wanted(&declared, &domain, context.given.get("ActiveServers"))?;
        if servers.is_empty() {
            context.watch.warn(format!(
                "No server of {pool} is left active: clients stay connected, and posts wait."
            ));
        }
        let order = SetActive {
            pool,
            expected: declared.active,
            servers,
            mode: context.mode(),
            who: context.who(),
        };
        let outcome = context.deployment.set_active_servers(order, context.watch).await?;
        Ok(context.told(outcome))
    })
}

/// The servers that would be active, spelt as declared; none given means that they are swapped.
/// They may be named with the deployment's domain, as the documents name theirs.
fn wanted(pool: &PoolLayout, domain: &str, change: Option<&Value>) -> Result<Vec<String>, Fault> {
    let Some(change) = change else { return Ok(others(pool)) };
    let mut change = ListChange::of(change);
    match &mut change {
        ListChange::Replace(list) => shorten(list, domain),
        ListChange::Change { add, remove } => {
            shorten(add, domain);
            shorten(remove, domain);
        }
    }
    let mut named: Vec<&String> = Vec::new();
    match &change {
        ListChange::Replace(list) => named.extend(list),
        ListChange::Change { add, remove } => named.extend(add.iter().chain(remove)),
    }
    let declared = |name: &str| pool.servers.iter().find(|it| it.eq_ignore_ascii_case(name));
    if let Some(unknown) = named.into_iter().find(|it| declared(it).is_none()) {
        return Err(Fault::missing(
            format!("{} has no server `{unknown}`", pool.fqdn),
            format!("it has {}", pool.servers.join(", ")),
        ));
    }
    let active = change.apply(&pool.active);
    Ok(active.iter().filter_map(|it| declared(it).cloned()).collect())
}

/// Leaves the domain out of names that end in it.
fn shorten(names: &mut [String], domain: &str) {
    for name in names {
        let Some((host, of)) = name.split_once('.') else { continue };
        if of.eq_ignore_ascii_case(domain) {
            *name = host.to_owned();
        }
    }
}

/// The servers that are not active.
fn others(pool: &PoolLayout) -> Vec<String> {
    pool.servers.iter().filter(|it| !pool.active.contains(it)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> PoolLayout {
        PoolLayout {
            fqdn: "pool.example.org".to_owned(),
            site: "one".to_owned(),
            rooms: "rooms.example.org".to_owned(),
            servers: ["chat1", "chat2", "chat3"].map(str::to_owned).to_vec(),
            active: vec!["chat1".to_owned()],
            client_port: 5222,
            stores: Vec::new(),
        }
    }

    fn check(change: Option<&Value>, expected: &[&str]) {
        let wanted = wanted(&pool(), "example.org", change);
        assert_eq!(wanted.expect("the change is sound"), expected);
    }

    #[test]
    fn every_form_of_the_list_is_understood() {
        let change =
            |name: &str, server: &str| Value::from(Object::default().with(name, vec![server]));
        check(Some(&change("Add", "CHAT2")), &["chat1", "chat2"]);
        check(Some(&change("Add", "chat1")), &["chat1"]);
        check(Some(&change("Remove", "Chat1")), &[]);
        check(Some(&change("Add", "Chat2.Example.org")), &["chat1", "chat2"]);
        check(Some(&Value::List(Vec::new())), &[]);
        check(Some(&vec!["chat3", "chat2"].into()), &["chat3", "chat2"]);
        check(None, &["chat2", "chat3"]);
    }

    #[test]
    fn a_server_of_another_name_is_refused() {
        for name in ["chat9", "chat1.example.com", "chat1.example.org.", "example.org"] {
            let fault = wanted(&pool(), "example.org", Some(&vec![name].into())).unwrap_err();
            assert!(fault.to_string().contains("it has chat1, chat2, chat3"), "{name}");
        }
    }
}

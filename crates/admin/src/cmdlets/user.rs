//! `CsPersistentChatUser`: accounts that may log in.

use shell::{
    Cmdlet, Effect, Example, FromPipeline, Object, Output, Parameter, Type, Value, is_like,
};

use super::{Context, POOL_FQDN, Row};
use crate::deployment::{NewUser, Password, Reply, User};
use crate::fault::Fault;
use crate::identity;
use crate::roles::{CHAT, EVERYBODY};

const OUTPUT: Output =
    Output { kind: "PersistentChatUser", properties: &["Identity", "DisplayName", "Created"] };

const USER: Parameter = Parameter::new(
    "Identity",
    Type::Text,
    "The user's address: name@domain, or the name alone; sip: and xmpp: before it are understood.",
)
.at(0)
.aliases(&["SipAddress"])
.piped(FromPipeline::ByName)
.offers("user");

const PASSWORD: Parameter = Parameter::new(
    "Password",
    Type::Secret,
    "The password. It is asked for when it is left out, and kept nowhere; only keys made from it \
     are.",
)
.mandatory();

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsPersistentChatUser",
            aliases: &[],
            summary: "Lists the accounts that may log in.",
            description: "",
            parameters: &[
                USER.sets(&["Identity"]),
                Parameter::new("Filter", Type::Text, "Only users whose address is like this.")
                    .sets(&["Filter"]),
                POOL_FQDN,
                RESULT_SIZE,
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[
                Example { line: "Get-CsPersistentChatUser", means: "Lists all accounts." },
                Example {
                    line: "Get-CsPersistentChatUser -Filter \"ops*\" | Measure-Object",
                    means: "Counts some of them.",
                },
            ],
        },
        handler: get,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "New",
            noun: "CsPersistentChatUser",
            aliases: &[],
            summary: "Makes an account.",
            description: "",
            parameters: &[
                USER.mandatory(),
                PASSWORD,
                Parameter::new("DisplayName", Type::Text, "The name that is shown.").prose(),
                POOL_FQDN,
            ],
            roles: CHAT,
            effect: Effect::Changes,
            output: Some(OUTPUT),
            examples: &[Example {
                line: "New-CsPersistentChatUser -Identity alice@dci.discovery.com -DisplayName \
                       \"Alice\"",
                means: "Makes an account and asks for its password.",
            }],
        },
        handler: create,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Set",
            noun: "CsPersistentChatUserPassword",
            aliases: &[],
            summary: "Gives an account another password.",
            description: "Clients that are logged in stay; the next login needs the new password.",
            parameters: &[USER.mandatory(), PASSWORD, POOL_FQDN],
            roles: CHAT,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Set-CsPersistentChatUserPassword alice@dci.discovery.com",
                means: "Asks for the new password.",
            }],
        },
        handler: set_password,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Remove",
            noun: "CsPersistentChatUser",
            aliases: &[],
            summary: "Removes an account. What it wrote stays.",
            description: "",
            parameters: &[USER.mandatory(), POOL_FQDN],
            roles: CHAT,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Get-CsPersistentChatUser -Filter \"guest*\" | Remove-CsPersistentChatUser \
                       -WhatIf",
                means: "Tells which accounts would go.",
            }],
        },
        handler: remove,
    },
];

/// How many objects are returned.
pub(super) const RESULT_SIZE: Parameter =
    Parameter::new("ResultSize", Type::Int(0, 2_147_483_647), "At most this many.");

/// The first of `values` as `-ResultSize` says, and a warning where some are left out.
pub(super) fn limited(context: Context<'_>, mut values: Vec<Value>) -> Vec<Value> {
    let wanted = context.given.int("ResultSize").and_then(|it| usize::try_from(it).ok());
    if let Some(wanted) = wanted.filter(|it| *it < values.len()) {
        context.watch.warn(format!("There are {}; the first {wanted} are told.", values.len()));
        values.truncate(wanted);
    }
    values
}

/// The pool and the address that were given.
async fn named(context: Context<'_>) -> Result<(String, String), Fault> {
    let (layout, pool) = context.pool(POOL_FQDN.name).await?;
    let given = context.given.text("Identity").unwrap_or_default();
    Ok((pool, identity::user(given, &layout.domain)?))
}

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        if context.given.text("Identity").is_some() {
            let (pool, address) = named(context).await?;
            let users = context.deployment.users(pool).await?;
            let found = users.into_iter().find(|it| it.address == address);
            let found = found.ok_or_else(|| no_user(&address))?;
            return Ok(vec![told(found)]);
        }
        let (_, pool) = context.pool(POOL_FQDN.name).await?;
        let filter = context.given.text("Filter").unwrap_or("*");
        let users = context.deployment.users(pool).await?.into_iter();
        let found = users.filter(|it| is_like(&it.address, filter)).map(told).collect();
        Ok(limited(context, found))
    })
}

fn create(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (pool, address) = named(context).await?;
        let display_name = context.given.text("DisplayName").unwrap_or_default().to_owned();
        if context.given.what_if() {
            return Ok(vec![format!("What if: the account {address} would be made.").into()]);
        }
        let user = NewUser { address, display_name, password: password(context) };
        Ok(vec![told(context.deployment.create_user(pool, user).await?)])
    })
}

fn set_password(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (pool, address) = named(context).await?;
        if context.given.what_if() {
            return Ok(vec![format!("What if: {address} would get another password.").into()]);
        }
        context.deployment.set_password(pool, address, password(context)).await?;
        Ok(Vec::new())
    })
}

fn remove(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (pool, address) = named(context).await?;
        if context.given.what_if() {
            return Ok(vec![format!("What if: the account {address} would be removed.").into()]);
        }
        context.deployment.remove_user(pool, address).await?;
        Ok(Vec::new())
    })
}

fn password(context: Context<'_>) -> Password {
    Password(context.given.text(PASSWORD.name).unwrap_or_default().to_owned())
}

fn no_user(address: &str) -> Fault {
    Fault::missing(format!("there is no account {address}"), "`Get-CsPersistentChatUser` lists all")
}

fn told(it: User) -> Value {
    let object = Object::new(OUTPUT.kind)
        .with("Identity", it.address)
        .with("DisplayName", it.display_name)
        .with("Created", it.created);
    Value::Object(object)
}

//! `CsPersistentChatRoom`: rooms.

use shell::{
    Cmdlet, Effect, Example, FromPipeline, Object, Output, Parameter, Type, Value, is_like,
};

use super::user::{RESULT_SIZE, limited};
use super::{Context, FORCE, POOL_FQDN, Row, fqdns};
use crate::deployment::{NewRoom, Reply, Room};
use crate::fault::Fault;
use crate::identity;
use crate::roles::{CHAT, EVERYBODY};

const OUTPUT: Output = Output {
    kind: "PersistentChatRoom",
    properties: &["Identity", "Name", "Description", "Address", "Created", "Posts"],
};

const CATEGORIES: &str = "rooms have no categories yet: every user may enter every room";
const ADDINS: &str = "rooms have no add-ins yet";
const MEMBERSHIP: &str = "rooms have no members yet: every user may enter every room";

const ROOM: Parameter = Parameter::new(
    "Identity",
    Type::Text,
    "The room: POOL\\NAME, or NAME where there is one pool.",
)
.at(0)
.piped(FromPipeline::ByName)
.offers("room");

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsPersistentChatRoom",
            aliases: &[],
            summary: "Lists rooms.",
            description: "",
            parameters: &[
                ROOM.sets(&["Identity"]),
                Parameter::new("Filter", Type::Text, "Only rooms whose name is like this.")
                    .sets(&["All"]),
                Parameter::new(
                    "SearchDescription",
                    Type::Switch,
                    "-Filter looks at descriptions, too.",
                )
                .sets(&["All"]),
                Parameter { sets: &["All"], ..POOL_FQDN },
                RESULT_SIZE.sets(&["All"]),
                Parameter::refused("Category", CATEGORIES),
                Parameter::refused("Addin", ADDINS),
                Parameter::refused("AsObject", "addresses are all that is shown"),
                Parameter::refused("ChatContentExceedsMB", "use `| Where-Object Posts -gt ...`"),
                Parameter::refused("Disabled", "rooms cannot be disabled yet"),
                Parameter::refused("Invitations", "there are no invitations yet"),
                Parameter::refused("Manager", MEMBERSHIP),
                Parameter::refused("Member", MEMBERSHIP),
                Parameter::refused("Privacy", MEMBERSHIP),
                Parameter::refused("Type", "every room is Normal"),
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[
                Example { line: "Get-CsPersistentChatRoom", means: "Lists all rooms." },
                Example {
                    line: "Get-CsPersistentChatRoom -Filter \"ward*\" -SearchDescription | \
                           Format-Table Name, Posts",
                    means: "Lists some of them as a table.",
                },
            ],
        },
        handler: get,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "New",
            noun: "CsPersistentChatRoom",
            aliases: &[],
            summary: "Makes a room.",
            description: "",
            parameters: &[
                Parameter::new("Name", Type::Text, "Its name, unique in the pool.")
                    .at(0)
                    .mandatory(),
                Parameter::new("Description", Type::Text, "What it is for.").prose(),
                POOL_FQDN,
                Parameter::refused("Category", CATEGORIES),
                Parameter::refused("Addin", ADDINS),
                Parameter::refused("Disabled", "rooms cannot be disabled yet"),
                Parameter::refused("Invitations", "there are no invitations yet"),
                Parameter::refused("Privacy", MEMBERSHIP),
                Parameter::refused("Type", "every room is Normal"),
            ],
            roles: CHAT,
            effect: Effect::Changes,
            output: Some(OUTPUT),
            examples: &[Example {
                line: "New-CsPersistentChatRoom -Name operations -Description \"Who does what \
                       tonight\"",
                means: "Makes a room and tells its address.",
            }],
        },
        handler: create,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Remove",
            noun: "CsPersistentChatRoom",
            aliases: &[],
            summary: "Removes a room with everything that was written in it.",
            description: "It cannot be brought back.",
            parameters: &[
                ROOM.mandatory().sets(&["Identity"]),
                Parameter::new("Instance", Type::Object, "A room from Get-CsPersistentChatRoom.")
                    .mandatory()
                    .sets(&["Instance"])
                    .piped(FromPipeline::ByValue),
                FORCE,
            ],
            roles: CHAT,
            effect: Effect::Grave,
            output: None,
            examples: &[Example {
                line: "Remove-CsPersistentChatRoom lyncpc.dci.discovery.com\\operations -WhatIf",
                means: "Tells what would go.",
            }],
        },
        handler: remove,
    },
];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        if let Some(given) = context.given.text("Identity") {
            let layout = context.deployment.layout().await?;
            let (pool, name) = identity::room(given, &fqdns(&layout))?;
            let found = find(context, &pool, &name).await?;
            return Ok(vec![told(&pool, found)]);
        }
        let (_, pool) = context.pool(POOL_FQDN.name).await?;
        let filter = context.given.text("Filter").unwrap_or("*");
        let descriptions = context.given.on("SearchDescription");
        let rooms = context.deployment.rooms(pool.clone()).await?.into_iter().filter(|it| {
            is_like(&it.name, filter) || descriptions && is_like(&it.description, filter)
        });
        let found = rooms.map(|it| told(&pool, it)).collect();
        Ok(limited(context, found))
    })
}

fn create(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, pool) = context.pool(POOL_FQDN.name).await?;
        let text = |name: &str| context.given.text(name).unwrap_or_default().trim().to_owned();
        let room = NewRoom { name: text("Name"), description: text("Description") };
        if room.name.is_empty() || room.name.contains(['\\', '\n']) {
            let message = format!("`{}` cannot be the name of a room", room.name);
            return Err(Fault::misspoken(message, "choose a name without \\ and line ends"));
        }
        if context.given.what_if() {
            let told = format!("What if: the room {pool}\\{} would be made.", room.name);
            return Ok(vec![told.into()]);
        }
        let made = context.deployment.create_room(pool.clone(), room).await?;
        Ok(vec![told(&pool, made)])
    })
}

fn remove(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let layout = context.deployment.layout().await?;
        let given = match context.given.get("Instance") {
            Some(Value::Object(room)) => room.get("Identity").map(ToString::to_string),
            _ => context.given.text("Identity").map(ToOwned::to_owned),
        };
        let (pool, name) = identity::room(&given.unwrap_or_default(), &fqdns(&layout))?;
        let room = find(context, &pool, &name).await?;
        if context.given.what_if() {
            let posts = room.posts.map_or_else(|| "all its".to_owned(), |it| it.to_string());
            let told =
                format!("What if: {pool}\\{} would be removed with {posts} posts.", room.name);
            return Ok(vec![told.into()]);
        }
        context.deployment.remove_room(pool, room.name).await?;
        Ok(Vec::new())
    })
}

async fn find(context: Context<'_>, pool: &str, name: &str) -> Result<Room, Fault> {
    let rooms = context.deployment.rooms(pool.to_owned()).await?;
    rooms.into_iter().find(|it| it.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let hint = "`Get-CsPersistentChatRoom` lists all";
        Fault::missing(format!("{pool} has no room `{name}`"), hint)
    })
}

fn told(pool: &str, it: Room) -> Value {
    let object = Object::new(OUTPUT.kind)
        .with("Identity", format!("{pool}\\{}", it.name))
        .with("Name", it.name)
        .with("Description", it.description)
        .with("Address", it.address)
        .with("Created", it.created)
        .with("Posts", it.posts);
    Value::Object(object)
}

//! `CsService`: the services of a deployment, role by role.

use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};

use super::{Context, NO_LOCAL_STORE, Row, fqdns, printed};
use crate::deployment::{PoolLayout, Reply};
use crate::identity;
use crate::roles::EVERYBODY;

const OUTPUT: Output = Output {
    kind: "PersistentChatServer",
    properties: &[
        "Identity",
        "PoolFqdn",
        "SiteId",
        "Role",
        "Servers",
        "ActiveServers",
        "RoomDomain",
        "ClientPort",
        "Databases",
    ],
};

const NOT_YET: &str = "this deployment has Persistent Chat pools only: -PersistentChatServer";

pub(super) const ROWS: &[Row] = &[Row {
    cmdlet: Cmdlet {
        verb: "Get",
        noun: "CsService",
        aliases: &[],
        summary: "Tells the services of the deployment, with servers and active servers.",
        description: "",
        parameters: &[
            Parameter::new("Identity", Type::Text, "One service.").at(0).offers("pool"),
            Parameter::new("PoolFqdn", Type::Text, "The services of one pool.").offers("pool"),
            Parameter::new("PersistentChatServer", Type::Switch, "Persistent Chat pools."),
            Parameter::refused("ApplicationServer", NOT_YET),
            Parameter::refused("Registrar", NOT_YET),
            Parameter::refused("UserServer", NOT_YET),
            Parameter::refused(
                "PersistentChatStore",
                "Get-CsDatabaseMirrorState tells of databases",
            ),
            NO_LOCAL_STORE,
        ],
        roles: EVERYBODY,
        effect: Effect::Reads,
        output: Some(OUTPUT),
        examples: &[
            Example {
                line: "Get-CsService -PersistentChatServer",
                means: "Tells every Persistent Chat pool.",
            },
            Example {
                line: "Get-CsService -PersistentChatServer | Select-Object Identity, ActiveServers",
                means: "Tells which servers accept clients.",
            },
        ],
    },
    handler: get,
}];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let layout = context.deployment.layout().await?;
        let named = context.given.text("Identity").or(context.given.text("PoolFqdn"));
        let wanted = named.map(|it| identity::pool(Some(it), &fqdns(&layout))).transpose()?;
        let chosen = layout
            .pools
            .into_iter()
            .filter(|pool| wanted.as_ref().is_none_or(|(wanted, _)| *wanted == pool.fqdn));
        Ok(chosen.map(service).collect())
    })
}

fn service(pool: PoolLayout) -> Value {
    let object = Object::new(OUTPUT.kind)
        .with("Identity", printed(&pool.fqdn))
        .with("PoolFqdn", pool.fqdn)
        .with("SiteId", format!("Site:{}", pool.site))
        .with("Role", identity::PERSISTENT_CHAT)
        .with("Servers", pool.servers)
        .with("ActiveServers", pool.active)
        .with("RoomDomain", pool.rooms)
        .with("ClientPort", i64::from(pool.client_port))
        .with("Databases", pool.stores);
    Value::Object(object)
}

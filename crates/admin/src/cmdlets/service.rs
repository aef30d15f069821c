//! `CsService`: the services of a deployment, role by role.

use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};

use super::{Context, NO_LOCAL_STORE, Row, fqdns, printed};
use crate::deployment::response_groups::FrontEndPool;
use crate::deployment::{Layout, PoolLayout, Reply};
use crate::fault::Fault;
use crate::identity::{self, Identity};
use crate::roles::EVERYBODY;

const OUTPUT: Output = Output {
    kind: "Service",
    properties: &[
        "Identity",
        "PoolFqdn",
        "SiteId",
        "Role",
        "Servers",
        "ActiveServers",
        "RoomDomain",
        "ClientPort",
        "Applications",
        "BackupPoolFqdn",
        "Databases",
    ],
};

const NOT_YET: &str = "there are -PersistentChatServer and -ApplicationServer";

/// What an application server runs, as the original says it.
const RESPONSE_GROUP: &str = "urn:application:RGS";

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
            Parameter::new("PersistentChatServer", Type::Switch, "Persistent Chat pools.")
                .sets(&["PersistentChatServer"]),
            Parameter::new("ApplicationServer", Type::Switch, "Pools that host Response Groups.")
                .sets(&["ApplicationServer"]),
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
        let front_ends = context.response_groups().front_end_pools().await?;
        let named = context.given.text("Identity").or(context.given.text("PoolFqdn"));
        let known = every_pool(&layout, &front_ends);
        let wanted = named.map(|it| one(it, &known)).transpose()?;
        let is_wanted = |fqdn: &str| wanted.as_ref().is_none_or(|it| it == fqdn);
        let (chat, application) =
            (context.given.on("PersistentChatServer"), context.given.on("ApplicationServer"));
        let mut services = Vec::new();
        if chat || !application {
            services.extend(layout.pools.into_iter().filter(|it| is_wanted(&it.fqdn)).map(service));
        }
        if application || !chat {
            let pools = front_ends.into_iter().filter(|it| is_wanted(&it.fqdn));
            services.extend(pools.map(application_server));
        }
        Ok(services)
    })
}

/// The names of all pools, chat pools first.
pub(super) fn every_pool(layout: &Layout, front_ends: &[FrontEndPool]) -> Vec<String> {
    fqdns(layout).into_iter().chain(front_ends.iter().map(|it| it.fqdn.clone())).collect()
}

/// The pool that `given` means, of whatever role.
pub(super) fn one(given: &str, known: &[String]) -> Result<String, Fault> {
    let read = Identity::read(given, known);
    let found = known.iter().find(|it| it.eq_ignore_ascii_case(&read.name)).cloned();
    found.ok_or_else(|| {
        let message = format!("there is no pool `{}`", read.name);
        Fault::missing(message, format!("there is {}", known.join(", ")))
    })
}

fn service(pool: PoolLayout) -> Value {
    let object = Object::new(identity::PERSISTENT_CHAT)
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

fn application_server(pool: FrontEndPool) -> Value {
    let object = Object::new(identity::APPLICATION_SERVER)
        .with("Identity", format!("{}:{}", identity::APPLICATION_SERVER, pool.fqdn))
        .with("PoolFqdn", pool.fqdn)
        .with("SiteId", format!("Site:{}", pool.site))
        .with("Role", identity::APPLICATION_SERVER)
        .with("Applications", vec![RESPONSE_GROUP.to_owned()])
        .with("BackupPoolFqdn", pool.backup_pool)
        .with("Databases", pool.stores);
    Value::Object(object)
}

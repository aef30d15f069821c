//! `CsDatabaseFailover` and `CsDatabaseMirrorState`: a pool's database and its mirror in one site.

use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};

use super::{Context, FORCE, NO_LOCAL_STORE, NO_REPORT, Row};
use crate::deployment::{MirrorNow, MirrorRole, MirrorStatus, Principal, Reply, Switch};
use crate::fault::Fault;
use crate::roles::{DEPLOYMENT, EVERYBODY};

/// The original's types of databases.
const DATABASE_TYPES: Type = Type::Enum(&[
    "ActiveMonitoring",
    "Application",
    "Archiving",
    "CentralMgmt",
    "Edge",
    "Lyss",
    "Monitoring",
    "PersistentChat",
    "PersistentChatCompliance",
    "Provision",
    "Registrar",
    "SigninTelemetry",
    "User",
]);

/// The one that a pool has.
const PERSISTENT_CHAT: &str = "PersistentChat";

const OUTPUT: Output = Output {
    kind: "DatabaseMirrorState",
    properties: &[
        "DatabaseName",
        "StateOnPrimary",
        "StateOnMirror",
        "MirroringStatusOnPrimary",
        "MirroringStatusOnMirror",
        "MirroringStatusOnSecondary",
        "PrimaryDatabase",
        "MirrorDatabase",
    ],
};

const POOL: Parameter =
    Parameter::new("PoolFqdn", Type::Text, "The pool.").mandatory().offers("chat pool");

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsDatabaseMirrorState",
            aliases: &[],
            summary: "Tells how a pool's database and its mirror stand, in the site that serves.",
            description: "Healthy is Principal, Mirror, synchronized, synchronized. \
                          MirroringStatusOnMirror and MirroringStatusOnSecondary are two names \
                          for the same, because scripts use both.",
            parameters: &[
                POOL,
                Parameter::new("DatabaseType", DATABASE_TYPES, "Only databases of this type."),
                NO_LOCAL_STORE,
                NO_REPORT,
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[Example {
                line: "Get-CsDatabaseMirrorState -PoolFqdn lyncpc.dci.discovery.com \
                       -DatabaseType PersistentChat",
                means: "Tells whether the mirror is synchronized.",
            }],
        },
        handler: states,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Invoke",
            noun: "CsDatabaseFailover",
            aliases: &[],
            summary: "Makes the mirror primary, or the primary primary again, within a site.",
            description: "A planned switchover: nothing that was acknowledged is lost, and clients \
                          go on after a moment. The other database becomes the mirror. Between \
                          sites use Invoke-CsPersistentChatFailover.\n\n\
                          A primary that is lost is replaced by its mirror without any command. \
                          Only where the whole site was down and the primary's host does not come \
                          back, -AttestPrimaryIsDown is needed.",
            parameters: &[
                POOL,
                Parameter::new("DatabaseType", DATABASE_TYPES, "PersistentChat.").mandatory(),
                Parameter::new(
                    "NewPrincipal",
                    Type::Enum(&["Primary", "Mirror"]),
                    "Mirror: the database at the mirror's place. Primary: the other one.",
                )
                .mandatory(),
                Parameter::new(
                    "AttestPrimaryIsDown",
                    Type::Switch,
                    "The present primary's host does not come back, and you have made sure that \
                     it is off: the mirror is promoted if it was in sync. Kept in the journal.",
                ),
                Parameter::refused("ExcludeDatabaseList", "the databases of a pool move together"),
                FORCE,
                NO_LOCAL_STORE,
                NO_REPORT,
            ],
            roles: DEPLOYMENT,
            effect: Effect::Changes,
            output: None,
            examples: &[
                Example {
                    line: "Invoke-CsDatabaseFailover -PoolFqdn lyncpc.dci.discovery.com \
                           -DatabaseType PersistentChat -NewPrincipal Mirror",
                    means: "Makes the mirror primary.",
                },
                Example {
                    line: "Invoke-CsDatabaseFailover -PoolFqdn lyncpc.dci.discovery.com \
                           -DatabaseType PersistentChat -NewPrincipal Primary",
                    means: "And back.",
                },
                Example {
                    line: "Invoke-CsDatabaseFailover -PoolFqdn lyncpc.dci.discovery.com \
                           -DatabaseType PersistentChat -NewPrincipal Mirror \
                           -AttestPrimaryIsDown",
                    means: "Goes on with the mirror after the whole site was down, without the \
                            primary's host.",
                },
            ],
        },
        handler: fail_over,
    },
];

fn states(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, pool) = context.pool("PoolFqdn").await?;
        present(context.given.text("DatabaseType"), &pool)?;
        let states = context.deployment.mirror_states(pool).await?;
        Ok(states.into_iter().map(state).collect())
    })
}

fn fail_over(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, pool) = context.pool("PoolFqdn").await?;
        present(context.given.text("DatabaseType"), &pool)?;
        let to = match context.given.text("NewPrincipal") {
            Some("Mirror") => Principal::Mirror,
            _ => Principal::Primary,
        };
        let primary_is_down = context.given.on("AttestPrimaryIsDown");
        let order = Switch { pool, to, mode: context.mode(), primary_is_down, who: context.who() };
        let outcome = context.deployment.database_failover(order, context.watch).await?;
        Ok(context.told(outcome))
    })
}

/// Refuses a type of databases that no pool here has, as the original does.
fn present(database_type: Option<&str>, pool: &str) -> Result<(), Fault> {
    match database_type {
        None | Some(PERSISTENT_CHAT) => Ok(()),
        Some(other) => Err(Fault::missing(
            format!("the database type {other} is not present on the pool {pool}"),
            format!("use -DatabaseType {PERSISTENT_CHAT}"),
        )),
    }
}

fn state(it: MirrorNow) -> Value {
    let role = |role: MirrorRole| match role {
        MirrorRole::Principal => "Principal",
        MirrorRole::Mirror => "Mirror",
        MirrorRole::DatabaseInaccessibleOrMirroringNotEnabled => {
            "DatabaseInaccessibleOrMirroringNotEnabled"
        }
    };
    let status = match it.status {
        MirrorStatus::Synchronized => "synchronized",
        MirrorStatus::Synchronizing => "synchronizing",
        MirrorStatus::Suspended => "suspended",
        MirrorStatus::Disconnected => "disconnected",
    };
    let object = Object::new(OUTPUT.kind)
        .with("DatabaseName", it.database)
        .with("StateOnPrimary", role(it.on_primary))
        .with("StateOnMirror", role(it.on_mirror))
        .with("MirroringStatusOnPrimary", status)
        .with("MirroringStatusOnMirror", status)
        .with("MirroringStatusOnSecondary", status)
        .with("PrimaryDatabase", it.primary_store)
        .with("MirrorDatabase", it.mirror_store);
    Value::Object(object)
}

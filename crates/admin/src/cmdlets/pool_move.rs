//! `CsPoolFailOver`, `CsPoolFailBack`, `CsPoolFailoverState`: the Response Groups of a pool, in the
//! pool that it is paired with.

use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};

use super::recovery::{JOURNAL, journal};
use super::rgs::places;
use super::{Context, FORCE, Row};
use crate::deployment::Reply;
use crate::deployment::response_groups::MovePool;
use crate::roles::{DEPLOYMENT, EVERYBODY};

const STATE: Output = Output {
    kind: "PoolFailoverState",
    properties: &["PoolFqdn", "BackupPoolFqdn", "State", "ChangedAt", "Received"],
};

const POOL: Parameter = Parameter::new(
    "PoolFqdn",
    Type::Text,
    "The pool that the Response Groups belong to: the same in both directions.",
)
.at(0)
.mandatory()
.offers("front-end pool");

const WAIT: &str = "leave it out; nothing is waited for";
const VERIFIED: &str = "leave it out; what was imported is verified without much time";

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsPoolFailoverState",
            aliases: &[],
            summary: "Tells where a pool's Response Groups are changed now, and what its pair has \
                      received. The original lacks this.",
            description: "State is Active, FailedOver, Unknown, or Closed: a failover was stopped \
                          before the other pool had them, and nobody can change them until it is \
                          given again or failed back. Or it is Lost: the pool has come back \
                          without what the other one has received of it. With -Journal it tells \
                          what the newest failover or failback of the pool did, line by line, as \
                          the host that is asked has heard it.",
            parameters: &[POOL, JOURNAL],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(STATE),
            examples: &[
                Example {
                    line: "Get-CsPoolFailoverState primary.contoso.com",
                    means: "Tells how it stands.",
                },
                Example {
                    line: "Get-CsPoolFailoverState primary.contoso.com -Journal",
                    means: "Tells what the last failover or failback did.",
                },
            ],
        },
        handler: state,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Invoke",
            noun: "CsPoolFailOver",
            aliases: &[],
            summary: "Lets the pool that it is paired with host the Response Groups of a pool.",
            description: "They are imported from what the other pool has received continuously; no \
                          file is needed. Signed-in agents stay signed in. What \
                          stands against the import is named before anything is changed. \
                          Interrupted anywhere, the same command goes on; one that fails before \
                          the other pool stands in opens the pool again.",
            parameters: &[
                POOL,
                Parameter::new(
                    "DisasterMode",
                    Type::Switch,
                    "You attest that the pool is down: its hosts are off.",
                ),
                Parameter::new(
                    "AcceptDataLoss",
                    Type::Switch,
                    "You accept that changes which were not received are missing until the pool \
                     returns. Invoke-CsPoolFailBack brings them back, but for objects that were \
                     changed at both pools: these it names.",
                ),
                FORCE,
                Parameter::refused("WaitTime", WAIT),
                Parameter::refused("SkipDataVerification", VERIFIED),
                Parameter::refused("FlushStorageService", "leave it out; nothing is left behind"),
                Parameter::refused("ServicesStopDelayMins", "leave it out; nothing is stopped"),
                Parameter::refused("DatabaseCommandTimeoutInSeconds", WAIT),
            ],
            roles: DEPLOYMENT,
            effect: Effect::Grave,
            output: None,
            examples: &[
                Example {
                    line: "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com -DisasterMode \
                           -WhatIf",
                    means: "Tells what would be done.",
                },
                Example {
                    line: "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com -DisasterMode \
                           -AcceptDataLoss -Force",
                    means: "Fails over, after the pool is lost.",
                },
            ],
        },
        handler: |context| Box::pin(move_pool(context, Direction::Over)),
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Invoke",
            noun: "CsPoolFailBack",
            aliases: &[],
            summary: "Brings the Response Groups of a pool home again.",
            description: "What was changed meanwhile at the other pool is imported, and the copy \
                          there is removed once the pool is seen to have all of it. What only \
                          the pool itself had changed, unheard, stays. What both had changed is \
                          as the other pool has it; what the pool had is put aside and named: \
                          Export-CsRgsConfiguration -PutAside. After a failover that was stopped \
                          before the other pool stood in, the pool is opened again.",
            parameters: &[
                POOL,
                Parameter::new(
                    "AttestCopyIsLost",
                    Type::List,
                    "The pool's stores, all of them, when the disks with their data are lost: \
                     the databases are made anew, empty, before anything comes home. A store that \
                     has a data directory is refused. Kept in the journal.",
                ),
                FORCE,
                Parameter::refused("DisasterMode", "both pools must answer"),
                Parameter::refused("WaitTime", WAIT),
                Parameter::refused("SkipDataVerification", VERIFIED),
                Parameter::refused("DatabaseCommandTimeoutInSeconds", WAIT),
            ],
            roles: DEPLOYMENT,
            effect: Effect::Grave,
            output: None,
            examples: &[Example {
                line: "Invoke-CsPoolFailBack -PoolFqdn primary.contoso.com -Force",
                means: "Brings them home.",
            }],
        },
        handler: |context| Box::pin(move_pool(context, Direction::Back)),
    },
];

#[derive(Clone, Copy)]
enum Direction {
    Over,
    Back,
}

async fn move_pool(
    context: Context<'_>,
    direction: Direction,
) -> Result<Vec<Value>, crate::fault::Fault> {
    let pools = context.response_groups().front_end_pools().await?;
    let order = MovePool {
        pool: places::parent(context, "PoolFqdn", &pools)?,
        attested: context.given.on("DisasterMode"),
        accept_loss: context.given.on("AcceptDataLoss"),
        lost_copies: context.given.list("AttestCopyIsLost").unwrap_or_default(),
        mode: context.mode(),
        who: context.who(),
    };
    let groups = context.response_groups();
    let outcome = match direction {
        Direction::Over => groups.fail_over(order, context.watch).await?,
        Direction::Back => groups.fail_back(order, context.watch).await?,
    };
    Ok(context.told(outcome))
}

fn state(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let pool = places::parent(context, "PoolFqdn", &pools)?;
        if context.given.on(JOURNAL.name) {
            return journal(context, pool).await;
        }
        let found = context.response_groups().pairing(pool).await?;
        found.notes.into_iter().for_each(|it| context.watch.warn(it));
        let object = Object::new(STATE.kind)
            .with("PoolFqdn", found.pool)
            .with("BackupPoolFqdn", found.backup)
            .with("State", found.state)
            .with("ChangedAt", found.changed_at)
            .with("Received", found.received);
        Ok(vec![Value::Object(object)])
    })
}

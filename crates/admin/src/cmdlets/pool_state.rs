//! `CsPersistentChatState`: whether a pool uses its home or its backup databases.

use shell::{Cmdlet, Effect, Example, FromPipeline, Object, Output, Parameter, Type, Value};

use super::{Context, FORCE, IDENTITY, NO_LOCAL_STORE, Row, fqdns, printed};
use crate::deployment::{PoolNow, PoolState, Reply, SetState};
use crate::identity;
use crate::roles::{CHAT, EVERYBODY};

const OUTPUT: Output = Output {
    kind: "PersistentChatState",
    properties: &["Identity", "PoolState", "PrimaryDatabase", "Place", "Term", "Mirror"],
};

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsPersistentChatState",
            aliases: &[],
            summary: "Tells whether a pool uses its home or its backup databases.",
            description: "Without an identity it tells it of every pool. What is not known is \
                          printed as Unknown or left empty; it is never guessed.",
            parameters: &[
                IDENTITY.sets(&["Identity"]),
                Parameter::new("Filter", Type::Text, "Only pools whose identity is like this.")
                    .sets(&["Filter"]),
                NO_LOCAL_STORE,
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[
                Example {
                    line: "Get-CsPersistentChatState",
                    means: "Tells the state of every pool.",
                },
                Example {
                    line: "(Get-CsPersistentChatState -Identity \
                           \"service:lyncpc.dci.discovery.com\").PoolState",
                    means: "Prints the state alone.",
                },
            ],
        },
        handler: get,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Set",
            noun: "CsPersistentChatState",
            aliases: &[],
            summary: "Makes a pool use its home or its backup databases: one row of a procedure.",
            description: "FailedOver is a row of the failover, Normal the last row of the \
                          failback, each with the same givens. Where earlier rows are not done it \
                          changes nothing and names the next step. \
                          Invoke-CsPersistentChatFailover and Invoke-CsPersistentChatFailback do \
                          all rows.",
            parameters: &[
                IDENTITY.sets(&["Identity"]),
                Parameter::new("Instance", Type::Object, "A state from Get-CsPersistentChatState.")
                    .mandatory()
                    .sets(&["Instance"])
                    .piped(FromPipeline::ByValue),
                Parameter::new(
                    "PoolState",
                    Type::Enum(&["Normal", "FailedOver"]),
                    "Normal: the home databases. FailedOver: the backup databases.",
                )
                .mandatory(),
                FORCE,
            ],
            roles: CHAT,
            effect: Effect::Changes,
            output: None,
            examples: &[
                Example {
                    line: "Set-CsPersistentChatState -Identity \"service: \
                           lyncpc.dci.discovery.com\" -PoolState Normal",
                    means: "The last step of bringing a pool home.",
                },
                Example {
                    line: "Set-CsPersistentChatState lyncpc.dci.discovery.com -PoolState \
                           FailedOver -WhatIf",
                    means: "Tells whether this step of a failover is due, and what it would do.",
                },
            ],
        },
        handler: set,
    },
];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let mut pools = context.deployment.pool_states().await?;
        let layout = context.deployment.layout().await?;
        if let Some(filter) = context.given.text("Filter") {
            let wanted = identity::pools_like(filter, &fqdns(&layout));
            pools.retain(|it| wanted.contains(&it.fqdn));
        } else if context.given.text("Identity").is_some() {
            let (_, wanted) = context.pool("Identity").await?;
            pools.retain(|it| it.fqdn == wanted);
        }
        Ok(pools.into_iter().map(state).collect())
    })
}

fn set(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pool = match context.given.get("Instance") {
            Some(Value::Object(instance)) => {
                let identity = instance.get("Identity").map(ToString::to_string);
                let layout = context.deployment.layout().await?;
                identity::pool(identity.as_deref(), &fqdns(&layout))?.0
            }
            _ => context.pool("Identity").await?.1,
        };
        let state = match context.given.text("PoolState") {
            Some("FailedOver") => PoolState::FailedOver,
            _ => PoolState::Normal,
        };
        let order = SetState { pool, state, mode: context.mode(), who: context.who() };
        let outcome = context.deployment.set_pool_state(order, context.watch).await?;
        Ok(context.told(outcome))
    })
}

/// A pool's state as the original prints it, and what the original does not tell.
pub(super) fn state(now: PoolNow) -> Value {
    let object = Object::new(OUTPUT.kind)
        .with("Identity", printed(&now.fqdn))
        .with("PoolState", now.state)
        .with("PrimaryDatabase", now.primary)
        .with("Place", now.place)
        .with("Term", now.term)
        .with("Mirror", now.mirror);
    Value::Object(object)
}

//! `CsPersistentChatRecovery`: how well a pool is protected, and what its last procedure did.

use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};

use super::{Context, IDENTITY, Row, printed};
use crate::deployment::{JournalLine, Protection, Reply};
use crate::fault::Fault;
use crate::roles::EVERYBODY;

const OUTPUT: Output = Output {
    kind: "PersistentChatRecovery",
    properties: &[
        "Identity",
        "PoolState",
        "PrimaryDatabase",
        "Place",
        "Term",
        "Mirror",
        "ExposedSince",
        "Sites",
        "LogShipping",
        "BehindBytes",
        "Behind",
        "MeasuredAt",
        "BytesPerSecond",
        "WaitingForReplayBytes",
    ],
};

/// What a procedure did, in the place of how things stand.
pub(super) const JOURNAL: Parameter = Parameter::new(
    "Journal",
    Type::Switch,
    "The newest procedure run instead, with those it went on from.",
);

pub(super) const ROWS: &[Row] = &[Row {
    cmdlet: Cmdlet {
        verb: "Get",
        noun: "CsPersistentChatRecovery",
        aliases: &[],
        summary: "Tells how well a pool is protected: mirror, log shipping, how far behind.",
        description: "BehindBytes and Behind are what the backup site would lack if home were lost \
                      at MeasuredAt: when home was last heard. With -Journal it tells what the \
                      newest procedure run did, line by line.",
        parameters: &[IDENTITY, JOURNAL],
        roles: EVERYBODY,
        effect: Effect::Reads,
        output: Some(OUTPUT),
        examples: &[
            Example {
                line: "Get-CsPersistentChatRecovery -Identity lyncpc.dci.discovery.com",
                means: "Tells what would be lost if home were lost now.",
            },
            Example {
                line: "Get-CsPersistentChatRecovery -Journal",
                means: "Tells what the last failover or failback did.",
            },
        ],
    },
    handler: get,
}];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, pool) = context.pool("Identity").await?;
        if context.given.on(JOURNAL.name) {
            return journal(context, pool).await;
        }
        let protection = context.deployment.protection(pool).await?;
        Ok(vec![told(protection)])
    })
}

/// What the newest procedure run of a pool did, line by line.
pub(super) async fn journal(context: Context<'_>, pool: String) -> Result<Vec<Value>, Fault> {
    let lines = context.deployment.journal(pool).await?;
    Ok(lines.into_iter().map(journal_line).collect())
}

fn told(it: Protection) -> Value {
    let sites: Vec<String> = it.sites.iter().map(|(name, how)| format!("{name}: {how}")).collect();
    let object = Object::new(OUTPUT.kind)
        .with("Identity", printed(&it.now.fqdn))
        .with("PoolState", it.now.state)
        .with("PrimaryDatabase", it.now.primary)
        .with("Place", it.now.place)
        .with("Term", it.now.term)
        .with("Mirror", it.now.mirror)
        .with("ExposedSince", it.exposed_since)
        .with("Sites", sites)
        .with("LogShipping", it.shipping)
        .with("BehindBytes", it.behind_bytes)
        .with("Behind", it.behind)
        .with("MeasuredAt", it.measured)
        .with("BytesPerSecond", it.rate)
        .with("WaitingForReplayBytes", it.waiting_for_replay);
    Value::Object(object)
}

fn journal_line(it: JournalLine) -> Value {
    let object = Object::new("JournalLine")
        .in_table()
        .with("At", it.at)
        .with("Run", it.run)
        .with("Host", it.host)
        .with("Who", it.who)
        .with("What", it.what);
    Value::Object(object)
}

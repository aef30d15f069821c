//! `CsDatabaseConnection`: who is connected to a pool's primary database.

use shell::{Cmdlet, Effect, Example, FromPipeline, Object, Output, Parameter, Type, Value};

use super::{Context, FORCE, IDENTITY, Row};
use crate::deployment::Reply;
use crate::roles::{CHAT, EVERYBODY};

const OUTPUT: Output = Output {
    kind: "DatabaseConnection",
    properties: &["Spid", "Login", "HostName", "DBName", "ProgramName", "Status", "Since"],
};

const POOL: Parameter = Parameter { position: None, ..IDENTITY };

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsDatabaseConnection",
            aliases: &["exec sp_who2"],
            summary: "Lists who is connected to the primary database of a pool.",
            description: "",
            parameters: &[POOL],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[Example { line: "Get-CsDatabaseConnection", means: "Lists all." }],
        },
        handler: get,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Stop",
            noun: "CsDatabaseConnection",
            aliases: &["kill <Spid>"],
            summary: "Ends the connection of a server to the primary database of a pool.",
            description: "The server connects again by itself. A post whose commit was under way \
                          is looked up, and neither lost nor doubled.",
            parameters: &[
                Parameter::new("Spid", Type::Int(1, i32::MAX as i64), "Its number in the list.")
                    .at(0)
                    .mandatory()
                    .piped(FromPipeline::ByName),
                POOL,
                FORCE,
            ],
            roles: CHAT,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Stop-CsDatabaseConnection 4711 -WhatIf",
                means: "Tells what would be done.",
            }],
        },
        handler: stop,
    },
];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, pool) = context.pool("Identity").await?;
        let all = context.deployment.connections(pool).await?;
        let object = all.into_iter().map(|it| {
            Object::new(OUTPUT.kind)
                .in_table()
                .with("Spid", i64::from(it.pid))
                .with("Login", it.login)
                .with("HostName", it.address)
                .with("DBName", it.database)
                .with("ProgramName", it.program)
                .with("Status", it.status)
                .with("Since", it.since)
        });
        Ok(object.map(Value::Object).collect())
    })
}

fn stop(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, pool) = context.pool("Identity").await?;
        let pid = context.given.int("Spid").and_then(|it| i32::try_from(it).ok());
        let pid = pid.unwrap_or_default();
        if context.given.what_if() {
            let told = format!("What if: connection {pid} to {pool} would be ended.");
            return Ok(vec![told.into()]);
        }
        context.deployment.end_connection(pool, pid).await?;
        Ok(Vec::new())
    })
}

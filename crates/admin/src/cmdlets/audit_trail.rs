//! `CsAuditTrail`: who ran what, when, from where, with what result.

use audit::{Invocation, Phase, Query};
use jiff::Timestamp;
use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};

use super::service::{every_pool, one};
use super::{Context, Row};
use crate::deployment::Reply;
use crate::roles::EVERYBODY;

/// How many are shown when nothing is said.
const FIRST: i64 = 100;

/// The most that can be asked for.
const FIRST_MAX: i64 = 2000;

const OUTPUT: Output = Output {
    kind: "AuditTrail",
    properties: &[
        "Asked", "Who", "Role", "From", "Host", "Cmdlet", "Line", "Result", "Message", "Ended",
        "Id",
    ],
};

pub(super) const ROWS: &[Row] = &[Row {
    cmdlet: Cmdlet {
        verb: "Get",
        noun: "CsAuditTrail",
        aliases: &[],
        summary: "Tells who ran which cmdlet, when, from where, and with what result.",
        description: "The newest first, one object for each cmdlet that was run or refused. Every \
                      host writes a file of its own before anything is done, and copies it into \
                      the database of every pool within a second or two; those are read, so the \
                      trail of a site that is lost is read at the other one. Where Result is \
                      Asked, it runs still, or its host fell before it ended.",
        parameters: &[
            Parameter::new(
                "PoolFqdn",
                Type::Text,
                "Reads this pool's database alone. All should tell the same.",
            )
            .at(0)
            .offers("pool"),
            Parameter::new("Who", Type::Text, "Who asked; `*` stands for any text."),
            Parameter::new("Cmdlet", Type::Text, "What was run; `*` stands for any text.")
                .offers("cmdlet"),
            Parameter::new("After", Type::DateTime, "Asked at this time or later."),
            Parameter::new("Before", Type::DateTime, "Asked before this time."),
            Parameter::new("First", Type::Int(1, FIRST_MAX), "How many at most; 100 if left out."),
        ],
        roles: EVERYBODY,
        effect: Effect::Reads,
        output: Some(OUTPUT),
        examples: &[
            Example {
                line: "Get-CsAuditTrail -First 20 | Format-Table Asked, Who, Line, Result",
                means: "Tells the last twenty.",
            },
            Example {
                line: "Get-CsAuditTrail -Cmdlet Invoke-* -After \"2026-03-29T14:00:00Z\"",
                means: "Tells who failed over, failed back or switched over since then.",
            },
            Example {
                line: "Get-CsAuditTrail | Where-Object Result -eq Refused",
                means: "Tells what was refused.",
            },
        ],
    },
    handler: get,
}];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let given = context.given;
        let pool = match given.text("PoolFqdn") {
            None => None,
            Some(named) => {
                let layout = context.deployment.layout().await?;
                let front_ends = context.response_groups().front_end_pools().await?;
                Some(one(named, &every_pool(&layout, &front_ends))?)
            }
        };
        let text = |name| given.text(name).map(str::to_owned);
        let query = Query {
            who: text("Who"),
            cmdlet: text("Cmdlet"),
            after: time(given.get("After")),
            before: time(given.get("Before")),
            limit: usize::try_from(given.int("First").unwrap_or(FIRST)).unwrap_or_default(),
        };
        let read = context.deployment.audit_trail(pool, query).await?;
        for (pool, why) in read.silent {
            context.watch.warn(format!(
                "{pool} could not be asked: {why}. What stands only there is not shown."
            ));
        }
        if read.has_more {
            context.watch.note(format!(
                "Only the newest {} are shown; ask for more with -First, or for others with \
                 -Before, -After, -Who and -Cmdlet.",
                read.invocations.len()
            ));
        }
        Ok(read.invocations.into_iter().map(told).collect())
    })
}

fn time(value: Option<&Value>) -> Option<Timestamp> {
    match value {
        Some(Value::Time(time)) => Some(*time),
        _ => None,
    }
}

fn told(invocation: Invocation) -> Value {
    let Invocation { asked, ended } = invocation;
    let (ended, phase) = ended.map_or((None, Phase::Asked), |(at, phase)| (Some(at), phase));
    let (result, message) = match phase {
        Phase::Asked => ("Asked", None),
        Phase::Done { objects } => ("Done", Some(format!("{objects} objects"))),
        Phase::Failed { message, .. } => ("Failed", Some(message)),
        Phase::Refused { message, .. } => ("Refused", Some(message)),
    };
    let object = Object::new(OUTPUT.kind)
        .with("Asked", asked.at)
        .with("Who", asked.who)
        .with("Role", asked.role)
        .with("From", asked.from)
        .with("Host", asked.host)
        .with("Cmdlet", asked.cmdlet)
        .with("Line", asked.line)
        .with("Result", result)
        .with("Message", message)
        .with("Ended", ended)
        .with("Id", asked.id.to_string());
    Value::Object(object)
}

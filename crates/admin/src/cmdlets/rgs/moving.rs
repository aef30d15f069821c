//! `Move-CsRgsConfiguration`: all that belongs to a pool, moved to another one.

use shell::{Cmdlet, Effect, Example, Parameter, Type, Value};

use super::carry::{RESOLVE_NAME_CONFLICTS, said, told};
use super::places;
use crate::cmdlets::{Context, FORCE, Row};
use crate::deployment::Reply;
use crate::deployment::response_groups::MoveConfiguration;
use crate::fault::Fault;
use crate::roles::RESPONSE_GROUPS;

pub(in crate::cmdlets) const ROWS: &[Row] = &[Row {
    cmdlet: Cmdlet {
        verb: "Move",
        noun: "CsRgsConfiguration",
        aliases: &[],
        summary: "Moves the Response Groups that belong to a pool to another one, whose they are \
                  from then on.",
        description: "The original moves between pools of different versions only; this moves \
                      between any two. All of it comes in at the destination, or nothing; then \
                      all of it goes at the source, if nothing has changed there; agents who sign \
                      in or out meanwhile do so at the destination. Interrupted \
                      anywhere, the same line finishes it. Application-level settings stay where \
                      they are. What an interrupted move brought to the destination and is \
                      different by now is replaced with -Force only.",
        parameters: &[
            Parameter::new(
                "Source",
                Type::Text,
                "The pool that they belong to and that hosts them.",
            )
            .at(0)
            .mandatory()
            .offers("front-end pool"),
            Parameter::new("Destination", Type::Text, "The pool that is to host and to own them.")
                .at(1)
                .mandatory()
                .offers("front-end pool"),
            RESOLVE_NAME_CONFLICTS,
            FORCE,
        ],
        roles: RESPONSE_GROUPS,
        effect: Effect::Changes,
        output: None,
        examples: &[
            Example {
                line: "Move-CsRgsConfiguration -Source primary.contoso.com -Destination \
                       backup.contoso.com -WhatIf",
                means: "Tells what would be moved, and what stands against it.",
            },
            Example {
                line: "Move-CsRgsConfiguration primary.contoso.com backup.contoso.com",
                means: "Moves them.",
            },
        ],
    },
    handler: move_configuration,
}];

fn move_configuration(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let source = places::parent(context, "Source", &pools)?;
        let destination = places::parent(context, "Destination", &pools)?;
        if source == destination {
            let message = format!("{source} is both the source and the destination");
            return Err(Fault::misspoken(message, "name another pool as the destination"));
        }
        let (mode, done) = (context.mode(), format!("Moved from {source} to {destination}"));
        let none = format!("Nothing at {source} belongs to {source}: there is nothing to move.");
        let order = MoveConfiguration {
            source,
            destination,
            resolve_name_conflicts: context.given.on("ResolveNameConflicts"),
            replace: context.given.on("Force"),
            mode,
        };
        let report = context.response_groups().move_configuration(order, context.watch).await?;
        let lines = if report.written.is_empty() { vec![none] } else { told(&report, &done, mode) };
        Ok(said(context, lines))
    })
}

//! `CsRgsConfiguration` as a file: export, import, and what differs.

use response_groups::compare::{Compared, Found};
use response_groups::import::Report;
use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};

use super::places;
use crate::Fault;
use crate::cmdlets::{Context, FORCE, Row};
use crate::deployment::response_groups::{Compare, Export, Import, Owner};
use crate::deployment::{Mode, Reply};
use crate::roles::{EVERYBODY, RESPONSE_GROUPS};

const COMPARED: Output = Output {
    kind: "Comparison",
    properties: &["Kind", "Name", "Owner", "Found", "Fields", "NameThere"],
};

const PUT_ASIDE: &str = "PutAside";

/// How newcomers fare whose names are taken.
pub(super) const RESOLVE_NAME_CONFLICTS: Parameter = Parameter::new(
    "ResolveNameConflicts",
    Type::Switch,
    "Newcomers whose names are taken become `Name (2)`, `Name (3)`, ...",
);

const FILE: Parameter = Parameter::new(
    "FileName",
    Type::Upload,
    "An export file on the shell's machine. C:\\ and \\\\ mean the exchange folder.",
)
.mandatory();

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Export",
            noun: "CsRgsConfiguration",
            aliases: &[],
            summary: "Writes the Response Groups of a pool into a ZIP file.",
            description: "The file is written on the shell's machine as a whole or not at all, and \
                          read back. A file that Standfast wrote for the same pool and owner is \
                          kept beside it under a dated name; any other is refused without -Force.",
            parameters: &[
                Parameter::new(
                    "Source",
                    Type::Text,
                    "The pool that hosts them: service:ApplicationServer:FQDN.",
                )
                .at(0)
                .mandatory()
                .offers("front-end pool"),
                Parameter::new(
                    "FileName",
                    Type::File,
                    "The file to write on the shell's machine. C:\\ and \\\\ mean the exchange \
                     folder.",
                )
                .mandatory(),
                Parameter::new(
                    "Owner",
                    Type::Text,
                    "Those that belong to this pool; those of the source itself if left out.",
                )
                .offers("front-end pool"),
                Parameter::new(
                    "RemoveExportedConfiguration",
                    Type::Switch,
                    "Removes from the source what was exported, once the file is safe and if \
                     nothing of it has changed since. Where agents have signed in or out \
                     meanwhile it is exported again, three times at most. Given again when all is \
                     removed, it leaves the file as it is. Refused where another pool may change \
                     it now, and, without -Force, where it is in service for its own pool.",
                ),
                Parameter::new(
                    PUT_ASIDE,
                    Type::Switch,
                    "Instead of what the pool hosts: what it had when its last failback began. \
                     Compare-CsRgsConfiguration tells what differs. The original lacks this.",
                ),
                FORCE,
            ],
            roles: RESPONSE_GROUPS,
            effect: Effect::Changes,
            output: None,
            examples: &[
                Example {
                    line: "Export-CsRgsConfiguration -Source \
                           service:ApplicationServer:primary.contoso.com -FileName \
                           C:\\RgsExportPrimary.zip",
                    means: "Keeps the pool's Response Groups in a file.",
                },
                Example {
                    line: "Export-CsRgsConfiguration -Source backup.contoso.com -Owner \
                           primary.contoso.com -FileName C:\\RgsExportPrimaryUpdated.zip \
                           -RemoveExportedConfiguration",
                    means: "Takes what was imported there out again.",
                },
                Example {
                    line: "Export-CsRgsConfiguration -Source primary.contoso.com -PutAside \
                           -FileName C:\\RgsPutAside.zip",
                    means: "Keeps what a failback has put aside, to be compared and read.",
                },
            ],
        },
        handler: export,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Import",
            noun: "CsRgsConfiguration",
            aliases: &[],
            summary: "Brings the Response Groups of an export file into a pool, all or nothing.",
            description: "They keep their owner unless -OverwriteOwner is given; then the pool is \
                          their owner. What is there already, by its identity, is updated. Where \
                          another object has the name, nothing is imported, unless \
                          -ResolveNameConflicts gives the newcomer another one. While their own \
                          pool answers, copies are not changed here; nor ever at a pool that is \
                          not paired with it. Where a pool stands in for another one, or was the \
                          last to, a file that is not what it has is refused at both without \
                          -Force, which names what is given up. The pool that it stands in for \
                          takes only what comes with -OverwriteOwner.",
            parameters: &[
                Parameter::new(
                    "Destination",
                    Type::Text,
                    "The pool that is to host them: service:ApplicationServer:FQDN.",
                )
                .at(0)
                .mandatory()
                .offers("front-end pool"),
                FILE,
                Parameter::new("OverwriteOwner", Type::Switch, "They belong to it from now on."),
                Parameter::new(
                    "ReplaceExistingRgsSettings",
                    Type::Switch,
                    "Its own application-level settings are replaced, too.",
                )
                .aliases(&["ReplaceExistingSettings"]),
                RESOLVE_NAME_CONFLICTS,
                FORCE,
            ],
            roles: RESPONSE_GROUPS,
            effect: Effect::Changes,
            output: None,
            examples: &[
                Example {
                    line: "Import-CsRgsConfiguration -Destination backup.contoso.com -FileName \
                           C:\\RgsExportPrimary.zip",
                    means: "Lets the backup pool stand in for the pool that was exported.",
                },
                Example {
                    line: "Import-CsRgsConfiguration -Destination primary.contoso.com \
                           -OverwriteOwner -FileName C:\\RgsExportPrimaryUpdated.zip",
                    means: "Brings them home again.",
                },
            ],
        },
        handler: import,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Compare",
            noun: "CsRgsConfiguration",
            aliases: &[],
            summary: "Tells what differs between a pool and an export file. The original lacks \
                      this.",
            description: "Nothing is returned where both are the same.",
            parameters: &[
                Parameter::new("Identity", Type::Text, "The pool: service:ApplicationServer:FQDN.")
                    .at(0)
                    .mandatory()
                    .offers("front-end pool"),
                FILE,
                Parameter::new("IncludeEqual", Type::Switch, "Also what is the same."),
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(COMPARED),
            examples: &[Example {
                line: "Compare-CsRgsConfiguration backup.contoso.com -FileName \
                       C:\\RgsExportPrimary.zip",
                means: "Tells what was changed since the export.",
            }],
        },
        handler: compare,
    },
];

fn export(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let source = places::parent(context, "Source", &pools)?;
        let of = match context.given.text("Owner") {
            Some(owner) => Owner::Pool(places::owner(context, owner, &pools)?),
            None => Owner::Parent,
        };
        let file_name = context.given.text("FileName").unwrap_or_default().to_owned();
        let remove = context.given.on("RemoveExportedConfiguration");
        let put_aside = context.given.on(PUT_ASIDE);
        if put_aside && (remove || of != Owner::Parent) {
            let hint = "leave out -Owner and -RemoveExportedConfiguration";
            return Err(Fault::misspoken("-PutAside stands alone", hint));
        }
        if context.given.what_if() {
            let then = if remove { ", and removed there once it is safe" } else { "" };
            let whose = match &of {
                _ if put_aside => format!("what the last failback of {source} has put aside"),
                Owner::Pool(owner) => format!("what belongs to {owner} at {source}"),
                Owner::Parent | Owner::Any => format!("what belongs to {source}"),
            };
            let told = format!("What if: {whose} would be written into {file_name}{then}.");
            return Ok(vec![told.into()]);
        }
        let force = context.given.on("Force");
        let order = Export { source, of, file_name, remove, force, put_aside, who: context.who() };
        Ok(vec![context.response_groups().export(order).await?.into()])
    })
}

fn import(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let order = Import {
            destination: places::parent(context, "Destination", &pools)?,
            file: context.given.get("FileName").cloned().unwrap_or_default(),
            who: context.who(),
            overwrite_owner: context.given.on("OverwriteOwner"),
            replace_settings: context.given.on("ReplaceExistingRgsSettings"),
            resolve_name_conflicts: context.given.on("ResolveNameConflicts"),
            force: context.given.on("Force"),
            mode: context.mode(),
        };
        let (destination, mode) = (order.destination.clone(), order.mode);
        let report = context.response_groups().import(order, context.watch).await?;
        let lines = told(&report, &format!("Imported into {destination}"), mode);
        Ok(said(context, lines))
    })
}

/// Sentences, printed where nothing was done, otherwise told beside.
pub(super) fn said(context: Context<'_>, lines: Vec<String>) -> Vec<Value> {
    if context.mode() == Mode::WhatIf {
        return lines.into_iter().map(|it| format!("What if: {it}").into()).collect();
    }
    for line in lines {
        context.watch.note(line);
    }
    Vec::new()
}

/// What an import did, in sentences; `done` is how the first one begins, once it is done.
pub(super) fn told(report: &Report, done: &str, mode: Mode) -> Vec<String> {
    let would = if mode == Mode::WhatIf { "would be" } else { "were" };
    let counts: Vec<String> = report
        .written
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(kind, count)| {
            let updated = report.updated.get(kind).copied().unwrap_or_default();
            let updated = if updated > 0 { format!(" ({updated} updated)") } else { String::new() };
            format!("{kind}: {count}{updated}")
        })
        .collect();
    let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
    let mut lines = vec![match mode {
        Mode::Act => format!("{done}: {counts}."),
        Mode::WhatIf => format!("Would be {}: {counts}.", lower(done)),
    }];
    lines.extend(report.renamed.iter().map(|it| {
        format!("The {} {:?} {would} renamed {:?}: its name is taken.", it.kind, it.old, it.new)
    }));
    lines.extend(
        report.settings.iter().map(|owner| format!("The settings of {owner} {would} written.")),
    );
    lines.extend(report.left_behind.iter().cloned());
    lines
}

/// A sentence's beginning in the middle of one.
fn lower(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}", first.to_lowercase())
}

fn compare(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let order = Compare {
            parent: places::parent(context, "Identity", &pools)?,
            file: context.given.get("FileName").cloned().unwrap_or_default(),
            who: context.who(),
        };
        let parent = order.parent.clone();
        let compared = context.response_groups().compare(order).await?;
        let equal = compared.iter().filter(|it| is_equal(it)).count();
        context.watch.note(format!("{equal} of {} are the same at {parent}.", compared.len()));
        let all = context.given.on("IncludeEqual");
        let shown = compared.into_iter().filter(|it| all || !is_equal(it));
        Ok(shown.map(difference).collect())
    })
}

fn is_equal(it: &Compared) -> bool {
    it.found == Found::Same
}

fn difference(it: Compared) -> Value {
    let (found, fields) = match it.found {
        Found::OnlyHere => ("only in the pool", Vec::new()),
        Found::OnlyThere => ("only in the file", Vec::new()),
        Found::Differs(fields) => ("differs", fields),
        Found::Same => ("same", Vec::new()),
    };
    let object = Object::new(COMPARED.kind)
        .in_table()
        .with("Kind", it.what.to_string())
        .with("Name", it.name)
        .with("Owner", it.owner)
        .with("Found", found)
        .with("Fields", fields)
        .with("NameThere", it.renamed_to);
    Value::Object(object)
}

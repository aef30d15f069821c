//! `CsTopology`: what is declared, told, published and tested.

use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};
use topology::{Checked, Topology, diff};

use super::{Context, FORCE, NO_DIRECTORY, NO_LOCAL_STORE, NO_REPORT, Row};
use crate::deployment::{Finding, Publish, Published, Reply, Verdict};
use crate::fault::{Fault, FaultKind};
use crate::roles::{DEPLOYMENT, EVERYBODY};

const OUTPUT: Output = Output {
    kind: "Topology",
    properties: &[
        "Revision",
        "Published",
        "Hash",
        "Domain",
        "Sites",
        "Pools",
        "FrontEndPools",
        "Machines",
        "SqlInstances",
    ],
};

const FINDING: Output =
    Output { kind: "TopologyFinding", properties: &["Subject", "Result", "Message"] };

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsTopology",
            aliases: &[],
            summary: "Tells the published topology.",
            description: "",
            parameters: &[
                Parameter::new("AsText", Type::Switch, "The file itself, as published."),
                Parameter::refused("AsXml", "the topology is a TOML file: use -AsText"),
                NO_LOCAL_STORE,
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[
                Example {
                    line: "Get-CsTopology",
                    means: "Tells sites, pools, machines and stores.",
                },
                Example {
                    line: "Get-CsTopology -AsText | Out-File topology.toml",
                    means: "Writes the published file, to be edited and published again.",
                },
            ],
        },
        handler: get,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Publish",
            noun: "CsTopology",
            aliases: &[],
            summary: "Checks a topology file and publishes it to every site.",
            description: "Every error names file, line, and what to do; with an error nothing is \
                          published. What would change is told first, sentence by sentence.",
            parameters: &[
                Parameter::new(
                    "FileName",
                    Type::FileContent,
                    "The TOML file, on the shell's machine.",
                )
                .at(0)
                .mandatory(),
                FORCE,
                Parameter::refused("Document", "give a file with -FileName"),
                Parameter::refused(
                    "BackupFileName",
                    "keep the old file with `Get-CsTopology -AsText | Out-File NAME` before",
                ),
                Parameter::refused("FinalizeUninstall", "publish a file without what goes"),
                Parameter::refused("GlobalCatalog", NO_DIRECTORY),
                Parameter::refused("GlobalSettingsDomainController", NO_DIRECTORY),
                NO_REPORT,
            ],
            roles: DEPLOYMENT,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Publish-CsTopology -FileName topology.toml -WhatIf",
                means: "Tells what would change.",
            }],
        },
        handler: publish,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Test",
            noun: "CsTopology",
            aliases: &[],
            summary: "Looks at everything the published topology names, or checks a file.",
            description: "",
            parameters: &[
                Parameter::new("FileName", Type::FileContent, "Checks this file instead.").at(0),
                Parameter::refused("Service", "it always looks at all services; use Where-Object"),
                Parameter::refused("GlobalCatalog", NO_DIRECTORY),
                Parameter::refused("GlobalSettingsDomainController", NO_DIRECTORY),
                NO_REPORT,
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(FINDING),
            examples: &[
                Example {
                    line: "Test-CsTopology | Where-Object Result -ne Success",
                    means: "Tells what is not as it should be.",
                },
                Example {
                    line: "Test-CsTopology -FileName topology.toml",
                    means: "Checks a file before it is published.",
                },
            ],
        },
        handler: test,
    },
];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let published = context.deployment.topology().await?;
        if context.given.on("AsText") {
            return Ok(vec![published.text.into()]);
        }
        Ok(vec![told(&published)])
    })
}

fn told(published: &Published) -> Value {
    let topology = &published.topology;
    let names = |list: Vec<&String>| -> Vec<String> { list.into_iter().cloned().collect() };
    let object = Object::new(OUTPUT.kind)
        .with("Revision", published.revision)
        .with("Published", published.at)
        .with("Hash", topology.hash())
        .with("Domain", topology.domain.as_str())
        .with("Sites", names(topology.sites.iter().map(|it| &it.name).collect()))
        .with("Pools", names(topology.chat_pools().map(|it| &it.fqdn).collect()))
        .with("FrontEndPools", names(topology.front_end_pools().map(|it| &it.fqdn).collect()))
        .with("Machines", names(topology.hosts.iter().map(|it| &it.name).collect()))
        .with("SqlInstances", names(topology.stores.iter().map(|it| &it.name).collect()));
    Value::Object(object)
}

/// Name and text of the file that was given.
fn file(context: &Context<'_>) -> Option<(String, String)> {
    let Some(Value::Object(file)) = context.given.get("FileName") else { return None };
    let part = |name: &str| file.get(name).map(ToString::to_string).unwrap_or_default();
    Some((part("Name"), part("Text")))
}

fn publish(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (name, text) = file(&context).unwrap_or_default();
        let Checked { topology, warnings } = Topology::parse(&name, &text).map_err(|problems| {
            let hint = "correct the file; nothing was published";
            Fault::new(FaultKind::Misspoken, "bad-topology", problems.to_string(), hint)
        })?;
        for warning in warnings {
            context.watch.warn(warning.to_string());
        }
        let published = context.deployment.topology().await?;
        let changes = diff(&published.topology, &topology);
        if changes.is_empty() {
            context.watch.note("The published topology means the same already.");
        }
        if context.given.what_if() {
            return Ok(changes.into_iter().map(Value::from).collect());
        }
        for change in changes {
            context.watch.note(change);
        }
        let order = Publish {
            expected: published.revision,
            topology,
            text,
            force: context.given.on("Force"),
            who: context.who(),
        };
        let now = context.deployment.publish_topology(order, context.watch).await?;
        context.watch.note(format!("Revision {} is published.", now.revision));
        Ok(Vec::new())
    })
}

fn test(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let findings = match file(&context) {
            Some((name, text)) => of_file(&name, &text),
            None => context.deployment.test_topology().await?,
        };
        Ok(findings.into_iter().map(finding).collect())
    })
}

fn of_file(name: &str, text: &str) -> Vec<Finding> {
    let (problems, verdict) = match Topology::parse(name, text) {
        Ok(checked) => (checked.warnings, Verdict::Success),
        Err(problems) => (problems.0, Verdict::Failure),
    };
    let mut findings: Vec<Finding> = problems
        .into_iter()
        .map(|it| Finding {
            subject: format!("{}:{}", it.file, it.line),
            result: match it.severity {
                topology::Severity::Error => Verdict::Failure,
                topology::Severity::Warning => Verdict::Warning,
            },
            message: format!("{}; {}", it.what, it.remedy),
        })
        .collect();
    if verdict == Verdict::Success {
        let message = "It can be published.".to_owned();
        findings.push(Finding { subject: name.to_owned(), result: verdict, message });
    }
    findings
}

fn finding(it: Finding) -> Value {
    let result = match it.result {
        Verdict::Success => "Success",
        Verdict::Warning => "Warning",
        Verdict::Failure => "Failure",
    };
    let object = Object::new(FINDING.kind)
        .in_table()
        .with("Subject", it.subject)
        .with("Result", result)
        .with("Message", it.message);
    Value::Object(object)
}

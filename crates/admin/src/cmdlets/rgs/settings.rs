//! `CsRgsConfiguration`: application-level settings, one set for each pool.

use std::collections::BTreeMap;

use response_groups::model::ServiceSettings;
use shell::{Cmdlet, Effect, Example, FromPipeline, Object, Output, Parameter, Type, Value};

use super::field::{audio, shown_audio};
use super::places;
use crate::cmdlets::{Context, FORCE, Row};
use crate::deployment::Reply;
use crate::fault::Fault;
use crate::identity::APPLICATION_SERVER;
use crate::roles::{EVERYBODY, RESPONSE_GROUPS};

const OUTPUT: Output = Output {
    kind: "ServiceSettings",
    properties: &[
        "Identity",
        "AgentRingbackGracePeriod",
        "DefaultMusicOnHoldFile",
        "DisableCallContext",
        "OwnerPool",
    ],
};

const IDENTITY: Parameter = Parameter::new(
    "Identity",
    Type::Text,
    "The pool: service:ApplicationServer:FQDN. May be left out where there is just one.",
)
.at(0)
.piped(FromPipeline::ByName)
.offers("front-end pool");

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsRgsConfiguration",
            aliases: &[],
            summary: "Shows the application-level settings of a pool's Response Groups.",
            description: "A pool has one set that is in force: its own. Those that came with the \
                          Response Groups of another pool are kept beside; -ShowAll shows them.",
            parameters: &[
                IDENTITY,
                Parameter::new("ShowAll", Type::Switch, "Also those that are kept for others."),
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[Example {
                line: "Get-CsRgsConfiguration -Identity \
                       service:ApplicationServer:primary.contoso.com",
                means: "Shows the settings of a pool.",
            }],
        },
        handler: get,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Set",
            noun: "CsRgsConfiguration",
            aliases: &[],
            summary: "Changes the application-level settings of a pool's Response Groups.",
            description: "What is not given stays as it is.",
            parameters: &[
                IDENTITY,
                Parameter::new(
                    "AgentRingbackGracePeriod",
                    Type::Int(30, 600),
                    "For so many seconds a call that an agent declined does not return to them.",
                ),
                Parameter::new(
                    "DefaultMusicOnHoldFile",
                    Type::Any,
                    "What those who wait hear, from Import-CsRgsAudioFile; $null for what is \
                     built in.",
                ),
                Parameter::new(
                    "DisableCallContext",
                    Type::Bool,
                    "Agents do not see how long a caller has waited and what was answered.",
                ),
                FORCE,
            ],
            roles: RESPONSE_GROUPS,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Set-CsRgsConfiguration -Identity primary.contoso.com \
                       -AgentRingbackGracePeriod 90",
                means: "Lets an agent rest for a minute and a half.",
            }],
        },
        handler: set,
    },
];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let parent = places::parent(context, "Identity", &pools)?;
        let all = context.response_groups().settings(parent.clone()).await?;
        let mut shown = vec![told(&parent, &parent, &own(&all, &parent))];
        let others = all.iter().filter(|(owner, _)| **owner != parent);
        if context.given.on("ShowAll") {
            shown.extend(others.map(|(owner, settings)| told(&parent, owner, settings)));
        } else {
            for (owner, _) in others {
                context.watch.note(format!(
                    "{parent} also keeps the settings of {owner}: -ShowAll shows them."
                ));
            }
        }
        Ok(shown)
    })
}

fn set(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let parent = places::parent(context, "Identity", &pools)?;
        let all = context.response_groups().settings(parent.clone()).await?;
        let mut settings = own(&all, &parent);
        if let Some(seconds) = context.given.int("AgentRingbackGracePeriod") {
            settings.agent_ringback_grace_period = u16::try_from(seconds).unwrap_or(u16::MAX);
        }
        if let Some(value) = context.given.get("DefaultMusicOnHoldFile") {
            settings.default_music_on_hold_file = audio(value, &parent).map_err(|takes| {
                let message = "-DefaultMusicOnHoldFile cannot be what was given";
                Fault::misspoken(message, format!("it takes {takes}, or $null"))
            })?;
        }
        if context.given.get("DisableCallContext").is_some() {
            settings.disable_call_context = context.given.on("DisableCallContext");
        }
        let (mode, what) = (context.mode(), format!("the settings of {parent}"));
        context.response_groups().set_settings(parent, settings, mode, context.watch).await?;
        Ok(context.nothing_or(&format!("{what} would be set")))
    })
}

fn own(all: &BTreeMap<String, ServiceSettings>, parent: &str) -> ServiceSettings {
    all.get(parent).cloned().unwrap_or_default()
}

fn told(parent: &str, owner: &str, it: &ServiceSettings) -> Value {
    let object = Object::new(OUTPUT.kind)
        .with("Identity", format!("service:{APPLICATION_SERVER}:{parent}"))
        .with("AgentRingbackGracePeriod", i64::from(it.agent_ringback_grace_period))
        .with("DefaultMusicOnHoldFile", shown_audio(it.default_music_on_hold_file.as_ref(), parent))
        .with("DisableCallContext", it.disable_call_context)
        .with("OwnerPool", owner);
    Value::Object(object)
}

//! `CsRgsSignIn`: formal agents who are signed in to their groups. The original has a web page.

use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};
use uuid::Uuid;

use super::field::{given, identity, reference};
use super::places;
use super::rows::PARENT;
use crate::cmdlets::{Context, Row};
use crate::deployment::Reply;
use crate::deployment::response_groups::Sign;
use crate::fault::Fault;
use crate::roles::{EVERYBODY, RESPONSE_GROUPS};

const OUTPUT: Output =
    Output { kind: "SignIn", properties: &["AgentGroup", "AgentGroupID", "Agent", "Since"] };

const GROUP: Parameter = Parameter::new(
    "AgentGroupID",
    Type::Text,
    "The identity of a formal agent group: (Get-CsRgsAgentGroup ...).Identity.",
)
.mandatory();

const AGENT: Parameter =
    Parameter::new("Agent", Type::Text, "The agent's SIP address.").mandatory();

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: "CsRgsSignIn",
            aliases: &[],
            summary: "Lists the formal agents who are signed in. The original lacks this.",
            description: "Who is signed in goes with the Response Groups when their pool fails \
                          over and when it comes home.",
            parameters: &[PARENT],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(OUTPUT),
            examples: &[Example {
                line: "Get-CsRgsSignIn -Parent primary.contoso.com",
                means: "Lists who is signed in.",
            }],
        },
        handler: get,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Set",
            noun: "CsRgsSignIn",
            aliases: &[],
            summary: "Signs an agent in to a formal group, or out of it.",
            description: "",
            parameters: &[
                PARENT,
                GROUP,
                AGENT,
                Parameter::new(
                    "SignedIn",
                    Type::Bool,
                    "Whether the agent is in: $true unless said.",
                ),
            ],
            roles: RESPONSE_GROUPS,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Set-CsRgsSignIn -Parent primary.contoso.com -AgentGroupID \
                       (Get-CsRgsAgentGroup -Name \"Help Desk\").Identity -Agent \
                       sip:ken@contoso.com",
                means: "Signs an agent in.",
            }],
        },
        handler: set,
    },
];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let parent = places::parent(context, "Parent", &pools)?;
        let all = context.response_groups().sign_ins(parent.clone()).await?;
        let object = all.into_iter().map(|it| {
            Object::new(OUTPUT.kind)
                .with("AgentGroup", it.name)
                .with("AgentGroupID", identity(&parent, it.group))
                .with("Agent", it.agent)
                .with("Since", Value::Time(it.since))
        });
        Ok(object.map(Value::Object).collect())
    })
}

fn set(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let parent = places::parent(context, "Parent", &pools)?;
        let group = group(context, &parent)?;
        let agent = context.given.text("Agent").unwrap_or_default().trim().to_owned();
        let on = context.given.get("SignedIn").is_none_or(Value::is_true);
        let sign = Sign { group, agent: agent.clone(), on, mode: context.mode() };
        context.response_groups().sign_in(parent, sign, context.watch).await?;
        let how = if on { "in to" } else { "out of" };
        Ok(context.nothing_or(&format!("{agent} would be signed {how} {group}")))
    })
}

fn group(context: Context<'_>, parent: &str) -> Result<Uuid, Fault> {
    given(context, "AgentGroupID", |given| {
        reference(given, parent)?.ok_or_else(|| "an identity".to_owned())
    })
}

//! `CsRgsAgentGroup`: who answers calls.

use response_groups::model::{
    AgentGroup, Kind, Object as Model, ParticipationPolicy, RoutingMethod,
};
use shell::{Effect, Example, Output, Parameter, Type, Value};
use uuid::Uuid;

use super::field::{Field, common, number, text, texts, word};
use super::kind::Shown;
use super::rows::{DESCRIPTION, IN_MEMORY, NAME, PARENT, getter, maker, remover, setter};
use crate::cmdlets::{FORCE, Row};

const OUTPUT: Output = Output {
    kind: AgentGroup::PRINTED,
    properties: &[
        "Identity",
        "Name",
        "Description",
        "ParticipationPolicy",
        "AgentAlertTime",
        "RoutingMethod",
        "DistributionGroupAddress",
        "AgentsByUri",
        "OwnerPool",
    ],
};

const NEW: &[Parameter] = &[
    PARENT,
    NAME,
    DESCRIPTION,
    Parameter::new("AgentsByUri", Type::List, "The agents' SIP addresses, in order.")
        .sets(&["Agents"]),
    Parameter::new(
        "DistributionGroupAddress",
        Type::Text,
        "The e-mail address of a distribution list whose members are the agents.",
    )
    .sets(&["List"]),
    Parameter::new(
        "AgentAlertTime",
        Type::Int(10, 600),
        "How many seconds an agent is alerted: 20 unless said.",
    ),
    Parameter::new(
        "ParticipationPolicy",
        Type::Enum(&["Informal", "Formal"]),
        "Formal: agents sign in to the group. Informal unless said.",
    ),
    Parameter::new(
        "RoutingMethod",
        Type::Enum(&["LongestIdle", "RoundRobin", "Serial", "Parallel", "Attendant"]),
        "Who is offered a call: Parallel unless said.",
    ),
    IN_MEMORY,
    FORCE,
];

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    getter::<AgentGroup>(
        OUTPUT,
        "Lists the agent groups of Response Groups.",
        &[
            Example {
                line: "Get-CsRgsAgentGroup -Identity service:ApplicationServer:primary.contoso.com \
                       -ShowAll",
                means: "Lists all agent groups that the pool hosts.",
            },
            Example {
                line: "(Get-CsRgsAgentGroup -Name \"Help Desk\").AgentsByUri",
                means: "Lists the agents of a group.",
            },
        ],
    ),
    maker::<AgentGroup>(
        OUTPUT,
        ("Makes an agent group.", ""),
        NEW,
        &[Example {
            line: "New-CsRgsAgentGroup -Parent primary.contoso.com -Name \"Help Desk\" \
                   -AgentsByUri \"sip:ken@contoso.com\", \"sip:pilar@contoso.com\" -RoutingMethod \
                   LongestIdle -ParticipationPolicy Formal",
            means: "Makes a group of two agents, who sign in and out.",
        }],
    ),
    setter::<AgentGroup>(
        "Changes an agent group.",
        &[Example {
            line: "$group = Get-CsRgsAgentGroup -Name \"Help Desk\"; $group.AgentsByUri += \
                   \"sip:ana@contoso.com\"; Set-CsRgsAgentGroup -Instance $group",
            means: "Adds an agent.",
        }],
    ),
    remover::<AgentGroup>(
        Effect::Changes,
        "Removes an agent group that no queue searches.",
        &[Example {
            line: "Get-CsRgsAgentGroup -Name \"Help Desk\" | Remove-CsRgsAgentGroup",
            means: "Removes an agent group.",
        }],
    ),
];

impl Shown for AgentGroup {
    const KIND: Kind = Kind::AgentGroup;
    const NOUN: &'static str = "CsRgsAgentGroup";
    const PRINTED: &'static str = "AgentGroup";
    const FIELDS: &'static [Field<Self>] = &[
        common!(Identity),
        common!(Name),
        common!(Description),
        Field {
            name: "ParticipationPolicy",
            show: |it, _| it.participation_policy.name().into(),
            put: Some(|it, value, _| {
                word(value, &ParticipationPolicy::ALL, ParticipationPolicy::name)
                    .map(|value| it.participation_policy = value)
            }),
        },
        Field {
            name: "AgentAlertTime",
            show: |it, _| i64::from(it.agent_alert_time).into(),
            put: Some(|it, value, _| {
                let seconds = number(value)?.ok_or("a number of seconds")?;
                it.agent_alert_time = seconds;
                Ok(())
            }),
        },
        Field {
            name: "RoutingMethod",
            show: |it, _| it.routing_method.name().into(),
            put: Some(|it, value, _| {
                word(value, &RoutingMethod::ALL, RoutingMethod::name)
                    .map(|value| it.routing_method = value)
            }),
        },
        Field {
            name: "DistributionGroupAddress",
            show: |it, _| it.distribution_group_address.clone().into(),
            put: Some(|it, value, _| {
                text(value).map(|value| it.distribution_group_address = value)
            }),
        },
        Field {
            name: "AgentsByUri",
            show: |it, _| Value::List(it.agents_by_uri.iter().cloned().map(Value::from).collect()),
            put: Some(|it, value, _| texts(value).map(|value| it.agents_by_uri = value)),
        },
        common!(OwnerPool),
    ];

    fn blank(id: Uuid, owner: &str, name: &str) -> Self {
        Self::new(id, owner, name)
    }

    fn from_model(model: Model) -> Option<Self> {
        if let Model::AgentGroup(it) = model { Some(it) } else { None }
    }
}

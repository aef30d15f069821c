//! `CsRgsQueue`: where calls wait for agents.

use response_groups::model::{Kind, Object as Model, OverflowCandidate, Queue};
use shell::{Effect, Example, Output, Parameter, Type};
use uuid::Uuid;

use super::action::{self, shown_action};
use super::field::{Field, common, identities, number, references, word};
use super::kind::Shown;
use super::rows::{DESCRIPTION, IN_MEMORY, NAME, PARENT, getter, maker, remover, setter};
use crate::cmdlets::{FORCE, Row};

const OUTPUT: Output = Output {
    kind: Queue::PRINTED,
    properties: &[
        "Identity",
        "TimeoutAction",
        "OverflowAction",
        "Name",
        "Description",
        "TimeoutThreshold",
        "OverflowThreshold",
        "OverflowCandidate",
        "AgentGroupIDList",
        "OwnerPool",
    ],
};

const NEW: &[Parameter] = &[
    PARENT,
    NAME,
    DESCRIPTION,
    Parameter::new(
        "AgentGroupIDList",
        Type::List,
        "The identities of agent groups, in the order in which they are searched.",
    ),
    Parameter::new("OverflowThreshold", Type::Int(0, 1000), "How many calls may wait."),
    Parameter::new(
        "OverflowCandidate",
        Type::Enum(&["NewestCall", "OldestCall"]),
        "The call that the overflow action is for: the newest unless said.",
    ),
    Parameter::new("OverflowAction", Type::Object, "What is done when too many calls wait."),
    Parameter::new("TimeoutThreshold", Type::Int(10, 65535), "How many seconds a call may wait."),
    Parameter::new("TimeoutAction", Type::Object, "What is done with a call that waited too long."),
    IN_MEMORY,
    FORCE,
];

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    getter::<Queue>(
        OUTPUT,
        "Lists the queues of Response Groups.",
        &[
            Example {
                line: "Get-CsRgsQueue -Identity service:ApplicationServer:primary.contoso.com",
                means: "Lists the pool's own queues.",
            },
            Example {
                line: "Get-CsRgsQueue -Identity backup.contoso.com -Owner primary.contoso.com",
                means: "Lists the queues that were imported from the other pool.",
            },
        ],
    ),
    maker::<Queue>(
        OUTPUT,
        ("Makes a queue.", "A queue without agents disconnects its calls."),
        NEW,
        &[Example {
            line: "New-CsRgsQueue -Parent primary.contoso.com -Name \"Help Desk\" \
                   -AgentGroupIDList (Get-CsRgsAgentGroup -Name \"Help Desk\").Identity",
            means: "Makes a queue that one agent group answers.",
        }],
    ),
    setter::<Queue>(
        "Changes a queue.",
        &[Example {
            line: "$queue = Get-CsRgsQueue -Name \"Help Desk\"; $queue.TimeoutThreshold = 60; \
                   Set-CsRgsQueue -Instance $queue",
            means: "Lets calls wait for one minute.",
        }],
    ),
    remover::<Queue>(
        Effect::Changes,
        "Removes a queue that no workflow and no other queue leads to.",
        &[Example {
            line: "Get-CsRgsQueue -Name \"Help Desk\" | Remove-CsRgsQueue",
            means: "Removes a queue.",
        }],
    ),
];

impl Shown for Queue {
    const KIND: Kind = Kind::Queue;
    const NOUN: &'static str = "CsRgsQueue";
    const PRINTED: &'static str = "Queue";
    const FIELDS: &'static [Field<Self>] = &[
        common!(Identity),
        Field {
            name: "TimeoutAction",
            show: |it, at| shown_action(it.timeout_action.as_ref(), at),
            put: Some(|it, value, at| {
                action::read(value, at).map(|value| it.timeout_action = value)
            }),
        },
        Field {
            name: "OverflowAction",
            show: |it, at| shown_action(it.overflow_action.as_ref(), at),
            put: Some(|it, value, at| {
                action::read(value, at).map(|value| it.overflow_action = value)
            }),
        },
        common!(Name),
        common!(Description),
        Field {
            name: "TimeoutThreshold",
            show: |it, _| it.timeout_threshold.map(i64::from).into(),
            put: Some(|it, value, _| number(value).map(|value| it.timeout_threshold = value)),
        },
        Field {
            name: "OverflowThreshold",
            show: |it, _| it.overflow_threshold.map(i64::from).into(),
            put: Some(|it, value, _| number(value).map(|value| it.overflow_threshold = value)),
        },
        Field {
            name: "OverflowCandidate",
            show: |it, _| it.overflow_candidate.name().into(),
            put: Some(|it, value, _| {
                word(value, &OverflowCandidate::ALL, OverflowCandidate::name)
                    .map(|value| it.overflow_candidate = value)
            }),
        },
        Field {
            name: "AgentGroupIDList",
            show: |it, at| identities(at, &it.agent_groups),
            put: Some(|it, value, at| references(value, at).map(|value| it.agent_groups = value)),
        },
        common!(OwnerPool),
    ];

    fn blank(id: Uuid, owner: &str, name: &str) -> Self {
        Self::new(id, owner, name)
    }

    fn from_model(model: Model) -> Option<Self> {
        if let Model::Queue(it) = model { Some(it) } else { None }
    }
}

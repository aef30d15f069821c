//! `CsRgsWorkflow`: what a caller dials, and what happens then.

use response_groups::model::{Kind, Object as Model, Workflow};
use shell::{Effect, Example, Output, Parameter, Type, Value};
use uuid::Uuid;

use super::action::{self, shown_action};
use super::field::{
    Field, audio, common, identities, identity, reference, references, shown_audio, some_text,
    text, texts, truth,
};
use super::kind::Shown;
use super::rows::{DESCRIPTION, IN_MEMORY, NAME, PARENT, getter, maker, remover, setter};
use crate::cmdlets::{FORCE, Row};

/// What a workflow speaks unless told otherwise.
const LANGUAGE: &str = "en-US";

const OUTPUT: Output = Output {
    kind: Workflow::PRINTED,
    properties: &[
        "Identity",
        "Name",
        "Description",
        "PrimaryUri",
        "LineUri",
        "DisplayNumber",
        "Active",
        "Anonymous",
        "Managed",
        "ManagersByUri",
        "EnabledForFederation",
        "Language",
        "TimeZone",
        "BusinessHoursID",
        "HolidaySetIDList",
        "DefaultAction",
        "NonBusinessHoursAction",
        "HolidayAction",
        "CustomMusicOnHoldFile",
        "OwnerPool",
    ],
};

const NEW: &[Parameter] = &[
    PARENT,
    NAME,
    DESCRIPTION,
    Parameter::new("PrimaryUri", Type::Text, "Its SIP address, unique in the deployment.")
        .mandatory(),
    Parameter::new("LineUri", Type::Text, "Its telephone number: tel:+ and digits."),
    Parameter::new("DisplayNumber", Type::Text, "The number as people write it."),
    Parameter::new(
        "Active",
        Type::Bool,
        "Whether it takes calls. Only an active one is checked whole.",
    ),
    Parameter::new("Anonymous", Type::Bool, "Whether agents stay unnamed."),
    Parameter::new("Managed", Type::Bool, "Whether managers may change it."),
    Parameter::new("ManagersByUri", Type::List, "The managers' SIP addresses."),
    Parameter::new("EnabledForFederation", Type::Bool, "Whether federated users may call it."),
    Parameter::new("Language", Type::Text, "What it speaks, such as de-DE: en-US unless said."),
    Parameter::new(
        "TimeZone",
        Type::Text,
        "The time zone of its hours, by the name that Windows gives it.",
    ),
    Parameter::new(
        "BusinessHoursID",
        Type::Text,
        "The identity of its hours; always open without.",
    ),
    Parameter::new("HolidaySetIDList", Type::List, "The identities of its holiday sets."),
    Parameter::new(
        "DefaultAction",
        Type::Object,
        "To a queue: a hunt group. To a question: \
                    an interactive one.",
    ),
    Parameter::new("NonBusinessHoursAction", Type::Object, "What is done outside its hours."),
    Parameter::new("HolidayAction", Type::Object, "What is done on a holiday."),
    Parameter::new(
        "CustomMusicOnHoldFile",
        Type::Object,
        "What those who wait hear, from Import-CsRgsAudioFile.",
    ),
    IN_MEMORY,
    FORCE,
];

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    getter::<Workflow>(
        OUTPUT,
        "Lists the workflows of Response Groups.",
        &[
            Example {
                line: "Get-CsRgsWorkflow -Identity service:ApplicationServer:backup.contoso.com \
                       -ShowAll",
                means: "Lists all workflows that the pool hosts.",
            },
            Example {
                line: "Get-CsRgsWorkflow -Identity backup.contoso.com -Owner primary.contoso.com",
                means: "Lists those that were imported from the other pool.",
            },
        ],
    ),
    maker::<Workflow>(
        OUTPUT,
        ("Makes a workflow.", "An inactive one may be incomplete."),
        NEW,
        &[Example {
            line: "$queue = (Get-CsRgsQueue -Name \"Help Desk\").Identity; $action = \
                   New-CsRgsCallAction -Action TransferToQueue -QueueID \"$queue\"; \
                   New-CsRgsWorkflow -Parent primary.contoso.com -Name \"Help Desk\" -PrimaryUri \
                   sip:helpdesk@contoso.com -Active $true -DefaultAction $action",
            means: "Makes a hunt group that takes calls.",
        }],
    ),
    setter::<Workflow>(
        "Changes a workflow.",
        &[Example {
            line: "$it = Get-CsRgsWorkflow -Name \"Help Desk\"; $it.Active = $false; \
                   Set-CsRgsWorkflow -Instance $it",
            means: "Lets a workflow take no calls.",
        }],
    ),
    remover::<Workflow>(
        Effect::GraveWhile("Active"),
        "Removes a workflow.",
        &[Example {
            line: "Get-CsRgsWorkflow -Name \"Help Desk\" | Remove-CsRgsWorkflow -WhatIf",
            means: "Tells what would be removed.",
        }],
    ),
];

impl Shown for Workflow {
    const KIND: Kind = Kind::Workflow;
    const NOUN: &'static str = "CsRgsWorkflow";
    const PRINTED: &'static str = "Workflow";
    const FIELDS: &'static [Field<Self>] = &[
        common!(Identity),
        common!(Name),
        common!(Description),
        Field {
            name: "PrimaryUri",
            show: |it, _| it.primary_uri.clone().into(),
            put: Some(|it, value, _| some_text(value).map(|value| it.primary_uri = value)),
        },
        Field {
            name: "LineUri",
            show: |it, _| it.line_uri.clone().into(),
            put: Some(|it, value, _| text(value).map(|value| it.line_uri = value)),
        },
        Field {
            name: "DisplayNumber",
            show: |it, _| it.display_number.clone().into(),
            put: Some(|it, value, _| text(value).map(|value| it.display_number = value)),
        },
        Field {
            name: "Active",
            show: |it, _| it.active.into(),
            put: Some(|it, value, _| truth(value).map(|value| it.active = value)),
        },
        Field {
            name: "Anonymous",
            show: |it, _| it.anonymous.into(),
            put: Some(|it, value, _| truth(value).map(|value| it.anonymous = value)),
        },
        Field {
            name: "Managed",
            show: |it, _| it.managed.into(),
            put: Some(|it, value, _| truth(value).map(|value| it.managed = value)),
        },
        Field {
            name: "ManagersByUri",
            show: |it, _| {
                Value::List(it.managers_by_uri.iter().cloned().map(Value::from).collect())
            },
            put: Some(|it, value, _| texts(value).map(|value| it.managers_by_uri = value)),
        },
        Field {
            name: "EnabledForFederation",
            show: |it, _| it.enabled_for_federation.into(),
            put: Some(|it, value, _| truth(value).map(|value| it.enabled_for_federation = value)),
        },
        Field {
            name: "Language",
            show: |it, _| it.language.clone().into(),
            put: Some(|it, value, _| some_text(value).map(|value| it.language = value)),
        },
        Field {
            name: "TimeZone",
            show: |it, _| it.time_zone.clone().into(),
            put: Some(|it, value, _| text(value).map(|value| it.time_zone = value)),
        },
        Field {
            name: "BusinessHoursID",
            show: |it, at| it.business_hours.map(|id| identity(at, id)).into(),
            put: Some(|it, value, at| reference(value, at).map(|value| it.business_hours = value)),
        },
        Field {
            name: "HolidaySetIDList",
            show: |it, at| identities(at, &it.holiday_sets),
            put: Some(|it, value, at| references(value, at).map(|value| it.holiday_sets = value)),
        },
        Field {
            name: "DefaultAction",
            show: |it, at| shown_action(it.default_action.as_ref(), at),
            put: Some(|it, value, at| {
                action::read(value, at).map(|value| it.default_action = value)
            }),
        },
        Field {
            name: "NonBusinessHoursAction",
            show: |it, at| shown_action(it.non_business_hours_action.as_ref(), at),
            put: Some(|it, value, at| {
                action::read(value, at).map(|value| it.non_business_hours_action = value)
            }),
        },
        Field {
            name: "HolidayAction",
            show: |it, at| shown_action(it.holiday_action.as_ref(), at),
            put: Some(|it, value, at| {
                action::read(value, at).map(|value| it.holiday_action = value)
            }),
        },
        Field {
            name: "CustomMusicOnHoldFile",
            show: |it, at| shown_audio(it.custom_music_on_hold_file.as_ref(), at),
            put: Some(|it, value, at| {
                audio(value, at).map(|value| it.custom_music_on_hold_file = value)
            }),
        },
        common!(OwnerPool),
    ];

    fn blank(id: Uuid, owner: &str, name: &str) -> Self {
        Self::new(id, owner, name, "", LANGUAGE)
    }

    fn from_model(model: Model) -> Option<Self> {
        if let Model::Workflow(it) = model { Some(it) } else { None }
    }
}

//! One table per kind: its columns, by the fields of the objects, and the statements that follow
//! from them.
//!
//! Objects go in and out as JSON under the original's field names; `PostgreSQL` makes rows of it
//! and keeps the rules.

use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::RgsError;
use crate::model::{Kind, Object, name_key, uri_key};

/// A column and the field that it holds.
#[derive(Debug)]
struct Column {
    name: &'static str,
    field: &'static str,
    kind: &'static str,
    /// What an absent field means, if not null.
    absent: Option<&'static str>,
}

/// A field that is kept as rows of another table, and the expression that makes it again.
#[derive(Debug)]
struct Link {
    field: &'static str,
    expression: &'static str,
}

/// The table of a kind. Each has the columns of `COMMON`, too.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    columns: &'static [Column],
    links: &'static [Link],
}

const fn column(name: &'static str, field: &'static str, kind: &'static str) -> Column {
    Column { name, field, kind, absent: None }
}

const fn list(name: &'static str, field: &'static str) -> Column {
    Column { name, field, kind: "text[]", absent: Some("'{}'") }
}

/// What every kind has.
const COMMON: &[Column] =
    &[column("id", "ID", "uuid"), column("owner", "Owner", "text"), column("name", "Name", "text")];

/// A field that only the table has: the name as names are compared.
const NAME_KEY: &str = "NameKey";

/// A field that only the table has: the SIP address as addresses are compared.
const URI_KEY: &str = "PrimaryUriKey";

const AGENT_GROUP: Table = Table {
    name: "agent_group",
    columns: &[
        column("description", "Description", "text"),
        column("participation_policy", "ParticipationPolicy", "text"),
        column("agent_alert_time", "AgentAlertTime", "smallint"),
        column("routing_method", "RoutingMethod", "text"),
        column("distribution_group_address", "DistributionGroupAddress", "text"),
        list("agents_by_uri", "AgentsByUri"),
    ],
    links: &[],
};

const QUEUE: Table = Table {
    name: "queue",
    columns: &[
        column("description", "Description", "text"),
        column("timeout_action", "TimeoutAction", "jsonb"),
        column("overflow_action", "OverflowAction", "jsonb"),
        column("timeout_threshold", "TimeoutThreshold", "integer"),
        column("overflow_threshold", "OverflowThreshold", "smallint"),
        column("overflow_candidate", "OverflowCandidate", "text"),
    ],
    links: &[Link {
        field: "AgentGroupIDList",
        expression: "coalesce((select jsonb_agg(l.agent_group order by l.position)
                       from rgs.queue_agent_group l where l.queue = it.id), '[]')",
    }],
};

const HOURS_OF_BUSINESS: Table = Table {
    name: "hours_of_business",
    columns: &[column("custom", "Custom", "boolean"), column("days", "Days", "jsonb")],
    links: &[],
};

const HOLIDAY_SET: Table = Table {
    name: "holiday_set",
    columns: &[column("holiday_list", "HolidayList", "jsonb")],
    links: &[],
};

const WORKFLOW: Table = Table {
    name: "workflow",
    columns: &[
        column("description", "Description", "text"),
        column("primary_uri", "PrimaryUri", "text"),
        column("primary_uri_key", URI_KEY, "text"),
        column("line_uri", "LineUri", "text"),
        column("display_number", "DisplayNumber", "text"),
        column("active", "Active", "boolean"),
        column("anonymous", "Anonymous", "boolean"),
        column("managed", "Managed", "boolean"),
        list("managers_by_uri", "ManagersByUri"),
        column("enabled_for_federation", "EnabledForFederation", "boolean"),
        column("language", "Language", "text"),
        column("time_zone", "TimeZone", "text"),
        column("default_action", "DefaultAction", "jsonb"),
        column("non_business_hours_action", "NonBusinessHoursAction", "jsonb"),
        column("holiday_action", "HolidayAction", "jsonb"),
        column("custom_music_on_hold_file", "CustomMusicOnHoldFile", "jsonb"),
    ],
    links: &[
        Link {
            field: "BusinessHoursID",
            expression: "(select l.hours from rgs.workflow_hours l where l.workflow = it.id)",
        },
        Link {
            field: "HolidaySetIDList",
            expression: "coalesce((select jsonb_agg(l.holiday_set order by l.position)
                           from rgs.workflow_holiday_set l where l.workflow = it.id), '[]')",
        },
    ],
};

/// The table of a kind.
pub(super) fn of(kind: Kind) -> &'static Table {
    match kind {
        Kind::Workflow => &WORKFLOW,
        Kind::Queue => &QUEUE,
        Kind::AgentGroup => &AGENT_GROUP,
        Kind::HoursOfBusiness => &HOURS_OF_BUSINESS,
        Kind::HolidaySet => &HOLIDAY_SET,
    }
}

impl Table {
    fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        COMMON.iter().chain(self.columns)
    }

    /// Reads objects: the version and the object as JSON. What chooses them is to be added; the
    /// table is called `it`.
    pub(super) fn select(&self) -> String {
        let fields = self.all_columns().map(|it| format!("'{}', it.{}", it.field, it.name));
        let links = self.links.iter().map(|it| format!("'{}', {}", it.field, it.expression));
        let fields: Vec<_> = fields.chain(links).collect();
        let (fields, name) = (fields.join(", "), self.name);
        format!("select it.version, jsonb_build_object({fields}) from rgs.{name} it")
    }

    /// Writes the objects of a JSON array, each in the place of the one of its identity.
    pub(super) fn upsert(&self) -> String {
        let columns: Vec<_> = self.all_columns().collect();
        let names: Vec<_> = columns.iter().map(|it| it.name).collect();
        let values: Vec<_> = columns
            .iter()
            .map(|it| match it.absent {
                Some(absent) => format!("coalesce(x.\"{}\", {absent})", it.field),
                None => format!("x.\"{}\"", it.field),
            })
            .collect();
        let fields: Vec<_> =
            columns.iter().map(|it| format!("\"{}\" {}", it.field, it.kind)).collect();
        let updates: Vec<_> = names.iter().map(|it| format!("{it} = excluded.{it}")).collect();
        format!(
            "insert into rgs.{} ({}, name_key, version)
             select {}, x.\"{NAME_KEY}\", o.revision
             from jsonb_to_recordset($1) as x ({}, \"{NAME_KEY}\" text)
             join rgs.owner o on o.name = x.\"Owner\"
             on conflict (id) do update set {}, name_key = excluded.name_key,
               version = excluded.version",
            self.name,
            names.join(", "),
            values.join(", "),
            fields.join(", "),
            updates.join(", "),
        )
    }
}

/// An object as its table takes it.
pub(super) fn to_row(object: &Object) -> Result<Value, RgsError> {
    let value = match object {
        Object::Workflow(it) => serde_json::to_value(it),
        Object::Queue(it) => serde_json::to_value(it),
        Object::AgentGroup(it) => serde_json::to_value(it),
        Object::HoursOfBusiness(it) => serde_json::to_value(it),
        Object::HolidaySet(it) => serde_json::to_value(it),
    };
    let mut value = value.map_err(|error| garbled(object.kind(), object.id(), &error))?;
    value[NAME_KEY] = name_key(object.name()).into();
    if let Object::Workflow(it) = object {
        value[URI_KEY] = uri_key(&it.primary_uri).into();
    }
    Ok(value)
}

/// An object as [`Table::select`] reads it.
pub(super) fn from_row(kind: Kind, value: Value) -> Result<Object, RgsError> {
    match kind {
        Kind::Workflow => read(kind, value).map(Object::Workflow),
        Kind::Queue => read(kind, value).map(Object::Queue),
        Kind::AgentGroup => read(kind, value).map(Object::AgentGroup),
        Kind::HoursOfBusiness => read(kind, value).map(Object::HoursOfBusiness),
        Kind::HolidaySet => read(kind, value).map(Object::HolidaySet),
    }
}

fn read<T: DeserializeOwned>(kind: Kind, value: Value) -> Result<T, RgsError> {
    let id = value["ID"].as_str().and_then(|it| it.parse().ok()).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| garbled(kind, id, &error))
}

fn garbled(kind: Kind, id: Uuid, error: &serde_json::Error) -> RgsError {
    RgsError::Garbled { what: format!("the {kind} {id}"), why: error.to_string() }
}

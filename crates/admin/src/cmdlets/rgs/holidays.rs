//! `CsRgsHolidaySet` and `CsRgsHoliday`: when nobody works.

use response_groups::model::{Holiday, HolidaySet, Kind, Object as Model};
use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};
use uuid::Uuid;

use super::field::{Field, common, given, moment, text};
use super::kind::Shown;
use super::rows::{IN_MEMORY, NAME, PARENT, getter, maker, remover, setter};
use crate::cmdlets::{Context, FORCE, Row};
use crate::deployment::Reply;
use crate::fault::Fault;
use crate::roles::EVERYBODY;

const OUTPUT: Output = Output {
    kind: HolidaySet::PRINTED,
    properties: &["Identity", "Name", "HolidayList", "OwnerPool"],
};

const HOLIDAY: Output = Output { kind: "Holiday", properties: &["Name", "StartDate", "EndDate"] };

const NEW: &[Parameter] = &[
    PARENT,
    NAME,
    Parameter::new("HolidayList", Type::Any, "The holidays, from New-CsRgsHoliday; at least one.")
        .mandatory(),
    IN_MEMORY,
    FORCE,
];

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    getter::<HolidaySet>(
        OUTPUT,
        "Lists the holiday sets of Response Groups.",
        &[Example {
            line: "Get-CsRgsHolidaySet -Identity service:ApplicationServer:primary.contoso.com \
                   -ShowAll",
            means: "Lists all that the pool hosts.",
        }],
    ),
    maker::<HolidaySet>(
        OUTPUT,
        ("Makes a holiday set.", ""),
        NEW,
        &[Example {
            line: "$day = New-CsRgsHoliday -StartDate 2026-12-25 -EndDate 2026-12-27 -Name \
                   Christmas; New-CsRgsHolidaySet -Parent primary.contoso.com -Name \"2026\" \
                   -HolidayList $day",
            means: "Makes a set of one holiday of two days.",
        }],
    ),
    setter::<HolidaySet>(
        "Changes a holiday set.",
        &[Example {
            line: "$set = Get-CsRgsHolidaySet -Name \"2026\"; $set.HolidayList += New-CsRgsHoliday \
                   -StartDate 2026-05-01 -EndDate 2026-05-02; Set-CsRgsHolidaySet -Instance $set",
            means: "Adds a holiday.",
        }],
    ),
    remover::<HolidaySet>(
        Effect::Changes,
        "Removes a holiday set that no workflow has.",
        &[Example {
            line: "Get-CsRgsHolidaySet -Name \"2026\" | Remove-CsRgsHolidaySet",
            means: "Removes it.",
        }],
    ),
    Row {
        cmdlet: Cmdlet {
            verb: "New",
            noun: "CsRgsHoliday",
            aliases: &[],
            summary: "Makes a holiday.",
            description: "It is only in the shell's memory. Its times are in the time zone of the \
                          workflow that has the set. Dates are written 2026-12-25, \"2026-12-25 \
                          18:00\", or as the original's examples do: 12/25/2026.",
            parameters: &[
                Parameter::new("StartDate", Type::Text, "Its first moment.").mandatory(),
                Parameter::new("EndDate", Type::Text, "Its end: the first moment after it.")
                    .mandatory(),
                Parameter::new("Name", Type::Text, "For people."),
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(HOLIDAY),
            examples: &[Example {
                line: "New-CsRgsHoliday -StartDate \"12/24/2026 6:00 PM\" -EndDate 12/27/2026 \
                       -Name Christmas",
                means: "Begins on Christmas Eve.",
            }],
        },
        handler: new_holiday,
    },
];

fn new_holiday(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let read = |name: &str| given(context, name, moment);
        let (start_date, end_date) = (read("StartDate")?, read("EndDate")?);
        if end_date <= start_date {
            let message = format!("a holiday cannot begin at {start_date} and end at {end_date}");
            return Err(Fault::misspoken(message, "let it end later than it begins"));
        }
        let name = context.given.text("Name").map(ToOwned::to_owned);
        Ok(vec![shown_holiday(&Holiday { name, start_date, end_date })])
    })
}

fn shown_holiday(it: &Holiday) -> Value {
    let moment = |it: jiff::civil::DateTime| it.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let object = Object::new(HOLIDAY.kind)
        .with("Name", it.name.clone())
        .with("StartDate", moment(it.start_date))
        .with("EndDate", moment(it.end_date));
    Value::Object(object)
}

fn holiday(value: &Value) -> Result<Holiday, String> {
    let takes = "holidays that New-CsRgsHoliday returned";
    let Value::Object(object) = value else { return Err(takes.to_owned()) };
    let part = |name: &str| object.get(name).ok_or(takes);
    Ok(Holiday {
        name: text(object.get("Name").unwrap_or(&Value::Null))?,
        start_date: moment(part("StartDate")?)?,
        end_date: moment(part("EndDate")?)?,
    })
}

impl Shown for HolidaySet {
    const KIND: Kind = Kind::HolidaySet;
    const NOUN: &'static str = "CsRgsHolidaySet";
    const PRINTED: &'static str = "HolidaySet";
    const FIELDS: &'static [Field<Self>] = &[
        common!(Identity),
        common!(Name),
        Field {
            name: "HolidayList",
            show: |it, _| Value::List(it.holiday_list.iter().map(shown_holiday).collect()),
            put: Some(|it, value, _| {
                let holidays = value.clone().into_objects();
                let holidays: Result<_, _> = holidays.iter().map(holiday).collect();
                holidays.map(|value| it.holiday_list = value)
            }),
        },
        common!(OwnerPool),
    ];

    fn blank(id: Uuid, owner: &str, name: &str) -> Self {
        Self::new(id, owner, name)
    }

    fn from_model(model: Model) -> Option<Self> {
        if let Model::HolidaySet(it) = model { Some(it) } else { None }
    }
}

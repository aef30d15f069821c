//! `CsRgsHoursOfBusiness` and `CsRgsTimeRange`: when a workflow is open.

use response_groups::model::{HoursOfBusiness, Kind, Object as Model, TimeRange};
use shell::{Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};
use uuid::Uuid;

use super::field::{Field, common, given, shown_time, text, time, truth};
use super::kind::Shown;
use super::rows::{IN_MEMORY, NAME, PARENT, getter, maker, remover, setter};
use crate::cmdlets::{Context, FORCE, Row};
use crate::deployment::Reply;
use crate::fault::Fault;
use crate::roles::EVERYBODY;

const OUTPUT: Output = Output {
    kind: HoursOfBusiness::PRINTED,
    properties: &[
        "Identity",
        "Name",
        "Custom",
        "MondayHours1",
        "MondayHours2",
        "TuesdayHours1",
        "TuesdayHours2",
        "WednesdayHours1",
        "WednesdayHours2",
        "ThursdayHours1",
        "ThursdayHours2",
        "FridayHours1",
        "FridayHours2",
        "SaturdayHours1",
        "SaturdayHours2",
        "SundayHours1",
        "SundayHours2",
        "OwnerPool",
    ],
};

const RANGE: Output = Output { kind: "TimeRange", properties: &["Name", "OpenTime", "CloseTime"] };

/// A range of a day.
const fn range_of(name: &'static str) -> Parameter {
    Parameter::new(name, Type::Object, "A range from New-CsRgsTimeRange; closed without any.")
}

const NEW: &[Parameter] = &[
    PARENT,
    NAME,
    Parameter::new("Custom", Type::Bool, "For one workflow only."),
    range_of("MondayHours1"),
    range_of("MondayHours2"),
    range_of("TuesdayHours1"),
    range_of("TuesdayHours2"),
    range_of("WednesdayHours1"),
    range_of("WednesdayHours2"),
    range_of("ThursdayHours1"),
    range_of("ThursdayHours2"),
    range_of("FridayHours1"),
    range_of("FridayHours2"),
    range_of("SaturdayHours1"),
    range_of("SaturdayHours2"),
    range_of("SundayHours1"),
    range_of("SundayHours2"),
    IN_MEMORY,
    FORCE,
];

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    getter::<HoursOfBusiness>(
        OUTPUT,
        "Lists the hours of business of Response Groups.",
        &[Example {
            line: "Get-CsRgsHoursOfBusiness -Identity \
                   service:ApplicationServer:primary.contoso.com -ShowAll",
            means: "Lists all that the pool hosts.",
        }],
    ),
    maker::<HoursOfBusiness>(
        OUTPUT,
        ("Makes hours of business.", "A day without a range is closed."),
        NEW,
        &[Example {
            line: "$day = New-CsRgsTimeRange -OpenTime 08:00 -CloseTime 17:00; \
                   New-CsRgsHoursOfBusiness -Parent primary.contoso.com -Name \"Office\" \
                   -MondayHours1 $day -TuesdayHours1 $day",
            means: "Is open on two days.",
        }],
    ),
    setter::<HoursOfBusiness>(
        "Changes hours of business.",
        &[Example {
            line: "$it = Get-CsRgsHoursOfBusiness -Name \"Office\"; $it.SundayHours1 = $null; \
                   Set-CsRgsHoursOfBusiness -Instance $it",
            means: "Closes on Sundays.",
        }],
    ),
    remover::<HoursOfBusiness>(
        Effect::Changes,
        "Removes hours of business that no workflow has.",
        &[Example {
            line: "Get-CsRgsHoursOfBusiness -Name \"Office\" | Remove-CsRgsHoursOfBusiness",
            means: "Removes them.",
        }],
    ),
    Row {
        cmdlet: Cmdlet {
            verb: "New",
            noun: "CsRgsTimeRange",
            aliases: &[],
            summary: "Makes a range of a day.",
            description: "It is only in the shell's memory.",
            parameters: &[
                Parameter::new("OpenTime", Type::Text, "Open from, such as 08:00.").mandatory(),
                Parameter::new("CloseTime", Type::Text, "Open until, such as 17:30.").mandatory(),
                Parameter::new("Name", Type::Text, "For people."),
            ],
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(RANGE),
            examples: &[Example {
                line: "$morning = New-CsRgsTimeRange -OpenTime 08:00 -CloseTime 12:00",
                means: "Makes a range.",
            }],
        },
        handler: new_range,
    },
];

fn new_range(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let read = |name: &str| given(context, name, time);
        let (open_time, close_time) = (read("OpenTime")?, read("CloseTime")?);
        if close_time <= open_time {
            let message = format!("a range cannot open at {open_time} and close at {close_time}");
            return Err(Fault::misspoken(message, "let it close later than it opens"));
        }
        let name = context.given.text("Name").map(ToOwned::to_owned);
        Ok(vec![shown_range(Some(&TimeRange { name, open_time, close_time }))])
    })
}

fn shown_range(range: Option<&TimeRange>) -> Value {
    let object = |it: &TimeRange| {
        Object::new(RANGE.kind)
            .with("Name", it.name.clone())
            .with("OpenTime", shown_time(it.open_time))
            .with("CloseTime", shown_time(it.close_time))
    };
    range.map_or(Value::Null, |it| Value::Object(object(it)))
}

fn range(value: &Value) -> Result<Option<TimeRange>, String> {
    let takes = "a range that New-CsRgsTimeRange returned";
    let Value::Object(object) = value else {
        return if *value == Value::Null { Ok(None) } else { Err(takes.to_owned()) };
    };
    let part = |name: &str| object.get(name).ok_or(takes);
    Ok(Some(TimeRange {
        name: text(object.get("Name").unwrap_or(&Value::Null))?,
        open_time: time(part("OpenTime")?)?,
        close_time: time(part("CloseTime")?)?,
    }))
}

/// The field of one range of one day.
macro_rules! of_day {
    ($name:literal, $day:literal, $half:ident) => {
        Field {
            name: $name,
            show: |it, _| shown_range(it.days[$day].$half.as_ref()),
            put: Some(|it, value, _| range(value).map(|value| it.days[$day].$half = value)),
        }
    };
}

impl Shown for HoursOfBusiness {
    const KIND: Kind = Kind::HoursOfBusiness;
    const NOUN: &'static str = "CsRgsHoursOfBusiness";
    const PRINTED: &'static str = "BusinessHours";
    const FIELDS: &'static [Field<Self>] = &[
        common!(Identity),
        common!(Name),
        Field {
            name: "Custom",
            show: |it, _| it.custom.into(),
            put: Some(|it, value, _| truth(value).map(|value| it.custom = value)),
        },
        of_day!("MondayHours1", 0, hours1),
        of_day!("MondayHours2", 0, hours2),
        of_day!("TuesdayHours1", 1, hours1),
        of_day!("TuesdayHours2", 1, hours2),
        of_day!("WednesdayHours1", 2, hours1),
        of_day!("WednesdayHours2", 2, hours2),
        of_day!("ThursdayHours1", 3, hours1),
        of_day!("ThursdayHours2", 3, hours2),
        of_day!("FridayHours1", 4, hours1),
        of_day!("FridayHours2", 4, hours2),
        of_day!("SaturdayHours1", 5, hours1),
        of_day!("SaturdayHours2", 5, hours2),
        of_day!("SundayHours1", 6, hours1),
        of_day!("SundayHours2", 6, hours2),
        common!(OwnerPool),
    ];

    fn blank(id: Uuid, owner: &str, name: &str) -> Self {
        Self::new(id, owner, name)
    }

    fn from_model(model: Model) -> Option<Self> {
        if let Model::HoursOfBusiness(it) = model { Some(it) } else { None }
    }
}

//! A field of an object: how it is shown, and how it is read from what an administrator gives.

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time};
use response_groups::model::{AudioRef, Prompt};
use shell::{Object, Value};
use uuid::Uuid;

use crate::cmdlets::Context;
use crate::fault::Fault;
use crate::identity::{APPLICATION_SERVER, Identity};

/// A field of `T`, under the original's name.
pub(super) struct Field<T> {
    /// The name of the property, and of the parameter that gives it.
    pub(super) name: &'static str,
    /// Its value, in an object that this pool hosts.
    pub(super) show: fn(&T, &str) -> Value,
    /// Takes a value, or says what it takes; none where it cannot be changed.
    pub(super) put: Option<Put<T>>,
}

/// Takes a value of a field, in an object that this pool hosts, or says what it takes.
pub(super) type Put<T> = fn(&mut T, &Value, &str) -> Result<(), String>;

/// A field that all kinds have, or most.
macro_rules! common {
    (Identity) => {
        $crate::cmdlets::rgs::field::Field {
            name: "Identity",
            show: |it, at| $crate::cmdlets::rgs::field::identity(at, it.id).into(),
            put: None,
        }
    };
    (Name) => {
        $crate::cmdlets::rgs::field::Field {
            name: "Name",
            show: |it, _| it.name.clone().into(),
            put: Some(|it, value, _| {
                $crate::cmdlets::rgs::field::some_text(value).map(|value| it.name = value)
            }),
        }
    };
    (Description) => {
        $crate::cmdlets::rgs::field::Field {
            name: "Description",
            show: |it, _| it.description.clone().into(),
            put: Some(|it, value, _| {
                $crate::cmdlets::rgs::field::text(value).map(|value| it.description = value)
            }),
        }
    };
    (OwnerPool) => {
        $crate::cmdlets::rgs::field::Field {
            name: "OwnerPool",
            show: |it, _| it.owner.clone().into(),
            put: None,
        }
    };
}
pub(super) use common;

/// What the parameter `name` was given, read by `read`, which else says what it takes.
pub(super) fn given<T>(
    context: Context<'_>,
    name: &str,
    read: impl FnOnce(&Value) -> Result<T, String>,
) -> Result<T, Fault> {
    let given = context.given.get(name).cloned().unwrap_or_default();
    read(&given).map_err(|takes| {
        let message = format!("-{name} cannot be `{given}`");
        Fault::misspoken(message, format!("it takes {takes}"))
    })
}

/// The identity of an object that `parent` hosts.
pub(super) fn identity(parent: &str, id: Uuid) -> String {
    format!("service:{APPLICATION_SERVER}:{parent}/{id}")
}

/// Identities, as a list is shown.
pub(super) fn identities(parent: &str, ids: &[Uuid]) -> Value {
    Value::List(ids.iter().map(|it| identity(parent, *it).into()).collect())
}

/// Text; nothing for `$null` and for what is empty.
pub(super) fn text(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::List(_) | Value::Object(_) => Err("text".to_owned()),
        other => Ok(Some(other.to_string().trim().to_owned()).filter(|it| !it.is_empty())),
    }
}

/// Text that must be there.
pub(super) fn some_text(value: &Value) -> Result<String, String> {
    text(value)?.ok_or_else(|| "text that is not empty".to_owned())
}

/// True or false.
pub(super) fn truth(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(it) => Ok(*it),
        Value::Text(it) if it.eq_ignore_ascii_case("true") => Ok(true),
        Value::Text(it) if it.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err("$true or $false".to_owned()),
    }
}

/// A whole number; nothing for `$null`.
pub(super) fn number<N: TryFrom<i64>>(value: &Value) -> Result<Option<N>, String> {
    let wrong = || "a whole number".to_owned();
    let number = match value {
        Value::Null => return Ok(None),
        Value::Int(it) => *it,
        Value::Text(it) => it.trim().parse().map_err(|_| wrong())?,
        _ => return Err(wrong()),
    };
    N::try_from(number).map(Some).map_err(|_| wrong())
}

/// Texts.
pub(super) fn texts(value: &Value) -> Result<Vec<String>, String> {
    value.clone().into_objects().iter().map(some_text).collect()
}

/// One of the original's words.
pub(super) fn word<W: Copy>(
    value: &Value,
    all: &[W],
    name: impl Fn(W) -> &'static str,
) -> Result<W, String> {
    let given = some_text(value)?;
    let found = all.iter().find(|it| name(**it).eq_ignore_ascii_case(&given));
    found.copied().ok_or_else(|| all.iter().map(|it| name(*it)).collect::<Vec<_>>().join(" or "))
}

/// The GUID of an object that `parent` hosts, from its identity or the object itself.
pub(super) fn reference(value: &Value, parent: &str) -> Result<Option<Uuid>, String> {
    let takes = "the identity of an object: (Get-...).Identity";
    let text = match value {
        Value::Null => return Ok(None),
        Value::Object(it) => it.get("Identity").and_then(Value::as_text).ok_or(takes)?.to_owned(),
        other => some_text(other)?,
    };
    if let Ok(id) = Uuid::parse_str(text.trim()) {
        return Ok(Some(id));
    }
    let read = Identity::read(&text, &[parent.to_owned()]);
    let id = read.guid.as_deref().and_then(|it| Uuid::parse_str(it).ok()).ok_or(takes)?;
    if !read.name.eq_ignore_ascii_case(parent) {
        return Err(format!("an object of {parent}; `{text}` is at {}", read.name));
    }
    Ok(Some(id))
}

/// As [`reference`], several.
pub(super) fn references(value: &Value, parent: &str) -> Result<Vec<Uuid>, String> {
    let each = |it: &Value| {
        reference(it, parent)?.ok_or_else(|| "identities, none of them $null".to_owned())
    };
    value.clone().into_objects().iter().map(each).collect()
}

/// An audio file as it is shown.
pub(super) fn shown_audio(audio: Option<&AudioRef>, parent: &str) -> Value {
    let object = |it: &AudioRef| {
        Object::new("AudioFile")
            .with("Identity", identity(parent, it.id))
            .with("OriginalFileName", it.original_file_name.clone())
    };
    audio.map_or(Value::Null, |it| Value::Object(object(it)))
}

/// An audio file that `Import-CsRgsAudioFile` returned.
pub(super) fn audio(value: &Value, parent: &str) -> Result<Option<AudioRef>, String> {
    let takes = || "an audio file that Import-CsRgsAudioFile returned".to_owned();
    let Value::Object(object) = value else {
        return if *value == Value::Null { Ok(None) } else { Err(takes()) };
    };
    let id = reference(value, parent)?.ok_or_else(takes)?;
    let name = object.get("OriginalFileName").and_then(Value::as_text).ok_or_else(takes)?;
    Ok(Some(AudioRef { id, original_file_name: name.to_owned() }))
}

/// A prompt as it is shown.
pub(super) fn shown_prompt(prompt: Option<&Prompt>, parent: &str) -> Value {
    let object = |it: &Prompt| {
        Object::new("Prompt")
            .with("AudioFilePrompt", shown_audio(it.audio_file_prompt.as_ref(), parent))
            .with("TextToSpeechPrompt", it.text_to_speech_prompt.clone())
    };
    prompt.map_or(Value::Null, |it| Value::Object(object(it)))
}

/// A prompt that `New-CsRgsPrompt` returned.
pub(super) fn prompt(value: &Value, parent: &str) -> Result<Option<Prompt>, String> {
    let Value::Object(object) = value else {
        let takes = "a prompt that New-CsRgsPrompt returned".to_owned();
        return if *value == Value::Null { Ok(None) } else { Err(takes) };
    };
    let mut read = Prompt::default();
    for (name, value) in &object.properties {
        match name.to_ascii_lowercase().as_str() {
            "texttospeechprompt" => read.text_to_speech_prompt = text(value)?,
            "audiofileprompt" => read.audio_file_prompt = audio(value, parent)?,
            _ => return Err(format!("a prompt, which has no property {name}")),
        }
    }
    Ok(Some(read))
}

/// A time of the day as it is shown.
pub(super) fn shown_time(time: Time) -> Value {
    Value::Span(time.duration_since(Time::midnight()))
}

/// A time of the day: `08:00`, `17:30:00`.
pub(super) fn time(value: &Value) -> Result<Time, String> {
    const TAKES: &str = "a time of the day from 00:00 to 23:59, such as 08:30";
    let wrong = || TAKES.to_owned();
    match value {
        Value::Span(it) if !it.is_negative() && *it < SignedDuration::from_hours(24) => {
            Ok(Time::midnight() + *it)
        }
        Value::Text(it) => {
            let it = it.trim();
            let padded = if it.find(':') == Some(1) { format!("0{it}") } else { it.to_owned() };
            padded.parse().map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

/// A moment without a time zone: `2026-12-24`, `2026-12-24 18:00`, or as the original's examples
/// have it: `12/24/2026`, `12/24/2026 6:00 PM`.
pub(super) fn moment(value: &Value) -> Result<DateTime, String> {
    const TAKES: &str = "a date, such as 2026-12-24 or \"2026-12-24 18:00\"";
    let text = some_text(value).map_err(|_| TAKES.to_owned())?;
    shell::civil_time(text.trim_end_matches('Z')).ok_or_else(|| TAKES.to_owned())
}

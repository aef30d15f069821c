//! `CsRgsAudioFile`: prompts and music.

use response_groups::model::AudioFile;
use shell::{Cmdlet, Effect, Example, Output, Parameter, Type, Value};
use uuid::Uuid;

use super::field::shown_audio;
use super::places;
use crate::cmdlets::{Context, FORCE, Row};
use crate::deployment::{Mode, Reply};
use crate::fault::Fault;
use crate::roles::RESPONSE_GROUPS;

const OUTPUT: Output = Output { kind: "AudioFile", properties: &["Identity", "OriginalFileName"] };

pub(in crate::cmdlets) const ROWS: &[Row] = &[Row {
    cmdlet: Cmdlet {
        verb: "Import",
        noun: "CsRgsAudioFile",
        aliases: &[],
        summary: "Brings an audio file into a pool, for a prompt or for music.",
        description: "WAV (8 or 16 bits, linear, A-law or mu-law, mono or stereo) or WMA, at most \
                      4 MB. What is returned is given to New-CsRgsPrompt, New-CsRgsWorkflow or \
                      Set-CsRgsConfiguration; a file that nothing refers to is removed after a \
                      while.",
        parameters: &[
            Parameter::new(
                "Identity",
                Type::Text,
                "The pool: service:ApplicationServer:FQDN. May be left out where there is just \
                 one.",
            )
            .at(0)
            .offers("front-end pool"),
            Parameter::new("FileName", Type::Text, "The name that people see.").mandatory(),
            Parameter::new(
                "Content",
                Type::Bytes,
                "What the file holds: (Get-Content NAME -Encoding Byte -ReadCount 0).",
            )
            .mandatory(),
            FORCE,
        ],
        roles: RESPONSE_GROUPS,
        effect: Effect::Changes,
        output: Some(OUTPUT),
        examples: &[Example {
            line: "$welcome = Import-CsRgsAudioFile -Identity primary.contoso.com -FileName \
                   welcome.wav -Content (Get-Content C:\\welcome.wav -Encoding Byte -ReadCount \
                   0)",
            means: "Brings a prompt in.",
        }],
    },
    handler: import,
}];

fn import(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let parent = places::parent(context, "Identity", &pools)?;
        let name = context.given.text("FileName").unwrap_or_default().trim();
        // The original's examples give paths; people see the last part.
        let name = name.rsplit(['\\', '/']).next().unwrap_or(name).to_owned();
        let Some(Value::Bytes(content)) = context.given.get("Content") else {
            let hint = "write (Get-Content NAME -Encoding Byte -ReadCount 0)";
            return Err(Fault::misspoken("-Content is not what a file holds", hint));
        };
        let audio = AudioFile {
            id: Uuid::new_v4(),
            owner: parent.clone(),
            original_file_name: name.clone(),
            content: content.as_slice().to_vec(),
        };
        let mode = context.mode();
        let product = context.response_groups();
        let kept = product.add_audio(parent.clone(), audio, mode, context.watch).await?;
        Ok(vec![match mode {
            Mode::Act => shown_audio(Some(&kept), &parent),
            Mode::WhatIf => format!("What if: {name} would be brought into {parent}.").into(),
        }])
    })
}

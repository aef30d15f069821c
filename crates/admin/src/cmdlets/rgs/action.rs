//! What is done with a call: `CsRgsCallAction`, `CsRgsPrompt`, `CsRgsQuestion`, `CsRgsAnswer`.
//!
//! These make values in the shell's memory; what refers to them is checked when it is saved.

use response_groups::checks::QUESTION_DEPTH_MAX;
use response_groups::model::{ActionKind, Answer, CallAction, Question};
use shell::{Bound, Cmdlet, Effect, Example, Object, Output, Parameter, Type, Value};

use super::field::{identity, prompt, reference, shown_prompt, text, texts, word};
use crate::cmdlets::{Handler, Row};
use crate::fault::Fault;
use crate::roles::EVERYBODY;

const ACTION: Output =
    Output { kind: "CallAction", properties: &["Prompt", "Question", "Action", "QueueID", "Uri"] };
const PROMPT: Output =
    Output { kind: "Prompt", properties: &["AudioFilePrompt", "TextToSpeechPrompt"] };
const QUESTION: Output = Output {
    kind: "Question",
    properties: &["Name", "Prompt", "InvalidAnswerPrompt", "NoAnswerPrompt", "AnswerList"],
};
const ANSWER: Output =
    Output { kind: "Answer", properties: &["Name", "Action", "DtmfResponse", "VoiceResponseList"] };

pub(in crate::cmdlets) const ROWS: &[Row] = &[
    row(
        "CsRgsCallAction",
        "Makes what is done with a call.",
        &[
            Parameter::new(
                "Action",
                Type::Enum(&[
                    "Terminate",
                    "TransferToQueue",
                    "TransferToQuestion",
                    "TransferToUri",
                    "TransferToVoiceMailUri",
                    "TransferToPSTN",
                ]),
                "What is done.",
            )
            .mandatory(),
            Parameter::new("Prompt", Type::Object, "What the caller hears first."),
            Parameter::new("Question", Type::Object, "Asked by TransferToQuestion."),
            Parameter::new("QueueID", Type::Text, "The queue's identity, for TransferToQueue."),
            Parameter::new("Uri", Type::Text, "Where a transfer to a URI goes."),
        ],
        ACTION,
        &[Example {
            line: "$action = New-CsRgsCallAction -Action TransferToVoiceMailUri -Uri \
                   sip:ken@contoso.com",
            means: "Sends a call to a voice mailbox.",
        }],
        |context| Box::pin(async move { new_action(context.given) }),
    ),
    row(
        "CsRgsPrompt",
        "Makes what a caller hears. Where there are both, the audio file is played.",
        &[
            Parameter::new("TextToSpeechPrompt", Type::Text, "Text to be spoken.").prose(),
            Parameter::new("AudioFilePrompt", Type::Object, "Audio, from Import-CsRgsAudioFile."),
        ],
        PROMPT,
        &[Example {
            line: "$prompt = New-CsRgsPrompt -TextToSpeechPrompt \"Welcome to Contoso.\"",
            means: "Makes a spoken prompt.",
        }],
        |context| Box::pin(async move { Ok(vec![collected(PROMPT, context.given)]) }),
    ),
    row(
        "CsRgsQuestion",
        "Makes a question to a caller, and what follows each answer.",
        &[
            Parameter::new("Prompt", Type::Object, "The question.").mandatory(),
            Parameter::new("AnswerList", Type::Any, "The answers, from New-CsRgsAnswer."),
            Parameter::new("InvalidAnswerPrompt", Type::Object, "Played for an unknown answer."),
            Parameter::new("NoAnswerPrompt", Type::Object, "Played when there is no answer."),
            Parameter::new("Name", Type::Text, "For people."),
        ],
        QUESTION,
        &[Example {
            line: "$ask = New-CsRgsPrompt -TextToSpeechPrompt \"Press 1 to leave.\"; $end = \
                   New-CsRgsCallAction -Action Terminate; $one = New-CsRgsAnswer -Action $end \
                   -DtmfResponse 1; New-CsRgsQuestion -Prompt $ask -AnswerList $one",
            means: "Makes a question with one answer.",
        }],
        |context| {
            Box::pin(async move {
                let question = collected(QUESTION, context.given);
                if questions_in_a_row(&question) > QUESTION_DEPTH_MAX {
                    let what = "this question comes after too many others";
                    let hint =
                        format!("ask at most {QUESTION_DEPTH_MAX} in a row; callers bear three");
                    return Err(Fault::misspoken(what, hint));
                }
                Ok(vec![question])
            })
        },
    ),
    row(
        "CsRgsAnswer",
        "Makes an answer to a question.",
        &[
            Parameter::new("Action", Type::Object, "What follows.").mandatory(),
            Parameter::new("DtmfResponse", Type::Text, "The key to press: 0 to 9, *, #."),
            Parameter::new("VoiceResponseList", Type::List, "The words to say."),
            Parameter::new("Name", Type::Text, "For people."),
        ],
        ANSWER,
        &[Example {
            line: "$end = New-CsRgsCallAction -Action Terminate; New-CsRgsAnswer -Action $end \
                   -DtmfResponse 9 -VoiceResponseList \"goodbye\"",
            means: "Ends the call when 9 is pressed.",
        }],
        |context| Box::pin(async move { Ok(vec![collected(ANSWER, context.given)]) }),
    ),
];

const fn row(
    noun: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    output: Output,
    examples: &'static [Example],
    handler: Handler,
) -> Row {
    Row {
        cmdlet: Cmdlet {
            verb: "New",
            noun,
            aliases: &[],
            summary,
            description: "It is only in the shell's memory.",
            parameters,
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(output),
            examples,
        },
        handler,
    }
}

fn new_action(given: &Bound) -> Result<Vec<Value>, Fault> {
    let needs = |parameter: &str, action: &str| {
        let message = format!("{action} needs -{parameter}");
        Err(Fault::misspoken(message, "`Get-Help New-CsRgsCallAction` tells which needs what"))
    };
    let action = given.text("Action").unwrap_or_default();
    match action {
        "TransferToQueue" if given.get("QueueID").is_none() => needs("QueueID", action),
        "TransferToQuestion" if given.get("Question").is_none() => needs("Question", action),
        "TransferToUri" | "TransferToVoiceMailUri" | "TransferToPSTN"
            if given.get("Uri").is_none() =>
        {
            needs("Uri", action)
        }
        _ => Ok(vec![collected(ACTION, given)]),
    }
}

/// How many questions follow upon each other in a value, the first one included.
fn questions_in_a_row(value: &Value) -> usize {
    match value {
        Value::List(values) => values.iter().map(questions_in_a_row).max().unwrap_or(0),
        Value::Object(object) => {
            let own = usize::from(object.kind == QUESTION.kind);
            let below = object.properties.iter().map(|(_, it)| questions_in_a_row(it)).max();
            own + below.unwrap_or(0)
        }
        _ => 0,
    }
}

/// What was given, as the object that `output` describes.
fn collected(output: Output, given: &Bound) -> Value {
    let empty = Object::new(output.kind);
    let put = |object: Object, name: &&str| {
        object.with(name, given.get(name).cloned().unwrap_or_default())
    };
    Value::Object(output.properties.iter().fold(empty, put))
}

/// An action as it is shown.
pub(super) fn shown_action(action: Option<&CallAction>, parent: &str) -> Value {
    let object = |it: &CallAction| {
        Object::new(ACTION.kind)
            .with("Prompt", shown_prompt(it.prompt.as_ref(), parent))
            .with("Question", shown_question(it.question.as_deref(), parent))
            .with("Action", it.action.name())
            .with("QueueID", it.queue.map(|id| identity(parent, id)))
            .with("Uri", it.uri.clone())
    };
    action.map_or(Value::Null, |it| Value::Object(object(it)))
}

fn shown_question(question: Option<&Question>, parent: &str) -> Value {
    let Some(it) = question else { return Value::Null };
    let answers = it.answer_list.iter().map(|it| shown_answer(it, parent)).collect();
    let object = Object::new(QUESTION.kind)
        .with("Name", it.name.clone())
        .with("Prompt", shown_prompt(Some(&it.prompt), parent))
        .with("InvalidAnswerPrompt", shown_prompt(it.invalid_answer_prompt.as_ref(), parent))
        .with("NoAnswerPrompt", shown_prompt(it.no_answer_prompt.as_ref(), parent))
        .with("AnswerList", Value::List(answers));
    Value::Object(object)
}

fn shown_answer(it: &Answer, parent: &str) -> Value {
    let words = it.voice_response_list.iter().cloned().map(Value::from).collect();
    let object = Object::new(ANSWER.kind)
        .with("Name", it.name.clone())
        .with("Action", shown_action(Some(&it.action), parent))
        .with("DtmfResponse", it.dtmf_response.clone())
        .with("VoiceResponseList", Value::List(words));
    Value::Object(object)
}

/// An action that `New-CsRgsCallAction` returned; nothing for `$null`.
pub(super) fn read(value: &Value, parent: &str) -> Result<Option<CallAction>, String> {
    match value {
        Value::Null => Ok(None),
        other => action(other, parent, 0).map(Some),
    }
}

fn action(value: &Value, parent: &str, depth: usize) -> Result<CallAction, String> {
    if depth > QUESTION_DEPTH_MAX {
        return Err(format!("at most {QUESTION_DEPTH_MAX} questions in a row"));
    }
    let takes = "a call action that New-CsRgsCallAction returned";
    let Value::Object(object) = value else { return Err(takes.to_owned()) };
    let kind = object.get("Action").ok_or(takes)?;
    let mut read = CallAction {
        action: word(kind, &ActionKind::ALL, ActionKind::name)?,
        prompt: None,
        question: None,
        queue: None,
        uri: None,
    };
    for (name, value) in &object.properties {
        match name.to_ascii_lowercase().as_str() {
            "action" => {}
            "prompt" => read.prompt = prompt(value, parent)?,
            "question" => read.question = question(value, parent, depth)?,
            "queueid" => read.queue = reference(value, parent)?,
            "uri" => read.uri = text(value)?,
            _ => return Err(format!("{takes}, which has no property {name}")),
        }
    }
    Ok(read)
}

fn question(value: &Value, parent: &str, depth: usize) -> Result<Option<Box<Question>>, String> {
    let takes = "a question that New-CsRgsQuestion returned";
    let Value::Object(object) = value else {
        return if *value == Value::Null { Ok(None) } else { Err(takes.to_owned()) };
    };
    let asked = object.get("Prompt").ok_or(takes)?;
    let mut read = Question {
        name: None,
        prompt: prompt(asked, parent)?.ok_or(takes)?,
        invalid_answer_prompt: None,
        no_answer_prompt: None,
        answer_list: Vec::new(),
    };
    for (name, value) in &object.properties {
        match name.to_ascii_lowercase().as_str() {
            "prompt" => {}
            "name" => read.name = text(value)?,
            "invalidanswerprompt" => read.invalid_answer_prompt = prompt(value, parent)?,
            "noanswerprompt" => read.no_answer_prompt = prompt(value, parent)?,
            "answerlist" => {
                let answers = value.clone().into_objects();
                let answers = answers.iter().map(|it| answer(it, parent, depth));
                read.answer_list = answers.collect::<Result<_, _>>()?;
            }
            _ => return Err(format!("{takes}, which has no property {name}")),
        }
    }
    Ok(Some(Box::new(read)))
}

fn answer(value: &Value, parent: &str, depth: usize) -> Result<Answer, String> {
    let takes = "an answer that New-CsRgsAnswer returned";
    let Value::Object(object) = value else { return Err(takes.to_owned()) };
    let follows = object.get("Action").ok_or(takes)?;
    let mut read = Answer {
        name: None,
        action: action(follows, parent, depth + 1)?,
        dtmf_response: None,
        voice_response_list: Vec::new(),
    };
    for (name, value) in &object.properties {
        match name.to_ascii_lowercase().as_str() {
            "action" => {}
            "name" => read.name = text(value)?,
            "dtmfresponse" => read.dtmf_response = text(value)?,
            "voiceresponselist" => read.voice_response_list = texts(value)?,
            _ => return Err(format!("{takes}, which has no property {name}")),
        }
    }
    Ok(read)
}

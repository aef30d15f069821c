//! What makes a call action acceptable, with all that hangs on it: which action may stand where,
//! what it needs, and the questions and answers below it.

use std::collections::HashSet;

use super::{
    ANSWERS_MAX, Complaints, PROMPT_MAX, QUESTION_DEPTH_MAX, QUESTIONS_MAX, URI_MAX,
    VOICE_RESPONSE_MAX, VOICE_RESPONSES_MAX, text,
};
use crate::model::{ActionKind, Answer, CallAction, Prompt, Question};

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// What a workflow does while it is open.
    Default,
    /// What a queue does when a call waits too long, or too many wait.
    Queue,
    /// What a workflow does outside its hours and on a holiday.
    Closed,
    /// What follows an answer.
    Answer,
}

impl Place {
    fn allows(self, action: ActionKind) -> bool {
        let is_queue = action == ActionKind::TransferToQueue;
        let is_question = action == ActionKind::TransferToQuestion;
        match self {
            Self::Default => is_queue || is_question,
            Self::Queue => !is_question,
            Self::Closed => !is_queue && !is_question,
            Self::Answer => true,
        }
    }
}

/// The keys of a telephone.
const KEYS: &str = "0123456789*#";

/// Checks an action and everything below it, without recursion.
pub(super) fn check(
    found: &mut Complaints,
    place: Place,
    field: &'static str,
    action: Option<&CallAction>,
) {
    let mut questions = 0;
    let mut ahead: Vec<_> = action.map(|it| (it, place, 0)).into_iter().collect();
    while let Some((action, place, depth)) = ahead.pop() {
        check_one(found, place, field, action);
        let Some(question) = &action.question else { continue };
        questions += 1;
        if depth == QUESTION_DEPTH_MAX || questions > QUESTIONS_MAX {
            let what = "its questions go too deep, or are too many";
            let remedy = format!(
                "ask at most {QUESTION_DEPTH_MAX} in a row and {QUESTIONS_MAX} in all; callers \
                 bear three"
            );
            found.add(field, what, remedy);
            return;
        }
        check_question(found, question);
        if question.answer_list.len() <= ANSWERS_MAX {
            let below = question.answer_list.iter();
            ahead.extend(below.map(|it| (&it.action, Place::Answer, depth + 1)));
        }
    }
}

/// Complains of questions below an action that nobody can answer.
pub(super) fn check_complete(
    found: &mut Complaints,
    field: &'static str,
    action: Option<&CallAction>,
) {
    let mut ahead: Vec<_> = action.map(|it| (it, 0)).into_iter().collect();
    while let Some((action, depth)) = ahead.pop() {
        let Some(question) = &action.question else { continue };
        if question.answer_list.is_empty() {
            let what = "it asks a question that has no answer";
            found.add(field, what, "give the question an AnswerList");
            return;
        }
        if depth < QUESTION_DEPTH_MAX {
            ahead.extend(question.answer_list.iter().map(|it| (&it.action, depth + 1)));
        }
    }
}

fn check_one(found: &mut Complaints, place: Place, field: &'static str, it: &CallAction) {
    use ActionKind::{
        TransferToPstn, TransferToQuestion, TransferToQueue, TransferToUri, TransferToVoiceMailUri,
    };
    let action = it.action.name();
    if !place.allows(it.action) {
        let all = ActionKind::ALL.into_iter().filter(|it| place.allows(*it));
        let allowed: Vec<_> = all.map(ActionKind::name).collect();
        let remedy = format!("use {}", allowed.join(", "));
        found.add(field, format!("{action} cannot stand here"), remedy);
    }
    let needs = [
        ("Question", it.action == TransferToQuestion, it.question.is_some()),
        ("QueueID", it.action == TransferToQueue, it.queue.is_some()),
        (
            "Uri",
            matches!(it.action, TransferToUri | TransferToVoiceMailUri | TransferToPstn),
            it.uri.is_some(),
        ),
    ];
    for (part, needed, there) in needs {
        if needed && !there {
            found.add(field, format!("{action} has no {part}"), format!("give -{part}"));
        }
        if there && !needed {
            let what = format!("{action} has no use for a {part}");
            found.add(field, what, format!("leave -{part} out"));
        }
    }
    if let Some(uri) = &it.uri {
        check_uri(found, field, it.action, uri);
    }
    check_prompt(found, it.prompt.as_ref());
}

fn check_uri(found: &mut Complaints, field: &'static str, action: ActionKind, uri: &str) {
    let (fits, form) = match action {
        ActionKind::TransferToPstn => (
            text::is_tel(uri) || text::is_sip_number(uri),
            "tel:+ and digits, or as sip:+, digits, @ and a domain",
        ),
        _ => (text::is_sip(uri), "sip:name@domain"),
    };
    if uri.len() > URI_MAX || !fits {
        let what = format!("{} is no target for {}", text::shown(uri), action.name());
        found.add(field, what, format!("write -Uri as {form}"));
    }
}

fn check_prompt(found: &mut Complaints, prompt: Option<&Prompt>) {
    let Some(prompt) = prompt else { return };
    text::audio_ref(found, "AudioFilePrompt", prompt.audio_file_prompt.as_ref());
    let Some(spoken) = &prompt.text_to_speech_prompt else { return };
    text::text(found, "TextToSpeechPrompt", spoken, PROMPT_MAX);
    let after_bracket = spoken.split('<').skip(1).filter_map(|it| it.chars().next());
    let is_tag = |it: char| it.is_ascii_alphabetic() || matches!(it, '/' | '!' | '?');
    if after_bracket.into_iter().any(is_tag) {
        found.add("TextToSpeechPrompt", "it has HTML in it", "write what is to be spoken");
    }
}

fn check_question(found: &mut Complaints, it: &Question) {
    text::inner_name(found, it.name.as_deref());
    let silent = |prompt: &Prompt| {
        let text = prompt.text_to_speech_prompt.as_deref().unwrap_or_default();
        prompt.audio_file_prompt.is_none() && text.trim().is_empty()
    };
    if silent(&it.prompt) {
        let remedy = "give a prompt with -TextToSpeechPrompt or -AudioFilePrompt";
        found.add("Question", "it asks nothing", remedy);
    }
    check_prompt(found, Some(&it.prompt));
    check_prompt(found, it.invalid_answer_prompt.as_ref());
    check_prompt(found, it.no_answer_prompt.as_ref());
    if !text::count(found, "AnswerList", it.answer_list.len(), ANSWERS_MAX) {
        return;
    }
    let (mut keys, mut words) = (HashSet::new(), HashSet::new());
    for answer in &it.answer_list {
        check_answer(found, answer);
        if let Some(key) = &answer.dtmf_response
            && !keys.insert(key)
        {
            let what = format!("two answers of one question have the key {}", text::shown(key));
            found.add("DtmfResponse", what, "give each its own");
        }
        // One answer may repeat its own words; that is harmless.
        let own = answer.voice_response_list.iter().map(|it| it.to_lowercase());
        let own: HashSet<_> = own.take(VOICE_RESPONSES_MAX).collect();
        for word in own {
            let shown = text::shown(&word);
            if !words.insert(word) {
                let what = format!("two answers of one question understand {shown}");
                found.add("VoiceResponseList", what, "give each its own words");
            }
        }
    }
}

fn check_answer(found: &mut Complaints, it: &Answer) {
    text::inner_name(found, it.name.as_deref());
    if it.dtmf_response.is_none() && it.voice_response_list.is_empty() {
        let remedy = "give -DtmfResponse or -VoiceResponseList";
        found.add("AnswerList", "an answer has neither a key nor words", remedy);
    }
    if let Some(key) = &it.dtmf_response
        && (key.chars().count() != 1 || !KEYS.contains(key.as_str()))
    {
        let what = format!("{} is not a key of a telephone", text::shown(key));
        found.add("DtmfResponse", what, "give one of 0 to 9, * and #");
    }
    let words = &it.voice_response_list;
    if !text::count(found, "VoiceResponseList", words.len(), VOICE_RESPONSES_MAX) {
        return;
    }
    for word in words {
        text::line(found, "VoiceResponseList", word, VOICE_RESPONSE_MAX);
        if word.trim().is_empty() || word.contains('"') {
            let what = format!("{} cannot be said", text::shown(word));
            found.add("VoiceResponseList", what, "give words, without double quotes");
        }
    }
}

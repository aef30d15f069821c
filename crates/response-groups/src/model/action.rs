//! What is done with a call: call actions, the prompts they play, the questions they ask.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::AudioRef;

/// What is done with a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CallAction {
    /// What is done.
    pub action: ActionKind,
    /// Played first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// Asked, by [`ActionKind::TransferToQuestion`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Box<Question>>,
    /// Where the call waits, by [`ActionKind::TransferToQueue`].
    #[serde(rename = "QueueID", default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Uuid>,
    /// Where the call goes, by the three actions that transfer to a URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// The kinds of call actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ActionKind {
    /// The call ends.
    Terminate,
    /// It waits for an agent.
    TransferToQueue,
    /// The caller is asked something.
    TransferToQuestion,
    /// It goes to another SIP address.
    TransferToUri,
    /// It goes to a voice mailbox.
    TransferToVoiceMailUri,
    /// It goes to a telephone number.
    #[serde(rename = "TransferToPSTN")]
    TransferToPstn,
}

impl CallAction {
    /// An action of which nothing but the kind is known yet.
    pub fn new(action: ActionKind) -> Self {
        Self { action, prompt: None, question: None, queue: None, uri: None }
    }

    /// This action and all that follow upon answers to its questions.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        let mut ahead = vec![self];
        std::iter::from_fn(move || {
            let next = ahead.pop()?;
            let question = next.question.iter();
            ahead.extend(question.flat_map(|it| &it.answer_list).map(|it| &it.action));
            Some(next)
        })
    }

    /// The audio files that this action plays by itself.
    pub fn audio(&self) -> impl Iterator<Item = &AudioRef> {
        let asked = self.question.iter().flat_map(|it| {
            [Some(&it.prompt), it.invalid_answer_prompt.as_ref(), it.no_answer_prompt.as_ref()]
        });
        let prompts = std::iter::once(self.prompt.as_ref()).chain(asked).flatten();
        prompts.filter_map(|it| it.audio_file_prompt.as_ref())
    }
}

impl ActionKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Terminate,
        Self::TransferToQueue,
        Self::TransferToQuestion,
        Self::TransferToUri,
        Self::TransferToVoiceMailUri,
        Self::TransferToPstn,
    ];

    /// The original's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "Terminate",
            Self::TransferToQueue => "TransferToQueue",
            Self::TransferToQuestion => "TransferToQuestion",
            Self::TransferToUri => "TransferToUri",
            Self::TransferToVoiceMailUri => "TransferToVoiceMailUri",
            Self::TransferToPstn => "TransferToPSTN",
        }
    }
}

/// What a caller hears. Where there are both, the audio file is played.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Prompt {
    /// Text to be spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_to_speech_prompt: Option<String>,
    /// Audio to be played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_file_prompt: Option<AudioRef>,
}

/// A question to a caller, and what follows each answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Question {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The question.
    pub prompt: Prompt,
    /// Played when an answer means nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_answer_prompt: Option<Prompt>,
    /// Played when there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_answer_prompt: Option<Prompt>,
    /// What may be answered.
    #[serde(default)]
    pub answer_list: Vec<Answer>,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What follows.
    pub action: CallAction,
    /// The key to press: `0` to `9`, `*`, `#`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtmf_response: Option<String>,
    /// The words to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voice_response_list: Vec<String>,
}

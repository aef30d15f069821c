//! What is told while something is being done: steps, notes, warnings.

use std::fmt;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::warn;

/// How many lines wait for whoever watches before more are dropped.
const MAX_WAITING: usize = 1024;

/// One thing told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Told {
    /// A step of a procedure.
    Step {
        /// Its number on the manual's page.
        number: String,
        /// Its sentence.
        text: String,
        /// What becomes of it.
        state: StepState,
    },
    /// Something good to know.
    Note {
        /// The sentence.
        text: String,
    },
    /// Something that wants attention.
    Warning {
        /// The sentence.
        text: String,
    },
}

/// What becomes of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// The world has it already.
    AlreadyDone,
    /// A rehearsal says that it would be done.
    WouldDo,
    /// It has begun.
    Started,
    /// It is done.
    Done,
    /// It failed; why.
    Failed(String),
}

impl StepState {
    /// In words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::AlreadyDone => "already done",
            Self::WouldDo => "would do",
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { number, text, state } => {
                write!(f, "step {number:<4} {:<12} {text}", state.words())?;
                if let StepState::Failed(why) = state {
                    write!(f, " ({why})")?;
                }
                Ok(())
            }
            Self::Note { text } => f.write_str(text),
            Self::Warning { text } => write!(f, "warning: {text}"),
        }
    }
}

/// Tells whoever watches. Work never waits for being heard, and never depends on it.
#[derive(Debug, Clone)]
pub struct Watch(mpsc::Sender<Told>);

impl Watch {
    /// A watch and what is told to it.
    pub fn new() -> (Self, mpsc::Receiver<Told>) {
        let (told_tx, told_rx) = mpsc::channel(MAX_WAITING);
        (Self(told_tx), told_rx)
    }

    /// Tells one thing; drops it when nobody listens or too much waits.
    pub fn tell(&self, told: Told) {
        if let Err(mpsc::error::TrySendError::Full(told)) = self.0.try_send(told) {
            warn!(%told, "nobody reads what is told; this is dropped");
        }
    }

    /// Tells something good to know.
    pub fn note(&self, text: impl Into<String>) {
        self.tell(Told::Note { text: text.into() });
    }

    /// Tells something that wants attention.
    pub fn warn(&self, text: impl Into<String>) {
        self.tell(Told::Warning { text: text.into() });
    }
}

//! Why a room did not do what it was asked, how the client is told, and how the log is.

use crate::reads::Unavailable;
use db::with_causes;
use tracing::info;
use xmpp::stanza_error::{Condition, ErrorType, StanzaError};

/// Why a room did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// There is no such room.
    #[error("there is no such room")]
    NoSuchRoom,
    /// The room is disabled.
    #[error("this room is closed for now; ask whoever runs it")]
    Closed,
    /// Somebody else has that nick.
    #[error("somebody else has this nick; choose another")]
    NickTaken,
    /// No address can be made with that nick.
    #[error("this nick cannot be part of an address; choose another")]
    BadNick,
    /// Only occupants may do that.
    #[error("you are not in this room; enter it first")]
    NotAnOccupant,
    /// The client is in too many rooms.
    #[error("you are in {0} rooms, which is the limit; leave one first")]
    TooManyRooms(usize),
    /// The post is too large.
    #[error("this post has more than {0} bytes; shorten it")]
    TooLarge(usize),
    /// The database cannot store this post, though it stores others.
    #[error("this post cannot be stored; send it in another form")]
    Unstorable,
    /// There is nothing with that archive id, or a question to the archive makes no sense.
    #[error("the archive has no such post")]
    NotInArchive,
    /// A question to the archive makes no sense.
    #[error("the archive does not understand: {0}")]
    BadQuery(String),
    /// The database is away, or too much waits for it. What was asked did not happen.
    #[error("the room cannot do that now; nothing was kept; wait and try again")]
    Wait,
    /// The post was sent to the database, and whether it stands is not known.
    #[error(
        "it is not known whether this post was kept; wait, and repeat it with the same origin id"
    )]
    Unknown,
    /// This server may not take posts now.
    #[error("this server is not active; nothing was kept; wait and try again")]
    NotActive,
}

impl RoomError {
    /// The error to answer the client's stanza with.
    pub fn stanza_error(&self) -> StanzaError {
        let condition = match self {
            Self::NoSuchRoom | Self::NotInArchive => Condition::ItemNotFound,
            Self::Closed => Condition::NotAllowed,
            Self::NickTaken => Condition::Conflict,
            Self::BadNick => Condition::JidMalformed,
            Self::NotAnOccupant | Self::Unstorable => Condition::NotAcceptable,
            Self::TooManyRooms(_) | Self::TooLarge(_) => Condition::PolicyViolation,
            Self::BadQuery(_) => Condition::BadRequest,
            Self::Wait | Self::Unknown | Self::NotActive => Condition::ResourceConstraint,
        };
        let error = StanzaError::new(condition, self.to_string());
        match self {
            Self::TooManyRooms(_) => error.of_type(ErrorType::Wait),
            _ => error,
        }
    }
}

impl From<Unavailable> for RoomError {
    fn from(error: Unavailable) -> Self {
        info!(error = with_causes(&error), "the archive cannot be read");
        Self::Wait
    }
}

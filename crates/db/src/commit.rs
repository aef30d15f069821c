//! What became of a commit.

use tokio_postgres::error::{DbError, Severity, SqlState};

/// Why a commit is not acknowledged.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The database rolled it back: for certain nothing of it stands.
    #[error("the database refused it: {}", .0.message())]
    Refused(Box<DbError>),
    /// It may stand or not, or stand on one machine only. Look it up in a later commit, on a new
    /// connection, before saying either.
    #[error("it is not known whether the commit stands: {0}")]
    Unknown(Doubt),
}

/// Why a connection is of no more use, and what was under way on it is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The connection ended.
    #[error("the connection to the primary ended")]
    Closed,
    /// Another store or term is primary now.
    #[error("the primary changed")]
    OldTerm,
    /// The commit stands on the primary alone, without anybody having allowed that.
    #[error("the commit did not wait for the mirror")]
    NotMirrored,
    /// The library and the server disagree about the protocol.
    #[error("the answer made no sense: {0}")]
    Garbled(String),
}

impl CommitError {
    /// The SQLSTATE with which the database refused, if it did.
    pub fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Refused(error) => Some(error.code()),
            Self::Unknown(_) => None,
        }
    }

    pub(crate) fn of(error: &tokio_postgres::Error, doubt: Option<&Doubt>) -> Self {
        if let Some(doubt) = doubt {
            return Self::Unknown(doubt.clone());
        }
        match error.as_db_error() {
            // A FATAL may strike while the commit waits; an ERROR is always before it.
            Some(db) if db.parsed_severity() == Some(Severity::Error) => {
                Self::Refused(Box::new(db.clone()))
            }
            Some(_) => Self::Unknown(Doubt::Closed),
            None if error.is_closed() => Self::Unknown(Doubt::Closed),
            None => Self::Unknown(Doubt::Garbled(error.to_string())),
        }
    }
}

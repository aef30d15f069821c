//! Why the store did not do what it was asked.

use std::fmt;

use db::CommitError;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::checks::Complaint;
use crate::model::Kind;

/// Why the store did not do what it was asked. But for [`RgsError::Unknown`], nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RgsError {
    /// The database cannot be reached now.
    #[error("the Response Groups of {pool} cannot be reached ({why}); try again in a while")]
    Away {
        /// The pool that hosts them.
        pool: String,
        /// What happened.
        why: String,
    },
    /// Others are at work.
    #[error("the Response Groups of {pool} are being changed by somebody else; try again")]
    Busy {
        /// The pool that hosts them.
        pool: String,
    },
    /// The outcome could not be looked up.
    #[error(
        "it is not known whether the Response Groups of {pool} were changed ({why}); look at what \
         is there before you repeat it"
    )]
    Unknown {
        /// The pool that hosts them.
        pool: String,
        /// What happened.
        why: String,
    },
    /// What was to be stored is not acceptable.
    #[error("{}", Sentences(.0))]
    Refused(Vec<Complaint>),
    /// Another object has the name.
    #[error("there is another {kind} of the name {name:?} ({id}, of {owner}); choose another name")]
    NameTaken {
        /// What both are.
        kind: Kind,
        /// The name.
        name: String,
        /// Who has it.
        id: Uuid,
        /// The pool that this one belongs to.
        owner: String,
    },
    /// Another workflow has the SIP address.
    #[error("the workflow {workflow:?} has the address {uri}, too; give another PrimaryUri")]
    UriTaken {
        /// The address.
        uri: String,
        /// Who has it.
        workflow: String,
    },
    /// There is something of that identity already.
    #[error("there is already {what}; change that one, or make one with another identity")]
    Exists {
        /// What it is.
        what: String,
    },
    /// There is none.
    #[error("there is no {what}; look at the list")]
    Missing {
        /// What was sought.
        what: String,
    },
    /// Others refer to it.
    #[error("{what} is in use by {}; change these first", listed(.by))]
    InUse {
        /// What was to be removed.
        what: String,
        /// Those who refer to it.
        by: Vec<String>,
    },
    /// An object keeps its owner.
    #[error("{what} belongs to {owner}; only an import gives it another owner")]
    OtherOwner {
        /// The object.
        what: String,
        /// The pool that it belongs to.
        owner: String,
    },
    /// Another pool is the one that may edit.
    #[error(
        "what belongs to {owner} is not edited at {pool} now; Get-CsPoolFailoverState {owner} \
         tells where it is"
    )]
    NotEditor {
        /// The pool whose objects were to be changed.
        owner: String,
        /// The pool that hosts them.
        pool: String,
    },
    /// It has changed since it was read.
    #[error("{} changed since it was exported; export again", listed(.what))]
    Changed {
        /// The objects.
        what: Vec<String>,
    },
    /// Agents have signed in or out since it was read.
    #[error(
        "agents signed in or out of {} after they were exported: the file has not the newest, and \
         nothing was removed; export again", listed(.groups)
    )]
    SignedSince {
        /// The agent groups.
        groups: Vec<String>,
    },
    /// What an import was planned upon is not so any more.
    #[error("the Response Groups of {pool} changed while an import was planned; import again")]
    Overtaken {
        /// The pool that hosts them.
        pool: String,
    },
    /// An import came to something else than was planned.
    #[error(
        "nothing was imported into {pool}, because it would have come to something else than was \
         planned ({}); import again, and report it if that does not help", listed(.what)
    )]
    Unplanned {
        /// The pool that hosts them.
        pool: String,
        /// What would be there, or missing, and was not planned.
        what: Vec<String>,
    },
    /// What is there is newer.
    #[error("{what} of {owner} is older than what is here; nothing is to be done")]
    Older {
        /// What came.
        what: String,
        /// The pool that it belongs to.
        owner: String,
    },
    /// There is no such reign, or none above it.
    #[error(
        "what belongs to {owner} cannot be of reign {reign}, nor of the next: nothing changes \
         hands so often; somebody has made it up, so see what table rgs.owner holds at both pools"
    )]
    OutOfBounds {
        /// The pool that it belongs to.
        owner: String,
        /// The reign.
        reign: i64,
    },
    /// A reference, a name or another rule of the database would be broken.
    #[error("the configuration would not hold together ({0}); change what is named, and try again")]
    Broken(String),
    /// The database holds, or was given, what this program does not understand.
    #[error("{what} cannot be read ({why}); see that all servers run the same version")]
    Garbled {
        /// What was read.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The content of an audio file is missing or is another one.
    #[error("the audio file {name:?} ({id}) cannot be stored: {why}; import it again")]
    Audio {
        /// Its identity.
        id: Uuid,
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database refused, for a reason that no administrator has caused.
    #[error("the database of {pool} refused: {source}; see its log")]
    Database {
        /// The pool that hosts it.
        pool: String,
        /// What it said.
        source: tokio_postgres::Error,
    },
}

impl RgsError {
    pub(super) fn of(pool: &str, source: tokio_postgres::Error) -> Self {
        let Some(db) = source.as_db_error() else {
            if source.is_closed() {
                return Self::away(pool, "the connection ended");
            }
            return Self::Database { pool: pool.to_owned(), source };
        };
        match Self::of_code(pool, db) {
            Some(error) => error,
            None => Self::Database { pool: pool.to_owned(), source },
        }
    }

    /// A commit that was refused for certain.
    pub(super) fn of_commit(pool: &str, error: &CommitError) -> Self {
        let known = match error {
            CommitError::Refused(db) => Self::of_code(pool, db),
            CommitError::Unknown(_) => None,
        };
        known.unwrap_or_else(|| Self::away(pool, error.to_string()))
    }

    fn of_code(pool: &str, db: &tokio_postgres::error::DbError) -> Option<Self> {
        let code = db.code();
        let busy = [
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ];
        if busy.contains(code) {
            return Some(Self::Busy { pool: pool.to_owned() });
        }
        if code.code() == db::OLD_TERM {
            return Some(Self::away(pool, "another primary is being chosen"));
        }
        match code.code().get(..2)? {
            "23" => {
                let detail = db.detail().unwrap_or_else(|| db.message());
                Some(Self::Broken(detail.trim_end_matches('.').to_owned()))
            }
            // The connection failed, the server is shutting down, or it may not write.
            "08" | "57" | "25" => Some(Self::away(pool, db.message())),
            _ => None,
        }
    }

    pub(super) fn away(pool: &str, why: impl Into<String>) -> Self {
        Self::Away { pool: pool.to_owned(), why: why.into() }
    }
}

/// Complaints, one sentence after the other.
struct Sentences<'a>(&'a [Complaint]);

impl fmt::Display for Sentences<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, complaint) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{complaint}")?;
        }
        Ok(())
    }
}

/// How many are named in a sentence.
const LISTED_MAX: usize = 10;

pub(super) fn listed(what: &[String]) -> String {
    let named = what.iter().take(LISTED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match what.len().saturating_sub(LISTED_MAX) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

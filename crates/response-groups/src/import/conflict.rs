//! Why an import is not planned: every conflict, so that all can be resolved at once.

use std::fmt;

use uuid::Uuid;

use super::plan::Named;
use crate::model::Kind;

/// Everything that stands against an import. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicts(pub Vec<Conflict>);

/// Something that stands against an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Another object of that kind has the name. [`super::Options::resolve_name_conflicts`] gives
    /// the newcomer another one.
    Name {
        /// What the newcomer is.
        kind: Kind,
        /// Its identity.
        id: Uuid,
        /// The name.
        name: String,
        /// Who has the name, and in which pool.
        holder: Named,
        /// The pool that hosts the holder.
        pool: String,
    },
    /// The identity is that of an object of another kind.
    Kind {
        /// What the newcomer is.
        kind: Kind,
        /// Its name.
        name: String,
        /// Who has the identity at the destination.
        holder: Named,
    },
    /// The object is there, of another owner, and the destination is the pool that may edit that
    /// owner's objects.
    Owner {
        /// The owner that the object would be given.
        owner: String,
        /// The object at the destination.
        holder: Named,
    },
}

impl std::error::Error for Conflicts {}

impl fmt::Display for Conflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(conflicts) = self;
        let count = conflicts.len();
        let noun = if count == 1 { "conflict" } else { "conflicts" };
        write!(f, "nothing was imported, because of {count} {noun}:")?;
        for conflict in conflicts {
            write!(f, "\n- {conflict}")?;
        }
        if conflicts.iter().any(|it| matches!(it, Conflict::Name { .. })) {
            f.write_str(
                "\nRename what has the name, or import with -ResolveNameConflicts to give the \
                 newcomers other names.",
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { kind, id, name, holder, pool } => write!(
                f,
                "the {kind} \"{name}\" ({id}): {pool} hosts another one of that name ({}, of {})",
                holder.id, holder.owner
            ),
            Self::Kind { kind, name, holder } => write!(
                f,
                "the {kind} \"{name}\" has the identity {} of the {} \"{}\"; one of the two must \
                 be made anew",
                holder.id, holder.kind, holder.name
            ),
            Self::Owner { owner, holder } => write!(
                f,
                "the {} \"{}\" ({}) belongs to {} here, and {owner} would get it; remove it here \
                 first, or import with -OverwriteOwner",
                holder.kind, holder.name, holder.id, holder.owner
            ),
        }
    }
}

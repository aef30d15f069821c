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
    /// Another workflow has the SIP address. Callers dial it, so nobody but an administrator gives
    /// the newcomer another one.
    Uri {
        /// The newcomer's identity.
        id: Uuid,
        /// Its name.
        name: String,
        /// The address.
        uri: String,
        /// Who has the address.
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
    /// The object is there, of another owner, and the destination may edit that owner's objects, or
    /// did when it was the last to.
    Owner {
        /// The owner that the object would be given.
        owner: String,
        /// The object at the destination.
        holder: Named,
        /// Whether it is the destination's own.
        own: bool,
    },
    /// An object would name one of another owner: no export of either owner would be whole.
    Reference {
        /// The one that names, with the owner that it would have.
        from: Named,
        /// The one that it names, with the owner that it would have.
        to: Named,
        /// Which of the two does not come in.
        staying: Staying,
    },
    /// What comes in is of a reign to which its owner cannot have come.
    Reign {
        /// The owner.
        owner: String,
        /// The reign that comes in.
        reign: i64,
        /// The one that is known at the destination.
        known: i64,
    },
    /// An object names one that neither comes in nor is there.
    Unknown {
        /// The one that names.
        from: Named,
        /// What it names.
        kind: Kind,
        /// The identity of that.
        id: Uuid,
    },
    /// Several workflows would use hours of business that are for one only.
    PrivateHours {
        /// The hours.
        hours: Named,
        /// Those who would use them.
        workflows: Vec<Named>,
    },
}

/// Which of two objects stays at the destination as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staying {
    /// Neither.
    Neither,
    /// The one that names the other.
    From,
    /// The one that is named.
    To,
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
            Self::Uri { id, name, uri, holder, pool } => write!(
                f,
                "the workflow \"{name}\" ({id}) has the address {uri}, and so has the workflow \
                 \"{}\" at {pool} ({}, of {}); give one of the two another PrimaryUri, and export \
                 again if it is the first",
                holder.name, holder.id, holder.owner
            ),
            Self::Kind { kind, name, holder } => write!(
                f,
                "the {kind} \"{name}\" has the identity {} of the {} \"{}\"; one of the two must \
                 be made anew",
                holder.id, holder.kind, holder.name
            ),
            Self::Owner { owner, holder, own } => write!(
                f,
                "the {} \"{}\" ({}) belongs to {} here, and {owner} would get it; remove it here \
                 first{}",
                holder.kind,
                holder.name,
                holder.id,
                holder.owner,
                if *own { ", or import with -OverwriteOwner" } else { "" }
            ),
            Self::Reference { from, to, staying } => reference(f, from, to, *staying),
            Self::Reign { owner, reign, known } => write!(
                f,
                "what belongs to {owner} would be of reign {reign}, {known} is known here, and \
                 nothing changes hands so often; export again, from a pool of this deployment"
            ),
            Self::Unknown { from, kind, id } => write!(
                f,
                "{} names the {kind} {id}, which is neither in the import nor here; export again",
                named(from)
            ),
            Self::PrivateHours { hours, workflows } => {
                let workflows: Vec<String> = workflows.iter().map(named).collect();
                write!(
                    f,
                    "{} are for one workflow only, and would be used by {}; give each its own, or \
                     set Custom to $false, and export again if they come in",
                    named(hours),
                    workflows.join(" and ")
                )
            }
        }
    }
}

fn reference(
    f: &mut fmt::Formatter<'_>,
    from: &Named,
    to: &Named,
    staying: Staying,
) -> fmt::Result {
    let (naming, named) = (named(from), named(to));
    match staying {
        Staying::Neither => write!(
            f,
            "{naming} would belong to {} and name {named}, which would belong to {}; import with \
             -OverwriteOwner, or let it name one of its own pool",
            from.owner, to.owner
        ),
        Staying::From => write!(
            f,
            "{naming}, of {}, is not in the import and names {named}, which would belong to {}; \
             let it name another one here, or remove it, or export again with it",
            from.owner, to.owner
        ),
        Staying::To => write!(
            f,
            "{naming} would belong to {} and name {named}, which is not in the import and belongs \
             to {} here; export again with both",
            from.owner, to.owner
        ),
    }
}

fn named(it: &Named) -> String {
    format!("the {} \"{}\" ({})", it.kind, it.name, it.id)
}

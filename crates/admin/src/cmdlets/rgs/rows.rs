//! Rows that the five kinds of objects have in common.

use shell::{Cmdlet, Effect, Example, FromPipeline, Output, Parameter, Type};

use super::kind::{self, Shown};
use crate::cmdlets::{FORCE, Row};
use crate::roles::{EVERYBODY, RESPONSE_GROUPS};

/// The pool, or one object.
const IDENTITY: Parameter = Parameter::new(
    "Identity",
    Type::Text,
    "The pool, service:ApplicationServer:FQDN, or one object of it, with /GUID behind. Every pool \
     that can be reached if left out.",
)
.at(0)
.piped(FromPipeline::ByName)
.offers("front-end pool");

/// The pool that is to host a new object.
pub(super) const PARENT: Parameter = Parameter::new(
    "Parent",
    Type::Text,
    "The pool that hosts it: service:ApplicationServer:FQDN. May be left out where there is just \
     one.",
)
.at(0)
.offers("front-end pool");

/// A new object's name.
pub(super) const NAME: Parameter = Parameter::new(
    "Name",
    Type::Text,
    "Its name, unique among its kind in all pools that can be reached.",
)
.mandatory();

/// What an object is for.
pub(super) const DESCRIPTION: Parameter =
    Parameter::new("Description", Type::Text, "What it is for.").prose();

/// A new object that is not saved.
pub(super) const IN_MEMORY: Parameter = Parameter::new(
    "InMemory",
    Type::Switch,
    "Returns the object without saving it; the Set- cmdlet saves it.",
);

/// What a listing takes.
trait Listed {
    const TAKES: &'static [Parameter];
}

impl<K: Shown> Listed for K {
    const TAKES: &'static [Parameter] = &[
        IDENTITY,
        Parameter::new("Name", Type::Text, "Only the one of this name.").offers(K::NOUN),
        Parameter::new(
            "Owner",
            Type::Text,
            "Those that belong to this pool, wherever they are hosted now.",
        )
        .offers("front-end pool"),
        Parameter::new("ShowAll", Type::Switch, "Those of every owner."),
    ];
}

const INSTANCE: Parameter =
    Parameter::new("Instance", Type::Object, "The object, from the Get- cmdlet.")
        .at(0)
        .mandatory()
        .piped(FromPipeline::ByValue);

const CHANGE: &[Parameter] = &[INSTANCE, FORCE];

/// What help says of listing.
const ABOUT_OWNERS: &str = "Without -Owner and -ShowAll only objects that belong to the pool that \
                            hosts them are listed; how many others there are is said beside.";

/// `Get-`
pub(super) const fn getter<K: Shown>(
    output: Output,
    summary: &'static str,
    examples: &'static [Example],
) -> Row {
    Row {
        cmdlet: Cmdlet {
            verb: "Get",
            noun: K::NOUN,
            aliases: &[],
            summary,
            description: ABOUT_OWNERS,
            parameters: <K as Listed>::TAKES,
            roles: EVERYBODY,
            effect: Effect::Reads,
            output: Some(output),
            examples,
        },
        handler: kind::get::<K>,
    }
}

/// `New-`
pub(super) const fn maker<K: Shown>(
    output: Output,
    (summary, description): (&'static str, &'static str),
    parameters: &'static [Parameter],
    examples: &'static [Example],
) -> Row {
    Row {
        cmdlet: Cmdlet {
            verb: "New",
            noun: K::NOUN,
            aliases: &[],
            summary,
            description,
            parameters,
            roles: RESPONSE_GROUPS,
            effect: Effect::Changes,
            output: Some(output),
            examples,
        },
        handler: kind::new::<K>,
    }
}

/// `Set-`
pub(super) const fn setter<K: Shown>(summary: &'static str, examples: &'static [Example]) -> Row {
    Row {
        cmdlet: Cmdlet {
            verb: "Set",
            noun: K::NOUN,
            aliases: &[],
            summary,
            description: "Every property of the object is set. One that New- made in memory is \
                          saved.",
            parameters: CHANGE,
            roles: RESPONSE_GROUPS,
            effect: Effect::Changes,
            output: None,
            examples,
        },
        handler: kind::set::<K>,
    }
}

/// `Remove-`
pub(super) const fn remover<K: Shown>(
    effect: Effect,
    summary: &'static str,
    examples: &'static [Example],
) -> Row {
    Row {
        cmdlet: Cmdlet {
            verb: "Remove",
            noun: K::NOUN,
            aliases: &[],
            summary,
            description: "What something else refers to is not removed; the refusal names what \
                          that is.",
            parameters: CHANGE,
            roles: RESPONSE_GROUPS,
            effect,
            output: None,
            examples,
        },
        handler: kind::remove::<K>,
    }
}

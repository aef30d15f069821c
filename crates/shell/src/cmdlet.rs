//! The row type of every cmdlet table: all that help, completion, binding and audit derive from.

/// One row of a cmdlet table.
#[derive(Debug)]
pub struct Cmdlet {
    /// `Get`, `Set`, ...
    pub verb: &'static str,
    /// What it is about, in the singular.
    pub noun: &'static str,
    /// Other names that mean the same: short ones of the language's own cmdlets, and whole lines
    /// of the documents, such as `restore database <Database> with recovery`, in which a word in
    /// `<...>` is the parameter that takes what stands there.
    pub aliases: &'static [&'static str],
    /// One sentence.
    pub summary: &'static str,
    /// Paragraphs: what it does, what it refuses, what to know before.
    pub description: &'static str,
    /// What may be given to it, common parameters aside.
    pub parameters: &'static [Parameter],
    /// The administrator roles that may run it; none for the language's own cmdlets.
    pub roles: &'static [&'static str],
    /// Whether it changes anything, and how much.
    pub effect: Effect,
    /// What it returns: kind of object and its properties, or none.
    pub output: Option<Output>,
    /// Lines that work, with what they do.
    pub examples: &'static [Example],
}

/// Whether a cmdlet changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only looks: no `-WhatIf`, no `-Confirm`.
    Reads,
    /// It changes something: `-WhatIf` and `-Confirm` are there, and it asks only if told to.
    Changes,
    /// It changes what is hard to change back: it shows what it would do and asks, unless
    /// `-Confirm:$false` or `-Force` is given.
    Grave,
    /// As [`Effect::Grave`] while this property of the object that is given is true, else as
    /// [`Effect::Changes`].
    GraveWhile(&'static str),
}

/// What a cmdlet returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// The kind of object.
    pub kind: &'static str,
    /// Its properties, in the order they are printed.
    pub properties: &'static [&'static str],
}

/// A line that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// What to type.
    pub line: &'static str,
    /// What it does.
    pub means: &'static str,
}

/// One parameter of a cmdlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, without the hyphen.
    pub name: &'static str,
    /// Other names it goes by.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub takes: Type,
    /// One or two sentences.
    pub about: &'static str,
    /// Where it stands when its name is left out, from zero.
    pub position: Option<u8>,
    /// Whether it must be given (in its sets).
    pub mandatory: bool,
    /// The parameter sets it belongs to; none means all. Parameters without a set in common
    /// exclude each other.
    pub sets: &'static [&'static str],
    /// Whether objects of the pipeline fill it.
    pub from_pipeline: FromPipeline,
    /// What completion offers for it, by a name that the caller knows, such as `pool`; else empty.
    pub offers: &'static str,
    /// Whether `<...>` in it is ordinary text and not a forgotten placeholder.
    pub prose: bool,
    /// Why it is refused although the original has it.
    pub refused: Option<&'static str>,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// A whole number between two bounds, both allowed.
    Int(i64, i64),
    /// `$true` or `$false`.
    Bool,
    /// Nothing: giving it is enough; `-Name:$false` takes it back.
    Switch,
    /// A point in time.
    DateTime,
    /// A length of time: `hh:mm:ss` or `d.hh:mm:ss`.
    TimeSpan,
    /// One or more texts.
    List,
    /// A change of a list: `@{Add=...}`, `@{Remove=...}`, `$null`, or the new list.
    ListModifier,
    /// One of some words.
    Enum(&'static [&'static str]),
    /// The name of a file on the shell's machine.
    File,
    /// The name of a file on the shell's machine, whose text is read there and sent along.
    FileContent,
    /// The name of a file on the shell's machine, whose bytes are sent to the host before the
    /// cmdlet runs; it is given an object with `Name`, `Token`, `Bytes` and `Sha256`.
    Upload,
    /// Bytes, at most [`MAX_BYTES`](crate::limits::MAX_BYTES); lines show only how many.
    Bytes,
    /// A secret text: never written anywhere, asked for when it is left out.
    Secret,
    /// An object that another cmdlet returned.
    Object,
    /// One or more objects that other cmdlets returned.
    Objects,
    /// Any value.
    Any,
    /// A script block, `{ ... }`: only for the language's own cmdlets.
    Block,
}

impl Type {
    /// What it takes, in words.
    pub(crate) fn in_words(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Int(0, i64::MAX) => "a whole number".to_owned(),
            Self::Int(low, high) => format!("a whole number from {low} to {high}"),
            Self::Bool => "$true or $false".to_owned(),
            Self::Switch => "nothing, or :$false".to_owned(),
            Self::DateTime => "a time, such as \"2026-03-29T14:00:00Z\"".to_owned(),
            Self::TimeSpan => "a length of time, such as \"00:15:00\"".to_owned(),
            Self::List => "one or more texts".to_owned(),
            Self::ListModifier => {
                "@{Add=\"...\"}, @{Remove=\"...\"}, $null to empty it, or the new list".to_owned()
            }
            Self::Enum(words) => words.join(" or "),
            Self::File | Self::FileContent | Self::Upload => "the name of a file".to_owned(),
            Self::Bytes => {
                "bytes, such as (Get-Content NAME -Encoding Byte -ReadCount 0)".to_owned()
            }
            Self::Secret => "a secret".to_owned(),
            Self::Object => "an object that another cmdlet returned".to_owned(),
            Self::Objects => "one or more objects that other cmdlets returned".to_owned(),
            Self::Any => "any value".to_owned(),
            Self::Block => "a script block, such as { $_.Name -like \"ops*\" }".to_owned(),
        }
    }
}

/// Whether objects of the pipeline fill a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromPipeline {
    /// They do not.
    No,
    /// Text is taken as it is; of an object, the property of the parameter's name.
    ByName,
    /// The object as it is.
    ByValue,
}

impl Parameter {
    /// A parameter that may be left out and has no position.
    pub const fn new(name: &'static str, takes: Type, about: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            takes,
            about,
            position: None,
            mandatory: false,
            sets: &[],
            from_pipeline: FromPipeline::No,
            offers: "",
            prose: false,
            refused: None,
        }
    }

    /// A parameter of the original that is refused by name, and why.
    pub const fn refused(name: &'static str, why: &'static str) -> Self {
        let mut it = Self::new(name, Type::Any, why);
        it.refused = Some(why);
        it
    }

    /// May stand without its name, at `position` from zero.
    pub const fn at(mut self, position: u8) -> Self {
        self.position = Some(position);
        self
    }

    /// Must be given.
    pub const fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    /// Also goes by these names.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Belongs to these sets only.
    pub const fn sets(mut self, sets: &'static [&'static str]) -> Self {
        self.sets = sets;
        self
    }

    /// Is filled from the pipeline.
    pub const fn piped(mut self, how: FromPipeline) -> Self {
        self.from_pipeline = how;
        self
    }

    /// Completion asks the caller for values of this name.
    pub const fn offers(mut self, what: &'static str) -> Self {
        self.offers = what;
        self
    }

    /// `<...>` in it is ordinary text.
    pub const fn prose(mut self) -> Self {
        self.prose = true;
        self
    }

    /// Whether `name` is its name or one of its other names.
    pub fn goes_by(&self, name: &str) -> bool {
        self.names().any(|it| it.eq_ignore_ascii_case(name))
    }

    /// All its names, its own first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// `-WhatIf`
pub const WHAT_IF: Parameter =
    Parameter::new("WhatIf", Type::Switch, "Tells what would be done, and does nothing.")
        .aliases(&["wi"]);

/// `-Confirm`
pub const CONFIRM: Parameter =
    Parameter::new("Confirm", Type::Switch, "Asks before anything is done.").aliases(&["cf"]);

/// `-Verbose`
pub const VERBOSE: Parameter =
    Parameter::new("Verbose", Type::Switch, "Tells more while it works.").aliases(&["vb"]);

impl Cmdlet {
    /// `Verb-Noun`
    pub fn name(&self) -> String {
        format!("{}-{}", self.verb, self.noun)
    }

    /// Whether `name` is its name or one of its aliases, whatever the case.
    pub fn goes_by(&self, name: &str) -> bool {
        let own = name.split_once('-').is_some_and(|(verb, noun)| {
            verb.eq_ignore_ascii_case(self.verb) && noun.eq_ignore_ascii_case(self.noun)
        });
        own || self.aliases.iter().any(|it| it.eq_ignore_ascii_case(name))
    }

    /// Whether `-WhatIf` and `-Confirm` are there.
    pub fn supports_what_if(&self) -> bool {
        self.effect != Effect::Reads
    }

    /// Its own parameters, then the common ones.
    pub fn all_parameters(&self) -> impl Iterator<Item = &'static Parameter> + use<> {
        const CHANGING: &[Parameter] = &[WHAT_IF, CONFIRM, VERBOSE];
        const READING: &[Parameter] = &[VERBOSE];
        let common = if self.supports_what_if() { CHANGING } else { READING };
        self.parameters.iter().chain(common)
    }

    /// The parameter called `name`, exactly.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.all_parameters().find(|it| it.goes_by(name))
    }

    /// The names of its parameter sets, in the order they first appear.
    pub fn sets(&self) -> Vec<&'static str> {
        let mut sets = Vec::new();
        for set in self.parameters.iter().flat_map(|it| it.sets) {
            if !sets.contains(set) {
                sets.push(*set);
            }
        }
        sets
    }
}

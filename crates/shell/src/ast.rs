//! The tree that text is parsed into.
//!
//! Chains of operators and of `.Name[0]` are flat, so a tree is only as high as its brackets are
//! deep, which the parser limits: nothing that walks it can run out of stack.

use crate::source::Span;

/// A parsed text.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// What it says, in order.
    pub statements: Vec<Statement>,
    /// What was tolerated in reading it.
    pub notes: Vec<Note>,
    pub(crate) text: String,
}

/// A remark on something that was tolerated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub span: Span,
    /// What was found and how it was understood.
    pub message: String,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `$name = pipeline`, `$name.Property += pipeline`
    Assign(Assignment),
    /// A pipeline whose objects are printed.
    Pipeline(Pipeline),
}

/// `$name = pipeline`, `$name.Property += pipeline`
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The variable's name, without `$`.
    pub name: String,
    /// The way to what is set within it; none for the variable itself.
    pub steps: Vec<Step>,
    /// `+` of `+=`: how the new value comes of what was there.
    pub operator: Option<Operator>,
    /// What it becomes.
    pub value: Pipeline,
    /// The whole.
    pub span: Span,
}

/// `first | second | third`
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// Where the objects come from.
    pub first: Element,
    /// What they go through.
    pub rest: Vec<Command>,
}

/// The head of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    /// A value, worked out by the shell itself.
    Expression(Expression),
    /// A cmdlet.
    Command(Command),
}

/// A cmdlet with what was given to it, in the order of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// As written, but with plain hyphens.
    pub name: String,
    /// Parameters and values; which value belongs to which parameter, binding decides.
    pub arguments: Vec<Argument>,
    /// The name's place.
    pub span: Span,
}

/// One word after a cmdlet.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// `-Name` or `-Name:value`
    Parameter(Named),
    /// A value.
    Value(Expression),
}

/// `-Name` or `-Name:value`
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// As written, without the hyphen.
    pub name: String,
    /// The value after a colon.
    pub value: Option<Expression>,
    /// The place of hyphen and name.
    pub span: Span,
}

/// Something with a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Quoted or bare text.
    Text(Vec<Part>),
    /// A number, as written.
    Number(String),
    /// `$name`
    Variable(String),
    /// `a, b, c`
    List(Vec<Expression>),
    /// `@( ... )`
    Array(Vec<Statement>),
    /// `@{ Key = value; ... }`
    Hash(Vec<(String, Pipeline)>),
    /// `( pipeline )`
    Group(Box<Pipeline>),
    /// `$( ... )`
    Sub(Vec<Statement>),
    /// `{ ... }`
    Block(Vec<Statement>),
    /// `base.Name[0]`
    Path(Box<Expression>, Vec<Step>),
    /// `-not`, `-`, in the order written.
    Unary(Vec<Unary>, Box<Expression>),
    /// Operators of one rank, from left to right.
    Chain(Box<Expression>, Vec<(Operator, Expression)>),
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Characters that stand for themselves.
    Literal(String),
    /// `$name`
    Variable(String, Span),
    /// `$( ... )`
    Sub(Vec<Statement>),
    /// `<what the reader must fill in>`, outside quotes
    Placeholder(String, Span),
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `.Name`
    Member(String, Span),
    /// `[index]`
    Index(Expression),
}

/// Operators before their operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    /// `-not`, `!`
    Not,
    /// `-`
    Minus,
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// Which.
    pub verb: Verb,
    /// Whether it minds upper and lower case (`-ceq`).
    pub case: Case,
    /// Where it stands.
    pub span: Span,
}

/// Whether upper and lower case differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// They do not: the ordinary operators.
    Ignored,
    /// They do: operators that begin with `c`.
    Minded,
}

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `-and`
    And,
    /// `-or`
    Or,
    /// `-xor`
    Xor,
    /// `-eq`
    Equal,
    /// `-ne`
    NotEqual,
    /// `-gt`
    Greater,
    /// `-ge`
    GreaterOrEqual,
    /// `-lt`
    Less,
    /// `-le`
    LessOrEqual,
    /// `-like`
    Like,
    /// `-notlike`
    NotLike,
    /// `-match`
    Match,
    /// `-notmatch`
    NotMatch,
    /// `-contains`
    Contains,
    /// `-notcontains`
    NotContains,
    /// `-in`
    In,
    /// `-notin`
    NotIn,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// How tightly operators bind, loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Logical,
    Comparison,
    Sum,
    Product,
}

/// Every operator that is a word.
pub(crate) const WORD_OPERATORS: &[(&str, Verb)] = &[
    ("and", Verb::And),
    ("or", Verb::Or),
    ("xor", Verb::Xor),
    ("eq", Verb::Equal),
    ("ne", Verb::NotEqual),
    ("gt", Verb::Greater),
    ("ge", Verb::GreaterOrEqual),
    ("lt", Verb::Less),
    ("le", Verb::LessOrEqual),
    ("like", Verb::Like),
    ("notlike", Verb::NotLike),
    ("match", Verb::Match),
    ("notmatch", Verb::NotMatch),
    ("contains", Verb::Contains),
    ("notcontains", Verb::NotContains),
    ("in", Verb::In),
    ("notin", Verb::NotIn),
];

impl Verb {
    pub(crate) fn rank(self) -> Rank {
        match self {
            Self::And | Self::Or | Self::Xor => Rank::Logical,
            Self::Plus | Self::Minus => Rank::Sum,
            Self::Times | Self::Divide | Self::Remainder => Rank::Product,
            Self::Equal
            | Self::NotEqual
            | Self::Greater
            | Self::GreaterOrEqual
            | Self::Less
            | Self::LessOrEqual
            | Self::Like
            | Self::NotLike
            | Self::Match
            | Self::NotMatch
            | Self::Contains
            | Self::NotContains
            | Self::In
            | Self::NotIn => Rank::Comparison,
        }
    }

    /// The operator as it is written.
    pub(crate) fn symbol(self, case: Case) -> String {
        match self {
            Self::Plus => "+".to_owned(),
            Self::Minus => "-".to_owned(),
            Self::Times => "*".to_owned(),
            Self::Divide => "/".to_owned(),
            Self::Remainder => "%".to_owned(),
            _ => {
                let (word, _) = WORD_OPERATORS
                    .iter()
                    .find(|(_, verb)| *verb == self)
                    .expect("every other operator is a word of the table");
                let minded = if case == Case::Minded { "c" } else { "" };
                format!("-{minded}{word}")
            }
        }
    }
}

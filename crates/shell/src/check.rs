//! Looking a whole script over before any of it runs: cmdlets, parameters, placeholders.

use crate::ast::{
    Argument, Command, Element, Expression, Kind, Part, Pipeline, Script, Statement, Step,
};
use crate::bind::{Given, arrange, check_sets};
use crate::catalogue::Catalogue;
use crate::cmdlet::{Cmdlet, Parameter, Type};
use crate::convert::placeholder;
use crate::error::Failure;

/// Everything in `script` that is wrong whatever the values are, in the order of the text.
pub fn check(script: &Script, catalogue: &Catalogue) -> Vec<Failure> {
    let mut checker = Checker { catalogue, failures: Vec::new(), writes_secret: false };
    checker.statements(&script.statements);
    checker.failures.sort_by_key(|it| it.complaint.span.map(|it| it.start));
    checker.failures
}

/// Whether a secret stands in `script`: whoever keeps lines does not keep this one.
pub fn writes_secret(script: &Script, catalogue: &Catalogue) -> bool {
    let mut checker = Checker { catalogue, failures: Vec::new(), writes_secret: false };
    checker.statements(&script.statements);
    checker.writes_secret
}

/// The first of them.
pub(crate) fn first(script: &Script, catalogue: &Catalogue) -> Option<Failure> {
    check(script, catalogue).into_iter().next()
}

/// Where a command stands in its pipeline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    First,
    Later,
}

struct Checker<'c> {
    catalogue: &'c Catalogue,
    failures: Vec<Failure>,
    writes_secret: bool,
}

impl Checker<'_> {
    fn statements(&mut self, list: &[Statement]) {
        for statement in list {
            match statement {
                Statement::Assign(it) => {
                    self.pipeline(&it.value);
                    self.steps(&it.steps);
                }
                Statement::Pipeline(it) => self.pipeline(it),
            }
        }
    }

    fn pipeline(&mut self, it: &Pipeline) {
        match &it.first {
            Element::Expression(value) => self.expression(value),
            Element::Command(command) => self.command(command, Position::First),
        }
        it.rest.iter().for_each(|command| self.command(command, Position::Later));
    }

    fn command(&mut self, it: &Command, position: Position) {
        self.writes_secret |= self.catalogue.find(&it.name).is_ok_and(|row| names_secret(row, it));
        let arranged = self
            .catalogue
            .find(&it.name)
            .and_then(|cmdlet| arranged(cmdlet, it, position))
            .map_err(|failure| failure.at(it.span));
        self.failures.extend(arranged.err());
        for argument in &it.arguments {
            match argument {
                Argument::Value(value) => self.expression(value),
                Argument::Parameter(named) => {
                    named.value.iter().for_each(|value| self.expression(value));
                }
            }
        }
    }

    fn expression(&mut self, it: &Expression) {
        match &it.kind {
            Kind::Number(_) | Kind::Variable(_) => {}
            Kind::Text(parts) => parts.iter().for_each(|part| match part {
                Part::Literal(_) | Part::Variable(..) => {}
                Part::Sub(list) => self.statements(list),
                Part::Placeholder(name, span) => {
                    self.failures.push(placeholder(name, "this value").at(*span));
                }
            }),
            Kind::List(items) => items.iter().for_each(|item| self.expression(item)),
            Kind::Array(list) | Kind::Sub(list) | Kind::Block(list) => self.statements(list),
            Kind::Hash(entries) => entries.iter().for_each(|(_, value)| self.pipeline(value)),
            Kind::Group(pipeline) => self.pipeline(pipeline),
            Kind::Path(base, steps) => {
                self.expression(base);
                self.steps(steps);
            }
            Kind::Unary(_, operand) => self.expression(operand),
            Kind::Chain(first, rest) => {
                self.expression(first);
                for (_, operand) in rest {
                    self.expression(operand);
                }
            }
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            if let Step::Index(index) = step {
                self.expression(index);
            }
        }
    }
}

/// Whether every argument has its parameter, and, where no pipeline fills one, whether every
/// parameter that must be given is. Secrets are asked for.
fn arranged(cmdlet: &'static Cmdlet, command: &Command, position: Position) -> Result<(), Failure> {
    let arranged = arrange(cmdlet, &command.arguments)?;
    if position == Position::Later {
        return Ok(());
    }
    let asked_for = cmdlet.parameters.iter().filter(|it| {
        it.takes == Type::Secret
            && it.mandatory
            && arranged.iter().all(|(known, _, _)| known.name != it.name)
    });
    let given: Vec<&Parameter> = arranged.iter().map(|(it, _, _)| *it).chain(asked_for).collect();
    check_sets(cmdlet, &given)
}

/// Whether the value of a secret parameter is written out, and not in a variable.
fn names_secret(cmdlet: &'static Cmdlet, command: &Command) -> bool {
    let written = |given: &Given<'_>| match given {
        Given::Present => false,
        Given::Expression(value) => !matches!(value.kind, Kind::Variable(_)),
    };
    arrange(cmdlet, &command.arguments).is_ok_and(|arranged| {
        arranged.iter().any(|(it, given, _)| it.takes == Type::Secret && written(given))
    })
}

//! Working out statements and values.

use std::pin::Pin;
use std::sync::Arc;

use super::desk::Desk;
use super::need::{Answer, Environment, Need};
use super::place::put;
use crate::ast::{
    Assignment, Expression, Kind, Operator, Part, Script, Statement, Step, Unary, Verb,
};
use crate::catalogue::Catalogue;
use crate::convert::placeholder;
use crate::error::Failure;
use crate::limits::{MAX_EFFORT, MAX_VALUE_DEPTH, MAX_VALUE_SIZE};
use crate::operators::{self, Patterns};
use crate::property::property;
use crate::read;
use crate::source::Span;
use crate::value::{Object, Value};

pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// What a run keeps while it works.
pub(super) struct Machine {
    desk: Desk,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) environment: Environment,
    pub(super) patterns: Patterns,
    effort: u64,
}

impl Machine {
    pub(super) fn new(desk: Desk, catalogue: Arc<Catalogue>, environment: Environment) -> Self {
        Self { desk, catalogue, environment, patterns: Patterns::default(), effort: 0 }
    }

    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(super) fn into_environment(mut self) -> Environment {
        self.environment.variables.remove("_");
        self.environment
    }

    /// Asks the caller for `need`.
    pub(super) async fn ask(&self, need: Need) -> Result<Answer, Failure> {
        match self.desk.ask(need).await {
            Answer::Failed(failure) => Err(failure),
            answer => Ok(answer),
        }
    }

    /// Counts what was done against the limit.
    pub(super) fn charge(&mut self, parts: usize) -> Result<(), Failure> {
        self.effort = self.effort.saturating_add(u64::try_from(parts).unwrap_or(u64::MAX));
        if self.effort > MAX_EFFORT {
            let hint = "select fewer objects first, or run it in parts";
            return Err(Failure::new("too-much", "this works on more than the shell allows", hint));
        }
        Ok(())
    }

    /// Lets a value pass if it is within the limits.
    pub(super) fn kept(&mut self, value: Value) -> Result<Value, Failure> {
        let (size, depth) = value.measure();
        self.charge(size / 256)?;
        if size > MAX_VALUE_SIZE || depth > MAX_VALUE_DEPTH {
            let message = "this value is larger or deeper than the shell allows";
            return Err(Failure::new("too-much", message, "work with smaller parts of it"));
        }
        Ok(value)
    }

    /// Runs a whole script; what its statements return is printed statement by statement.
    pub(super) async fn script(&mut self, script: &Script) -> Result<(), Failure> {
        for statement in &script.statements {
            let objects = self.statement(statement).await?;
            if !objects.is_empty() {
                self.ask(Need::Emit(objects)).await?;
            }
        }
        Ok(())
    }

    /// Statements within brackets: the objects of all of them.
    pub(super) fn block<'a>(&'a mut self, statements: &'a [Statement]) -> Work<'a, Vec<Value>> {
        Box::pin(async move {
            let mut objects = Vec::new();
            for statement in statements {
                objects.append(&mut self.statement(statement).await?);
            }
            Ok(objects)
        })
    }

    async fn statement(&mut self, statement: &Statement) -> Result<Vec<Value>, Failure> {
        match statement {
            Statement::Pipeline(pipeline) => self.pipeline(pipeline).await,
            Statement::Assign(it) => {
                let value = self.group(&it.value).await?;
                let value = self.assigned(it, value).await?;
                let value = self.kept(value).map_err(|f| f.at(it.span))?;
                self.environment.variables.insert(it.name.to_lowercase(), value);
                Ok(Vec::new())
            }
        }
    }

    /// What the variable of an assignment becomes.
    async fn assigned(&mut self, it: &Assignment, value: Value) -> Result<Value, Failure> {
        if it.steps.is_empty() && it.operator.is_none() {
            return Ok(value);
        }
        let root = self.variable(&it.name, it.span)?;
        let mut way = Vec::with_capacity(it.steps.len());
        for step in &it.steps {
            way.push(match step {
                Step::Member(name, span) => (Value::Text(name.clone()), *span),
                Step::Index(index) => (self.expression(index).await?, index.span),
            });
        }
        let value = match it.operator {
            None => value,
            Some(operator) => {
                let mut current = root.clone();
                for step in &it.steps {
                    current = self.step(current, step).await?;
                }
                self.operate(operator, current, value)?
            }
        };
        put(root, &way, value)
    }

    /// The value of `it`. Every error carries a place.
    pub(super) fn expression<'a>(&'a mut self, it: &'a Expression) -> Work<'a, Value> {
        Box::pin(async move {
            self.charge(1)?;
            let value = self.kind(&it.kind, it.span).await.map_err(|f| f.at(it.span))?;
            match it.kind {
                Kind::Number(_) | Kind::Variable(_) => Ok(value),
                _ => self.kept(value).map_err(|f| f.at(it.span)),
            }
        })
    }

    async fn kind(&mut self, kind: &Kind, span: Span) -> Result<Value, Failure> {
        match kind {
            Kind::Text(parts) => self.text(parts).await.map(Value::Text),
            Kind::Number(text) => read::number(text).ok_or_else(|| {
                Failure::new("bad-value", "this number is too large", "use a smaller one")
            }),
            Kind::Variable(name) => self.variable(name, span),
            Kind::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.expression(item).await?);
                }
                Ok(Value::List(values))
            }
            Kind::Array(statements) => self.block(statements).await.map(Value::List),
            Kind::Sub(statements) => self.block(statements).await.map(Value::from_objects),
            Kind::Hash(entries) => {
                let mut object = Object::default();
                for (name, value) in entries {
                    object = object.with(name, self.group(value).await?);
                }
                Ok(Value::Object(object))
            }
            Kind::Group(pipeline) => self.group(pipeline).await,
            Kind::Block(_) => {
                let hint = "give it to Where-Object or ForEach-Object";
                Err(Failure::new("bad-value", "a script block is no value", hint))
            }
            Kind::Path(base, steps) => {
                let mut value = self.expression(base).await?;
                for step in steps {
                    value = self.step(value, step).await?;
                }
                Ok(value)
            }
            Kind::Unary(operators, operand) => {
                let mut value = self.expression(operand).await?;
                for operator in operators.iter().rev() {
                    value = match operator {
                        Unary::Not => Value::Bool(!value.is_true()),
                        Unary::Minus => self.operate(minus(span), Value::Int(0), value)?,
                    };
                }
                Ok(value)
            }
            Kind::Chain(first, rest) => {
                let mut left = self.expression(first).await?;
                for (operator, right) in rest {
                    left = self.link(left, *operator, right).await?;
                }
                Ok(left)
            }
        }
    }

    /// A pipeline in brackets: a value stays what it is, objects become one value.
    fn group<'a>(&'a mut self, pipeline: &'a crate::ast::Pipeline) -> Work<'a, Value> {
        Box::pin(async move {
            match &pipeline.first {
                crate::ast::Element::Expression(value) if pipeline.rest.is_empty() => {
                    self.expression(value).await
                }
                _ => self.pipeline(pipeline).await.map(Value::from_objects),
            }
        })
    }

    /// `left operator right`; the right side of `-and` and `-or` only if it matters.
    async fn link(
        &mut self,
        left: Value,
        operator: Operator,
        right: &Expression,
    ) -> Result<Value, Failure> {
        match (operator.verb, left.is_true()) {
            (Verb::And, false) => Ok(Value::Bool(false)),
            (Verb::Or, true) => Ok(Value::Bool(true)),
            (Verb::And | Verb::Or, _) => {
                self.expression(right).await.map(|it| Value::Bool(it.is_true()))
            }
            (Verb::Xor, left) => {
                self.expression(right).await.map(|it| Value::Bool(it.is_true() != left))
            }
            _ => {
                let right = self.expression(right).await?;
                self.operate(operator, left, right)
            }
        }
    }

    fn operate(&mut self, operator: Operator, left: Value, right: Value) -> Result<Value, Failure> {
        self.charge((left.measure().0 + right.measure().0) / 64)?;
        operators::apply(operator, left, right, &mut self.patterns)
            .map_err(|it| it.at(operator.span))
    }

    async fn step(&mut self, value: Value, step: &Step) -> Result<Value, Failure> {
        match step {
            Step::Member(name, span) => property(&value, name).map_err(|it| it.at(*span)),
            Step::Index(index) => {
                let wanted = self.expression(index).await?;
                element(value, &wanted).map_err(|it| it.at(index.span))
            }
        }
    }

    async fn text(&mut self, parts: &[Part]) -> Result<String, Failure> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(name, span) => {
                    text.push_str(&self.variable(name, *span)?.to_string());
                }
                Part::Sub(statements) => {
                    let objects = self.block(statements).await?;
                    text.push_str(&Value::from_objects(objects).to_string());
                }
                Part::Placeholder(name, span) => {
                    return Err(placeholder(name, "this value").at(*span));
                }
            }
            self.charge(text.len() / 256)?;
            if text.len() > MAX_VALUE_SIZE {
                let message = "this text is longer than the shell allows";
                return Err(Failure::new("too-much", message, "work with smaller parts of it"));
            }
        }
        Ok(text)
    }

    fn variable(&self, name: &str, span: Span) -> Result<Value, Failure> {
        match name {
            "null" => return Ok(Value::Null),
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            _ => {}
        }
        self.environment.variables.get(&name.to_lowercase()).cloned().ok_or_else(|| {
            let (message, hint) = if name == "_" {
                let hint = "it stands for each object within Where-Object and ForEach-Object";
                ("$_ has no value here".to_owned(), hint)
            } else {
                (format!("${name} has no value yet"), "assign one first: $name = ...")
            };
            Failure::new("unknown-variable", message, hint).at(span)
        })
    }
}

fn minus(span: Span) -> Operator {
    Operator { verb: Verb::Minus, case: crate::ast::Case::Ignored, span }
}

/// The element of `value` at `wanted`: from the end if negative; of an object, by name.
fn element(value: Value, wanted: &Value) -> Result<Value, Failure> {
    match (value, wanted) {
        (Value::Object(object), Value::Text(name)) => property(&Value::Object(object), name),
        (Value::Null, _) => {
            Err(Failure::new("bad-index", "there is nothing to take an element of", ""))
        }
        (value, Value::Int(at)) => {
            let mut items = match value {
                Value::List(items) => items,
                single => vec![single],
            };
            let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let from_start = if *at < 0 { count.saturating_add(*at) } else { *at };
            match usize::try_from(from_start).ok().filter(|it| *it < items.len()) {
                Some(found) => Ok(items.swap_remove(found)),
                None => Ok(Value::Null),
            }
        }
        _ => Err(Failure::new("bad-index", "an index is a whole number", "the first is [0]")),
    }
}

//! Pipelines: what a cmdlet is given, whether it may go ahead, and what it hands on.

use super::evaluate::{Machine, Work};
use super::need::{Answer, Call, Consent, Existing, FileRead, FileWrite, Form, Need, Question};
use crate::ast::{Command, Element, Expression, Kind, Pipeline, Statement};
use crate::bind::{Bound, Given, arrange};
use crate::cmdlet::{CONFIRM, Cmdlet, FromPipeline, Parameter, Type, WHAT_IF};
use crate::convert::{convert, refuse_placeholder};
use crate::error::Failure;
use crate::filters::{self, Filter, Surroundings};
use crate::limits::MAX_OBJECTS;
use crate::property::property;
use crate::source::Span;
use crate::value::{Object, Value};

/// What was given to a cmdlet: values, and script blocks by the parameter they go to.
struct Arguments<'a> {
    values: Vec<(&'static Parameter, Value)>,
    block: Option<&'a [Statement]>,
}

impl Machine {
    pub(super) fn pipeline<'a>(&'a mut self, it: &'a Pipeline) -> Work<'a, Vec<Value>> {
        Box::pin(async move {
            let mut objects = match &it.first {
                Element::Expression(value) => self.expression(value).await?.into_objects(),
                Element::Command(command) => self.command(command, None).await?,
            };
            for command in &it.rest {
                self.charge(objects.len())?;
                objects = self.command(command, Some(objects)).await?;
            }
            Ok(objects)
        })
    }

    async fn command(
        &mut self,
        command: &Command,
        input: Option<Vec<Value>>,
    ) -> Result<Vec<Value>, Failure> {
        let at = |it: Failure| it.at(command.span);
        let cmdlet = self.catalogue.find(&command.name).map_err(at)?;
        let arguments = self.arguments(cmdlet, command).await?;
        let objects = match filters::of(cmdlet) {
            Some(filter) => self.filter(filter, cmdlet, arguments, input).await,
            None => self.product(cmdlet, arguments, input, command.span).await,
        };
        let objects = objects.map_err(at)?;
        if objects.len() > MAX_OBJECTS {
            let message = format!("{} returned more than {MAX_OBJECTS} objects", command.name);
            return Err(at(Failure::new("too-much", message, "ask for fewer, with its filters")));
        }
        Ok(objects)
    }

    async fn arguments<'a>(
        &mut self,
        cmdlet: &'static Cmdlet,
        command: &'a Command,
    ) -> Result<Arguments<'a>, Failure> {
        let arranged = arrange(cmdlet, &command.arguments).map_err(|it| it.at(command.span))?;
        let mut arguments = Arguments { values: Vec::new(), block: None };
        for (parameter, given, span) in arranged {
            let value = match given {
                Given::Present => Value::Bool(true),
                Given::Expression(expression) if parameter.takes == Type::Block => {
                    let Kind::Block(statements) = &expression.kind else {
                        let message = format!("-{} needs a script block", parameter.name);
                        return Err(Failure::new("bad-value", message, "write { ... }").at(span));
                    };
                    arguments.block = Some(statements);
                    arguments.values.push((parameter, Value::Null));
                    continue;
                }
                Given::Expression(expression) => self.given(parameter, expression).await?,
            };
            let place = if let Given::Expression(it) = given { it.span } else { span };
            let value = convert(parameter, value).map_err(|it| it.at(place))?;
            arguments.values.push((parameter, value));
        }
        Ok(arguments)
    }

    /// The value for one parameter: numbers given as text stay as written, files are read.
    async fn given(&mut self, parameter: &Parameter, it: &Expression) -> Result<Value, Failure> {
        if let (
            Kind::Number(text),
            Type::Text | Type::List | Type::Secret | Type::File | Type::FileContent | Type::Upload,
        ) = (&it.kind, parameter.takes)
        {
            return Ok(Value::Text(text.clone()));
        }
        if let (Kind::List(items), Type::List | Type::ListModifier) = (&it.kind, parameter.takes) {
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.push(match &item.kind {
                    Kind::Number(text) => Value::Text(text.clone()),
                    _ => self.expression(item).await?,
                });
            }
            return Ok(Value::List(values));
        }
        let value = self.expression(it).await?;
        refuse_placeholder(parameter, &value).map_err(|f| f.at(it.span))?;
        match parameter.takes {
            Type::FileContent => {
                let name = value.to_string();
                let read = FileRead { name: name.clone(), form: Form::Text };
                match self.ask(Need::Read(read)).await.map_err(|f| f.at(it.span))? {
                    Answer::Text(text) => {
                        Ok(Value::Object(Object::new("File").with("Name", name).with("Text", text)))
                    }
                    other => Err(unexpected(&other)),
                }
            }
            Type::Upload => {
                let sent = self.ask(Need::Upload(value.to_string())).await;
                match sent.map_err(|f| f.at(it.span))? {
                    Answer::Objects(objects) => Ok(Value::from_objects(objects)),
                    other => Err(unexpected(&other)),
                }
            }
            _ => Ok(value),
        }
    }

    /// Runs a product cmdlet once, or once for each object of the pipeline.
    async fn product(
        &mut self,
        cmdlet: &'static Cmdlet,
        arguments: Arguments<'_>,
        input: Option<Vec<Value>>,
        span: Span,
    ) -> Result<Vec<Value>, Failure> {
        let Some(input) = input else {
            let values = self.secrets(cmdlet, arguments.values).await?;
            let bound = Bound::complete(cmdlet, values)?;
            return self.invoke(cmdlet, bound, span, &mut None).await;
        };
        let mut objects = Vec::new();
        let mut to_all = None;
        let count = input.len();
        for (done, object) in input.into_iter().enumerate() {
            let filled = fill(cmdlet, &arguments.values, object)?;
            let values = self.secrets(cmdlet, filled).await?;
            let bound = Bound::complete(cmdlet, values)?;
            match self.invoke(cmdlet, bound, span, &mut to_all).await {
                Ok(mut more) => objects.append(&mut more),
                Err(skipped) if skipped.code == SKIPPED && count > 1 => {}
                Err(mut failure) => {
                    if count > 1 {
                        let told = format!(" (object {} of {count})", done + 1);
                        failure.complaint.message.push_str(&told);
                    }
                    return Err(failure);
                }
            }
        }
        Ok(objects)
    }

    /// Asks for the mandatory secrets that were left out.
    async fn secrets(
        &mut self,
        cmdlet: &'static Cmdlet,
        mut values: Vec<(&'static Parameter, Value)>,
    ) -> Result<Vec<(&'static Parameter, Value)>, Failure> {
        for parameter in cmdlet.parameters.iter().filter(|it| it.takes == Type::Secret) {
            if !parameter.mandatory || values.iter().any(|(it, _)| it.name == parameter.name) {
                continue;
            }
            let question = Question { text: parameter.name.to_owned(), cmdlet: cmdlet.name() };
            match self.ask(Need::Secret(question)).await? {
                Answer::Text(text) => values.push((parameter, Value::Text(text))),
                other => return Err(unexpected(&other)),
            }
        }
        Ok(values)
    }

    /// Runs a product cmdlet, after asking where that is due.
    async fn invoke(
        &mut self,
        cmdlet: &'static Cmdlet,
        mut bound: Bound,
        span: Span,
        to_all: &mut Option<Consent>,
    ) -> Result<Vec<Value>, Failure> {
        let asks = !bound.what_if()
            && if bound.is_grave(cmdlet) {
                bound.confirm() != Some(false) && !bound.on("Force")
            } else {
                bound.confirm() == Some(true)
            };
        if asks {
            self.consent(cmdlet, &bound, span, to_all).await?;
            bound.set(&CONFIRM, Value::Bool(false));
        }
        self.call(cmdlet, bound, span).await
    }

    async fn call(
        &mut self,
        cmdlet: &'static Cmdlet,
        bound: Bound,
        span: Span,
    ) -> Result<Vec<Value>, Failure> {
        let line = bound.line(cmdlet);
        let call = Call { cmdlet, parameters: bound.into_given(), line, span };
        match self.ask(Need::Invoke(call)).await? {
            Answer::Objects(objects) => Ok(objects),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks whether to go on; before a grave change it first shows what would be done.
    async fn consent(
        &mut self,
        cmdlet: &'static Cmdlet,
        bound: &Bound,
        span: Span,
        to_all: &mut Option<Consent>,
    ) -> Result<(), Failure> {
        if to_all.is_some() {
            return Ok(());
        }
        if bound.is_grave(cmdlet) {
            let mut forecast = bound.clone();
            forecast.set(&WHAT_IF, Value::Bool(true));
            let shown = self.call(cmdlet, forecast, span).await?;
            self.ask(Need::Emit(shown)).await?;
        }
        let line = bound.clone().without(&CONFIRM).brief(cmdlet);
        let text = format!("Are you sure you want to run this?\n  {line}");
        let question = Question { text, cmdlet: cmdlet.name() };
        let declined = |code: &str| {
            let message = format!("{} was declined", cmdlet.name());
            Err(Failure::new(code, message, "it was not run"))
        };
        match self.ask(Need::Confirm(question)).await? {
            Answer::Consent(Consent::Yes) => Ok(()),
            Answer::Consent(Consent::YesToAll) => {
                *to_all = Some(Consent::YesToAll);
                Ok(())
            }
            Answer::Consent(Consent::No) => declined(SKIPPED),
            Answer::Consent(Consent::NoToAll) => declined("declined-all"),
            other => Err(unexpected(&other)),
        }
    }

    /// One of the language's own cmdlets.
    async fn filter(
        &mut self,
        filter: Filter,
        cmdlet: &'static Cmdlet,
        arguments: Arguments<'_>,
        input: Option<Vec<Value>>,
    ) -> Result<Vec<Value>, Failure> {
        let bound = Bound::complete(cmdlet, arguments.values)?;
        let input = input.unwrap_or_default();
        self.charge(input.len())?;
        match (filter, arguments.block) {
            (Filter::Where, Some(block)) => {
                let mut kept = Vec::new();
                for object in input {
                    let verdict = self.for_object(block, object.clone()).await?;
                    if Value::from_objects(verdict).is_true() {
                        kept.push(object);
                    }
                }
                Ok(kept)
            }
            (Filter::ForEach, Some(block)) => {
                let mut objects = Vec::new();
                for object in input {
                    objects.append(&mut self.for_object(block, object).await?);
                    if objects.len() > MAX_OBJECTS {
                        break;
                    }
                }
                Ok(objects)
            }
            (Filter::Where, None) => filters::select_where(&bound, input, &mut self.patterns),
            (Filter::GetContent, _) => self.content(&bound).await,
            (Filter::ExportCsv | Filter::OutFile, _) => self.write(filter, &bound, input).await,
            _ => {
                let around =
                    Surroundings { width: self.environment.width, catalogue: &self.catalogue };
                let objects = filters::apply(filter, &bound, input, &around)?;
                objects.into_iter().map(|it| self.kept(it)).collect()
            }
        }
    }

    /// The objects of `block` with `$_` standing for `object`.
    async fn for_object(
        &mut self,
        block: &[Statement],
        object: Value,
    ) -> Result<Vec<Value>, Failure> {
        self.charge(object.measure().0 / 64)?;
        let outer = self.environment.variables.insert("_".to_owned(), object);
        let result = self.block(block).await;
        match outer {
            Some(outer) => self.environment.variables.insert("_".to_owned(), outer),
            None => self.environment.variables.remove("_"),
        };
        result
    }

    /// `Get-Content`
    async fn content(&mut self, bound: &Bound) -> Result<Vec<Value>, Failure> {
        let name = bound.text("Path").unwrap_or_default().to_owned();
        let bytes = bound.on("AsByteStream") || bound.text("Encoding") == Some("Byte");
        let form = if bytes { Form::Bytes } else { Form::Text };
        match self.ask(Need::Read(FileRead { name, form })).await? {
            Answer::Bytes(bytes) => Ok(vec![self.kept(bytes.into())?]),
            Answer::Text(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                self.charge(text.len() / 64)?;
                if bound.on("Raw") {
                    return Ok(vec![text.into()]);
                }
                let lines: Vec<Value> = text.lines().map(Value::from).collect();
                self.charge(lines.len())?;
                Ok(lines)
            }
            other => Err(unexpected(&other)),
        }
    }

    async fn write(
        &mut self,
        filter: Filter,
        bound: &Bound,
        input: Vec<Value>,
    ) -> Result<Vec<Value>, Failure> {
        let name = bound.text("Path").or(bound.text("FilePath")).unwrap_or_default().to_owned();
        let text = filters::written(filter, bound, &input, self.environment.width)?;
        let existing = match (bound.on("Append"), bound.on("NoClobber")) {
            (true, _) => Existing::Append,
            (false, true) => Existing::Refuse,
            (false, false) => Existing::Replace,
        };
        self.ask(Need::Write(FileWrite { name, text, existing })).await.map(|_| Vec::new())
    }
}

/// The code of a declined object among several.
const SKIPPED: &str = "declined";

fn unexpected(answer: &Answer) -> Failure {
    let message = format!("the shell was answered with {answer:?}, which is not what it asked for");
    Failure::new("internal", message, "report this line")
}

/// `given` with the parameter that the pipeline fills taken from `object`.
fn fill(
    cmdlet: &'static Cmdlet,
    given: &[(&'static Parameter, Value)],
    object: Value,
) -> Result<Vec<(&'static Parameter, Value)>, Failure> {
    let free = |how: FromPipeline| {
        cmdlet.parameters.iter().find(|it| {
            it.from_pipeline == how && given.iter().all(|(known, _)| known.name != it.name)
        })
    };
    let (parameter, value) = match (free(FromPipeline::ByValue), free(FromPipeline::ByName)) {
        (Some(parameter), _) if matches!(object, Value::Object(_)) => (parameter, object),
        (_, Some(parameter)) if matches!(object, Value::Object(_)) => {
            let found = parameter.names().find_map(|name| property(&object, name).ok());
            let value = found.ok_or_else(|| {
                let message = format!("an object of the pipeline has no {}", parameter.name);
                Failure::new("bad-input", message, "select objects that have it")
            })?;
            (parameter, value)
        }
        (_, Some(parameter)) => (parameter, object),
        _ => {
            let message = format!("{} takes nothing from the pipeline", cmdlet.name());
            let hint = "use ForEach-Object and $_ to give it values";
            return Err(Failure::new("bad-input", message, hint));
        }
    };
    let mut filled = given.to_vec();
    filled.push((parameter, convert(parameter, value)?));
    Ok(filled)
}

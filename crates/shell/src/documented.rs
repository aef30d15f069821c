//! Lines of the documents that are no cmdlets by name, such as `restore database mgc with
//! recovery`: rows of the table say, as other names, which cmdlet each stands for.
//!
//! Such a name has blanks; a word in `<...>` is the parameter that takes what stands there.

use crate::ast::{
    Argument, Command, Element, Expression, Kind, Named, Note, Part, Script, Statement,
};
use crate::catalogue::Catalogue;
use crate::cmdlet::Cmdlet;

impl Catalogue {
    /// `script` with each line that stands for a cmdlet made that cmdlet, and noted.
    pub fn understand(&self, mut script: Script) -> Script {
        for statement in &mut script.statements {
            let pipeline = match statement {
                Statement::Assign(it) => &mut it.value,
                Statement::Pipeline(it) => it,
            };
            let Element::Command(command) = &mut pipeline.first else { continue };
            let Some(read) = self.meant(command) else { continue };
            let message = format!("this line of the documents is read as {}", read.name);
            script.notes.push(Note { span: command.span, message });
            *command = read;
        }
        script
    }

    /// The cmdlet that a line stands for, with its arguments.
    fn meant(&self, line: &Command) -> Option<Command> {
        let lines = self.rows().flat_map(|it| lines(it).map(move |line| (it, line)));
        lines.into_iter().find_map(|(cmdlet, pattern)| fits(cmdlet, pattern, line))
    }

    /// The lines of the documents that begin with `word`.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<&'static str> {
        let begins =
            |it: &&str| it.split(' ').next().is_some_and(|it| it.eq_ignore_ascii_case(word));
        self.rows().flat_map(lines).filter(begins).collect()
    }
}

/// The names of `cmdlet` that are lines.
fn lines(cmdlet: &'static Cmdlet) -> impl Iterator<Item = &'static str> {
    cmdlet.aliases.iter().copied().filter(|it| it.contains(' '))
}

/// The call of `cmdlet` that `line` is, if it fits the `pattern`.
fn fits(cmdlet: &Cmdlet, pattern: &str, line: &Command) -> Option<Command> {
    let mut words = pattern.split(' ');
    if !words.next()?.eq_ignore_ascii_case(&line.name) {
        return None;
    }
    let mut arguments = Vec::new();
    let mut given = line.arguments.iter();
    for word in words {
        let Argument::Value(value) = given.next()? else { return None };
        match word.strip_prefix('<').and_then(|it| it.strip_suffix('>')) {
            Some(parameter) => {
                let name = parameter.to_owned();
                arguments.push(Argument::Parameter(Named { name, value: None, span: value.span }));
                arguments.push(Argument::Value(without_brackets(value)));
            }
            None if plain(value).is_some_and(|it| it.eq_ignore_ascii_case(word)) => {}
            None => return None,
        }
    }
    let whole = given.next().is_none();
    whole.then(|| Command { name: cmdlet.name(), arguments, span: line.span })
}

/// `[mgc]` is a name in SQL's own quotes.
fn without_brackets(value: &Expression) -> Expression {
    let name = plain(value).and_then(|it| it.strip_prefix('[')?.strip_suffix(']'));
    match name {
        Some(name) => {
            let kind = Kind::Text(vec![Part::Literal(name.to_owned())]);
            Expression { kind, span: value.span }
        }
        None => value.clone(),
    }
}

fn plain(value: &Expression) -> Option<&str> {
    match &value.kind {
        Kind::Text(parts) => match parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

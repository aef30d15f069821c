//! A caller of the shell that writes down every effect and answers from a script.

use std::collections::VecDeque;
use std::sync::Arc;

use shell::{
    Answer, Consent, Environment, Failure, Form, Need, Object, Origin, Run, Value, format, parse,
};

use crate::rows::catalogue;

/// Runs `text` and tells everything that happened, one line for each effect.
pub(crate) fn told(text: &str) -> String {
    Stage::default().told(text)
}

/// What the caller has to answer with, in order; what is not said is "yes" and the three things.
#[derive(Default)]
pub(crate) struct Stage {
    pub(crate) consents: VecDeque<Consent>,
    pub(crate) environment: Environment,
}

impl Stage {
    pub(crate) fn told(&mut self, text: &str) -> String {
        let script = match parse(text, Origin::Line) {
            Ok(script) => script,
            Err(error) => return format!("{}\n", error.shown(text)),
        };
        let mut told = String::new();
        for note in &script.notes {
            told += &format!("note: {}\n", note.message);
        }
        let mut run = Run::new(script, Arc::new(catalogue()), self.environment.clone());
        let mut answer = Answer::Go;
        loop {
            answer = match run.step(answer) {
                Need::Invoke(call) => {
                    told += &format!("invoke: {}\n", call.line);
                    match call.cmdlet.noun {
                        "CsThing" if call.cmdlet.verb == "Get" => Answer::Objects(things()),
                        "CsRgsQueue" => {
                            Answer::Failed(Failure::new("lost", "nobody is there", "try again"))
                        }
                        _ => Answer::Objects(Vec::new()),
                    }
                }
                Need::Read(file) => {
                    told += &format!("read: {}\n", file.name);
                    match file.form {
                        Form::Text => Answer::Text("the file's text\nits second line\n".to_owned()),
                        Form::Bytes => Answer::Bytes(vec![82, 73, 70, 70].into()),
                    }
                }
                Need::Upload(name) => {
                    told += &format!("upload: {name}\n");
                    let sent = Object::new("Upload")
                        .with("Name", name)
                        .with("Token", "t")
                        .with("Bytes", 7_i64)
                        .with("Sha256", "00");
                    Answer::Objects(vec![Value::Object(sent)])
                }
                Need::Write(file) => {
                    told += &format!("write: {} {:?}\n{}", file.name, file.existing, file.text);
                    Answer::Go
                }
                Need::Secret(question) => {
                    told += &format!("secret: {}\n", question.text);
                    Answer::Text("pa55".to_owned())
                }
                Need::Confirm(question) => {
                    told += &format!("confirm: {}\n", question.text);
                    Answer::Consent(self.consents.pop_front().unwrap_or(Consent::Yes))
                }
                Need::Emit(objects) => {
                    told += &format::shown(&objects, self.environment.width);
                    Answer::Go
                }
                Need::Done(environment, result) => {
                    self.environment = environment;
                    if let Err(failure) = result {
                        told += &format!("{}: {}\n", failure.code, failure.shown(text));
                    }
                    return told;
                }
            };
        }
    }
}

fn things() -> Vec<Value> {
    let thing = |name: &str, size: i64, open: bool, tags: Vec<&str>| {
        let object = Object::new("Thing")
            .with("Name", name)
            .with("Size", size)
            .with("Open", open)
            .with("Tags", tags);
        Value::Object(object)
    };
    vec![
        thing("Operations", 40, true, vec!["night", "day"]),
        thing("Ärzte", 7, false, vec![]),
        thing("operators", 12, true, vec!["day"]),
    ]
}

//! Every row of the table: help, examples that can be run, a role, an audit name.

use std::collections::HashSet;
use std::sync::Arc;

use admin::Role;
use admin::cmdlets::{OFFERS, catalogue, reference_page, rows};
use expect_test::expect_file;
use shell::{
    Answer, Effect, Environment, Form, Need, Object, Origin, Run, Type, Value, check, parse,
};

/// The product cmdlets that `line` would run, each as its normalised line.
pub(crate) fn would_run(line: &str) -> Vec<String> {
    let script = parse(line, Origin::Line).unwrap_or_else(|it| panic!("{}", it.shown(line)));
    let wrong: Vec<String> = check(&script, &catalogue()).iter().map(|it| it.shown(line)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut run = Run::new(script, Arc::new(catalogue()), Environment::default());
    let mut answer = Answer::Go;
    let mut lines = Vec::new();
    loop {
        answer = match run.step(answer) {
            Need::Invoke(call) => {
                lines.push(call.line);
                let output = call.cmdlet.output.map(|it| it.properties).unwrap_or_default();
                let object = output.iter().fold(Object::new("Any"), |it, name| it.with(name, "x"));
                Answer::Objects(vec![Value::Object(object)])
            }
            Need::Read(file) if file.form == Form::Bytes => Answer::Bytes(vec![0].into()),
            Need::Read(_) | Need::Secret(_) => Answer::Text("x".to_owned()),
            Need::Upload(name) => {
                let sent = ["Token", "Bytes", "Sha256"];
                let object = Object::new("Upload").with("Name", name);
                let object = sent.iter().fold(object, |it, name| it.with(name, "x"));
                Answer::Objects(vec![Value::Object(object)])
            }
            Need::Confirm(_) => Answer::Consent(shell::Consent::Yes),
            Need::Write(_) | Need::Emit(_) => Answer::Go,
            Need::Done(_, result) => {
                result.unwrap_or_else(|it| panic!("{}", it.shown(line)));
                return lines;
            }
        };
    }
}

#[test]
fn every_cmdlet_has_help_and_examples_that_run() {
    for row in rows() {
        let (cmdlet, name) = (&row.cmdlet, row.cmdlet.name());
        assert!(cmdlet.summary.ends_with('.'), "{name}");
        assert!(!cmdlet.examples.is_empty(), "{name}");
        for example in cmdlet.examples {
            let lines = would_run(example.line);
            assert!(lines.iter().any(|it| it.starts_with(&name)), "{}: {lines:?}", example.line);
            assert!(example.means.ends_with('.'), "{name}");
        }
        for parameter in cmdlet.parameters {
            assert!(!parameter.about.is_empty(), "{name} -{}", parameter.name);
            let known = ["", "cmdlet", "parameter", "file"].contains(&parameter.offers)
                || OFFERS.iter().any(|(it, _)| *it == parameter.offers);
            assert!(known, "{name} -{}: {}", parameter.name, parameter.offers);
            assert_ne!(parameter.takes, Type::Block, "{name} -{}", parameter.name);
        }
    }
    for (_, line) in OFFERS {
        assert_eq!(would_run(line).len(), 1, "{line}");
    }
}

#[test]
fn completion_offers_every_pool_where_any_pool_is_taken() {
    let asks = |line: &str| shell::complete(line, line.len(), &catalogue()).ask;
    assert_eq!(asks("Get-CsService -PoolFqdn "), Some("pool"));
    assert_eq!(asks("Get-CsService "), Some("pool"));
    assert_eq!(asks("Get-CsPersistentChatState "), Some("chat pool"));
    assert_eq!(asks("Get-CsPoolFailoverState "), Some("front-end pool"));
    assert_eq!(asks("Get-CsRgsQueue -Name "), Some("CsRgsQueue"));
    assert_eq!(asks("Get-CsRgsHolidaySet pool -Name "), Some("CsRgsHolidaySet"));
    let lines = would_run(OFFERS.iter().find(|(it, _)| *it == "pool").unwrap().1);
    assert_eq!(lines, ["Get-CsService"], "pools of every role");
}

#[test]
fn every_cmdlet_has_roles_and_an_audit_name_of_its_own() {
    let mut names = HashSet::new();
    for row in rows() {
        let name = row.cmdlet.name();
        assert!(names.insert(name.to_lowercase()), "{name} stands twice");
        assert!(Role::CsAdministrator.may_run(&row.cmdlet), "{name}");
        for role in row.cmdlet.roles {
            assert!(Role::read(role).is_some(), "{name}: {role}");
        }
        let looks = row.cmdlet.effect == Effect::Reads;
        assert_eq!(Role::CsViewOnlyAdministrator.may_run(&row.cmdlet), looks, "{name}");
        // What is made in the shell's memory changes nothing.
        let verbs: &[&str] = if looks {
            &["Get", "Test", "New", "Compare"]
        } else {
            &[
                "New", "Set", "Remove", "Invoke", "Publish", "Export", "Import", "Install", "Move",
                "Restore", "Stop",
            ]
        };
        assert!(verbs.contains(&row.cmdlet.verb), "{name}");
    }
}

#[test]
fn no_parameter_begins_another_or_shares_a_name() {
    for row in rows() {
        let mut names = HashSet::new();
        for parameter in row.cmdlet.all_parameters() {
            for name in parameter.names() {
                assert!(names.insert(name.to_lowercase()), "{} -{name}", row.cmdlet.name());
            }
        }
        let grave = matches!(row.cmdlet.effect, Effect::Grave | Effect::GraveWhile(_));
        assert!(!grave || row.cmdlet.parameter("Force").is_some(), "{}", row.cmdlet.name());
    }
}

#[test]
fn the_reference_page_is_current() {
    expect_file!["../../../../docs/reference/cmdlets.md"].assert_eq(&reference_page());
}

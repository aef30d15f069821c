//! Every command line of the documents, misprints and all: what is given, what is understood, what
//! is tolerated or refused, and what a cmdlet would be run with.

use expect_test::expect_file;
use shell::{Answer, Environment, Need, Origin, Run, check, parse};

use crate::rows::catalogue;

const LINES: &str = include_str!("../documented-lines.txt");

#[test]
fn every_documented_line_is_understood_as_written_down() {
    let mut name = "";
    let mut pages = String::new();
    let mut count = 0;
    for line in LINES.lines() {
        if line.starts_with('[') {
            name = line;
        } else if let Some(given) = line.strip_prefix("given:      ") {
            pages += &format!("{name}\ngiven:      {given}\n{}\n", story(given));
            count += 1;
        }
    }
    assert_eq!(count, 41);
    expect_file!["../documented-lines.txt"].assert_eq(&pages);
}

fn story(given: &str) -> String {
    let script = parse(given, Origin::Line).expect("every documented line can be read");
    let mut story = format!("understood: {}\n", script.normalised());
    let again = parse(&script.normalised(), Origin::Line).expect("what is understood can be read");
    assert_eq!(again.statements, script.statements);
    for note in &script.notes {
        let (line, column) = note.span.position(given);
        story += &format!("note:       line {line}, column {column}: {}\n", note.message);
    }
    let catalogue = catalogue();
    if let Some(first) = check(&script, &catalogue).first() {
        return story + &format!("refused:    {}\n", first.complaint);
    }
    let mut run = Run::new(script, catalogue.into(), Environment::default());
    let mut answer = Answer::Go;
    loop {
        answer = match run.step(answer) {
            Need::Invoke(call) => {
                story += &format!("runs:       {}\n", call.line);
                Answer::Objects(Vec::new())
            }
            Need::Confirm(_) => Answer::Consent(shell::Consent::Yes),
            Need::Done(_, Ok(())) => return story,
            Need::Done(_, Err(failure)) => {
                return story + &format!("refused:    {}\n", failure.complaint);
            }
            _ => Answer::Go,
        };
    }
}

#[test]
fn the_tolerance_for_an_unclosed_quote_holds_for_single_cs_lines_only() {
    let line = "Get-CsRgsQueue -Owner \"service:ApplicationServer\"primary.contoso.com\"";
    assert!(parse(line, Origin::Line).is_ok());
    assert!(parse(line, Origin::Script).is_err());
    assert!(parse(&format!("{line}\nGet-CsRgsQueue"), Origin::Line).is_err());
    assert!(parse("Get-Help \"CsRgsQueue", Origin::Line).is_err());
    assert!(parse("$x = \"Get-CsRgsQueue", Origin::Line).is_err());
    assert!(parse("Get-CsRgsQueue -Owner (Get-CsThing \"abc", Origin::Line).is_err());
}

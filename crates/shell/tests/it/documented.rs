//! Every command line of the documents, misprints and all: what is given, what is understood, what
//! is tolerated or refused, and what a cmdlet would be run with.

use expect_test::expect_file;
use shell::{Answer, Environment, Need, Origin, ParseErrorKind, Run, check, parse};

use crate::rows::catalogue;

const LINES: &str = include_str!("../../../../docs/reference/documented-lines.txt");

/// Number, page and line of each.
fn lines() -> Vec<[&'static str; 3]> {
    let kept = LINES.lines().filter(|it| !it.starts_with('#'));
    let parts = |line: &'static str| -> [&'static str; 3] {
        line.splitn(3, '\t').collect::<Vec<_>>().try_into().expect("number, page and line")
    };
    kept.map(parts).collect()
}

#[test]
fn every_documented_line_is_understood_as_written_down() {
    let mut pages = String::new();
    for [number, _, line] in lines() {
        pages += &format!("[{number}]\ngiven:      {line}\n{}\n", story(line));
    }
    expect_file!["../documented-lines.txt"].assert_eq(&pages);
}

#[test]
fn no_documented_line_is_missing() {
    let numbers: Vec<&str> = lines().iter().map(|it| it[0]).collect();
    let wanted = [("R", 32), ("P", 6), ("F", 7)];
    for (letter, count) in wanted {
        for number in 1..=count {
            let name = format!("{letter}{number:02}");
            assert!(numbers.contains(&name.as_str()), "{name} is missing");
        }
    }
    assert!(lines().iter().all(|[_, page, line]| !page.is_empty() && !line.is_empty()));
}

fn story(given: &str) -> String {
    let catalogue = catalogue();
    let script = parse(given, Origin::Line).expect("every documented line can be read");
    let again = parse(&script.normalised(), Origin::Line).expect("what is understood can be read");
    assert_eq!(again.statements, script.statements);
    let script = catalogue.understand(script);
    let mut story = format!("understood: {}\n", script.normalised());
    let again = parse(&script.normalised(), Origin::Line).expect("what is understood can be read");
    assert_eq!(again.statements, script.statements);
    for note in &script.notes {
        let (line, column) = note.span.position(given);
        story += &format!("note:       line {line}, column {column}: {}\n", note.message);
    }
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
            Need::Upload(name) => {
                story += &format!("sends:      {name}\n");
                let sent = shell::Object::new("Upload")
                    .with("Name", name)
                    .with("Token", "t")
                    .with("Bytes", 7_i64)
                    .with("Sha256", "00");
                Answer::Objects(vec![sent.into()])
            }
            Need::Done(_, Ok(())) => return story,
            Need::Done(_, Err(failure)) => {
                return story + &format!("refused:    {}\n", failure.complaint);
            }
            _ => Answer::Go,
        };
    }
}

#[test]
fn the_tolerance_for_an_unclosed_quote_holds_for_single_lines_that_only_ask() {
    let line = "Get-CsRgsQueue -Owner \"service:ApplicationServer\"primary.contoso.com\"";
    assert!(parse(line, Origin::Line).is_ok());
    assert!(parse(line, Origin::Script).is_err());
    assert!(parse(&format!("{line}\nGet-CsRgsQueue"), Origin::Line).is_err());
    assert!(parse("Get-Help \"CsRgsQueue", Origin::Line).is_err());
    // A quote that swallows -WhatIf must change nothing.
    for line in [
        "Remove-CsRgsQueue -Identity \"backup.contoso.com -WhatIf",
        "Get-CsRgsQueue | Set-CsRgsQueue -Description \"as before -WhatIf",
        "Invoke-CsPoolFailOver -Force -PoolFqdn \"primary.contoso.com -WhatIf",
    ] {
        let error = parse(line, Origin::Line).unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::Incomplete, "{line}");
    }
    assert!(parse("$x = \"Get-CsRgsQueue", Origin::Line).is_err());
    assert!(parse("Get-CsRgsQueue -Owner (Get-CsThing \"abc", Origin::Line).is_err());
}

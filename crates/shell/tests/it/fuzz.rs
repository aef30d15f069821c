//! Any text at all: nothing panics, hangs, or grows without bound. `PROPTEST_CASES` asks for
//! more texts than a usual run tries; a failure prints the text.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;
use shell::{Answer, Environment, Need, Object, Origin, Run, Value, check, complete, parse};

use crate::rows::catalogue;

const LINES: &str = include_str!("../../../../docs/reference/documented-lines.txt");

/// The most answers that a text of a few hundred characters may need.
const MAX_STEPS: usize = 50_000;

/// How many texts each test tries when nothing is said.
const CASES: u32 = 500;

fn settings() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok());
    Config { cases: asked.unwrap_or(CASES), failure_persistence: None, ..Config::default() }
}

/// Lines that real people type: those of the documents, and what administrators do with objects.
fn real() -> Vec<&'static str> {
    const MORE: &[&str] = &[
        "$q = Get-CsThing; $q[0].Size = 5; $q | Set-CsThing",
        "$q = (Get-CsThing)[0]; $q.Tags += \"weekend\", 'x'; Set-CsThing -Instance $q",
        "Get-CsThing | Where-Object { $_.Size -gt 5 -and -not $_.Open } | Sort-Object Name | ft",
        "Get-CsThing | ? Name -like \"op*\" | % { \"$($_.Name): $($_.Size + 1)\" } | Out-File x",
        "$b = Get-Content \"C:\\Welcome.wav\" -Encoding byte -ReadCount 0; $b.Length",
        "$x = @{Add = \"a\", \"b\"; Remove = @($null, 1.5KB)}; $x.Add += @(\"c\"); $x | fl",
        "New-CsThing `\n  -Name \u{201c}a b\u{201d} \u{2013}Open:$true -Since \"2026-03-29\" # x",
        "$t = @\"\n$(1, 2 | measure -Sum) `u{e9}\n\"@; \"$t\" -match \"^(a|b)*$\" -replace 'x'",
        "Import-CsRgsAudioFile x -FileName W -Content ([IO.File]::ReadAllBytes('C:\\x'))",
    ];
    let lines = LINES.lines().filter(|it| !it.starts_with('#'));
    lines.filter_map(|it| it.splitn(3, '\t').nth(2)).chain(MORE.iter().copied()).collect()
}

/// What is put into a line, or in the place of a part of it.
#[rustfmt::skip]
const SPLINTERS: &[&str] = &[
    "\"", "'", "\u{201c}", "`", "$", "$(", "@(", "@{", "{", "}", "(", ")", "[", "]", "<", ">", "|",
    ";", ",", "\n", "\r\n", "#", "<#", "#>", "=", "+=", "==", ".", "..", "::", ":", "-", "\u{2013}",
    "&", "\0", "\u{feff}", "\u{202e}", "é", "\u{1f600}", "-eq", "-match", "@\"\n", "\n\"@", "$_",
    "$null", "9223372036854775807", "-9223372036854775808", "1e308", "0x", "TB", "*", "%", "/ 0",
    "[9]", "[-1]", ".Count", ".Add(", "`u{110000}", "`", "\\", "C:\\..\\x", "<spid>", " ", "\t",
];

/// One change of a line.
#[derive(Debug, Clone)]
enum Change {
    Put(Index, String),
    Drop(Index, Index),
    Twice(Index, Index),
    Join(Index, String),
}

fn change() -> impl Strategy<Value = Change> {
    let splinter = || {
        let known = select(SPLINTERS).prop_map(str::to_owned);
        let odd = any::<char>().prop_map(|it| it.to_string());
        prop_oneof![6 => known, 1 => odd]
    };
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), splinter()).prop_map(|(place, it)| Change::Put(place, it)),
        2 => (at(), at()).prop_map(|(from, to)| Change::Drop(from, to)),
        1 => (at(), at()).prop_map(|(from, to)| Change::Twice(from, to)),
        1 => (at(), select(real())).prop_map(|(place, it)| Change::Join(place, it.to_owned())),
    ]
}

fn changed(line: &str, changes: &[Change]) -> String {
    /// The longest text that grows by being changed.
    const MOST: usize = 4_000;
    let mut text: Vec<char> = line.chars().collect();
    for change in changes {
        let range = |from: &Index, to: &Index, text: &[char]| {
            let (a, b) = (from.index(text.len() + 1), to.index(text.len() + 1));
            a.min(b)..a.max(b)
        };
        match change {
            Change::Put(place, it) | Change::Join(place, it) => {
                let at = place.index(text.len() + 1);
                text.splice(at..at, it.chars());
            }
            Change::Drop(from, to) => {
                text.drain(range(from, to, &text));
            }
            Change::Twice(from, to) => {
                let part = text[range(from, to, &text)].to_vec();
                text.extend(part);
            }
        }
        text.truncate(MOST);
    }
    text.into_iter().collect()
}

/// Parses, normalises, checks, completes and runs.
fn survives(text: &str) {
    let catalogue = Arc::new(catalogue());
    for origin in [Origin::Line, Origin::Script] {
        match parse(text, origin) {
            Ok(script) => {
                let script = catalogue.understand(script);
                let normal = script.normalised();
                let again = parse(&normal, Origin::Script);
                let again = again.unwrap_or_else(|it| panic!("{text:?} became {normal:?}: {it}"));
                assert_eq!(again.normalised(), normal, "{text:?}");
                for failure in check(&script, &catalogue) {
                    assert!(!failure.shown(text).is_empty());
                }
                ends(Run::new(script, Arc::clone(&catalogue), Environment::default()), text);
            }
            Err(error) => assert!(!error.shown(text).is_empty()),
        }
    }
    for cursor in 0..=text.len().min(64) {
        let found = complete(text, cursor, &catalogue);
        assert!(text.get(found.replaces.clone()).is_some(), "{text:?} at {cursor}");
    }
}

/// Answers what a run needs until it ends.
fn ends(mut run: Run, text: &str) {
    let thing = Object::new("Thing").with("Name", "a").with("Size", 7_i64).with("Open", true);
    let things = vec![Value::Object(thing.clone().with("Tags", vec!["x", "y"])), thing.into()];
    let mut answer = Answer::Go;
    for _ in 0..MAX_STEPS {
        answer = match run.step(answer) {
            Need::Invoke(_) => Answer::Objects(things.clone()),
            Need::Upload(_) => Answer::Objects(things[..1].to_vec()),
            Need::Read(file) if file.form == shell::Form::Bytes => Answer::Bytes(vec![1, 2].into()),
            Need::Read(_) | Need::Secret(_) => Answer::Text("a\nb".to_owned()),
            Need::Confirm(_) => Answer::Consent(shell::Consent::YesToAll),
            Need::Emit(objects) => {
                let printed = shell::format::shown(&objects, 40);
                assert!(!printed.contains('\u{1b}'), "{text:?} steers the terminal");
                Answer::Go
            }
            Need::Write(_) => Answer::Go,
            Need::Done(_, result) => {
                if let Err(failure) = result {
                    assert_ne!(failure.code, "internal", "{text:?}");
                    assert!(!failure.shown(text).is_empty());
                }
                return;
            }
        };
    }
    panic!("{text:?} needs more than {MAX_STEPS} answers");
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn fuzz_real_lines_that_were_changed(
        line in select(real()),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        survives(&changed(line, &changes));
    }

    #[test]
    fn fuzz_any_text(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn fuzz_any_bytes_made_text(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        survives(&String::from_utf8_lossy(&bytes));
    }
}

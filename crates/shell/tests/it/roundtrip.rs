//! Properties of the parser: no text makes it panic, and its normalised form means the same.

use proptest::prelude::*;
use shell::{Origin, check, complete, parse};

use crate::rows::catalogue;
use crate::stage::told;

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "Get-CsThing", "Where-Object", "|", ";", "\n", " ", " ", " ", "-Name", "\u{2013}Size:",
    "$x", "${y}", "$null", "$_", "$_.Name", "$(", ")", "(", "@(", "@{", "Add=", "}", "{", "\"",
    "'", "\u{201c}", "\u{201d}", "`", "`n", "#", "<#", "#>", "<pool>", "<", ">", ",", ".",
    "..", "[0]", "[", "]", "=", "==", "-eq", "-like", "-and", "-not", "!", "+", "-", "*", "/",
    "%", "5", "1.5KB", "-7", "0x1F", "a*", "ops.example.org", "C:\\x y", "@\"\n", "\n\"@",
    "@'\n", "\n'@", "if", "foreach", "&", "&&", "||", ".ToString()", "::", "\u{feff}",
    "\u{a0}", "é", "\r\n", "$x = ", "`u{41}", ":$false", "\0", "$", "@", "?", "\"@",
];

/// Pieces of which scripts are made, put together in any order.
fn piece() -> impl Strategy<Value = String> {
    let pieces: Vec<String> = PIECES.iter().map(|it| (*it).to_owned()).collect();
    let odd = any::<char>().prop_map(|it| it.to_string());
    prop_oneof![9 => proptest::sample::select(pieces), 1 => odd]
}

fn script() -> impl Strategy<Value = String> {
    let short = proptest::collection::vec(piece(), 0..8);
    let long = proptest::collection::vec(piece(), 0..40);
    prop_oneof![short, long].prop_map(|it| it.concat())
}

fn holds_for(text: &str) {
    let catalogue = catalogue();
    for origin in [Origin::Line, Origin::Script] {
        match parse(text, origin) {
            Ok(script) => {
                let normal = script.normalised();
                let again = parse(&normal, Origin::Script)
                    .unwrap_or_else(|error| panic!("{text:?} became {normal:?}: {error}"));
                assert_eq!(again.statements, script.statements, "{text:?} became {normal:?}");
                assert_eq!(again.normalised(), normal);
                assert!(again.notes.iter().all(|it| it.message.contains("one argument")));
                for failure in check(&script, &catalogue) {
                    assert!(!failure.shown(text).is_empty());
                }
                // Running it must end, whatever it does.
                told(text);
            }
            Err(error) => assert!(!error.shown(text).is_empty()),
        }
    }
    for cursor in [0, text.len() / 2, text.len()] {
        let found = complete(text, cursor, &catalogue);
        assert!(found.replaces.end <= text.len());
    }
}

/// How many texts are tried; the environment may ask for more.
fn settings() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok());
    let cases = asked.unwrap_or(2000);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn any_script_is_read_or_refused_and_means_the_same_when_normalised(text in script()) {
        holds_for(&text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        holds_for(&text);
    }
}

#[test]
fn deep_and_long_texts_are_refused_or_read_without_running_out_of_stack() {
    for open in ["(", "@(", "$(", "{", "@{a=", "\"$(", "$x[", "-not (", "(1 + ("] {
        let text = open.repeat(20_000);
        assert!(parse(&text, Origin::Script).is_err(), "{open}");
    }
    for (begin, more) in
        [("1", "+1"), ("!", "!"), ("$x", ".a"), ("$x", "[0]"), ("1", ",1"), ("1", " -eq 1")]
    {
        let text =
            format!("{begin}{} {}", more.repeat(50_000), if begin == "!" { "1" } else { "" });
        let script = parse(&text, Origin::Script).expect("long is not deep");
        assert!(!script.normalised().is_empty());
    }
    assert!(parse(&" ".repeat(2_000_000), Origin::Script).is_err());
    assert!(parse(&"<".repeat(500_000), Origin::Line).is_err());
}

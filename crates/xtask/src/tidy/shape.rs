//! Lengths, the sentence on top of each file, and what must not stand in code.

use super::files::File;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARACTERS_MAX: usize = 100;

/// Written in pieces, so that this file passes its own check.
const UNFINISHED: &[(&str, &str)] = &[
    (concat!("todo", "!("), "finish it"),
    (concat!("unimpl", "emented!("), "finish it"),
    (concat!("#[ign", "ore"), "let the test run, or remove it"),
    (concat!("FIX", "ME"), "fix it"),
    (concat!("XX", "X:"), "settle it"),
    (concat!("TO", "DO"), "do it, or write down why not"),
];

pub(super) fn check(file: &File, complaints: &mut Vec<String>) {
    let mut complain = |line: usize, what: &str| {
        complaints.push(format!("{}:{line}: {what}", file.path));
    };
    if file.path == "Cargo.lock" {
        return;
    }
    let lines: Vec<&str> = file.text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        // An address cannot be broken, nor a row of a page's table or of TOML.
        let unbreakable = line.contains("://") || file.is("md") || file.is("toml");
        if line.chars().count() > LINE_CHARACTERS_MAX && !unbreakable {
            complain(index + 1, &format!("longer than {LINE_CHARACTERS_MAX} characters; break it"));
        }
        if line.ends_with([' ', '\t']) {
            complain(index + 1, "space at the end of the line; remove it");
        }
    }
    if !file.is("rs") {
        return;
    }
    if lines.len() > FILE_LINES_MAX {
        complain(lines.len(), &format!("more than {FILE_LINES_MAX} lines; split it by noun"));
    }
    if !file.text.starts_with("//! ") {
        complain(1, "does not open with a `//!` sentence; say what the file is");
    }
    for (first, length) in functions(&lines) {
        if length > FUNCTION_LINES_MAX {
            let what = format!("a function of {length} lines, more than {FUNCTION_LINES_MAX}");
            complain(first, &format!("{what}; split it"));
        }
    }
    let mut in_tests = file.is_test();
    for (index, line) in lines.iter().enumerate() {
        in_tests |= line.trim() == "#[cfg(test)]" && lines.get(index + 1) == Some(&"mod tests {");
        for (word, remedy) in UNFINISHED {
            // An entry that another test, or PostgreSQL, runs as a process of its own.
            let entry = word.starts_with("#[ign") && line.contains(" runs it\"");
            if line.contains(word) && !entry {
                complain(index + 1, &format!("`{word}`: {remedy}"));
            }
        }
        let on_purpose = index > 0 && lines[index - 1].contains("On purpose:");
        if in_tests && sleeps(line) && !on_purpose {
            let what = "a test that sleeps; use `testkit::eventually`, or say `On purpose:` above";
            complain(index + 1, what);
        }
    }
}

/// SQL's `pg_sleep` makes the database wait, not the test.
fn sleeps(line: &str) -> bool {
    let word = concat!("sle", "ep(");
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with('_'))
}

/// First line and length of each function, as the formatter lays them out: the closing brace
/// stands where the first line begins.
fn functions(lines: &[&str]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if !is_function(text) {
            continue;
        }
        let closing = format!("{}}}", " ".repeat(indent));
        let rest = &lines[index..];
        let body = rest.iter().position(|it| it.ends_with('{') || it.ends_with(';'));
        if body.is_none_or(|body| rest[body].ends_with(';')) {
            continue;
        }
        if let Some(length) = rest.iter().position(|it| **it == closing) {
            found.push((index + 1, length + 1));
        }
    }
    found
}

fn is_function(text: &str) -> bool {
    let mut words = text.split([' ', '(']);
    let modifiers = ["pub", "async", "const", "crate)", "super)"];
    words.find(|it| !modifiers.contains(it)) == Some("fn")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        check(&File { path: path.to_owned(), text: text.to_owned() }, &mut complaints);
        complaints
    }

    #[test]
    fn a_good_file_passes() {
        let text = "//! A file.\n\npub(crate) async fn f() {\n    g();\n}\n";
        assert!(complaints("crates/a/src/a.rs", text).is_empty());
    }

    #[test]
    fn every_shape_rule_complains() {
        let long = "x".repeat(101);
        let function = format!("fn f() {{\n{}}}\n", "    g();\n".repeat(70));
        let unfinished = format!("fn f() {{ {}) }}\n", concat!("todo", "!("));
        let cases = [
            ("use a::b;\n".to_owned(), "does not open"),
            (format!("//! {long}\n"), "longer than"),
            ("//! A. \n".to_owned(), "space at the end"),
            (format!("//! A.\n{}", "\n".repeat(500)), "more than 500 lines"),
            (format!("//! A.\n{function}"), "a function of 72 lines"),
            (format!("//! A.\n{unfinished}"), "finish it"),
        ];
        for (text, expected) in cases {
            let found = complaints("crates/a/src/a.rs", &text);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(expected), "{found:?} does not say {expected}");
        }
    }

    #[test]
    fn tests_do_not_sleep_but_other_code_may() {
        let text = format!("//! A.\nfn f() {{ {}1) }}\n", concat!("sle", "ep("));
        assert!(complaints("crates/a/src/a.rs", &text).is_empty());
        assert_eq!(complaints("crates/a/tests/it/a.rs", &text).len(), 1);
    }
}

//! The glossary's other side: words that we do not use, because they mean too much or too little.

use super::files::File;

/// What is looked for, and what to say instead.
const BANNED: &[(&str, &str)] = &[
    ("cluster", "pool, site or deployment"),
    ("node", "host, site, instance or server"),
    ("master", "primary"),
    ("slave", "standby"),
    ("replica", "standby or mirror"),
    ("session", "stream, dialog or login"),
];

/// Banned as names of types and modules only; in a sentence they are English.
const BANNED_NAMES: &[&str] = &["common", "helper", "helpers", "manager", "misc", "util", "utils"];

/// Other people's words that we must repeat: where (a path's beginning), which, and whose.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("crates/xtask/src/tidy/", "", "this list itself"),
    ("docs/glossary.md", "", "it names what we do not say"),
    ("crates/xmpp/", "node", "a node of an XML tree, and XEP-0030's attribute"),
    ("crates/xmpp/", "session", "RFC 3921's request, which old clients still send"),
    ("crates/chat/", "node", "XEP-0030's and XEP-0115's attribute"),
    ("crates/chat/", "session", "RFC 3921's request, which old clients still send"),
    ("crates/instance/", "cluster", "PostgreSQL's word in pg_controldata and in its settings"),
    ("crates/instance/", "replica", "PostgreSQL's word in its settings"),
    ("crates/instance/", "session", "what a process leads after setsid, and PostgreSQL's word"),
    ("crates/testkit/src/netns.rs", "master", "the kernel's word for a link's bridge"),
    ("crates/server/src/shell/history.rs", "session", "a method of the line editor's trait"),
    ("interop/", "session", "a word of tmux and of slixmpp"),
];

/// Removed from a line before it is looked at.
const PHRASES: &[&str] = &[
    "createcluster.conf",
    "create_main_cluster",
    "cluster_name",
    "postgresql-common",
    "new-session",
    "kill-session",
    "session_replication_role",
    "session_user",
    "session_timeout",
];

pub(super) fn check(file: &File, complaints: &mut Vec<String>) {
    if !file.is("rs") && !file.is("md") && !file.is("sql") {
        return;
    }
    for (index, line) in file.text.lines().enumerate() {
        let mut line = line.to_owned();
        for phrase in PHRASES {
            line = line.replace(phrase, " ");
        }
        for word in words(&line) {
            let singular = word.strip_suffix('s').unwrap_or(&word);
            let banned = BANNED.iter().find(|(it, _)| *it == word || *it == singular);
            let Some((banned, instead)) = banned else { continue };
            if !is_allowed(&file.path, banned) {
                let place = format!("{}:{}", file.path, index + 1);
                complaints.push(format!("{place}: we do not say `{banned}`; say {instead}"));
            }
        }
        for name in names(&line) {
            if file.is("rs") && !is_allowed(&file.path, &name) {
                let place = format!("{}:{}", file.path, index + 1);
                complaints.push(format!("{place}: `{name}` is no name; say what it does"));
            }
        }
    }
}

fn is_allowed(path: &str, word: &str) -> bool {
    ALLOWED.iter().any(|(start, allowed, _)| {
        path.starts_with(start) && (allowed.is_empty() || *allowed == word)
    })
}

/// The words of a line in lower case, names in camel case and snake case taken apart.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for letter in line.chars() {
        let begins = letter.is_uppercase() && after_small;
        if (begins || !letter.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphabetic() {
            word.extend(letter.to_lowercase());
        }
        after_small = letter.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Banned names that the line gives to a module or a type.
fn names(line: &str) -> Vec<String> {
    let mut tokens = line.split(|it: char| !it.is_alphanumeric() && it != '_');
    let mut found = Vec::new();
    while let Some(token) = tokens.next() {
        if !matches!(token, "mod" | "struct" | "enum" | "trait" | "type") {
            continue;
        }
        let name = tokens.next().unwrap_or_default();
        let last = words(name).pop().unwrap_or_default();
        if BANNED_NAMES.contains(&last.as_str()) && !line.trim_start().starts_with("//") {
            found.push(name.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> usize {
        let mut complaints = Vec::new();
        check(&File { path: path.to_owned(), text: text.to_owned() }, &mut complaints);
        complaints.len()
    }

    #[test]
    fn banned_words_are_found_in_names_and_prose() {
        for text in ["the cluster", "struct ClusterState;", "Masters", "SLAVE", "a_replica"] {
            assert_eq!(complaints("crates/chat/src/a.rs", text), 1, "{text}");
        }
        assert_eq!(complaints("crates/chat/src/a.rs", "let node_count = 1;"), 0);
        assert_eq!(complaints("crates/db/src/a.rs", "let node_count = 1;"), 1);
        assert_eq!(complaints("docs/operating/a.md", "Log in to the node."), 1);
    }

    #[test]
    fn words_that_only_contain_one_are_fine() {
        let text = "postmaster replication tokio_util a common post managers";
        assert_eq!(complaints("crates/db/src/a.rs", text), 0);
    }

    #[test]
    fn empty_names_are_found_where_they_are_given() {
        assert_eq!(complaints("crates/db/src/a.rs", "pub mod util;"), 1);
        assert_eq!(complaints("crates/db/src/a.rs", "struct ConnectionManager {"), 1);
        assert_eq!(complaints("crates/db/src/a.rs", "// a struct Helper is not wanted"), 0);
    }
}

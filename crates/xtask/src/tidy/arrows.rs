//! Which crate may use which: a crate is a promise about what it does not know.

use super::files::File;
use anyhow::Context as _;

/// One row per crate: its name, what it may use of ours, and what it must not use of others.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    ("admin", &["audit", "control", "response-groups", "shell", "topology"], HTTP),
    ("audit", &["db"], HTTP),
    ("bench", EVERYTHING_AND_TESTKIT, &[]),
    ("chat", &["audit", "control", "db", "topology", "xmpp"], HTTP),
    ("console", &["admin"], &["tokio-postgres"]),
    ("control", &["topology"], &["tokio-postgres"]),
    ("db", &["control", "topology"], HTTP),
    ("demo", &["testkit", "topology", "xmpp"], &[]),
    ("faults", &["control", "instance", "recovery", "testkit", "topology", "xmpp"], &[]),
    ("instance", &[], HTTP),
    ("recovery", &["control", "instance", "topology"], HTTP),
    ("response-groups", &["audit", "control", "db", "topology"], HTTP),
    ("server", EVERYTHING, &[]),
    ("shell", &[], INPUT_AND_OUTPUT),
    ("testkit", &["control", "topology", "xmpp"], &[]),
    ("topology", &[], INPUT_AND_OUTPUT),
    ("xmpp", &[], INPUT_AND_OUTPUT),
    ("xtask", &[], INPUT_AND_OUTPUT),
];

const EVERYTHING: &[&str] = &[
    "admin",
    "audit",
    "chat",
    "console",
    "control",
    "db",
    "instance",
    "recovery",
    "response-groups",
    "shell",
    "topology",
    "xmpp",
];

/// Benches stand outside the product and look at all of it.
const EVERYTHING_AND_TESTKIT: &[&str] = &[
    "admin",
    "audit",
    "chat",
    "control",
    "db",
    "instance",
    "recovery",
    "response-groups",
    "shell",
    "testkit",
    "topology",
    "xmpp",
];

/// Only `control` and `console` speak it.
const HTTP: &[&str] = &["hyper", "hyper-util", "http-body-util"];

/// Crates whose whole work is from values to values.
const INPUT_AND_OUTPUT: &[&str] =
    &["hyper", "rustls", "tokio", "tokio-postgres", "tokio-rustls", "tokio-util"];

pub(super) fn check(files: &[File], complaints: &mut Vec<String>) -> anyhow::Result<()> {
    for file in files {
        let path = file.path.strip_prefix("crates/");
        let Some(name) = path.and_then(|it| it.strip_suffix("/Cargo.toml")) else { continue };
        let manifest: toml::Table =
            toml::from_str(&file.text).with_context(|| format!("read {}", file.path))?;
        check_manifest(name, &manifest, complaints);
    }
    Ok(())
}

fn check_manifest(name: &str, manifest: &toml::Table, complaints: &mut Vec<String>) {
    let mut complain = |what: String| complaints.push(format!("crates/{name}/Cargo.toml: {what}"));
    let lints = manifest.get("lints").and_then(|it| it.get("workspace"));
    if lints.and_then(toml::Value::as_bool) != Some(true) {
        complain("does not take the workspace's lints; add them".to_owned());
    }
    let Some((_, uses, banned)) = ARROWS.iter().find(|(row, ..)| *row == name) else {
        complain("has no row in ARROWS of xtask's tidy; decide what it may use".to_owned());
        return;
    };
    let ours: Vec<&str> = ARROWS.iter().map(|(row, ..)| *row).collect();
    for used in keys(manifest, "dependencies") {
        if ours.contains(&used) && !uses.contains(&used) {
            complain(format!("{name} must not know {used}; turn the arrow round or move the code"));
        }
        if banned.contains(&used) {
            complain(format!("{name} must not use {used}; move the code to who may"));
        }
    }
    for used in keys(manifest, "dev-dependencies") {
        let allowed = used == "testkit" || uses.contains(&used);
        if ours.contains(&used) && !allowed {
            complain(format!("the tests of {name} must not know {used} either"));
        }
    }
}

fn keys<'a>(manifest: &'a toml::Table, section: &str) -> impl Iterator<Item = &'a str> {
    let table = manifest.get(section).and_then(toml::Value::as_table);
    table.into_iter().flat_map(|it| it.keys().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(name: &str, dependencies: &str) -> Vec<String> {
        let text = format!("[lints]\nworkspace = true\n{dependencies}");
        let mut complaints = Vec::new();
        check_manifest(name, &toml::from_str(&text).unwrap(), &mut complaints);
        complaints
    }

    #[test]
    fn arrows_point_one_way() {
        assert!(complaints("chat", "[dependencies]\nxmpp = { path = \"\" }\n").is_empty());
        assert_eq!(complaints("chat", "[dependencies]\nrecovery = { path = \"\" }\n").len(), 1);
        assert_eq!(complaints("xmpp", "[dependencies]\ntokio = \"1\"\n").len(), 1);
        assert_eq!(complaints("recovery", "[dev-dependencies]\nchat = \"1\"\n").len(), 1);
        assert_eq!(complaints("chat", "[dependencies]\ntestkit = \"1\"\n").len(), 1);
        assert!(complaints("chat", "[dev-dependencies]\ntestkit = \"1\"\n").is_empty());
        assert_eq!(complaints("newcomer", "").len(), 1);
    }

    #[test]
    fn the_table_has_no_circle() {
        fn reaches(from: &str, to: &str) -> bool {
            let row = ARROWS.iter().find(|(row, ..)| *row == from);
            row.is_some_and(|(_, uses, _)| uses.iter().any(|it| *it == to || reaches(it, to)))
        }
        for (name, ..) in ARROWS {
            assert!(!reaches(name, name), "{name} uses itself");
        }
    }
}

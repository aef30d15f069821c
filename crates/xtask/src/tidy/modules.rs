//! Forgotten files: a module that nobody names is not compiled, and its tests never run.

use super::files::File;
use std::collections::BTreeSet;

/// Files that cargo finds by itself, below a crate's directory.
fn is_root(below: &str) -> bool {
    matches!(below, "build.rs" | "src/lib.rs" | "src/main.rs" | "tests/it/main.rs")
        || matches!(below.strip_prefix("src/bin/"), Some(it) if !it.contains('/'))
        || below.starts_with("src/bin/") && below.ends_with("/main.rs")
        || below.starts_with("examples/")
}

pub(super) fn check(files: &[File], complaints: &mut Vec<String>) {
    let mut declared = BTreeSet::new();
    for file in files.iter().filter(|it| it.is("rs")) {
        let directory = children_of(&file.path);
        for name in file.text.lines().filter_map(declaration) {
            declared.insert(format!("{directory}/{name}.rs"));
            declared.insert(format!("{directory}/{name}/mod.rs"));
        }
    }
    for file in files.iter().filter(|it| it.is("rs")) {
        let Some((_, below)) = file.path.strip_prefix("crates/").and_then(|it| it.split_once('/'))
        else {
            continue;
        };
        if is_root(below) || declared.contains(&file.path) {
            continue;
        }
        let remedy = if below.starts_with("tests/") && below.matches('/').count() == 1 {
            "move it to tests/it/ and name it in main.rs: one binary of tests per crate"
        } else {
            "no module names it; name it or remove it"
        };
        complaints.push(format!("{}: {remedy}", file.path));
    }
}

/// The directory in which the modules that this file declares are looked for.
fn children_of(path: &str) -> String {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let crate_root = path.splitn(3, '/').nth(2).is_some_and(is_root);
    if crate_root || name == "mod.rs" {
        directory.to_owned()
    } else {
        format!("{directory}/{}", name.trim_end_matches(".rs"))
    }
}

/// The name in `mod name;`, whatever stands before it.
fn declaration(line: &str) -> Option<&str> {
    let before = line.trim().strip_suffix(';')?;
    let words: Vec<&str> = before.split_whitespace().collect();
    match words[..] {
        ["mod", name] => Some(name),
        [visibility, "mod", name] if visibility.starts_with("pub") => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_nobody_names_is_found() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let files = [
            file("crates/a/src/lib.rs", "pub(crate) mod b;\nmod c;\n"),
            file("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;\n"),
            file("crates/a/src/b/tests.rs", ""),
            file("crates/a/src/c/mod.rs", "mod d;\n"),
            file("crates/a/src/c/d.rs", ""),
            file("crates/a/src/forgotten.rs", ""),
            file("crates/a/src/bin/tool.rs", ""),
            file("crates/a/tests/it/main.rs", "mod named;\n"),
            file("crates/a/tests/it/named.rs", ""),
            file("crates/a/tests/it/unnamed.rs", ""),
            file("crates/a/tests/alone.rs", ""),
        ];
        let mut complaints = Vec::new();
        check(&files, &mut complaints);
        let found: Vec<&str> = complaints.iter().filter_map(|it| it.split(':').next()).collect();
        let expected = [
            "crates/a/src/forgotten.rs",
            "crates/a/tests/it/unnamed.rs",
            "crates/a/tests/alone.rs",
        ];
        assert_eq!(found, expected);
    }
}

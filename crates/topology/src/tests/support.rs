//! What the tests start from: one good topology, edited as text.

use expect_test::Expect;

use crate::Topology;

/// A good topology of two sites. The tests know its lines by number.
pub(super) const GOOD: &str = r#"domain = "example.org"
[[site]]
name = "north"
witness = "nw"
[[site]]
name = "south"
witness = "sw"
[[host]]
name = "n1"
site = "north"
address = "10.0.1.1"
[[host]]
name = "n2"
site = "north"
address = "10.0.1.2"
[[host]]
name = "nw"
site = "north"
address = "10.0.1.3"
[[host]]
name = "s1"
site = "south"
address = "10.0.2.1"
[[host]]
name = "s2"
site = "south"
address = "10.0.2.2"
[[host]]
name = "sw"
site = "south"
address = "10.0.2.3"
[[store]]
name = "na"
host = "n1"
[[store]]
name = "nb"
host = "n2"
[[store]]
name = "sa"
host = "s1"
[[store]]
name = "sb"
host = "s2"
[[pool]]
fqdn = "pool.example.org"
servers = ["n1", "s1"]
stores = { home = "na", home_mirror = "nb", backup = "sa", backup_mirror = "sb" }
share = { host = "s1", directory = "share" }
"#;

/// Parses `text` and compares everything that is told about it.
pub(super) fn check(text: &str, expected: &Expect) {
    let told = match Topology::parse("t.toml", text) {
        Ok(checked) => {
            checked.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(problems) => problems.to_string(),
    };
    expected.assert_eq(&folded(&told));
}

/// The good topology with every `(old, new)` replaced once, each of which must be in it.
pub(super) fn edited(edits: &[(&str, &str)]) -> String {
    let mut text = GOOD.to_owned();
    for (old, new) in edits {
        assert!(text.contains(old), "`{old}` is in the text");
        text = text.replacen(old, new, 1);
    }
    text
}

pub(super) fn parsed(text: &str) -> Topology {
    Topology::parse("t.toml", text).expect("the topology is good").topology
}

/// The good topology, edited, and everything that is told about it then.
pub(super) fn with(edits: &[(&str, &str)], expected: &Expect) {
    check(&edited(edits), expected);
}

/// Breaks long lines between words, so that what is expected can be read beside the test.
pub(super) fn folded(text: &str) -> String {
    const WIDTH: usize = 84;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut row = String::new();
        for word in line.split(' ') {
            if !row.is_empty() && row.len() + 1 + word.len() > WIDTH {
                lines.push(std::mem::replace(&mut row, format!("   {word}")));
            } else {
                row += if row.is_empty() { "" } else { " " };
                row += word;
            }
        }
        lines.push(row);
    }
    lines.join("\n")
}

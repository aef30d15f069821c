//! Tables are cut where the line ends, and nowhere else.

use shell::format::{Heading, table};
use shell::{Object, Value};

#[test]
fn a_table_is_cut_only_where_the_line_ends() {
    let long = "a long way to say little ".repeat(20);
    let object = Object::new("Row").with("Step", "a").with("Text", Value::from(long.trim()));
    let names = ["Step", "Text"].map(str::to_owned);
    let shown = |width| table(std::slice::from_ref(&object), &names, Heading::Shown, width);
    assert!(shown(1_000).contains(long.trim()), "{}", shown(1_000));
    let narrow = shown(60);
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    assert!(narrow.contains('…'), "{narrow}");
}

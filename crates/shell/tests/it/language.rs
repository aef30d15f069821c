//! The limits of the language, met at run time.

use crate::stage::told;

#[test]
fn limits_end_a_script_that_grows_without_bound() {
    let doubling = format!("$x = \"0123456789\"\n{}", "$x = \"$x$x$x$x\"\n".repeat(30));
    assert!(told(&doubling).starts_with("too-much"));
    let nesting = format!("$x = 1\n{}", "$x = @{a = $x}\n".repeat(100));
    assert!(told(&nesting).starts_with("too-much"));
    let lists = format!("$x = @(1, 2, 3)\n{}", "$x = $x + $x\n".repeat(40));
    assert!(told(&lists).starts_with("too-much"));
    let list = "1,".repeat(400) + "1";
    let work = format!("$l = {list}\n$l | % {{ $l | % {{ $l | % {{ $l | % {{ 1 -eq 2 }} }} }} }}");
    assert!(told(&work).contains("too-much"));
}

#[test]
fn the_deepest_text_that_is_read_is_also_run() {
    let deep = format!("{}1{}", "(1 + ".repeat(31), ")".repeat(31));
    assert_eq!(told(&deep), "32\n");
    let blocks = format!("1 | {}$_{}", "% { $_ | ".repeat(30), " }".repeat(30));
    assert!(told(&blocks).contains("only a cmdlet"));
    let blocks = format!(
        "1 | {}$_{}",
        "% { $_ | % { $_ } | ".repeat(15).trim_end_matches("| "),
        " }".repeat(15)
    );
    assert!(!told(&blocks).is_empty());
}

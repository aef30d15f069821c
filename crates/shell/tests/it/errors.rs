//! Text that more lines may complete is told apart from text that is wrong.

use shell::{Origin, ParseErrorKind, parse};

#[test]
fn text_that_more_lines_may_complete_is_told_apart() {
    let kind = |text: &str| parse(text, Origin::Script).map_err(|it| it.kind).err();
    for open in [
        "Get-CsThing |",
        "@(1,",
        "(",
        "{",
        "@{",
        "\"abc",
        "'abc",
        "@\"\nabc",
        "<# abc",
        "$x =",
        "1 +",
        "$x[",
    ] {
        assert_eq!(kind(open), Some(ParseErrorKind::Incomplete), "{open}");
    }
    assert_eq!(kind("Get-CsThing )"), Some(ParseErrorKind::Wrong));
    assert_eq!(kind("if"), Some(ParseErrorKind::Unsupported));
}

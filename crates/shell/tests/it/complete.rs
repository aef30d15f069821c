//! Completion and help derive from the rows.

use expect_test::expect_file;
use shell::complete;

use crate::rows::catalogue;
use crate::stage::told;

fn offered(text: &str) -> String {
    let found = complete(text, text.len(), &catalogue());
    let mut list: Vec<String> = found.candidates.into_iter().map(|it| it.text).collect();
    list.extend(found.ask.map(|it| format!("ask for {it}")));
    format!("{text:<50} {} -> {}\n", found.typed, list.join(" "))
}

#[test]
fn what_could_stand_at_the_cursor_is_offered() {
    let all: String = [
        "",
        "Get-CsR",
        "get\u{2013}csth",
        "Get-CsThing | sel",
        "Set-CsPersistentChatState -",
        "Set-CsPersistentChatState -P",
        "Set-CsPersistentChatState ",
        "Set-CsPersistentChatState \"lyn",
        "Set-CsPersistentChatState -PoolState ",
        "Set-CsPersistentChatState global -PoolState F",
        "New-CsThing x -Open ",
        "Publish-CsTopology -FileName ",
        "Get-Help Set-",
        "Get-Help New-CsThing -Parameter S",
        "$x = Get-CsRgsQ",
        "Nothing-Known -",
    ]
    .iter()
    .skip(1)
    .map(|it| offered(it))
    .collect();
    expect_file!["../completions.txt"].assert_eq(&all);
    assert!(complete("", 0, &catalogue()).candidates.len() > 20);
}

#[test]
fn help_is_made_from_the_rows() {
    assert!(told("Get-Help Get-Help -Full").contains("Parameters"));
    assert!(told("Get-Help Get-Nothing").contains("unknown-cmdlet"));
    assert!(told("Get-Help").contains("Where-Object"));
}

#[test]
fn every_filter_has_help_and_examples_that_run() {
    for row in catalogue().rows().filter(|it| it.roles.is_empty()) {
        assert!(row.summary.ends_with('.'), "{}", row.name());
        assert!(!row.examples.is_empty(), "{}", row.name());
        for example in row.examples {
            let told = told(example.line);
            assert!(!told.contains("line 1, column"), "{}: {told}", example.line);
        }
    }
}

//! What PowerShell has and the management shell does not, each by name, with what to do instead.

/// Words that begin a statement in PowerShell.
pub(crate) const KEYWORDS: &[(&str, &str)] = &[
    ("begin", "a script here is a plain list of statements"),
    ("break", "use `Select-Object -First` to stop early"),
    ("catch", "a failed cmdlet ends the script; look at its exit status"),
    ("class", "use the objects that cmdlets return"),
    ("continue", "use `Where-Object` to skip objects"),
    ("data", "assign to a variable instead"),
    ("do", "use `ForEach-Object` in a pipeline"),
    ("dynamicparam", "a script here is a plain list of statements"),
    ("else", "use `Where-Object` to choose objects"),
    ("elseif", "use `Where-Object` to choose objects"),
    ("end", "a script here is a plain list of statements"),
    ("enum", "use the objects that cmdlets return"),
    ("exit", "a script ends at its last line, or at the first failure"),
    ("filter", "use `Where-Object` in a pipeline"),
    ("finally", "a failed cmdlet ends the script"),
    ("for", "use `ForEach-Object` in a pipeline"),
    ("foreach", "use `ForEach-Object` in a pipeline"),
    ("function", "write the cmdlets one after another, or keep them in a file"),
    ("if", "use `Where-Object` to choose objects"),
    ("param", "write the values into the script"),
    ("process", "use `ForEach-Object` in a pipeline"),
    ("return", "the value of the last line is printed"),
    ("switch", "use `Where-Object` to choose objects"),
    ("throw", "a failed cmdlet ends the script"),
    ("trap", "a failed cmdlet ends the script"),
    ("try", "a failed cmdlet ends the script"),
    ("until", "use `ForEach-Object` in a pipeline"),
    ("using", "all cmdlets are there from the start"),
    ("while", "use `ForEach-Object` in a pipeline"),
];

/// Operators that are words in PowerShell and not here.
pub(crate) const OPERATORS: &[(&str, &str)] = &[
    ("as", "cmdlets convert what they are given"),
    ("band", "use `-and`"),
    ("bnot", "use `-not`"),
    ("bor", "use `-or`"),
    ("bxor", "use `-xor`"),
    ("f", "put the values into a string: \"$name\""),
    ("is", "compare with `-eq`"),
    ("isnot", "compare with `-ne`"),
    ("join", "put the list into a string: \"$list\""),
    ("replace", "let the cmdlet that takes the text change it"),
    ("shl", "multiply instead"),
    ("shr", "divide instead"),
    ("split", "write a list: \"a\", \"b\""),
];

/// Parameters that every cmdlet of PowerShell has, and no cmdlet here.
pub(crate) const COMMON_PARAMETERS: &[(&str, &str)] = &[
    ("Debug", "leave it out; the audit trail and the host's trace tell what was done"),
    ("ErrorAction", "leave it out; a failed cmdlet always ends the script"),
    ("ErrorVariable", "leave it out; a failed cmdlet always ends the script"),
    ("InformationAction", "leave it out"),
    ("InformationVariable", "leave it out"),
    ("OutBuffer", "leave it out"),
    ("OutVariable", "assign the whole line to a variable: $x = ..."),
    ("PipelineVariable", "use `ForEach-Object` and $_"),
    ("ProgressAction", "leave it out"),
    ("WarningAction", "leave it out; warnings are always printed"),
    ("WarningVariable", "leave it out; warnings are always printed"),
];

/// What to do instead of `word`, if `table` knows it.
pub(crate) fn instead(table: &[(&'static str, &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, advice)| *advice)
}

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

/// Cmdlets of PowerShell that scripts use often and this shell has not.
pub(crate) const CMDLETS: &[(&str, &str)] = &[
    ("cd", "start the shell in the folder, or write the whole path"),
    ("Clear-Host", "press Ctrl-L"),
    ("cls", "press Ctrl-L"),
    ("Compare-Object", "use Compare-CsRgsConfiguration, or Where-Object with -notin"),
    ("ConvertFrom-Json", "give the values to the cmdlet themselves"),
    ("dir", "use the system's own shell"),
    ("echo", "put the value on a line of its own: it is printed"),
    ("Format-Wide", "use Format-Table with one property"),
    ("Get-Alias", "use `Get-Help NAME`: it names them"),
    ("Get-ChildItem", "use the system's own shell"),
    ("Get-Command", "use `Get-Help *Rgs*`: it lists cmdlets by their names"),
    ("Get-Credential", "leave it out; who you are stands in your certificate"),
    ("Get-Date", "write the time: \"2026-03-29T14:00:00Z\""),
    ("Get-Member", "use `Format-List *`: it prints every property"),
    ("Get-Module", "all cmdlets are there from the start"),
    ("Get-Variable", "put the variable on a line of its own: it is printed"),
    ("gm", "use `Format-List *`: it prints every property"),
    ("group", "use Sort-Object, or Where-Object with Measure-Object"),
    ("Group-Object", "use Sort-Object, or Where-Object with Measure-Object"),
    ("Import-Csv", "use Get-Content, or write the cmdlets into a script"),
    ("Import-Module", "take the line out; all cmdlets are there from the start"),
    ("Invoke-Expression", "write the line itself"),
    ("ls", "use the system's own shell"),
    ("New-Object", "use the objects that cmdlets return, or @{ ... }"),
    ("Out-GridView", "use Format-Table"),
    ("Out-Host", "take it out: what is left over is printed"),
    ("Out-Null", "assign the line to a variable: $unused = ..."),
    ("Read-Host", "write the value into the script; passwords are asked for when left out"),
    ("Set-Content", "use Out-File"),
    ("Set-ExecutionPolicy", "take the line out; scripts may be run"),
    ("Set-Location", "start the shell in the folder, or write the whole path"),
    ("Set-Variable", "assign it: $name = ..."),
    ("sleep", "run the shell again later"),
    ("Start-Sleep", "run the shell again later"),
    ("Tee-Object", "assign to a variable, then print it"),
    ("Test-Path", "use the system's own shell"),
    ("Write-Error", "a failed cmdlet ends the script; look at its exit status"),
    ("Write-Host", "put the text on a line of its own: it is printed"),
    ("Write-Output", "put the value on a line of its own: it is printed"),
    ("Write-Verbose", "put the text on a line of its own: it is printed"),
    ("Write-Warning", "put the text on a line of its own: it is printed"),
];

/// Methods of PowerShell's values, each with the way to say it here; `$it` is the value.
pub(crate) const METHODS: &[(&str, &str)] = &[
    ("Add", "write $it += ..."),
    ("AddRange", "write $it += ..."),
    ("Clear", "write $it = @()"),
    ("Contains", "write $it -contains ... of a list, $it -like \"*...*\" of text"),
    ("EndsWith", "write $it -like \"*...\""),
    ("Equals", "write $it -eq ..."),
    ("GetType", "look at it with Format-List"),
    ("Insert", "write $it = @(...) + $it"),
    ("Remove", "write $it = @($it | Where-Object { $_ -ne ... })"),
    ("RemoveAt", "write $it = @($it | Where-Object { $_ -ne ... })"),
    ("StartsWith", "write $it -like \"...*\""),
    ("ToString", "write \"$($it)\""),
];

/// What to do instead of `word`, if `table` knows it.
pub(crate) fn instead(table: &[(&'static str, &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, advice)| *advice)
}

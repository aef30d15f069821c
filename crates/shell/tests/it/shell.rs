//! Asking, declining, and what stays when a run is over.

use expect_test::expect;
use shell::{Consent, Value};

use crate::stage::{Stage, told};

#[test]
fn declining_ends_a_script_or_skips_one_object_of_many() {
    let mut stage = Stage { consents: [Consent::No].into(), ..Stage::default() };
    let line = "Set-CsPersistentChatState -PoolState Normal; Get-CsThing";
    expect![[r#"
        invoke: Set-CsPersistentChatState -PoolState Normal -WhatIf
        confirm: Are you sure you want to run this?
          Set-CsPersistentChatState -PoolState Normal
        declined: line 1, column 1: Set-CsPersistentChatState was declined; it was not run
            Set-CsPersistentChatState -PoolState Normal; Get-CsThing
            ^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]]
    .assert_eq(&stage.told(line));
    stage.consents = [Consent::No, Consent::YesToAll].into();
    expect![[r#"
        confirm: Are you sure you want to run this?
          Remove-CsThing -Identity a
        confirm: Are you sure you want to run this?
          Remove-CsThing -Identity b
        invoke: Remove-CsThing -Identity b -Confirm:$false
        invoke: Remove-CsThing -Identity c -Confirm:$false
    "#]]
    .assert_eq(&stage.told("\"a\", \"b\", \"c\" | Remove-CsThing -Confirm"));
    stage.consents = [Consent::Yes, Consent::NoToAll].into();
    expect![[r#"
        confirm: Are you sure you want to run this?
          Remove-CsThing -Identity a
        invoke: Remove-CsThing -Identity a -Confirm:$false
        confirm: Are you sure you want to run this?
          Remove-CsThing -Identity b
        declined-all: line 1, column 17: Remove-CsThing was declined (object 2 of 3); it was not run
            "a", "b", "c" | Remove-CsThing -Confirm
                            ^^^^^^^^^^^^^^
    "#]]
    .assert_eq(&stage.told("\"a\", \"b\", \"c\" | Remove-CsThing -Confirm"));
}

#[test]
fn what_is_at_work_is_removed_only_when_somebody_agrees() {
    let mut stage = Stage { consents: [Consent::No].into(), ..Stage::default() };
    let line = "@{Identity = 'a'; Active = $true} | Remove-CsThing";
    expect![[r#"
        invoke: Remove-CsThing -Instance @{Identity = "a"; Active = $true} -WhatIf
        confirm: Are you sure you want to run this?
          Remove-CsThing -Instance @{Identity = "a"; Active = $true}
        declined: line 1, column 37: Remove-CsThing was declined; it was not run
            @{Identity = 'a'; Active = $true} | Remove-CsThing
                                                ^^^^^^^^^^^^^^
    "#]]
    .assert_eq(&stage.told(line));
    expect![[r#"
        invoke: Remove-CsThing -Instance @{Identity = "a"; Active = $true} -Force
    "#]]
    .assert_eq(&stage.told(&format!("{line} -Force")));
    expect![[r#"
        invoke: Remove-CsThing -Instance @{Identity = "a"; Active = $false}
    "#]]
    .assert_eq(&stage.told("@{Identity = 'a'; Active = $false} | Remove-CsThing"));
}

#[test]
fn variables_outlive_a_run_also_one_that_failed() {
    let mut stage = Stage::default();
    assert!(stage.told("$Pool = \"a\"; Get-CsRgsQueue").contains("lost"));
    assert_eq!(stage.environment.variables.get("pool"), Some(&Value::Text("a".to_owned())));
    assert_eq!(stage.told("$pool"), "a\n");
    assert!(stage.told("1 | % { $_ }; $_").contains("$_ has no value"));
}

#[test]
fn consent_is_read_as_typed() {
    assert_eq!(Consent::read("Y"), Some(Consent::Yes));
    assert_eq!(Consent::read(""), Some(Consent::No));
    assert_eq!(Consent::read(" a "), Some(Consent::YesToAll));
    assert_eq!(Consent::read("maybe"), None);
}

#[test]
fn control_characters_never_reach_the_terminal() {
    assert_eq!(told("\"a`e[31mb\""), "a\u{fffd}[31mb\n");
}

#[test]
fn a_line_with_a_secret_in_it_is_known_so_that_nobody_keeps_it() {
    let told = |line: &str| {
        let script = shell::parse(line, shell::Origin::Line).unwrap();
        shell::writes_secret(&script, &crate::rows::catalogue())
    };
    assert!(told("New-CsThing a -Password pa55"));
    assert!(told("1; $x = @(Get-CsThing | % { New-CsThing a -pass:\"pa55\" })"));
    for fine in ["New-CsThing a", "New-CsThing a -Password $typed", "Get-Help New-CsThing"] {
        assert!(!told(fine), "{fine}");
    }
}

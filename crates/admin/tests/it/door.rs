//! Who comes through the door, and what is written down before and after.

use std::sync::Arc;

use admin::{Door, Fault, FaultKind, Invocation, Request, Role, Watch};
use audit::{Audit, FILE, Phase};
use shell::Value;

use crate::nowhere::Nowhere;
use crate::temporary::Temporary;

struct Scene {
    directory: Temporary,
    door: Door,
}

impl Scene {
    fn new() -> Self {
        let directory = Temporary::new();
        let audit = Audit::open(&directory.0, "home1").expect("open the audit");
        Self { door: Door::new(Arc::new(Nowhere), audit), directory }
    }

    async fn invoke(
        &self,
        role: Role,
        cmdlet: &str,
        parameters: &[(&str, Value)],
    ) -> Result<Vec<Value>, Fault> {
        let parameters = parameters.iter().map(|(name, it)| ((*name).to_owned(), it.clone()));
        let request = Request { cmdlet: cmdlet.to_owned(), parameters: parameters.collect() };
        let (who, from) = ("alice".to_owned(), "127.0.0.1".to_owned());
        let (watch, _told) = Watch::new();
        self.door.invoke(Invocation { request, who, role, from }, &watch).await
    }

    /// The lines of the audit so far, with their phases in a word.
    fn audited(&self) -> Vec<String> {
        let entries = self.directory.entries().into_iter().map(Result::unwrap);
        entries
            .map(|it| {
                let phase = match it.phase {
                    Phase::Asked => "asked",
                    Phase::Done { .. } => "done",
                    Phase::Failed { .. } => "failed",
                    Phase::Refused { .. } => "refused",
                };
                format!("{phase}: {}", it.line)
            })
            .collect()
    }
}

#[tokio::test]
async fn a_role_may_run_only_its_own_cmdlets() {
    let scene = Scene::new();
    let state = [("PoolState", "Normal".into())];
    for (role, cmdlet) in [
        (Role::CsViewOnlyAdministrator, "Set-CsPersistentChatState"),
        (Role::CsPersistentChatAdministrator, "Publish-CsTopology"),
        (Role::CsPersistentChatAdministrator, "Invoke-CsDatabaseFailover"),
    ] {
        let fault = scene.invoke(role, cmdlet, &state).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Forbidden, "{cmdlet}");
    }
    let fault =
        scene.invoke(Role::CsPersistentChatAdministrator, "set-cspersistentchatstate", &state);
    assert_eq!(fault.await.unwrap_err().code, "silent");
    assert!(scene.invoke(Role::CsViewOnlyAdministrator, "Get-CsService", &[]).await.is_ok());
    assert_eq!(
        scene.audited(),
        [
            "refused: Set-CsPersistentChatState -PoolState Normal",
            "refused: Publish-CsTopology -PoolState",
            "refused: Invoke-CsDatabaseFailover -PoolState",
            "asked: Set-CsPersistentChatState -PoolState Normal",
            "failed: Set-CsPersistentChatState -PoolState Normal",
            "asked: Get-CsService",
            "done: Get-CsService",
        ]
    );
}

#[tokio::test]
async fn who_has_no_role_that_we_know_is_written_down() {
    let scene = Scene::new();
    let parameters = vec![("Name".to_owned(), "hall".into())];
    let request = Request { cmdlet: "New-CsPersistentChatRoom".to_owned(), parameters };
    let fault = scene.door.refuse_role(("bob", "CsBogus", "127.0.0.1"), &request).await;
    assert_eq!((fault.kind, fault.code.as_str()), (FaultKind::Forbidden, "no-role"));
    assert_eq!(scene.audited(), ["refused: New-CsPersistentChatRoom -Name hall"]);
    let written = scene.directory.entries().remove(0).unwrap();
    assert_eq!((written.who.as_str(), written.role.as_str()), ("bob", "CsBogus"));
}

#[tokio::test]
async fn secrets_are_never_written_down_not_even_misplaced_ones() {
    let scene = Scene::new();
    let role = Role::CsAdministrator;
    let user = [("Identity", "bob".into()), ("Password", "hunter2".into())];
    scene.invoke(role, "New-CsPersistentChatUser", &user).await.unwrap_err();
    let misspelt = [("Identity", "bob".into()), ("Pasword", "hunter2".into())];
    let fault = scene.invoke(role, "New-CsPersistentChatUser", &misspelt).await.unwrap_err();
    assert_eq!(fault.code, "unknown-parameter");
    let number = [("Identity", "bob".into()), ("Password", vec!["hunter2"].into())];
    let fault = scene.invoke(role, "New-CsPersistentChatUser", &number).await.unwrap_err();
    assert!(!fault.to_string().contains("hunter2"));
    let lines = scene.audited();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[2], "refused: New-CsPersistentChatUser -Identity bob -Pasword");
    assert_eq!(lines[3], "refused: New-CsPersistentChatUser -Identity bob -Password ********");
    assert_eq!(lines[0], "asked: New-CsPersistentChatUser -Identity bob -Password ********");
    let text = std::fs::read_to_string(scene.directory.0.join(FILE)).unwrap();
    assert!(!text.contains("hunter2"));
}

#[tokio::test]
async fn a_grave_change_needs_consent_whoever_sends_it() {
    let scene = Scene::new();
    let role = Role::CsAdministrator;
    let cmdlet = "Invoke-CsPersistentChatFailover";
    assert_eq!(scene.invoke(role, cmdlet, &[]).await.unwrap_err().code, "needs-consent");
    for consent in [("Confirm", false.into()), ("Force", true.into()), ("WhatIf", true.into())] {
        assert_eq!(scene.invoke(role, cmdlet, &[consent]).await.unwrap_err().code, "silent");
    }
    let fault = scene.invoke(role, "Invoke-CsNothing", &[]).await.unwrap_err();
    assert_eq!(fault.code, "unknown-cmdlet");
}

#[tokio::test]
async fn a_file_is_checked_where_nothing_else_answers() {
    let scene = Scene::new();
    let file = shell::Object::new("File").with("Name", "new.toml").with("Text", "domain = 5");
    let given = [("FileName", Value::Object(file))];
    let role = Role::CsAdministrator;
    let found = scene.invoke(role, "Test-CsTopology", &given).await.unwrap();
    assert!(shell::format::shown(&found, 100).contains("new.toml:1"));
    let fault = scene.invoke(role, "Publish-CsTopology", &given).await.unwrap_err();
    assert_eq!(fault.code, "bad-topology");
    assert_eq!(scene.audited()[3], "failed: Publish-CsTopology -FileName new.toml");
}

#[tokio::test]
async fn a_database_type_that_no_pool_has_is_refused_as_the_original_does() {
    let scene = Scene::new();
    let given =
        [("PoolFqdn", "service: lyncpc.dci.discovery.com".into()), ("DatabaseType", "user".into())];
    let fault = scene.invoke(Role::CsAdministrator, "Get-CsDatabaseMirrorState", &given).await;
    assert!(fault.unwrap_err().to_string().contains("User is not present on the pool"));
}

//! What is old, or was made unseen by the other pool: refused, or named.

use super::Ground;

const PRIMARY: &str = "primary.contoso.com";
const BACKUP: &str = "backup.contoso.com";
const OVER: &str = "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com";
const BACK: &str = "Invoke-CsPoolFailBack -PoolFqdn primary.contoso.com -Force";
const FRESH: &str = "Get-CsRgsAgentGroup -Identity backup.contoso.com -Name Fresh";

fn import(file: &str) -> String {
    format!(r"Import-CsRgsConfiguration -Destination {PRIMARY} -OverwriteOwner -FileName C:\{file}")
}

impl Ground {
    /// Keeps what the pool has now in a file.
    pub(super) async fn is_exported(&self, file: &str) {
        let line = format!(r"Export-CsRgsConfiguration -Source {PRIMARY} -FileName C:\{file}");
        self.shell(&line).await;
    }

    /// While the other pool stands in, a file without what was changed there is refused, and so is
    /// whoever would sign in where no call arrives.
    pub(super) async fn an_old_file_gives_nothing_up(&self, file: &str) {
        for how in ["", "-WhatIf"] {
            let refused = self.try_shell(&format!("{} {how}", import(file))).await.unwrap_err();
            let refused = refused.to_string();
            for told in ["stands in", "the queue \"Help Desk\" is another", "\"Night\"", "-Force"] {
                assert!(refused.contains(told), "{how} {told}: {refused}");
            }
        }
        // Nor is it taken where that was changed.
        let there = format!(r"Import-CsRgsConfiguration -Destination {BACKUP} -FileName C:\{file}");
        for (how, told) in
            [("", "the queue \"Help Desk\" is another"), (" -OverwriteOwner", "home")]
        {
            let refused = self.try_shell(&format!("{there}{how}")).await.unwrap_err().to_string();
            assert!(refused.contains(told) && refused.contains("-Force"), "{how}: {refused}");
        }
        assert_eq!(self.timeout_at(BACKUP).await, "71");
        let group = format!("(Get-CsRgsAgentGroup -Identity {PRIMARY} -Name \"Help Desk\")");
        let ken = "-Agent \"sip:ken@contoso.com\"";
        let sign_in = format!(
            "$g = {group}; Set-CsRgsSignIn -Parent {PRIMARY} -AgentGroupID $g.Identity {ken}"
        );
        let refused = self.try_shell(&sign_in).await.unwrap_err().to_string();
        assert!(refused.contains("is not edited at"), "{refused}");
    }

    /// The pool is lost: one that is not paired with it takes what is its own, or only copies it.
    pub(super) async fn a_third_pool_gets_a_copy(&self, file: &str) {
        let third = "newprimary.contoso.com";
        let line = format!(r"Import-CsRgsConfiguration {third} -FileName C:\{file}");
        let told = self.remarks(&line).await;
        assert!(told.contains("a copy here") && told.contains("-OverwriteOwner"), "{told}");
        let change = format!(
            "$q = Get-CsRgsQueue -Identity {third} -Name \"Help Desk\" -ShowAll; \
             $q.TimeoutThreshold = 99; Set-CsRgsQueue $q"
        );
        let refused = self.try_shell(&change).await.unwrap_err().to_string();
        assert!(refused.contains("is not edited at"), "{refused}");
        let export = format!("Export-CsRgsConfiguration {third} -Owner {PRIMARY}");
        self.shell(&format!(r"{export} -FileName C:\Copy.zip -RemoveExportedConfiguration")).await;
    }

    /// The other pool has closed what it alone has: nobody changes it, and nothing replaces it.
    pub(super) async fn nor_when_a_failback_was_stopped(&mut self, file: &str) {
        let close = "update rgs.owner set reign = reign + 1, edits = false \
                     where name = 'primary.contoso.com'";
        self.sql("south-rgs", close).await;
        for (pool, how, told) in [
            (BACKUP, "", "was the last to stand in"),
            (BACKUP, "-OverwriteOwner", "brought home"),
            (PRIMARY, "-OverwriteOwner", "the queue \"Help Desk\" is another"),
            (PRIMARY, "-Force", "changes nothing of its own"),
        ] {
            let line = format!(r"Import-CsRgsConfiguration {pool} -FileName C:\{file} {how}");
            let refused = self.try_shell(&line).await.unwrap_err().to_string();
            assert!(
                refused.contains(told) && refused.contains("nothing was imp"),
                "{line}: {refused}"
            );
        }
        // Another pool has the same objects for its own.
        let third = "newprimary.contoso.com";
        self.shell(&format!(r"Export-CsRgsConfiguration {third} -FileName C:\New.zip")).await;
        for pool in [PRIMARY, BACKUP] {
            let line = format!(r"Import-CsRgsConfiguration {pool} -FileName C:\New.zip");
            let refused = self.try_shell(&line).await.unwrap_err().to_string();
            assert!(refused.contains("belongs to primary.contoso.com here"), "{line}: {refused}");
        }
        assert_eq!(self.timeout_at(BACKUP).await, "71");
    }

    /// What a third pool has made its own can be taken out where another one stood in for it.
    pub(super) async fn another_pool_takes_the_place_of_the_lost_one(&self) {
        let made = format!("$unused = New-CsRgsAgentGroup -Parent {PRIMARY} -Name Late");
        self.shell(&format!("{made} -AgentsByUri \"sip:ana@contoso.com\"")).await;
        self.shell(&format!("{OVER} -Force")).await;
        let export = format!(r"Export-CsRgsConfiguration {BACKUP} -Owner {PRIMARY} -FileName C:\L");
        self.shell(&format!("{export}ate.zip")).await;
        let remove = format!("{export}ost.zip -RemoveExportedConfiguration");
        let refused = self.try_shell(&remove).await.unwrap_err().to_string();
        assert!(refused.contains("stands in for primary.contoso.com"), "{refused}");
        let import = "Import-CsRgsConfiguration newprimary.contoso.com -OverwriteOwner";
        self.shell(&format!(r"{import} -FileName C:\Late.zip")).await;
        self.shell(&remove).await;
        let left = self.shell(&format!("Get-CsRgsAgentGroup -Identity {BACKUP} -ShowAll")).await;
        assert_eq!(left, "");
    }

    /// The other pool makes a group that the pool has made, too, unheard.
    pub(super) async fn the_other_pool_makes_the_same(&self) {
        let made = format!("New-CsRgsAgentGroup -Parent {BACKUP} -Name Fresh");
        self.shell(&format!("$unused = {made} -AgentsByUri \"sip:ana@contoso.com\"")).await;
    }

    /// Both are there, and named wherever somebody looks.
    pub(super) async fn what_both_made_is_named(&self) {
        let clash = "The agent group \"Fresh\" at primary.contoso.com";
        let status = self.deployment.administer(&["status"]).await.unwrap();
        assert!(status.contains(clash), "{status}");
        let rehearsal = format!("{OVER} -WhatIf");
        let rehearsal = self.deployment.begin(&["shell", "-c", &rehearsal]).unwrap();
        let foretold = rehearsal.end().await.unwrap().remarks;
        assert!(foretold.contains(clash) && foretold.contains("\"Fresh (2)\""), "{foretold}");
        self.shell(&format!("{FRESH} | Remove-CsRgsAgentGroup")).await;
        let status = self.deployment.administer(&["status"]).await.unwrap();
        assert!(!status.contains("Fresh"), "{status}");
    }

    /// Told that what was changed there may go, the import makes the pool the one that changes it.
    pub(super) async fn an_old_file_is_taken_by_force(&self) {
        self.is_exported("Forced.zip").await;
        let settings = format!("Set-CsRgsConfiguration {PRIMARY} -AgentRingbackGracePeriod 55");
        self.received(&settings).await;
        self.shell(&format!("{OVER} -Force")).await;
        let there = format!(r"Import-CsRgsConfiguration {BACKUP} -FileName C:\Forced.zip");
        let refused = self.try_shell(&there).await.unwrap_err().to_string();
        assert!(refused.contains("as application-level settings is another"), "{refused}");
        self.signs(BACKUP, "ken", false).await;
        let refused = self.try_shell(&import("Forced.zip")).await.unwrap_err().to_string();
        assert!(refused.contains("ken@contoso.com is signed in only in the file"), "{refused}");
        self.change_the_queue(BACKUP, 79).await;
        let plain = import("Forced.zip").replace("-OverwriteOwner", "-Force");
        let refused = self.try_shell(&plain).await.unwrap_err().to_string();
        assert!(refused.contains("bring it home with -OverwriteOwner"), "{refused}");
        let another = "the queue \"Help Desk\" is another";
        let told = self.remarks(&format!("{} -Force -WhatIf", import("Forced.zip"))).await;
        assert!(told.contains("would be given up") && told.contains(another), "{told}");
        let told = self.remarks(&format!("{} -Force", import("Forced.zip"))).await;
        assert!(told.contains("Given up") && told.contains(another), "{told}");
        let state =
            format!("$s = Get-CsPoolFailoverState {PRIMARY}; \"$($s.State) $($s.ChangedAt)\"");
        assert_eq!(self.shell(&state).await.trim(), format!("Active {PRIMARY}"));
        assert_eq!(self.timeout_at(PRIMARY).await, "72");
        self.shell(BACK).await;
        let left = self.shell(&format!("Get-CsRgsQueue -Identity {BACKUP} -ShowAll")).await;
        assert_eq!(left, "");
    }
}

//! The pool is lost again as its failback ends, and comes home by a file this time.

use std::path::Path;

use super::{Ground, LONG};

const PRIMARY: &str = "primary.contoso.com";
const BACKUP: &str = "backup.contoso.com";
const OVER: &str = "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com";
const BACK: &str = "Invoke-CsPoolFailBack -PoolFqdn primary.contoso.com -Force";

const FRESH: &str = "Get-CsRgsAgentGroup -Identity primary.contoso.com -Name Fresh";

impl Ground {
    /// What came home stands at the other pool as well, whatever moment the pool is lost in.
    pub(super) async fn is_lost_as_a_failback_ends(&mut self) {
        self.shell(&format!("{OVER} -Force")).await;
        self.change_the_queue(BACKUP, 80).await;
        self.shell(BACK).await;
        self.hears_nothing().await;
        self.change_the_queue(PRIMARY, 81).await;
        self.signs(PRIMARY, "ken", false).await;
        self.signs(PRIMARY, "pilar", true).await;
        self.deployment.host("north-db").kill_host().await.unwrap();
        self.hears_again().await;
        let notes = self.remarks(&format!("Get-CsPoolFailoverState {PRIMARY}")).await;
        assert!(!notes.contains("failback"), "it had ended: {notes}");
        let attested = format!("{OVER} -DisasterMode -Force");
        let refused = self.try_shell(&attested).await.unwrap_err().to_string();
        assert!(refused.contains("-AcceptDataLoss"), "{refused}");
        self.shell(&format!("{attested} -AcceptDataLoss")).await;
        assert_eq!(self.timeout_at(BACKUP).await, "80");
    }

    /// What only the pool had changed is put aside and named, before a file takes its place.
    pub(super) async fn a_file_brings_it_home(&mut self) {
        self.change_the_queue(BACKUP, 82).await;
        let file = r"-FileName C:\Home.zip";
        let export = format!("Export-CsRgsConfiguration -Source {BACKUP} -Owner {PRIMARY} {file}");
        self.shell(&export).await;
        self.deployment.host("north-db").start().await.unwrap();
        self.answers(PRIMARY).await;
        self.is_in("FailedOver").await;
        let import = format!("Import-CsRgsConfiguration {PRIMARY} -OverwriteOwner {file}");
        let foretold = self.remarks(&format!("{import} -WhatIf")).await;
        assert!(foretold.contains("the queue \"Help Desk\" would be replaced"), "{foretold}");
        assert!(
            foretold.contains("in at home only, unheard, and kept so: sip:pilar"),
            "{foretold}"
        );
        let told = self.remarks(&import).await;
        assert!(told.contains("the queue \"Help Desk\" was replaced"), "{told}");
        assert!(told.contains("-PutAside"), "{told}");
        assert!(told.contains("out at home only, unheard, and kept so: sip:ken"), "{told}");
        let signed_in = self.shell(&format!("(Get-CsRgsSignIn -Parent {PRIMARY}).Agent")).await;
        assert_eq!(signed_in.trim(), "sip:pilar@contoso.com");
        assert_eq!(self.timeout_at(PRIMARY).await, "82");
        let aside = r"-FileName C:\AsideByFile.zip";
        self.shell(&format!("Export-CsRgsConfiguration -Source {PRIMARY} -PutAside {aside}")).await;
        let differing = format!(
            "(Compare-CsRgsConfiguration {PRIMARY} {aside} | Where-Object Kind -eq queue).Fields"
        );
        assert_eq!(self.shell(&differing).await.trim(), "TimeoutThreshold");
        self.shell(BACK).await;
        let left = self.shell(&format!("Get-CsRgsQueue -Identity {BACKUP} -ShowAll")).await;
        assert_eq!(left, "", "the failback takes out what the file has brought home");
        self.change_the_queue(PRIMARY, 72).await;
    }
    /// New machines have the old ones' names: all of it comes home to them, and who is signed in,
    /// whether the other pool stood in before they came or not.
    pub(super) async fn comes_home_to_new_machines(&mut self) {
        for (grace, over_before) in [("56", true), ("57", false)] {
            self.is_received(grace).await;
            self.deployment.site_down("north").await.unwrap();
            for host in ["north-db", "north-witness"] {
                self.deployment.host(host).burn().unwrap();
            }
            if over_before {
                self.shell(&format!("{OVER} -DisasterMode -AcceptDataLoss -Force")).await;
            }
            self.deployment.site_up("north").await.unwrap();
            self.answers(PRIMARY).await;
            if over_before {
                self.is_in("FailedOver").await;
            } else {
                self.is_in("Lost").await;
                self.has_lost_what_it_had().await;
                self.shell(&format!("{OVER} -AcceptDataLoss -Force")).await;
            }
            self.has_it_back(grace).await;
        }
    }

    /// The machine's disk is that of a backup: what is older passes for nobody's change.
    pub(super) async fn comes_home_to_an_old_backup(&mut self) {
        let host = "north-db";
        self.is_received("58").await;
        self.deployment.host(host).kill_host().await.unwrap();
        let disk = self.deployment.host(host).plan().directory.clone();
        let backup = disk.with_extension("backup");
        copy(&disk, &backup);
        self.deployment.host(host).start().await.unwrap();
        self.answers(PRIMARY).await;
        self.is_received("59").await;
        self.received(&format!("{FRESH} | Remove-CsRgsAgentGroup")).await;
        self.deployment.host(host).kill_host().await.unwrap();
        std::fs::remove_dir_all(&disk).unwrap();
        copy(&backup, &disk);
        self.deployment.host(host).start().await.unwrap();
        self.answers(PRIMARY).await;
        self.is_in("Lost").await;
        self.shell(&format!("{OVER} -AcceptDataLoss -Force")).await;
        self.has_it_back("59").await;
        assert_eq!(self.shell(FRESH).await, "", "it was removed");
    }

    /// The one disk with the pool's databases is lost, and its site knows that they were there.
    pub(super) async fn comes_home_to_an_empty_disk(&mut self) {
        let host = "north-db";
        self.is_received("60").await;
        let refused = format!("{BACK} -AttestCopyIsLost north-rgs");
        let refused = self.try_shell(&refused).await.unwrap_err().to_string();
        assert!(refused.contains("is not lost"), "{refused}");
        self.deployment.host(host).kill_host().await.unwrap();
        let disk = self.deployment.host(host).plan().directory.join("instances/north-rgs");
        std::fs::remove_dir_all(&disk).unwrap();
        self.shell(&format!("{OVER} -DisasterMode -AcceptDataLoss -Force")).await;
        self.deployment.host(host).start().await.unwrap();
        let line = "(Test-CsTopology | Where-Object { $_.Subject -eq 'store north-rgs' }).Message";
        let lost = "Invoke-CsPoolFailBack primary.contoso.com -AttestCopyIsLost north-rgs";
        let says = |said: &str| said.contains(lost);
        self.deployment.watch(LONG, lost, &["shell", "-c", line], says).await.unwrap();
        for (line, told) in [
            (BACK.to_owned(), "Both pools answer"),
            (format!("{BACK} -AttestCopyIsLost south-rgs"), "are north-rgs"),
        ] {
            let refused = self.try_shell(&line).await.unwrap_err().to_string();
            assert!(refused.contains(told), "{line}: {refused}");
        }
        self.shell(&format!("{lost} -Force")).await;
        self.is_in("Active").await;
        self.has_all_of_it("60").await;
    }

    async fn is_received(&self, grace: &str) {
        let settings = format!("Set-CsRgsConfiguration {PRIMARY} -AgentRingbackGracePeriod");
        self.received(&format!("{settings} {grace}")).await;
    }

    /// A failback brings all of it, and nothing passes for a change of home's.
    async fn has_it_back(&self, grace: &str) {
        let told = self.remarks(BACK).await;
        assert!(told.contains("come back without what it had"), "{told}");
        assert!(!told.contains("unheard"), "{told}");
        self.has_all_of_it(grace).await;
    }

    async fn has_all_of_it(&self, grace: &str) {
        let signed_in = format!("(Get-CsRgsSignIn -Parent {PRIMARY}).Agent");
        assert_eq!(self.shell(&signed_in).await.trim(), "sip:pilar@contoso.com");
        let settings = format!("(Get-CsRgsConfiguration {PRIMARY}).AgentRingbackGracePeriod");
        assert_eq!(self.shell(&settings).await.trim(), grace);
        assert_eq!(self.timeout_at(PRIMARY).await, "72");
    }

    /// The pool changes nothing, and nothing takes the place of what the other one has received.
    async fn has_lost_what_it_had(&self) {
        let notes = self.remarks(&format!("Get-CsPoolFailoverState {PRIMARY}")).await;
        assert!(notes.contains("come back without what it had"), "{notes}");
        let made = format!("New-CsRgsAgentGroup -Parent {PRIMARY} -Name Late");
        let import = r"Import-CsRgsConfiguration -FileName C:\Home.zip";
        for (line, told) in [
            (format!("{made} -AgentsByUri \"sip:ana@contoso.com\""), "not edited at"),
            (format!("{OVER} -Force"), "-AcceptDataLoss"),
            (BACK.to_owned(), "Invoke-CsPoolFailOver with -AcceptDataLoss"),
            (format!("{import} {PRIMARY}"), "come back without what it had"),
            (format!("{import} {PRIMARY} -OverwriteOwner"), "is another"),
        ] {
            let refused = self.try_shell(&line).await.unwrap_err().to_string();
            assert!(refused.contains(told), "{line}: {refused}");
        }
    }

    /// Waits until the pool is in this state.
    pub(super) async fn is_in(&self, state: &str) {
        let line = format!("(Get-CsPoolFailoverState {PRIMARY}).State");
        let is_in = |said: &str| said.trim() == state;
        self.deployment.watch(LONG, state, &["shell", "-c", &line], is_in).await.unwrap();
    }
}

/// A whole directory with its owners.
fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "{copied}");
}

//! Failovers of a pool that are refused, or that fail before the other pool stands in.

use testkit::Account;

use super::{Ground, LONG};

const OVER: &str = "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com";
const BACK: &str = "Invoke-CsPoolFailBack -PoolFqdn primary.contoso.com -Force";

impl Ground {
    /// The same objects belong to the other pool there: rehearsed or not, each is named, and
    /// nothing is closed.
    pub(super) async fn a_failover_that_cannot_be_made_changes_nothing(&self) {
        let file = r"-FileName C:\Twice.zip";
        self.shell(&format!("Export-CsRgsConfiguration primary.contoso.com {file}")).await;
        let import = "Import-CsRgsConfiguration -Destination backup.contoso.com -OverwriteOwner";
        let told = self.remarks(&format!("{import} {file}")).await;
        let twice = "belong to primary.contoso.com at primary.contoso.com";
        assert!(told.contains(twice) && told.contains("-RemoveExportedConfiguration"), "{told}");
        let look = "Get-CsPoolFailoverState primary.contoso.com";
        let foreseen = self.remarks(look).await;
        assert!(foreseen.contains("would be refused"), "{foreseen}");
        assert!(foreseen.contains("belong to backup.contoso.com there"), "{foreseen}");
        for how in ["-WhatIf", "-Force"] {
            let refused = self.try_shell(&format!("{OVER} {how}")).await.unwrap_err().to_string();
            for named in ["the workflow \"Help Desk\"", "the queue \"Help Desk\"", "holiday set"] {
                assert!(refused.contains(named), "{how}: {refused}");
            }
            assert!(refused.contains("belongs to backup.contoso.com"), "{how}: {refused}");
            assert!(refused.contains("What to do: remove it there"), "{how}: {refused}");
            self.is_changed_at_the_primary_pool(62).await;
        }
        let export = "Export-CsRgsConfiguration backup.contoso.com -RemoveExportedConfiguration";
        self.shell(&format!(r"{export} -FileName C:\Gone.zip")).await;
        assert!(!self.remarks(look).await.contains("refused"));
    }

    /// The import fails for a reason that nobody could foresee; another time the host that ran the
    /// failover is gone.
    pub(super) async fn a_failover_that_fails_on_the_way_is_turned_back(&mut self) {
        let refuse = "create function rgs.refuse() returns trigger language plpgsql as \
                      $$ begin raise exception 'not today'; end $$; \
                      create trigger refuse before insert on rgs.workflow \
                      for each row execute function rgs.refuse()";
        self.sql("south-rgs", refuse).await;
        let failed = self.try_shell(&format!("{OVER} -Force")).await.unwrap_err().to_string();
        assert!(failed.contains("step 3 failed"), "{failed}");
        assert!(failed.contains("can be changed there again"), "{failed}");
        self.is_changed_at_the_primary_pool(63).await;
        self.sql("south-rgs", "drop function rgs.refuse() cascade").await;

        let close = "update rgs.owner set reign = reign + 1, edits = false \
                     where name = 'primary.contoso.com'";
        self.sql("north-rgs", close).await;
        let state = "(Get-CsPoolFailoverState primary.contoso.com).State";
        assert_eq!(self.shell(state).await.trim(), "Closed");
        self.shell(BACK).await;
        self.is_changed_at_the_primary_pool(64).await;
        let there = self.shell("Get-CsRgsQueue -Identity backup.contoso.com -ShowAll").await;
        assert_eq!(there, "", "the backup pool never stood in");
    }

    async fn is_changed_at_the_primary_pool(&self, seconds: u32) {
        let line =
            "$s = Get-CsPoolFailoverState primary.contoso.com; \"$($s.State) $($s.ChangedAt)\"";
        assert_eq!(self.shell(line).await.trim(), "Active primary.contoso.com");
        self.change_the_queue("primary.contoso.com", seconds).await;
        assert_eq!(self.timeout_at("primary.contoso.com").await, seconds.to_string());
    }

    /// Runs SQL as the superuser, by the private socket of the instance.
    pub(super) async fn sql(&mut self, store: &str, sql: &str) {
        let host = self.deployment.topology().host_of_store(store).unwrap().name.clone();
        let socket = self.deployment.host(&host).plan().directory.join("run").join(store);
        let psql = testkit::postgres::bin_directory().unwrap().join("psql");
        let mut command = tokio::process::Command::from(Account::find().unwrap().command(psql));
        command.arg("-h").arg(socket).args(["-U", "standfast", "-d", "rgs"]);
        command.args(["-v", "ON_ERROR_STOP=1", "-Atqc", sql]).kill_on_drop(true);
        let ran = tokio::time::timeout(LONG, command.output()).await.unwrap().unwrap();
        assert!(ran.status.success(), "{sql}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

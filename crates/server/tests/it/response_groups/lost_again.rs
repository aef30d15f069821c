//! The pool is lost again as its failback ends.

use super::{Ground, LONG};

const PRIMARY: &str = "primary.contoso.com";
const BACKUP: &str = "backup.contoso.com";
const OVER: &str = "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com";
const BACK: &str = "Invoke-CsPoolFailBack -PoolFqdn primary.contoso.com -Force";

impl Ground {
    /// What came home stands at the other pool as well, whatever moment the pool is lost in.
    pub(super) async fn is_lost_as_a_failback_ends(&mut self) {
        self.shell(&format!("{OVER} -Force")).await;
        self.change_the_queue(BACKUP, 80).await;
        self.shell(BACK).await;
        self.hears_nothing().await;
        self.change_the_queue(PRIMARY, 81).await;
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

    /// What it had changed unheard is there.
    pub(super) async fn comes_home_again(&mut self) {
        self.deployment.host("north-db").start().await.unwrap();
        self.answers(PRIMARY).await;
        let state = format!("(Get-CsPoolFailoverState {PRIMARY}).State");
        let over = |said: &str| said.trim() == "FailedOver";
        self.deployment.watch(LONG, "it is over", &["shell", "-c", &state], over).await.unwrap();
        self.shell(BACK).await;
        assert_eq!(self.timeout_at(PRIMARY).await, "81");
        self.change_the_queue(PRIMARY, 72).await;
    }
}

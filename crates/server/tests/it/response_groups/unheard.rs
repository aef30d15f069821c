//! Changes at a pool that its pair never heard of, because the pool was lost just then: they are
//! there when it is back, or named and to be read.

use super::Ground;

const PRIMARY: &str = "primary.contoso.com";

impl Ground {
    /// From now on the other pool receives nothing. An agent group is changed, which nobody touches
    /// there; the queue, which is changed there later; and a group is made.
    pub(super) async fn changes_that_are_not_heard(&mut self) {
        self.hears_nothing().await;
        self.shell(&format!(
            "$g = Get-CsRgsAgentGroup {PRIMARY} -Name \"Help Desk\"; $g.AgentAlertTime = 45; \
             Set-CsRgsAgentGroup -Instance $g"
        ))
        .await;
        self.change_the_queue(PRIMARY, 75).await;
        let fresh = "-Name Fresh -AgentsByUri \"sip:new@contoso.com\"";
        self.shell(&format!("$unused = New-CsRgsAgentGroup -Parent {PRIMARY} {fresh}")).await;
    }

    /// From now on the other pool receives nothing.
    pub(super) async fn hears_nothing(&mut self) {
        let refuse = "create function rgs.deaf() returns trigger language plpgsql as \
                      $$ begin raise exception 'nothing is heard'; end $$; \
                      create trigger deaf before insert or update on rgs.received \
                      for each row execute function rgs.deaf()";
        self.sql("south-rgs", refuse).await;
    }

    /// The other pool would hear again, if the pool were still there.
    pub(super) async fn hears_again(&mut self) {
        self.sql("south-rgs", "drop function rgs.deaf() cascade").await;
    }

    /// What only the pool had changed is there; what both had changed is named, and can be read.
    pub(super) async fn what_was_not_heard_is_there_or_can_be_read(&self) {
        let alert = format!("(Get-CsRgsAgentGroup {PRIMARY} -Name \"Help Desk\").AgentAlertTime");
        assert_eq!(self.shell(&alert).await.trim(), "45", "nobody else had changed it");
        let journal = format!("(Get-CsPoolFailoverState {PRIMARY} -Journal).What");
        let journal = self.shell(&journal).await;
        for told in [
            "kept so: the agent group \"Help Desk\"",
            "Made at home, unheard, and kept: the agent group \"Fresh\"",
            "put aside as home had it: the queue \"Help Desk\"",
            "-PutAside -FileName FILE",
            "The agent group \"Fresh\" at primary.contoso.com",
        ] {
            assert!(journal.contains(told), "{told}: {journal}");
        }
        let file = r"-FileName C:\Aside.zip";
        self.shell(&format!("Export-CsRgsConfiguration -Source {PRIMARY} -PutAside {file}")).await;
        let differing = format!("(Compare-CsRgsConfiguration {PRIMARY} {file} | ");
        let of_queue = format!("{differing} Where-Object Kind -eq queue).Fields");
        assert_eq!(self.shell(&of_queue).await.trim(), "TimeoutThreshold");
    }
}

//! Response Groups and the loss of their pool: the documents' twelve steps, line by line as they
//! are printed, with the primary pool really killed; and the same as one command each way.

mod lost_again;
mod stale;
mod stopped;
mod unheard;

use std::collections::BTreeMap;
use std::time::Duration;

use testkit::deployment::{Deployment, Plans};

use crate::documented_lines;

/// How long anything may take on a busy machine.
const LONG: Duration = Duration::from_mins(1);

const TOPOLOGY: &str = r#"
domain = "contoso.com"
site = [
    { name = "north", witness = "north-witness" },
    { name = "south", witness = "south-witness" },
]
host = [
    { name = "north-db", site = "north", address = "127.0.62.1" },
    { name = "north-witness", site = "north", address = "127.0.62.2" },
    { name = "south-db", site = "south", address = "127.0.62.11" },
    { name = "south-witness", site = "south", address = "127.0.62.12" },
]
store = [
    { name = "north-rgs", host = "north-db" },
    { name = "south-rgs", host = "south-db" },
    { name = "south-new", host = "south-db", port = 5433 },
]

[[front_end_pool]]
fqdn = "primary.contoso.com"
backup_pool = "backup.contoso.com"
stores = { home = "north-rgs" }

[[front_end_pool]]
fqdn = "backup.contoso.com"
stores = { home = "south-rgs" }

[[front_end_pool]]
fqdn = "newprimary.contoso.com"
stores = { home = "south-new" }
"#;

/// What an administrator made before the day.
const MADE: &str = r#"
$primary = "service:ApplicationServer:primary.contoso.com"
$agents = New-CsRgsAgentGroup -Parent $primary -Name "Help Desk" -ParticipationPolicy Formal `
    -AgentsByUri "sip:ken@contoso.com", "sip:pilar@contoso.com" -RoutingMethod LongestIdle
Set-CsRgsSignIn -Parent $primary -AgentGroupID $agents.Identity -Agent "sip:ken@contoso.com"
$busy = New-CsRgsCallAction -Action TransferToVoiceMailUri -Uri "sip:desk@contoso.com"
$queue = New-CsRgsQueue -Parent $primary -Name "Help Desk" -AgentGroupIDList($agents.Identity) `
    -TimeoutThreshold 60 -TimeoutAction $busy
$day = New-CsRgsTimeRange -Name "Day" -OpenTime "08:00" -CloseTime "17:30"
$hours = New-CsRgsHoursOfBusiness -Parent $primary -Name "Office" -MondayHours1 $day `
    -FridayHours1 $day
$feast = New-CsRgsHoliday -Name "Feast" -StartDate "12/25/2026" -EndDate "12/27/2026"
$set = New-CsRgsHolidaySet -Parent $primary -Name "2026" -HolidayList $feast
$to = New-CsRgsCallAction -Action TransferToQueue -QueueID $queue.Identity `
    -Prompt (New-CsRgsPrompt -TextToSpeechPrompt "Welcome.")
$closed = New-CsRgsCallAction -Action Terminate
$unused = New-CsRgsWorkflow -Parent $primary -Name "Help Desk" -PrimaryUri "sip:help@contoso.com" `
    -LineUri "tel:+14255550165" -Active $true -TimeZone "W. Europe Standard Time" -Language de-DE `
    -BusinessHoursID $hours.Identity -HolidaySetIDList $set.Identity -DefaultAction $to `
    -NonBusinessHoursAction $closed -HolidayAction $closed
Set-CsRgsConfiguration -Identity $primary -AgentRingbackGracePeriod 90
"#;

#[tokio::test]
async fn the_documents_steps_and_the_commands_bring_response_groups_there_and_home() {
    let mut ground = Ground::stand().await;
    ground.shell(MADE).await;
    ground.every_placeholder_is_named().await;
    ground.of_two_at_once_one_gets_the_name().await;

    // Steps 2 to 7.
    ground.runs(&["R01", "R02"]).await;
    ground.trail_is_read_at("backup.contoso.com").await;
    ground.deployment.host("north-db").kill_host().await.unwrap();
    ground.a_third_pool_gets_a_copy("RgsExportPrimary.zip").await;
    ground.runs(&["R03", "R04"]).await;
    for id in ["R05", "R06", "R07", "R08", "R09", "R10", "R11", "R12", "R13", "R14", "R15"] {
        let shown = ground.run(id).await;
        assert!(shown.contains("OwnerPool"), "{id}: {shown}");
        assert!(shown.contains(": primary.contoso.com"), "{id}: {shown}");
    }
    let hidden = ground.shell("Get-CsRgsQueue -Identity backup.contoso.com").await;
    assert_eq!(hidden, "", "without -Owner only what belongs to the pool is listed");
    let signed_in = ground.shell("Get-CsRgsSignIn -Parent backup.contoso.com").await;
    assert!(signed_in.contains("sip:ken@contoso.com"), "{signed_in}");
    ground.trail_is_read_at("backup.contoso.com").await;
    ground.change_the_queue("backup.contoso.com", 61).await;

    // Steps 8 to 12.
    ground.primary_was_made_by_an_older_program();
    ground.deployment.host("north-db").start().await.unwrap();
    ground.answers("primary.contoso.com").await;
    ground.trail_is_read_at("primary.contoso.com").await;
    ground.runs(&["R16", "R17", "R18"]).await;
    for id in ["R21", "R22", "R23", "R24", "R25", "R26", "R27", "R28", "R29", "R30"] {
        let shown = ground.run(id).await;
        assert!(shown.contains(": primary.contoso.com"), "{id}: {shown}");
    }
    assert_eq!(ground.timeout_at("primary.contoso.com").await, "61");
    // R32 twice, as after a lost answer: nothing is left, and the file stays what it is.
    ground.runs(&["R32", "R32", "R31", "R19", "R20"]).await;
    let kept = ground.exported().iter().filter(|it| it.contains("Updated.2")).count();
    assert_eq!(kept, 1, "the file of step 8 is kept beside that of step 12");
    assert_eq!(ground.timeout_at("newprimary.contoso.com").await, "61");

    ground.a_failover_that_cannot_be_made_changes_nothing().await;
    ground.a_failover_that_fails_on_the_way_is_turned_back().await;
    ground.one_command_each_way().await;
    ground.is_lost_as_a_failback_ends().await;
    ground.a_file_brings_it_home().await;
    ground.comes_home_to_new_machines().await;
    ground.comes_home_to_an_old_backup().await;
    ground.comes_home_to_an_empty_disk().await;
    ground.is_changed_without_its_pair().await;
    ground.all_of_it_moves_to_another_pool().await;
    ground.another_pool_takes_the_place_of_the_lost_one().await;
}

struct Ground {
    deployment: Deployment,
    lines: BTreeMap<String, String>,
}

impl Ground {
    async fn stand() -> Self {
        let mut deployment = Deployment::prepare(Plans::private(TOPOLOGY).unwrap()).await.unwrap();
        deployment.start().await.unwrap();
        let lines = documented_lines::all();
        let lines = lines.map(|(number, line)| (number.to_owned(), line.to_owned())).collect();
        let ground = Self { deployment, lines };
        for pool in ["primary.contoso.com", "backup.contoso.com", "newprimary.contoso.com"] {
            ground.answers(pool).await;
        }
        ground
    }

    async fn try_shell(&self, line: &str) -> anyhow::Result<String> {
        let exchange = self.deployment.directory().join("exchange");
        let exchange = exchange.to_str().unwrap();
        self.deployment.administer(&["shell", "--exchange", exchange, "-c", line]).await
    }

    async fn shell(&self, line: &str) -> String {
        self.try_shell(line).await.unwrap_or_else(|error| panic!("{line}: {error:#}"))
    }

    /// What is said beside what is printed.
    async fn remarks(&self, line: &str) -> String {
        let exchange = self.deployment.directory().join("exchange");
        let shell = ["shell", "--exchange", exchange.to_str().unwrap(), "-c", line];
        let ended = self.deployment.begin(&shell).unwrap().end().await.unwrap();
        assert!(ended.is_good(), "{line}: {}", ended.remarks);
        ended.remarks
    }

    /// The audit trail stands in the pool's database, with what was run before the other was lost.
    async fn trail_is_read_at(&self, pool: &str) {
        let run = "Set-CsRgsConfiguration";
        let line = format!("(Get-CsAuditTrail -PoolFqdn {pool} -Cmdlet {run}).Result");
        let question = ["shell", "-c", line.as_str()];
        let done = |said: &str| said.trim() == "Done";
        self.deployment.watch(LONG, &line, &question, done).await.unwrap();
    }

    /// Its instance, which is down, knows nothing of those who copy the audit trail.
    fn primary_was_made_by_an_older_program(&mut self) {
        const NEW: &str = "standfast_audit";
        let data = self.deployment.host("north-db").plan().directory.join("instances/north-rgs");
        let marker = data.join("standfast.json");
        let mut known: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&marker).unwrap()).unwrap();
        let clients = known["settings"]["clients"].as_array_mut().unwrap();
        clients.retain(|client| client["role"] != NEW);
        assert_eq!(clients.len(), 1);
        std::fs::write(&marker, serde_json::to_vec(&known).unwrap()).unwrap();
        for file in ["pg_hba.conf", "pg_ident.conf"] {
            let text = std::fs::read_to_string(data.join(file)).unwrap();
            let (new, old): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.contains(NEW));
            assert_eq!(new.len(), 1, "{file}: {text}");
            std::fs::write(data.join(file), old.join("\n") + "\n").unwrap();
        }
    }

    /// Waits until the pool lists its settings.
    async fn answers(&self, pool: &str) {
        let line = format!("Get-CsRgsConfiguration -Identity {pool}");
        let question = ["shell", "-c", line.as_str()];
        let answered = |said: &str| said.contains("AgentRingbackGracePeriod");
        self.deployment.watch(LONG, pool, &question, answered).await.unwrap();
    }

    /// The line as the document prints it; what it leaves to the reader is filled in.
    fn line(&self, id: &str) -> String {
        let file = match id {
            "R01" | "R03" => r"C:\backup\RgsExport.zip",
            "R31" => r"C:\backup\RgsRemoved.zip",
            _ => r"C:\RgsExportPrimaryUpdated.zip",
        };
        [
            ("<primary pool FQDN>", "primary.contoso.com"),
            ("<backup pool FQDN>", "backup.contoso.com"),
            ("<new primary pool FQDN>", "newprimary.contoso.com"),
            ("<backup path and file name>", file),
            ("<exported path and file name>", file),
        ]
        .iter()
        .fold(self.lines[id].clone(), |line, (place, value)| line.replace(place, value))
    }

    async fn run(&self, id: &str) -> String {
        self.shell(&self.line(id)).await
    }

    async fn runs(&self, ids: &[&str]) {
        for id in ids {
            let printed = self.run(id).await;
            assert_eq!(printed, "", "{id} prints nothing, as in the original");
        }
    }

    /// A line whose `<...>` nobody has filled in is refused, and the place is named.
    async fn every_placeholder_is_named(&self) {
        let open = self.lines.iter().filter(|(id, line)| id.starts_with('R') && line.contains('<'));
        let mut count = 0;
        for (id, line) in open {
            let refused = self.try_shell(line).await.unwrap_err().to_string();
            let (_, after) = line.split_once('<').unwrap();
            let (place, _) = after.split_once('>').unwrap();
            assert!(refused.contains(&format!("<{place}>")), "{id}: {refused}");
            count += 1;
        }
        assert_eq!(count, 17);
    }

    /// The files in the exchange folder.
    fn exported(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.deployment.directory().join("exchange")).unwrap();
        folder.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
    }

    async fn change_the_queue(&self, pool: &str, seconds: u32) {
        self.shell(&change(pool, seconds)).await;
    }

    /// Has an agent sign in to the group or out of it.
    async fn signs(&self, pool: &str, agent: &str, is_in: bool) {
        self.shell(&format!(
            "$g = Get-CsRgsAgentGroup -Identity {pool} -Name \"Help Desk\" -ShowAll; \
             Set-CsRgsSignIn -Parent {pool} -AgentGroupID $g.Identity \
             -Agent \"sip:{agent}@contoso.com\" -SignedIn ${is_in}"
        ))
        .await;
    }

    async fn timeout_at(&self, pool: &str) -> String {
        let line = format!("(Get-CsRgsQueue -Identity {pool} -ShowAll).TimeoutThreshold");
        self.shell(&line).await.trim().to_owned()
    }

    /// Changes something at the primary pool, and waits until the other pool has received that.
    /// One change at a time, or the one before would be taken for it.
    async fn received(&self, changing: &str) {
        let line = "Get-CsPoolFailoverState primary.contoso.com | ConvertTo-Json";
        let what = format!("it is received: {changing}");
        let before = self.shell(line).await;
        self.shell(changing).await;
        let differs = |said: &str| received_part(said) != received_part(&before);
        let question = ["shell", "-c", line];
        self.deployment.watch(LONG, &what, &question, differs).await.unwrap();
    }

    async fn one_command_each_way(&mut self) {
        const OVER: &str = "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com";
        const BACK: &str = "Invoke-CsPoolFailBack -PoolFqdn primary.contoso.com -Force";
        self.received(
            "$unused = New-CsRgsAgentGroup -Parent primary.contoso.com -Name \"Night\" \
             -AgentsByUri \"sip:ana@contoso.com\"",
        )
        .await;
        self.received(&change("primary.contoso.com", 70)).await;
        self.is_exported("Old.zip").await;
        self.changes_that_are_not_heard().await;
        self.deployment.host("north-db").kill_host().await.unwrap();
        self.hears_again().await;
        let refused = self.try_shell(&format!("{OVER} -Force")).await.unwrap_err().to_string();
        assert!(refused.contains("-DisasterMode"), "{refused}");
        let attested = format!("{OVER} -DisasterMode -Force");
        let refused = self.try_shell(&attested).await.unwrap_err().to_string();
        assert!(refused.contains("-AcceptDataLoss") && refused.contains("revision"), "{refused}");
        let foretold = self.shell(&format!("{OVER} -DisasterMode -AcceptDataLoss -WhatIf")).await;
        assert!(foretold.contains("Import the Response Groups"), "{foretold}");
        self.shell(&format!("{OVER} -DisasterMode -AcceptDataLoss -Force")).await;
        self.the_journal_tells_of_it().await;
        assert_eq!(self.timeout_at("backup.contoso.com").await, "70");
        let signed_in = self.shell("Get-CsRgsSignIn -Parent backup.contoso.com").await;
        assert!(signed_in.contains("sip:ken@contoso.com"), "{signed_in}");
        self.change_the_queue("backup.contoso.com", 71).await;
        let night = "Get-CsRgsAgentGroup -Identity backup.contoso.com -Name \"Night\" -ShowAll";
        self.shell(&format!("{night} | Remove-CsRgsAgentGroup")).await;
        self.the_other_pool_makes_the_same().await;

        self.deployment.host("north-db").start().await.unwrap();
        self.never_changes_what_another_stands_in_for().await;
        self.is_in("FailedOver").await;
        self.removes_nothing_that_is_in_service().await;
        self.an_old_file_gives_nothing_up("Old.zip").await;
        self.nor_when_a_failback_was_stopped("Old.zip").await;
        self.shell(BACK).await;
        assert_eq!(self.timeout_at("primary.contoso.com").await, "71");
        let left = self.shell("Get-CsRgsQueue -Identity backup.contoso.com -ShowAll").await;
        assert_eq!(left, "", "what was imported is removed");
        let groups = "(Get-CsRgsAgentGroup -Identity primary.contoso.com -ShowAll).Name";
        let groups = self.shell(groups).await;
        let groups: Vec<_> = groups.lines().map(str::trim).collect();
        assert_eq!(groups, ["Fresh", "Help Desk"], "what was removed meanwhile is gone here, too");
        self.what_was_not_heard_is_there_or_can_be_read().await;
        self.change_the_queue("primary.contoso.com", 72).await;
        self.shell(BACK).await;
        assert_eq!(self.timeout_at("primary.contoso.com").await, "72", "again: nothing to do");
        self.what_both_made_is_named().await;
        self.an_old_file_is_taken_by_force().await;
    }

    /// Two who ask at two pools at the same moment: one is told that the name is taken.
    async fn of_two_at_once_one_gets_the_name(&self) {
        const POOLS: [&str; 2] = ["primary.contoso.com", "backup.contoso.com"];
        for number in 0..6 {
            let name = format!("Race {number}");
            let [one, two] = POOLS.map(|pool| {
                format!(
                    "$unused = New-CsRgsAgentGroup -Parent {pool} -Name \"{name}\" -AgentsByUri \
                     \"sip:ana@contoso.com\""
                )
            });
            let (one, two) = tokio::join!(self.try_shell(&one), self.try_shell(&two));
            let winner = POOLS[usize::from(one.is_err())];
            let refused = one.err().xor(two.err());
            let refused = refused.unwrap_or_else(|| panic!("both or nobody got {name}"));
            assert!(refused.to_string().contains(&name), "{refused}");
            let made = format!("Get-CsRgsAgentGroup -Identity {winner} -Name \"{name}\"");
            self.shell(&format!("{made} | Remove-CsRgsAgentGroup")).await;
        }
    }

    /// While one pool stands in for the other, an export takes nothing out at either.
    async fn removes_nothing_that_is_in_service(&self) {
        let removing = |pool: &str| {
            format!(
                "Export-CsRgsConfiguration -Source {pool} -Owner primary.contoso.com -FileName \
                 C:\\removed.zip -RemoveExportedConfiguration"
            )
        };
        let refused = self.try_shell(&removing("backup.contoso.com")).await.unwrap_err();
        let refused = refused.to_string();
        assert!(refused.contains("stands in") && refused.contains("-Force"), "{refused}");
        let refused = self.try_shell(&removing("primary.contoso.com")).await.unwrap_err();
        assert!(refused.to_string().contains("is not edited at"), "{refused}");
    }

    /// Whoever ran it has every line; a host that was slow may lack some.
    async fn the_journal_tells_of_it(&self) {
        let line = "(Get-CsPoolFailoverState primary.contoso.com -Journal).What";
        let mut heard = Vec::new();
        for host in ["north-witness", "south-db", "south-witness"] {
            let asked = ["shell", "--via", host, "-c", line];
            heard.push(self.deployment.administer(&asked).await.unwrap());
        }
        let began = "began pool-fail-over; attested that the primary pool is down; accepted: ";
        let is_whole = |it: &String| {
            it.starts_with(began)
                && it.contains("step 3 Done: Import the Response Groups")
                && it.ends_with("finished\n")
        };
        assert!(heard.iter().any(is_whole), "{heard:#?}");
    }

    /// The other pool has an older copy of its own; a workflow's address is taken by what moved.
    async fn all_of_it_moves_to_another_pool(&self) {
        const MOVE: &str = "Move-CsRgsConfiguration primary.contoso.com newprimary.contoso.com";
        let refused = self.try_shell(MOVE).await.unwrap_err().to_string();
        assert!(refused.contains("TimeoutThreshold") && refused.contains("-Force"), "{refused}");
        let foretold = self.shell(&format!("{MOVE} -Force -WhatIf")).await;
        assert!(foretold.contains("queue: 1 (1 updated)"), "{foretold}");
        assert_eq!(self.timeout_at("newprimary.contoso.com").await, "61");
        self.shell(&format!("{MOVE} -Force")).await;
        assert_eq!(self.timeout_at("newprimary.contoso.com").await, "72");
        let left = self.shell("Get-CsRgsQueue -Identity primary.contoso.com -ShowAll").await;
        assert_eq!(left, "", "what was moved is gone");
        self.shell(MOVE).await;
        let owners = "(Get-CsRgsWorkflow -Identity newprimary.contoso.com -ShowAll).OwnerPool";
        assert_eq!(self.shell(owners).await.trim(), "newprimary.contoso.com");
        let again = "New-CsRgsWorkflow -Parent primary.contoso.com -Name Other -PrimaryUri \
                     SIP:help@contoso.com";
        let refused = self.try_shell(again).await.unwrap_err().to_string();
        assert!(refused.contains("give another PrimaryUri"), "{refused}");
    }

    /// A pool that comes back changes nothing that another stands in for, from its first moment
    /// on: none of those who try all the time is ever told that it was done.
    async fn never_changes_what_another_stands_in_for(&self) {
        let end = std::time::Instant::now() + LONG;
        let own =
            "Set-CsRgsConfiguration -Identity primary.contoso.com -AgentRingbackGracePeriod 200";
        let line = change("primary.contoso.com", 170);
        let (mut settings, mut queue) = (String::new(), String::new());
        while [&settings, &queue].iter().any(|it| !it.contains("is not edited at primary")) {
            assert!(std::time::Instant::now() < end, "not refused: {settings} {queue}");
            let told = tokio::join!(self.try_shell(own), self.try_shell(&line));
            settings = told.0.expect_err("the settings were changed").to_string();
            queue = told.1.expect_err("the queue was changed").to_string();
        }
    }

    /// The loss of the other pool keeps nobody from changing what belongs to this one.
    async fn is_changed_without_its_pair(&mut self) {
        self.deployment.host("south-db").kill_host().await.unwrap();
        let line =
            "Set-CsRgsConfiguration -Identity primary.contoso.com -AgentRingbackGracePeriod 95";
        let set = self.deployment.begin(&["shell", "-c", line]).unwrap().end().await.unwrap();
        assert!(set.is_good(), "{}", set.remarks);
        let told = "backup.contoso.com, which is paired with primary.contoso.com, is not heard";
        assert!(set.remarks.contains(told), "{}", set.remarks);
        self.deployment.host("south-db").start().await.unwrap();
        for pool in ["backup.contoso.com", "newprimary.contoso.com"] {
            self.answers(pool).await;
        }
        let line =
            "Set-CsRgsConfiguration -Identity primary.contoso.com -AgentRingbackGracePeriod 96";
        let set = self.deployment.begin(&["shell", "-c", line]).unwrap().end().await.unwrap();
        assert!(set.is_good() && !set.remarks.contains(told), "{}", set.remarks);
    }
}

fn change(pool: &str, seconds: u32) -> String {
    format!(
        "$q = Get-CsRgsQueue -Identity {pool} -ShowAll; $q.TimeoutThreshold = {seconds}; \
         Set-CsRgsQueue -Instance $q"
    )
}

fn received_part(said: &str) -> Option<&str> {
    said.lines().find(|it| it.contains("Received"))
}

//! A stretched pool with people in it, to lose sites of: what they were told is what must be there.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use instance::Lsn;
use instance::shipping::{Flushed, Share};
use nix::sys::signal::Signal;
use testkit::client::{Client, Encryption, Lost, Post, Target};
use testkit::deployment::{Bootstrap, Deployment, Plans};
use testkit::{Account, eventually};
use tokio::sync::{Mutex, MutexGuard};
use xmpp::muc::HistoryWanted;

/// How long anything may take on a busy machine, copies of instances included.
pub(crate) const LONG: Duration = Duration::from_secs(90);

pub(crate) const ROOM: &str = "hall@rooms.example.org";
const USER: &str = "ada";
/// Says nothing by itself.
pub(crate) const OTHER_USER: &str = "bob";
/// The program that receives WAL.
const RECEIVER: &str = "pg_receivewal";

/// Plain `cargo test` runs the tests of one binary side by side; each of these wants the machine.
static ALONE: Mutex<()> = Mutex::const_new(());

const TOPOLOGY: &str = r#"
domain = "example.org"
site = [
    { name = "north", witness = "north-witness" },
    { name = "south", witness = "south-witness" },
]
host = [
    { name = "north-db1", site = "north", address = "127.0.RANGE.1" },
    { name = "north-db2", site = "north", address = "127.0.RANGE.2" },
    { name = "north-witness", site = "north", address = "127.0.RANGE.3" },
    { name = "north-chat", site = "north", address = "127.0.RANGE.4" },
    { name = "south-db1", site = "south", address = "127.0.RANGE.11" },
    { name = "south-witness", site = "south", address = "127.0.RANGE.13" },
    { name = "south-chat", site = "south", address = "127.0.RANGE.14" },
]
store = [
    { name = "north-a", host = "north-db1" },
    { name = "north-b", host = "north-db2" },
    { name = "south-a", host = "south-db1" },
]

[[pool]]
fqdn = "pool.example.org"
servers = ["north-chat", "south-chat"]
stores = { home = "north-a", home_mirror = "north-b", backup = "south-a" }
share = { host = "south-db1", directory = "share" }
"#;

/// What becomes of the topology where the backup instance has a mirror.
const BACKUP_MIRROR: [(&str, &str); 3] = [
    (
        "host = [",
        r#"host = [
    { name = "south-db2", site = "south", address = "127.0.RANGE.12" },"#,
    ),
    (
        "store = [",
        r#"store = [
    { name = "south-b", host = "south-db2" },"#,
    ),
    (r#"backup = "south-a" }"#, r#"backup = "south-a", backup_mirror = "south-b" }"#),
];

/// The deployment, and what its people were told.
pub(crate) struct Disaster {
    pub(crate) deployment: Deployment,
    said: u32,
    /// Texts that were acknowledged and must be there.
    kept: BTreeSet<String>,
    _alone: MutexGuard<'static, ()>,
}

impl Disaster {
    /// Starts the deployment on addresses `127.N.range.*` and waits until it is protected.
    pub(crate) async fn stand(range: u8) -> Self {
        Self::stand_on(range, TOPOLOGY).await
    }

    /// As [`Disaster::stand`], with a mirror beside the backup instance.
    pub(crate) async fn stand_with_backup_mirror(range: u8) -> Self {
        let mut text = TOPOLOGY.to_owned();
        for (part, with) in BACKUP_MIRROR {
            text = text.replacen(part, with, 1);
        }
        Self::stand_on(range, &text).await
    }

    /// As [`Disaster::stand`], with the names of the documents. Nobody talks there.
    pub(crate) async fn stand_as_in_the_documents(range: u8) -> Self {
        let text = TOPOLOGY
            .replace("pool.example.org", "lyncpc.dci.discovery.com")
            .replace("example.org", "dci.discovery.com")
            .replace("north-chat", "chat1")
            .replace("south-chat", "chat2");
        Self::stand_on(range, &text).await
    }

    async fn stand_on(range: u8, text: &str) -> Self {
        let alone = ALONE.lock().await;
        let text = text.replace("RANGE", &range.to_string());
        let bootstrap = Some(Bootstrap::new(&[USER, OTHER_USER], &["hall"]).text());
        let plans = Plans { bootstrap, ..Plans::private(&text).unwrap() };
        let mut deployment = Deployment::prepare(plans).await.unwrap();
        deployment.start().await.unwrap();
        let pool = Self { deployment, said: 0, kept: BTreeSet::new(), _alone: alone };
        pool.is_well("the new pool").await;
        pool
    }

    /// Waits until it is known that the backup site is behind.
    pub(crate) async fn is_behind(&self) {
        let question = ["shell", "-c", "(Get-CsPersistentChatRecovery).BehindBytes"];
        let behind = |said: &str| said.trim().parse::<u64>().is_ok_and(|bytes| 0 < bytes);
        self.deployment.watch(LONG, "shipping is behind", &question, behind).await.unwrap();
    }

    /// Waits until the mirror is in sync and feeds log shipping, and the pool is Normal.
    pub(crate) async fn is_well(&self, when: &str) {
        self.is_well_fed_from("north-b", when).await;
    }

    /// As [`Disaster::is_well`], with this mirror.
    pub(crate) async fn is_well_fed_from(&self, mirror: &str, when: &str) {
        let fed = format!("continuous, fed from {mirror}");
        let shown = |said: &str, name: &str, value: &str| {
            said.lines()
                .filter_map(|line| line.split_once(':'))
                .any(|(found, shown)| found.trim() == name && shown.trim().starts_with(value))
        };
        let question = ["shell", "-c", "Get-CsPersistentChatRecovery"];
        let well = |said: &str| {
            shown(said, "PoolState", "Normal")
                && shown(said, "Mirror", "synchronized")
                && shown(said, "LogShipping", &fed)
        };
        self.deployment.watch(LONG, when, &question, well).await.unwrap();
    }

    /// Runs a line of the management shell.
    pub(crate) async fn shell(&self, line: &str) -> String {
        self.deployment.shell(line).await.unwrap()
    }

    /// Runs a line until it goes through.
    pub(crate) async fn eventually(&self, line: &str) -> String {
        eventually(LONG, line, async || {
            self.deployment.shell(line).await.map_err(|error| format!("{error:#}"))
        })
        .await
    }

    /// Waits until the store's keeper says what has `words` in it.
    pub(crate) async fn keeper_says(&self, store: &str, words: &str) {
        self.finds(&format!("store {store}"), words).await;
    }

    /// Waits until the record asks this of the store's keeper.
    pub(crate) async fn keeper_is(&self, store: &str, duty: &str) {
        self.finds(&format!("store {store}"), duty).await;
    }

    async fn finds(&self, subject: &str, words: &str) {
        let line =
            format!("(Test-CsTopology | Where-Object {{ $_.Subject -eq '{subject}' }}).Message");
        let question = ["shell", "-c", line.as_str()];
        let what = format!("{subject} says {words:?}");
        self.deployment.watch(LONG, &what, &question, |said| said.contains(words)).await.unwrap();
    }

    /// Runs a line that must be refused, until it is refused in these words; tells all of them.
    pub(crate) async fn refused(&self, line: &str, words: &str) -> String {
        eventually(LONG, &format!("{line} is refused with {words:?}"), async || {
            let error = match self.deployment.shell(line).await {
                Ok(said) => return Err(format!("it was not refused: {said}")),
                Err(error) => format!("{error:#}"),
            };
            if error.contains(words) { Ok(error) } else { Err(error) }
        })
        .await
    }

    /// The command that a refusal names, as it must be typed.
    pub(crate) fn named_command(refusal: &str) -> String {
        let words = "To go on without: ";
        let at = refusal.find(words).unwrap_or_else(|| panic!("no command in: {refusal}"));
        refusal[at + words.len()..].split(". ").next().unwrap().to_owned()
    }

    /// So many posts are said and acknowledged; they must be there from now on.
    pub(crate) async fn says(&mut self, count: u32, what: &str) -> Vec<String> {
        let mut client = self.enters().await;
        let mut texts = Vec::new();
        for _ in 0..count {
            self.said += 1;
            let text = format!("{what} {}", self.said);
            let origin = format!("origin-{}", self.said);
            client.say(ROOM, &origin, &text).await.unwrap();
            texts.push(text);
        }
        client.close().await.unwrap();
        self.kept.extend(texts.iter().cloned());
        texts
    }

    /// These texts may be gone from now on.
    pub(crate) fn gives_up(&mut self, texts: &[String]) {
        for text in texts {
            self.kept.remove(text);
        }
    }

    /// These texts must be there from now on.
    pub(crate) fn must_keep(&mut self, texts: &[String]) {
        self.kept.extend(texts.iter().cloned());
    }

    async fn enters(&self) -> Client {
        eventually(LONG, "somebody is let in", async || {
            let login = self.deployment.login(USER, &Bootstrap::password(USER));
            let mut client = Client::connect(&login).await?;
            client.join(ROOM, USER, HistoryWanted::default()).await?;
            Ok::<_, Lost>(client)
        })
        .await
    }

    /// The other user enters by this server, and stays.
    pub(crate) async fn enters_by(&self, server: &str) -> Client {
        let topology = self.deployment.topology();
        let port = topology.chat_pools().find_map(topology::Pool::chat).unwrap().client_tls_port;
        let address = (topology.host(server).unwrap().address, port).into();
        let target = Target { address, encryption: Encryption::Direct };
        eventually(LONG, &format!("somebody is let in by {server}"), async || {
            let login = self.deployment.login(OTHER_USER, &Bootstrap::password(OTHER_USER));
            let mut client = Client::connect_to(&login, &target).await?;
            client.join(ROOM, OTHER_USER, HistoryWanted::default()).await?;
            Ok::<_, Lost>(client)
        })
        .await
    }

    /// Everything that must be there is there, once; tells which posts were recovered.
    pub(crate) async fn nothing_is_missing(&self, when: &str) -> BTreeSet<String> {
        let posts = eventually(LONG, "the archive is read", async || {
            let mut client = self.enters().await;
            let posts = client.read_archive(ROOM, None).await?;
            client.close().await?;
            Ok::<Vec<Post>, Lost>(posts)
        })
        .await;
        let bodies: Vec<_> = posts.iter().map(|post| post.body.clone()).collect();
        let there: BTreeSet<_> = bodies.iter().cloned().collect();
        assert_eq!(bodies.len(), there.len(), "{when}: something is there twice: {bodies:?}");
        let missing: Vec<_> = self.kept.difference(&there).collect();
        assert!(missing.is_empty(), "{when}: missing {missing:?} of {bodies:?}");
        println!("{when}: {} posts, all there", bodies.len());
        posts.into_iter().filter(|post| post.recovered).map(|post| post.body).collect()
    }

    /// From now on nothing reaches the share: as a line that carries no data any more.
    pub(crate) async fn cut_shipping(&mut self) {
        let host = self.deployment.host("south-db1");
        eventually(LONG, "the receiver is stopped", async || {
            host.signal(RECEIVER, Signal::SIGSTOP).map_err(|error| format!("{error:#}"))
        })
        .await;
    }

    /// Home is lost with every process; what lay in the line is lost with it.
    pub(crate) async fn lose_home(&mut self) {
        self.deployment.site_down("north").await.unwrap();
        // One that was not stopped has noticed, and may have ended by itself.
        self.deployment.host("south-db1").signal(RECEIVER, Signal::SIGKILL).ok();
    }

    /// Waits until all that was said is received at the backup site.
    pub(crate) async fn all_is_received(&mut self) {
        let said = self.sql("north-a", "select pg_current_wal_flush_lsn()").await;
        let said: Lsn = said.parse().unwrap();
        let share = self.deployment.host("south-db1").plan().directory.join("share");
        eventually(LONG, &format!("{said} is received"), async || {
            let folders = Share::open(&share).and_then(|share| share.folders()).unwrap();
            let folder = folders.first().ok_or_else(|| "the share is empty".to_owned())?;
            let received = Flushed::read(folder).unwrap();
            if received.as_ref().is_some_and(|it| said <= it.lsn) {
                return Ok(());
            }
            Err(format!("{received:?}"))
        })
        .await;
    }

    /// Waits until the backup site's share has closed the file of this segment.
    pub(crate) async fn shared_file(&mut self, segment: u64) -> PathBuf {
        let directory = self.deployment.host("south-db1").plan().directory.clone();
        let (high, low) = (segment / 256, segment % 256);
        let name = format!("00000001{high:08X}{low:08X}.zst");
        eventually(LONG, &format!("{name} is shipped"), async || {
            let share = directory.join("share");
            let folders = std::fs::read_dir(&share)
                .map_err(|error| format!("{}: {error}", share.display()))?;
            let files = folders.filter_map(|folder| Some(folder.ok()?.path().join(&name)));
            files.into_iter().find(|file| file.exists()).ok_or_else(|| "not yet".to_owned())
        })
        .await
    }

    /// Runs SQL as the superuser, by the private socket of the instance.
    pub(crate) async fn sql(&mut self, store: &str, sql: &str) -> String {
        self.sql_in(store, "postgres", sql).await
    }

    /// As [`Disaster::sql`], in this database.
    pub(crate) async fn sql_in(&mut self, store: &str, database: &str, sql: &str) -> String {
        let host = self.deployment.topology().host_of_store(store).unwrap().name.clone();
        let socket = self.deployment.host(&host).plan().directory.join("run").join(store);
        let psql = testkit::postgres::bin_directory().unwrap().join("psql");
        let mut command = tokio::process::Command::from(Account::find().unwrap().command(psql));
        command.arg("-h").arg(socket).args(["-U", "standfast", "-d", database]);
        command.args(["-v", "ON_ERROR_STOP=1", "-Atqc", sql]).kill_on_drop(true);
        let ran = tokio::time::timeout(LONG, command.output()).await.unwrap().unwrap();
        assert!(ran.status.success(), "{sql}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8_lossy(&ran.stdout).trim().to_owned()
    }

    /// Fails over with all that an administrator can say.
    pub(crate) async fn fail_over(&self) {
        self.shell("Invoke-CsPersistentChatFailover -AttestSiteIsDown -AcceptDataLoss -Force")
            .await;
    }
}

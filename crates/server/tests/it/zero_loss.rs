//! A pool that wants zero loss: a post is told of when both sites have it, and a lost site takes
//! nothing with it that anybody was told of.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use testkit::client::{Client, Encryption, Lost, Target};
use testkit::deployment::{Bootstrap, Deployment, Plans};
use testkit::eventually;
use xmpp::muc::HistoryWanted;
use xmpp::ns;

/// How long anything may take on a busy machine, a copy of an instance included.
const LONG: Duration = Duration::from_secs(90);

/// How long is watched that nothing is said: several polls of every chat server.
const QUIET: Duration = Duration::from_secs(4);

const ROOM: &str = "hall@rooms.example.org";
const USERS: [&str; 2] = ["ada", "bob"];
/// The program that receives WAL.
const RECEIVER: &str = "pg_receivewal";

const TOPOLOGY: &str = r#"
domain = "example.org"
site = [
    { name = "north", witness = "north-witness" },
    { name = "south", witness = "south-witness" },
]
host = [
    { name = "north-db1", site = "north", address = "127.0.41.1" },
    { name = "north-db2", site = "north", address = "127.0.41.2" },
    { name = "north-witness", site = "north", address = "127.0.41.3" },
    { name = "north-chat1", site = "north", address = "127.0.41.4" },
    { name = "north-chat2", site = "north", address = "127.0.41.5" },
    { name = "south-db1", site = "south", address = "127.0.41.11" },
    { name = "south-witness", site = "south", address = "127.0.41.13" },
    { name = "south-chat", site = "south", address = "127.0.41.14" },
]
store = [
    { name = "north-a", host = "north-db1" },
    { name = "north-b", host = "north-db2" },
    { name = "south-a", host = "south-db1" },
]

[[pool]]
fqdn = "pool.example.org"
servers = ["north-chat1", "north-chat2", "south-chat"]
stores = { home = "north-a", home_mirror = "north-b", backup = "south-a" }
share = { host = "south-db1", directory = "share" }
zero_loss = true
"#;

#[tokio::test]
async fn nothing_is_told_before_the_backup_site_has_it_and_so_nothing_told_is_lost() {
    let bootstrap = Some(Bootstrap::new(&USERS, &["hall"]).text());
    let plans = Plans { bootstrap, ..Plans::private(TOPOLOGY).unwrap() };
    let mut deployment = Deployment::prepare(plans).await.unwrap();
    deployment.start().await.unwrap();
    is_well(&mut deployment, "north-b").await;
    let mut ada = enters(&deployment, "ada", Some("north-chat1")).await;
    let mut bob = enters(&deployment, "bob", Some("north-chat2")).await;
    let begun = Instant::now();
    ada.say(ROOM, "1", "both sites have this").await.unwrap();
    println!("a post at both sites took {:?}", begun.elapsed());
    bob.receipt(ROOM, "1").await.unwrap();
    let said = deployment.administer(&["status"]).await.unwrap();
    assert!(said.contains("posts wait until the backup site holds them"), "{said}");

    cut(&mut deployment, Signal::SIGSTOP);
    ada.post(ROOM, "2", "this waits").await.unwrap();
    ada.post(ROOM, "3", "and this").await.unwrap();
    nothing_is_said(&mut ada).await;
    nothing_is_said(&mut bob).await;
    cut(&mut deployment, Signal::SIGCONT);
    for origin in ["2", "3"] {
        ada.receipt(ROOM, origin).await.unwrap();
        bob.receipt(ROOM, origin).await.unwrap();
    }

    deployment.host("north-db1").signal("postgres", Signal::SIGKILL).unwrap();
    let lost = Instant::now();
    ada.post(ROOM, "switched", "the mirror has taken over").await.unwrap();
    ada.receipt(ROOM, "switched").await.unwrap();
    println!("primary lost: a post at both sites after {:?}", lost.elapsed());
    bob.receipt(ROOM, "switched").await.unwrap();
    is_well(&mut deployment, "north-a").await;

    cut(&mut deployment, Signal::SIGSTOP);
    ada.post(ROOM, "4", "nobody is told of this").await.unwrap();
    nothing_is_said(&mut ada).await;
    nothing_is_said(&mut bob).await;
    deployment.site_down("north").await.unwrap();
    // What lay in the line is lost with it.
    cut(&mut deployment, Signal::SIGKILL);
    let line = "Invoke-CsPersistentChatFailover -AttestSiteIsDown -Force";
    // Its chat servers may have been told otherwise.
    let refused = deployment.shell(line).await.unwrap_err().to_string();
    for told in ["zero loss", "had been told otherwise", "-AcceptDataLoss"] {
        assert!(refused.contains(told), "{told}: {refused}");
    }
    deployment.shell(&format!("{line} -AcceptDataLoss")).await.unwrap();

    let mut bob = enters(&deployment, "bob", None).await;
    let posts = bob.read_archive(ROOM, None).await.unwrap();
    let bodies: Vec<_> = posts.iter().map(|post| post.body.as_str()).collect();
    assert_eq!(
        bodies,
        ["both sites have this", "this waits", "and this", "the mirror has taken over"]
    );
    bob.say(ROOM, "5", "nothing is shipped from here, and posts go on").await.unwrap();
    comes_home(&mut deployment).await;
    deployment.stop().await.unwrap();
}

/// Back at home posts wait for the backup site again, and what nobody was told of is put back.
async fn comes_home(deployment: &mut Deployment) {
    deployment.site_up("north").await.unwrap();
    let line = "Invoke-CsPersistentChatFailback -Force";
    eventually(LONG, line, async || {
        deployment.shell(line).await.map_err(|error| format!("{error:#}"))
    })
    .await;
    let mirror = "north-b";
    is_well(deployment, mirror).await;
    let mut ada = enters(deployment, "ada", None).await;
    ada.say(ROOM, "6", "at home again").await.unwrap();
    let posts = ada.read_archive(ROOM, None).await.unwrap();
    let recovered: Vec<_> =
        posts.iter().filter(|post| post.recovered).map(|post| post.body.as_str()).collect();
    assert_eq!(recovered, ["nobody is told of this"]);
    cut(deployment, Signal::SIGSTOP);
    ada.post(ROOM, "7", "this waits, too").await.unwrap();
    nothing_is_said(&mut ada).await;
    cut(deployment, Signal::SIGCONT);
    ada.receipt(ROOM, "7").await.unwrap();
}

/// Waits until the pool is protected, and the receiver is fed by this store, the mirror.
async fn is_well(deployment: &mut Deployment, mirror: &str) {
    let question = ["shell", "-c", "Get-CsPersistentChatRecovery"];
    let shown = |said: &str, name: &str, value: &str| {
        said.lines()
            .filter_map(|line| line.split_once(':'))
            .any(|(found, shown)| found.trim() == name && shown.trim().starts_with(value))
    };
    let well = |said: &str| {
        shown(said, "PoolState", "Normal")
            && shown(said, "Mirror", "synchronized")
            && shown(said, "LogShipping", &format!("continuous, fed from {mirror}"))
    };
    deployment.watch(LONG, "the pool is protected", &question, well).await.unwrap();
    let address = deployment.topology().host_of_store(mirror).unwrap().address.to_string();
    let host = deployment.host("south-db1");
    eventually(LONG, "the receiver has turned to the mirror", async || {
        let mut found = host.processes();
        found.retain(|process| process.command.contains(RECEIVER));
        let turned = found.iter().all(|process| process.command.contains(&address));
        if turned && !found.is_empty() { Ok(()) } else { Err(found) }
    })
    .await;
}

/// Somebody enters by this server, or by any that takes them.
async fn enters(deployment: &Deployment, user: &str, server: Option<&str>) -> Client {
    let topology = deployment.topology();
    let port = topology.chat_pools().find_map(topology::Pool::chat).unwrap().client_tls_port;
    let target = server.map(|server| {
        let address = topology.host(server).unwrap().address;
        Target { address: (address, port).into(), encryption: Encryption::Direct }
    });
    let login = deployment.login(user, &Bootstrap::password(user));
    eventually(LONG, "somebody is let in", async || {
        let mut client = match &target {
            Some(target) => Client::connect_to(&login, target).await?,
            None => Client::connect(&login).await?,
        };
        client.join(ROOM, user, HistoryWanted::default()).await?;
        Ok::<_, Lost>(client)
    })
    .await
}

/// Stops, continues or ends what receives WAL at the backup site.
fn cut(deployment: &mut Deployment, signal: Signal) {
    deployment.host("south-db1").signal(RECEIVER, signal).unwrap();
}

/// No echo and no error comes; presence and history do not count.
async fn nothing_is_said(client: &mut Client) {
    let said = client
        .wait_for_within(QUIET, "an answer", |it| {
            let says = it.name() == "message" && it.has_child(ns::CLIENT, "body");
            says && !it.has_child(ns::DELAY, "delay") || it.attribute("type") == Some("error")
        })
        .await;
    assert!(matches!(said, Err(Lost::Silent(_))), "{said:?}");
}

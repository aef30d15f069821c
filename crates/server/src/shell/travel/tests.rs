//! A shell and a host with a spool, over a real control port.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use admin::files::Spool;
use audit::Audit;
use control::authority::Authority;
use control::{Client, Credentials, Destination, Router};
use jiff::Timestamp;
use response_groups::configuration::Configuration;
use response_groups::model::AgentGroup;
use response_groups::package::{Header, Writer};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use topology::Topology;

use super::*;
use crate::run::serve_files;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const TOPOLOGY: &str = r#"
domain = "example.org"
site = [{ name = "north", witness = "alpha" }]
host = [
    { name = "alpha", site = "north", address = "127.0.0.1" },
    { name = "beta", site = "north", address = "127.0.0.2" },
]
store = [{ name = "north-rgs", host = "beta" }]

[[front_end_pool]]
fqdn = "primary.example.org"
stores = { home = "north-rgs" }
"#;

/// A host, a shell that reaches it as the administrator `ada`, and a directory for both.
struct Stage {
    directory: PathBuf,
    spool: Spool,
    deployment: Deployment,
    shutdown: CancellationToken,
}

impl Stage {
    async fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("standfast-travel-{}", Uuid::new_v4()));
        std::fs::create_dir(&directory).unwrap();
        let authority = Authority::create(&directory.join("authority")).unwrap();
        let (host, ada) = (directory.join("alpha"), directory.join("ada"));
        authority.issue_host("alpha", &[], &[HERE], &host).unwrap();
        authority.issue_administrator("ada", "CsAdministrator", &ada).unwrap();
        let spool = Spool::open(&directory.join("spool")).unwrap();
        let audit = Audit::open(&directory.join("audit"), "alpha").unwrap();
        let router = serve_files(&spool, &audit, Router::new());
        let listener = tokio::net::TcpListener::bind((HERE, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let credentials = Credentials::load(&host).unwrap();
        control::serve(listener, credentials, router, BTreeSet::new(), tasks, shutdown.clone());
        let client = Client::new(&Credentials::load(&ada).unwrap());
        let topology = Topology::parse("topology.toml", TOPOLOGY).unwrap().topology;
        let host = Destination { host: "alpha".to_owned(), address };
        let deployment = Deployment::at(topology, client, host);
        Self { directory, spool, deployment, shutdown }
    }

    /// Delivers `content` to `name`; counts in `followed` what follows.
    async fn deliver(
        &self,
        name: &str,
        content: Vec<u8>,
        existing: Existing,
        followed: &Arc<AtomicUsize>,
    ) -> Result<Vec<Value>, Fault> {
        let (path, count) = (self.directory.join(name), Arc::clone(followed));
        let (there, wanted) = (path.clone(), content.clone());
        let write = move |file: &mut File| {
            file.write_all(&content).map_err(|error| misspoken(error.to_string()))
        };
        let delivery = self.spool.offer("ada", name, write).await?.on_delivered(|_| async move {
            assert_eq!(std::fs::read(there).unwrap(), wanted, "it follows when all is safe");
            count.fetch_add(1, Ordering::Relaxed);
            Ok(vec![Value::from("removed")])
        });
        let Value::Object(delivery) = delivery.into() else { panic!("a delivery is an object") };
        deliver(&self.deployment, &delivery, &path, existing).await
    }

    /// The names in the directory that begin so.
    fn names(&self, begin: &str) -> Vec<String> {
        let entries = std::fs::read_dir(&self.directory).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|it| it.contains(begin)).collect();
        names.sort();
        names
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shutdown.cancel();
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

/// An export file of a pool that has nothing.
fn export(source: &str, created: &str) -> Vec<u8> {
    export_of(source, created, &Configuration::default())
}

fn export_of(source: &str, created: &str, whole: &Configuration) -> Vec<u8> {
    let created: Timestamp = created.parse().unwrap();
    let (source, owner, owners) = (source.to_owned(), None, BTreeMap::new());
    let header = Header { source, owner, created, owners };
    let writer = Writer::begin(io::Cursor::new(Vec::new()), &header, whole).unwrap();
    writer.finish().unwrap().into_inner()
}

fn counted() -> (Arc<AtomicUsize>, impl Fn() -> usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&count);
    (count, move || told.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_file_of_several_parts_arrives_as_it_is_and_so_does_an_empty_one() {
    let stage = Stage::new().await;
    for length in [0, 1, limits::MAX_PART_BYTES, 2 * limits::MAX_PART_BYTES + 7] {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        let path = stage.directory.join("sent.zip");
        std::fs::write(&path, &content).unwrap();
        let given = upload(&stage.deployment, "C:\\sent.zip", &path).await.unwrap();
        let mut taken = stage.spool.take(&given, "ada").unwrap();
        let mut here = Vec::new();
        taken.file.read_to_end(&mut here).unwrap();
        assert!(here == content, "{length} bytes");
        assert_eq!(taken.name, "C:\\sent.zip");
    }
    let missing = upload(&stage.deployment, "x", &stage.directory.join("x")).await;
    assert!(missing.unwrap_err().message.contains("cannot be read"));
}

#[tokio::test]
async fn what_follows_a_delivery_follows_when_the_file_is_safe() {
    let stage = Stage::new().await;
    let (count, followed) = counted();
    let content = vec![7; 2 * limits::MAX_PART_BYTES + 1];
    let told = stage.deliver("new.zip", content.clone(), Existing::Keep, &count).await.unwrap();
    assert_eq!(told, [Value::from("removed")]);
    assert_eq!(followed(), 1);
    assert_eq!(std::fs::read(stage.directory.join("new.zip")).unwrap(), content);
    assert_eq!(stage.names("new"), ["new.zip"]);

    // What killed shells left: one long ago, one perhaps still at work.
    for (name, hours) in [(".new.zip.a.part", 2), (".new.zip.b.part", 0)] {
        let left = File::create(stage.directory.join(name)).unwrap();
        let age = std::time::Duration::from_hours(hours);
        left.set_modified(std::time::SystemTime::now() - age).unwrap();
    }
    stage.deliver("new.zip", content, Existing::Replace, &count).await.unwrap();
    assert_eq!(stage.names("new"), [".new.zip.b.part", "new.zip"]);
    assert_eq!(followed(), 2);
    let audit = std::fs::read_to_string(stage.directory.join("audit/audit.jsonl")).unwrap();
    assert!(audit.contains("\"cmdlet\":\"Delivered\"") && audit.contains("new.zip"), "{audit}");
}

#[tokio::test]
async fn another_file_is_left_alone_unless_forced() {
    let stage = Stage::new().await;
    let (count, followed) = counted();
    std::fs::write(stage.directory.join("mine.zip"), "mine").unwrap();
    let fault = stage.deliver("mine.zip", b"new".to_vec(), Existing::Keep, &count).await;
    assert!(fault.unwrap_err().message.contains("add -Force"));
    assert_eq!(std::fs::read(stage.directory.join("mine.zip")).unwrap(), b"mine");
    assert_eq!((followed(), stage.names("mine")), (0, vec!["mine.zip".to_owned()]));
    stage.deliver("mine.zip", b"new".to_vec(), Existing::Replace, &count).await.unwrap();
    assert_eq!(std::fs::read(stage.directory.join("mine.zip")).unwrap(), b"new");
    assert_eq!(followed(), 1);
}

#[tokio::test]
async fn an_older_export_of_the_same_is_kept_beside_with_its_date() {
    let stage = Stage::new().await;
    let (count, followed) = counted();
    let older = export("backup.contoso.com", "2026-11-21T09:00:00Z");
    let newer = export("backup.contoso.com", "2026-11-22T09:00:00Z");
    let other = export("primary.contoso.com", "2026-11-22T09:00:00Z");
    for content in [&older, &newer] {
        stage.deliver("e.zip", content.clone(), Existing::Keep, &count).await.unwrap();
    }
    let fault = stage.deliver("e.zip", other, Existing::Keep, &count).await.unwrap_err();
    assert!(fault.message.contains("an export of backup.contoso.com"), "{fault}");
    assert_eq!(stage.names("e."), ["e.2026-11-21T09-00-00Z.zip", "e.zip"]);
    let beside = stage.directory.join("e.2026-11-21T09-00-00Z.zip");
    assert!(std::fs::read(beside).unwrap() == older);
    assert!(std::fs::read(stage.directory.join("e.zip")).unwrap() == newer);
    assert_eq!(followed(), 2);
}

#[tokio::test]
async fn an_export_of_what_was_removed_stays_when_nothing_is_left() {
    let stage = Stage::new().await;
    let (count, followed) = counted();
    let group = AgentGroup::new(Uuid::new_v4(), "backup.contoso.com", "Help Desk");
    let whole = Configuration { objects: vec![group.into()], ..Configuration::default() };
    let full = export_of("backup.contoso.com", "2026-11-21T09:00:00Z", &whole);
    let empty = export("backup.contoso.com", "2026-11-21T09:00:05Z");
    for content in [&full, &empty] {
        stage.deliver("e.zip", content.clone(), Existing::Keep, &count).await.unwrap();
    }
    assert_eq!((followed(), stage.names("e.")), (1, vec!["e.zip".to_owned()]));
    assert!(std::fs::read(stage.directory.join("e.zip")).unwrap() == full);
}

#[tokio::test]
async fn a_file_that_is_not_what_was_said_leaves_nothing_and_nothing_follows() {
    let stage = Stage::new().await;
    let write = |file: &mut File| file.write_all(b"PK").map_err(|it| misspoken(it.to_string()));
    let delivery = stage.spool.offer("ada", "bad.zip", write).await.unwrap();
    let Value::Object(mut delivery) = delivery.into() else { panic!("a delivery is an object") };
    for (name, value) in &mut delivery.properties {
        if name == "Sha256" {
            *value = "00".into();
        }
    }
    let path = stage.directory.join("bad.zip");
    let fault = deliver(&stage.deployment, &delivery, &path, Existing::Keep).await.unwrap_err();
    assert!(fault.message.contains("not what was sent"), "{fault}");
    assert!(stage.names("bad").is_empty());
}

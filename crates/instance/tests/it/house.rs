//! What the tests are given: certificates, ports, instances, pairs; and their end.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use instance::{
    Binaries, ClientRole, CopyOptions, Instance, Observation, OldDirectory, Role, Settings, Source,
    Spec, Standby, Tls, Upstream,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use testkit::{TempDir, eventually};

/// Longer than anything takes on the busiest machine.
pub(crate) const LONG: Duration = Duration::from_mins(1);

pub(crate) const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Kills whatever works below `$1` when its input ends, which it does however we end.
const LEASH: &str = r#"
cat >/dev/null
for process in /proc/[0-9]*; do
    case "$(readlink "$process/cwd")" in "$1"/*) kill -9 "${process#/proc/}" ;; esac
done
"#;

/// A directory with certificates, in which instances are made; they end with it.
pub(crate) struct House {
    leash: Child,
    tls: Tls,
    binaries: Binaries,
    directory: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        let directory = TempDir::new("house").unwrap();
        let leash = Command::new("/bin/sh")
            .args(["-c", LEASH, "leash"])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let tls = certificates(&directory.directory("tls").unwrap());
        let binaries = Binaries::find().await.unwrap();
        Self { leash, tls, binaries, directory }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn spec(&self, name: &str) -> Spec {
        Spec {
            name: name.to_owned(),
            data: self.path().join(name),
            socket_dir: self.path().join(format!("{name}.s")),
            address: LOCALHOST,
            port: free_port(),
            tls: self.tls.clone(),
            binaries: self.binaries.clone(),
        }
    }

    pub(crate) fn instance(&self, name: &str) -> Instance {
        Instance::new(self.spec(name))
    }

    /// A running primary without a mirror.
    pub(crate) async fn primary(&self, name: &str) -> Instance {
        let primary = self.instance(name);
        primary.initdb(&small()).await.unwrap();
        primary.start(LONG).await.unwrap();
        primary.provision().await.unwrap();
        let client = primary.connect("mgc").await.unwrap();
        client.batch_execute("create table post (id int primary key, body text)").await.unwrap();
        primary
    }

    /// A running copy of `primary` that follows it, under its own name.
    pub(crate) async fn standby_of(&self, primary: &Instance, name: &str) -> Instance {
        let standby = self.instance(name);
        let settings = following(primary, name);
        let options = copy_options(name);
        let source = source(primary);
        standby.base_backup_from(&source, &settings, &options, |_| {}).await.unwrap();
        standby.start(LONG).await.unwrap();
        standby
    }

    /// A primary `alpha` and its synchronous mirror `beta`.
    pub(crate) async fn pair(&self) -> (Instance, Instance) {
        let primary = self.primary("alpha").await;
        let mirror = self.standby_of(&primary, "beta").await;
        primary.set_synchronous(Some("beta")).await.unwrap();
        synchronized(&primary, "beta").await;
        (primary, mirror)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.leash.stdin.take());
        self.leash.wait().unwrap();
    }
}

/// Small enough to have several on one machine.
pub(crate) fn small() -> Settings {
    let clients =
        vec![ClientRole { role: "standfast_chat".to_owned(), databases: vec!["mgc".to_owned()] }];
    Settings {
        clients,
        shared_buffers_mib: 16,
        max_connections: 40,
        wal_keep_mib: 64,
        slot_wal_keep_mib: 256,
        ..Settings::default()
    }
}

pub(crate) fn source(of: &Instance) -> Source {
    let spec = of.spec();
    Source { name: spec.name.clone(), address: spec.address, port: spec.port }
}

/// Settings of a standby that follows `primary` and will wait for it when it is promoted.
pub(crate) fn following(primary: &Instance, name: &str) -> Settings {
    let upstream = Upstream {
        source: source(primary),
        slot: Some(name.to_owned()),
        application_name: name.to_owned(),
    };
    Settings { role: Role::Standby(Standby::from(upstream)), ..small() }
}

pub(crate) fn copy_options(slot: &str) -> CopyOptions {
    CopyOptions { slot: Some(slot.to_owned()), old: OldDirectory::Remove, limit: LONG }
}

/// Waits until the mirror is in force.
pub(crate) async fn synchronized(primary: &Instance, mirror: &str) -> Observation {
    eventually(LONG, "the mirror is in sync", async || {
        let seen = primary.observe().await.map_err(|it| it.to_string())?;
        if seen.is_synchronized_with(mirror) { Ok(seen) } else { Err(format!("{seen:?}")) }
    })
    .await
}

/// Adds posts `ids`, one commit each.
pub(crate) async fn post(to: &Instance, ids: std::ops::Range<i32>) {
    let client = to.connect("mgc").await.unwrap();
    for id in ids {
        client.execute("insert into post values ($1, 'x')", &[&id]).await.unwrap();
    }
    assert!(!client.is_unacknowledged());
}

pub(crate) async fn posts(on: &Instance) -> i64 {
    let client = on.connect("mgc").await.unwrap();
    client.query_one("select count(*) from post", &[]).await.unwrap().get(0)
}

/// Every live process that works in an instance's data directory.
pub(crate) fn processes(of: &Instance) -> Vec<Pid> {
    let home = &of.spec().data;
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter(|it| std::fs::read_link(it.path().join("cwd")).is_ok_and(|it| &it == home))
        .filter_map(|it| it.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .collect()
}

/// Stops an instance in mid-air, as a host that hangs.
pub(crate) fn freeze(instance: &Instance) {
    for process in processes(instance) {
        kill(process, Signal::SIGSTOP).unwrap();
    }
}

pub(crate) fn thaw(instance: &Instance) {
    for process in processes(instance) {
        kill(process, Signal::SIGCONT).unwrap();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

pub(crate) fn write_program(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// An authority and one host's certificate of it.
fn certificates(directory: &Path) -> Tls {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "authority");
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);

    let key = KeyPair::generate().unwrap();
    let mut host = CertificateParams::new(vec!["alpha".to_owned()]).unwrap();
    host.distinguished_name.push(DnType::CommonName, "host:alpha");
    let certificate = host.signed_by(&key, &issuer).unwrap();

    Tls {
        ca: secret(directory.join("ca.pem"), &authority_certificate.pem()),
        cert: secret(directory.join("cert.pem"), &certificate.pem()),
        key: secret(directory.join("key.pem"), &key.serialize_pem()),
    }
}

fn secret(path: PathBuf, text: &str) -> PathBuf {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&path).unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    path
}

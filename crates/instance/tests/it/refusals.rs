//! What is refused, and in which words.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use instance::{Error, Found, Instance};
use testkit::rerun_as_postgres;

use crate::house::{House, LOCALHOST, LONG, copy_options, following, small, source};

#[tokio::test]
async fn never_as_root() {
    let is_root = nix::unistd::Uid::effective().is_root();
    let house = House::new().await;
    let instance = house.instance("alpha");
    if !is_root {
        assert_eq!(instance.found().await.unwrap(), Found::Missing);
        return;
    }
    for refused in [
        instance.found().await.map(|_| ()),
        instance.initdb(&small()).await.map(|_| ()),
        instance.start(LONG).await.map(|_| ()),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Root), "{error}");
        assert!(error.to_string().contains("User=standfast"), "{error}");
    }
    assert!(!instance.spec().data.exists());
}

#[tokio::test]
async fn foreign_directory_is_refused() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let stranger = house.instance("stranger");
    fs::create_dir(&stranger.spec().data).unwrap();
    fs::write(stranger.spec().data.join("holiday.jpg"), "x").unwrap();
    refuses_to_touch(&stranger, "no standfast.json").await;
    assert!(stranger.spec().data.join("holiday.jpg").exists());

    let alpha = house.instance("alpha");
    let made = alpha.initdb(&small()).await.unwrap();
    let error = alpha.initdb(&small()).await.unwrap_err();
    assert!(matches!(error, Error::Present { .. }), "{error}");

    let mut spec = house.spec("beta");
    spec.data.clone_from(&alpha.spec().data);
    refuses_to_touch(&Instance::new(spec), "belongs to instance alpha").await;

    let version = alpha.spec().data.join("PG_VERSION");
    let major = fs::read_to_string(&version).unwrap();
    fs::write(&version, "12\n").unwrap();
    assert_foreign(&alpha, "made by PostgreSQL 12").await;
    fs::write(&version, major).unwrap();

    let marker = alpha.spec().data.join("standfast.json");
    let text = fs::read_to_string(&marker).unwrap();
    fs::write(&marker, text.replace(&made.system_identifier.to_string(), "1")).unwrap();
    assert_foreign(&alpha, "was made with 1").await;
}

async fn assert_foreign(instance: &Instance, why: &str) {
    let Found::Foreign(said) = instance.found().await.unwrap() else { panic!("not foreign") };
    assert!(said.contains(why), "{said}");
    let error = instance.start(LONG).await.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
}

async fn refuses_to_touch(instance: &Instance, why: &str) {
    assert_foreign(instance, why).await;
    let error = instance.initdb(&small()).await.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    let settings = following(instance, "beta");
    let options = copy_options("beta");
    let copied = instance.base_backup_from(&source(instance), &settings, &options, |_| {}).await;
    let error = copied.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
}

#[tokio::test]
async fn port_taken_is_said() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let instance = house.instance("alpha");
    instance.initdb(&small()).await.unwrap();
    let taken = TcpListener::bind((LOCALHOST, instance.spec().port)).unwrap();
    let error = instance.start(LONG).await.unwrap_err().to_string();
    assert!(error.contains(&format!("(process {})", std::process::id())), "{error}");
    assert!(error.contains(&instance.spec().port.to_string()), "{error}");
    drop(taken);
    instance.start(LONG).await.unwrap();
}

#[tokio::test]
async fn loose_permissions_are_refused() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let instance = house.instance("alpha");
    instance.initdb(&small()).await.unwrap();
    for (path, sound) in
        [(instance.spec().tls.key.clone(), 0o600), (instance.spec().data.clone(), 0o700)]
    {
        fs::set_permissions(&path, Permissions::from_mode(sound | 0o044)).unwrap();
        let error = instance.start(LONG).await.unwrap_err().to_string();
        assert!(error.contains(&format!("chmod {sound:o} {}", path.display())), "{error}");
        fs::set_permissions(&path, Permissions::from_mode(sound)).unwrap();
    }
    fs::set_permissions(&instance.spec().socket_dir, Permissions::from_mode(0o755)).unwrap();
    let error = instance.start(LONG).await.unwrap_err();
    assert!(matches!(error, Error::LoosePermissions { .. }), "{error}");
}

#[tokio::test]
async fn a_socket_path_that_is_too_long_is_said() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let mut spec = house.spec("alpha");
    spec.socket_dir = house.path().join("s".repeat(100));
    let instance = Instance::new(spec);
    instance.initdb(&small()).await.unwrap();
    let error = instance.start(LONG).await.unwrap_err().to_string();
    assert!(error.contains("allows 107"), "{error}");
}

/// Where the root run of a test mounts its small disk for the run as user `postgres`.
fn small_disk(root_run: u32) -> PathBuf {
    format!("/tmp/sf-disk-{root_run}").into()
}

/// A small disk of its own; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount() -> Self {
        let path = small_disk(std::process::id());
        fs::create_dir(&path).unwrap();
        let disk = Self(path);
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=160m,mode=0777", "tmpfs"])
            .arg(&disk.0)
            .status();
        assert!(
            mounted.is_ok_and(|it| it.success()),
            "this test fills a disk of its own and may not mount one; run it as root, in a \
             container with CAP_SYS_ADMIN"
        );
        disk
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        if unmounted.is_ok_and(|it| it.success()) {
            fs::remove_dir(&self.0).ok();
        }
    }
}

#[tokio::test]
async fn disk_full() {
    let is_root = nix::unistd::Uid::effective().is_root();
    let _disk = is_root.then(SmallDisk::mount);
    if rerun_as_postgres() {
        return;
    }
    let disk = small_disk(std::os::unix::process::parent_id());
    assert!(
        disk.is_dir(),
        "this test fills a disk of its own, and only root may mount one: run the tests as root"
    );
    let house = House::new().await;
    let mut spec = house.spec("alpha");
    spec.data = disk.join("alpha");
    let instance = Instance::new(spec);

    fill(&disk, 20 << 20);
    assert_full(&instance.initdb(&small()).await.unwrap_err(), "make instance alpha");
    assert!(!disk.join("alpha.new").exists(), "a half-made instance was left");
    fs::remove_file(disk.join("ballast")).unwrap();

    instance.initdb(&small()).await.unwrap();
    fill(&disk, 0);
    let error = instance.start(LONG).await.unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    fs::remove_file(disk.join("ballast")).unwrap();
    instance.start(LONG).await.unwrap();
    instance.kill().await.unwrap();
}

/// Fills the disk up to `left` bytes.
fn fill(disk: &Path, left: u64) {
    let free = instance::free_bytes(disk).unwrap();
    let piece = vec![0; usize::try_from(free - left.min(free)).unwrap()];
    fs::write(disk.join("ballast"), piece).unwrap();
}

fn assert_full(error: &Error, doing: &str) {
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains(doing), "{error}");
}

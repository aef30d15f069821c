//! The data directory that every throw-away server is a copy of.

use super::SUPERUSER;
use crate::Account;
use anyhow::{Context as _, bail, ensure};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian puts the servers, one directory per major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Where to keep the seed when `target` is closed to the account that runs `PostgreSQL`.
const ELSEWHERE: &str = "/var/tmp/standfast-testkit";

/// The directory with the newest installed `PostgreSQL`'s programs.
pub fn bin_directory() -> anyhow::Result<PathBuf> {
    let mut versions: Vec<u32> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|version| Path::new(&format!("{DEBIAN}/{version}/bin/postgres")).exists())
        .collect();
    versions.sort_unstable();
    let Some(newest) = versions.last() else {
        bail!("no PostgreSQL below {DEBIAN}; run `cargo xtask setup`");
    };
    Ok(format!("{DEBIAN}/{newest}/bin").into())
}

/// Copies the seed to `data`, making the seed first where there is none.
pub(super) fn copy_to(account: Account, data: &Path) -> anyhow::Result<()> {
    let seed = seed(account)?;
    let mut command = account.command("/bin/cp");
    run(command.args(["-a", "--reflink=auto"]).arg(seed).arg(data))
}

/// Makes the directory that seeds live in, so that an unprivileged run finds it open to it.
pub(crate) fn prepare_seed_directory(account: Account) -> anyhow::Result<()> {
    seed_directory(account).map(drop)
}

fn seed(account: Account) -> anyhow::Result<PathBuf> {
    let bin = bin_directory()?;
    let version = bin.parent().and_then(Path::file_name).context("take PostgreSQL's version")?;
    let directory = seed_directory(account)?;
    let name = format!("pg-{}", version.to_string_lossy());
    let seed = directory.join(&name);
    let lock = directory.join(format!("{name}.lock"));
    let file = File::options().create(true).append(true).open(&lock);
    let file = file.with_context(|| format!("open {}", lock.display()))?;
    // Whoever comes first may be root or not.
    account.own(&lock)?;
    let held = Flock::lock(file, FlockArg::LockExclusive)
        .map_err(|(_, error)| error)
        .with_context(|| format!("lock {}", lock.display()))?;
    if !seed.exists() {
        let unfinished = directory.join(format!("{name}.new"));
        run(account.command("/bin/rm").arg("-rf").arg(&unfinished))?;
        let mut command = account.command(bin.join("initdb"));
        command.args(["--no-sync", "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8"]);
        command.args(["--auth=trust", "--username", SUPERUSER, "--pgdata"]).arg(&unfinished);
        run(&mut command)?;
        run(account.command("/bin/mv").arg(&unfinished).arg(&seed))?;
    }
    drop(held);
    Ok(seed)
}

fn seed_directory(account: Account) -> anyhow::Result<PathBuf> {
    let preferred = target_directory().join("testkit");
    // Only the directory's owner and root can make it; otherwise it is there or it is not.
    std::fs::create_dir_all(&preferred).ok();
    if matches!(account, Account::Other { .. }) && preferred.exists() {
        account.own(&preferred)?;
    }
    if account.can_write(&preferred) {
        return Ok(preferred);
    }
    let uid = match account {
        Account::Own => nix::unistd::Uid::effective(),
        Account::Other { uid, .. } => uid,
    };
    let fallback = PathBuf::from(format!("{ELSEWHERE}-{uid}"));
    std::fs::create_dir_all(&fallback).with_context(|| format!("make {}", fallback.display()))?;
    if matches!(account, Account::Other { .. }) {
        account.own(&fallback)?;
    }
    std::fs::set_permissions(&fallback, PermissionsExt::from_mode(0o700))
        .with_context(|| format!("close {} to others", fallback.display()))?;
    ensure!(account.can_write(&fallback), "{} belongs to somebody else", fallback.display());
    Ok(fallback)
}

/// Cargo marks its target directory with this file.
fn target_directory() -> PathBuf {
    let binary = std::env::current_exe().unwrap_or_default();
    let marked = binary.ancestors().find(|it| it.join("CACHEDIR.TAG").exists());
    marked.map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        Path::to_path_buf,
    )
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("run {command:?}"))?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} ended with {}: {words}", output.status);
    Ok(())
}

//! Running other programs from the root of the repository.

use anyhow::{Context as _, bail};
use std::env;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Ours is about xtask itself and would confuse the cargo below.
    command.env_remove("CARGO_MANIFEST_DIR");
    command
}

/// A program, run at the root of the repository and without input.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs `command` and fails when it fails.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("run {}", shown(command)))?;
    judge(command, status)
}

/// Does `command` run and succeed, without a word?
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
}

/// Runs `command`, shows what it says as it comes, and hands each line to `hear`.
pub(crate) fn succeed_hearing(
    command: &mut Command,
    hear: impl Fn(&str) + Sync,
) -> anyhow::Result<()> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("run {}", shown(command)))?;
    let stdout = child.stdout.take().context("read its output")?;
    let stderr = child.stderr.take().context("read its messages")?;
    let (heard_out, heard_err) = thread::scope(|scope| {
        let errors = scope.spawn(|| tee(stderr, std::io::stderr(), &hear));
        let heard_out = tee(stdout, std::io::stdout(), &hear);
        (heard_out, errors.join())
    });
    let status = child.wait().with_context(|| format!("wait for {}", shown(command)))?;
    heard_out.context("pass its output on")?;
    match heard_err {
        Ok(heard) => heard.context("pass its messages on")?,
        Err(_) => bail!("passing the messages of {} on panicked", shown(command)),
    }
    judge(command, status)
}

/// Are we root?
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

/// Is there a program of this name on the path?
pub(crate) fn is_installed(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(name).is_file())
}

/// Where cargo puts what it builds with the given profile's directory name.
pub(crate) fn built(profile: &str, binary: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    root().join(target).join(profile).join(binary)
}

fn tee(from: impl Read, mut to: impl Write, hear: &impl Fn(&str)) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        hear(&String::from_utf8_lossy(&line));
        line.clear();
    }
    to.flush()
}

fn judge(command: &Command, status: ExitStatus) -> anyhow::Result<()> {
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|it| it.to_string_lossy()));
    words.join(" ")
}

//! The account that databases and the product run as: ours, or `postgres` when we are root.

use crate::TempDir;
use anyhow::{Context as _, bail};
use nix::unistd::{Gid, Uid, User};
use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The unprivileged user to drop to when the tests run as root.
const USER: &str = "postgres";

/// Set in the second run of a test, so that it cannot run itself for ever.
const RERUN: &str = "STANDFAST_RERUN_AS_POSTGRES";

/// Who runs databases and the product in this test run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Account {
    /// We are not root: everything runs as the user who started the tests.
    Own,
    /// We are root, and neither `PostgreSQL` nor the product runs as root.
    Other { uid: Uid, gid: Gid },
}

impl Account {
    /// Tells the account for this process; fails when we are root and there is no user `postgres`.
    pub fn find() -> anyhow::Result<Self> {
        if !Uid::effective().is_root() {
            return Ok(Self::Own);
        }
        let Some(user) = User::from_name(USER).context("look up the user postgres")? else {
            bail!(
                "PostgreSQL does not run as root and there is no user {USER} to drop to; \
                 install the Debian package postgresql, or run as another user"
            );
        };
        Ok(Self::Other { uid: user.uid, gid: user.gid })
    }

    /// A command that will run as this account, with a short, fixed environment.
    pub fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear();
        command.env("PATH", env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin")));
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").current_dir("/");
        if let Self::Other { uid, gid } = self {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }

    /// Gives one file or directory to this account.
    pub fn own(self, path: &Path) -> anyhow::Result<()> {
        if let Self::Other { uid, gid } = self {
            nix::unistd::chown(path, Some(uid), Some(gid))
                .with_context(|| format!("give {} to {USER}", path.display()))?;
        }
        Ok(())
    }

    /// Gives a directory and all below it to this account.
    pub fn own_all(self, path: &Path) -> anyhow::Result<()> {
        self.own(path)?;
        if path.is_dir() && !path.is_symlink() {
            for entry in path.read_dir().with_context(|| format!("list {}", path.display()))? {
                self.own_all(&entry?.path())?;
            }
        }
        Ok(())
    }

    /// Can this account read the file, or enter and read the directory?
    pub fn can_read(self, path: &Path) -> bool {
        self.passes("-r", path) && (!path.is_dir() || self.passes("-x", path))
    }

    /// Can this account create files in the directory?
    pub fn can_write(self, path: &Path) -> bool {
        self.can_read(path) && self.passes("-w", path)
    }

    /// The program itself where this account can run it, otherwise a copy below `directory`.
    ///
    /// A checkout below `/root` is closed to everybody else.
    pub fn runnable(self, program: &Path, directory: &Path) -> anyhow::Result<PathBuf> {
        if self.passes("-x", program) {
            return Ok(program.to_owned());
        }
        let name = program.file_name().context("take the name of a program")?;
        let copy = directory.join(name);
        std::fs::copy(program, &copy)
            .with_context(|| format!("copy {} to {}", program.display(), copy.display()))?;
        std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o755))
            .with_context(|| format!("make {} executable", copy.display()))?;
        Ok(copy)
    }

    fn passes(self, question: &str, path: &Path) -> bool {
        self.command("/usr/bin/test")
            .arg(question)
            .arg(path)
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// Runs the calling test once more as user `postgres` when we are root, for the product refuses to
/// run as root. Call it first thing in a test, and return when it says that the work is done:
///
/// ```no_run
/// # fn a_test() {
/// if testkit::rerun_as_postgres() {
///     return;
/// }
/// # }
/// ```
///
/// The second run has an empty `TMPDIR` of its own. Panics when the second run fails.
pub fn rerun_as_postgres() -> bool {
    if !Uid::effective().is_root() {
        return false;
    }
    assert!(env::var_os(RERUN).is_none(), "dropping to user {USER} did not take");
    let account = Account::find().expect("find the user to run this test as");
    let current = std::thread::current();
    let test = current.name().unwrap_or("main");
    assert_ne!(test, "main", "call rerun_as_postgres from the test's own thread, before any other");

    crate::postgres::prepare_seed_directory(account).expect("prepare the seed directory");
    let directory = TempDir::new("rerun").expect("make a directory for the second run");
    let binary = env::current_exe().expect("find the test's own binary");
    let binary = account.runnable(&binary, directory.path()).expect("copy the test's binary");
    let mut command = account.command(binary);
    command.args(["--exact", test, "--nocapture"]).stdin(Stdio::null());
    for (name, value) in env::vars_os() {
        let key = name.to_string_lossy();
        if key.starts_with("CARGO") || key.starts_with("RUST") || key.starts_with("STANDFAST") {
            command.env(name, value);
        }
    }
    command.env("TMPDIR", directory.path()).env("HOME", directory.path()).env("USER", USER);
    command.env(RERUN, "1").current_dir(directory.path());
    let status = command.status().expect("run the test again as user postgres");
    assert!(status.success(), "{test}, run as user {USER}, ended with {status}");
    true
}

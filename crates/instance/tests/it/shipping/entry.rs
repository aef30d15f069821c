//! The test binary in two other roles: `PostgreSQL`'s `restore_command`, and a receiver's process
//! that can be killed.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use instance::Binaries;
use instance::shipping::{Feed, Receiver, ReceiverSettings, Reign, restore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// `SHARE|FILE|TARGET`.
const RESTORE: &str = "SHIPPING_TEST_RESTORE";

/// `SHARE|CONNINFO|SLOT`.
const RECEIVE: &str = "SHIPPING_TEST_RECEIVE";

#[test]
#[ignore = "PostgreSQL runs it"]
#[expect(clippy::exit, reason = "PostgreSQL wants the exit code")]
fn restores() {
    let Some(arguments) = arguments(RESTORE) else { return };
    let arguments =
        std::iter::once(OsString::from("--share")).chain(arguments.iter().map(OsString::from));
    std::process::exit(restore::run(arguments).into());
}

#[test]
#[ignore = "a test runs it"]
fn receives() {
    let Some(arguments) = arguments(RECEIVE) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let settings = ReceiverSettings {
            share: PathBuf::from(&arguments[0]),
            reign: Reign(1),
            binaries: Binaries::find().await.unwrap(),
            begin: None,
            histories: None,
        };
        let tasks = TaskTracker::new();
        let receiver = Receiver::start(settings, &tasks, &CancellationToken::new()).unwrap();
        receiver.feed_from(Some(Feed {
            name: "home".to_owned(),
            conninfo: arguments[1].clone(),
            slot: Some(arguments[2].clone()),
        }));
        std::future::pending::<()>().await;
    });
}

fn arguments(variable: &str) -> Option<Vec<String>> {
    Some(env::var(variable).ok()?.split('|').map(str::to_owned).collect())
}

/// A restore command that runs this binary, and says "not there" while the file `hold` exists.
pub(crate) fn restore_command(share: &Path, hold: &Path) -> String {
    let (share, hold) = (share.display(), hold.display());
    let binary = env::current_exe().unwrap();
    format!(
        "test ! -e {hold} && {RESTORE}=\"{share}|%f|%p\" {} --exact shipping::entry::restores \
         --ignored --nocapture --quiet >/dev/null",
        binary.display()
    )
}

/// A process that receives until it is killed.
pub(crate) fn receiving_process(share: &Path, feed: &Feed) -> std::process::Command {
    let mut command = std::process::Command::new(env::current_exe().unwrap());
    command.args(["--exact", "shipping::entry::receives", "--ignored", "--nocapture"]);
    let slot = feed.slot.clone().unwrap();
    command.env(RECEIVE, format!("{}|{}|{slot}", share.display(), feed.conninfo));
    command
}

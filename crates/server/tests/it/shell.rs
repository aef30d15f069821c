//! The shell from outside: texts, files and standard input, what is printed and the exit status.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use testkit::Account;
use testkit::deployment::{Deployment, Plans};

/// Enough of a deployment for a shell: a host that answers.
const TOPOLOGY: &str = r#"
domain = "example.org"
site = [{ name = "north", witness = "north-witness" }]
host = [
    { name = "north-witness", site = "north", address = "127.0.62.3" },
    { name = "north-db1", site = "north", address = "127.0.62.1" },
]
store = [{ name = "north-rgs", host = "north-db1" }]

[[front_end_pool]]
fqdn = "primary.example.org"
stores = { home = "north-rgs" }
"#;

/// How long a host may take to answer on a busy machine.
const LONG: Duration = Duration::from_mins(1);

struct Shell {
    deployment: Deployment,
    exchange: PathBuf,
}

impl Shell {
    async fn start() -> Self {
        let mut deployment = Deployment::prepare(Plans::private(TOPOLOGY).unwrap()).await.unwrap();
        deployment.host("north-witness").start().await.unwrap();
        let look = ["shell", "-c", "Get-CsTopology"];
        deployment.watch(LONG, "a host answers", &look, |_| true).await.unwrap();
        let exchange = deployment.directory().join("exchange");
        std::fs::create_dir(&exchange).unwrap();
        Account::find().unwrap().own(&exchange).unwrap();
        Self { deployment, exchange }
    }

    /// Runs `standfast shell ARGUMENTS` with `input` at its standard input.
    fn run(&self, arguments: &[&str], input: &str) -> Output {
        self.run_as(&self.deployment.credential(), arguments, input)
    }

    fn run_as(&self, credential: &Path, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(credential, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn command(&self, credential: &Path, arguments: &[&str]) -> Command {
        let mut command = Account::find().unwrap().command(self.deployment.program());
        command
            .arg("shell")
            .arg("--topology")
            .arg(self.deployment.directory().join("topology.toml"))
            .arg("--credential")
            .arg(credential)
            .arg("--exchange")
            .arg(&self.exchange)
            .args(arguments);
        command
    }

    /// Runs a line that asks, at a terminal, and types each answer once its question is there.
    /// Gives what stood on the terminal, and whether it went well.
    fn typed(&self, answers: &[(&str, &str)]) -> (String, bool) {
        let line = "New-CsRgsAgentGroup primary.example.org -Name Night -Confirm";
        let keys = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let terminal = File::options().read(true).write(true).open(ptsname_r(&keys).unwrap());
        let terminal = terminal.unwrap();
        let end = || Stdio::from(terminal.try_clone().unwrap());
        let mut command = self.command(&self.deployment.credential(), &["-c", line]);
        let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        // What the command keeps of it would keep the terminal open.
        drop(command);
        drop(terminal);
        let mut keys = File::from(OwnedFd::from(keys));
        let mut screen = keys.try_clone().unwrap();
        let (shown, seen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 1024];
            // It ends with an error when nobody is at the other end any more.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                shown.send(String::from_utf8_lossy(&bytes[..count]).into_owned()).unwrap_or(());
            }
        });
        let (mut said, mut answered) = (String::new(), 0);
        for (question, answer) in answers {
            while !said[answered..].contains(question) {
                said += &seen.recv_timeout(LONG).unwrap_or_else(|_| panic!("{question}: {said}"));
            }
            answered = said.len();
            keys.write_all(answer.as_bytes()).unwrap();
        }
        while let Ok(more) = seen.recv_timeout(LONG) {
            said += &more;
        }
        (said, child.wait().unwrap().success())
    }

    fn script(&self, text: &str) -> String {
        let file = self.exchange.join("script.ps1");
        std::fs::write(&file, text).unwrap();
        Account::find().unwrap().own(&file).unwrap();
        file.display().to_string()
    }
}

fn said(output: &Output) -> (bool, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_at_the_terminal_is_answered_by_keys() {
    let shell = Shell::start().await;
    let (said, good) = shell.typed(&[("(default is", "?\r"), ("(default is", "\u{3}")]);
    assert!(!good && said.contains("was declined"), "{said}");
    let (said, good) = shell.typed(&[("(default is", "yx\u{7f}\r")]);
    assert!(!good && !said.contains("was declined"), "it was asked for, and refused: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_administrator_may_do_what_the_role_allows() {
    let shell = Shell::start().await;
    let secrets = shell.deployment.directory().join("authority");
    let give = |name: &str, role: &str| {
        let mut command = Account::find().unwrap().command(shell.deployment.program());
        command.args(["administrator", name, "--role", role, "--secrets"]).arg(&secrets);
        command.output().unwrap()
    };
    let (good, _, errors) = said(&give("vera", "CsViewOnlyAdministrator"));
    assert!(good, "{errors}");
    let vera = secrets.join("administrators/vera");
    let (good, out, errors) = said(&shell.run_as(&vera, &["-c", "Get-CsTopology"], ""));
    assert!(good && out.contains("example.org"), "{errors}");
    let change = ["-c", "New-CsPersistentChatRoom -Name hall"];
    let (good, _, errors) = said(&shell.run_as(&vera, &change, ""));
    assert!(!good && errors.contains("CsViewOnlyAdministrator may not run"), "{errors}");
    assert!(!said(&give("vera", "CsViewOnlyAdministrator")).0, "there is one already");
    let (good, _, errors) = said(&give("boss", "Boss"));
    assert!(!good && errors.contains("CsPersistentChatAdministrator"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_prints_objects_runs_scripts_and_tells_how_they_ended() {
    let shell = Shell::start().await;

    let (good, out, errors) = said(&shell.run(&["-c", "Get-CsTopology"], ""));
    assert!(good && out.contains(" : example.org\n"), "{out}{errors}");

    let lines = "1; 2; Get-CsTopology | fl Domain; Get-CsTopology | fl Domain; 3";
    let (_, out, _) = said(&shell.run(&["-c", lines], ""));
    assert_eq!(out, "1\n2\nDomain : example.org\nDomain : example.org\n3\n");
    let lines = "1; @{A = 1}; @{A = 2}; 3";
    let (_, out, _) = said(&shell.run(&["-c", lines], ""));
    assert_eq!(out, "1\n\nA : 1\n\nA : 2\n\n3\n");

    // Where nobody is at a terminal, what comes in is the script.
    assert_eq!(said(&shell.run(&[], "4 + 5\n7")).1, "9\n7\n");

    for json in ["--json", "-Json"] {
        let line = "1; Get-CsTopology; \"two\"; $null";
        let (good, out, errors) = said(&shell.run(&[json, "-c", line], ""));
        let list: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(list[1]["Domain"], "example.org", "{errors}");
        assert_eq!((&list[0], &list[2], good), (&1.into(), &"two".into(), true));
    }
    let (good, out, _) = said(&shell.run(&["-Json", "-c", "$x = 1"], ""));
    assert_eq!((good, out.as_str()), (true, "[]\n"));

    // The second line fails when it is run: the first was printed, the third never is.
    let file = shell.script("\"first\"\nGet-CsTopology | Select-Object Nothing\n\"third\"\n");
    let (good, out, errors) = said(&shell.run(&[&file], ""));
    assert_eq!((good, out.as_str()), (false, "first\n"));
    assert!(errors.contains("script.ps1: line 2, column 18"), "{errors}");

    // What can be seen before anything runs: nothing runs.
    let (good, out, errors) = said(&shell.run(&["-"], "\"first\"\nGet-CsTopologie\n"));
    assert_eq!((good, out.as_str()), (false, ""));
    assert!(errors.contains("line 2, column 1") && errors.contains("Get-CsTopology?"), "{errors}");

    // The documents' misprints hold for lines, not for scripts.
    let line = "Get-CsTopology –Verbose | Out-File \"C:\\Reports\\topology.txt\"";
    let (good, _, errors) = said(&shell.run(&["-c", line], ""));
    assert!(good && errors.matches("understood as: Get-CsTopology -Verbose").count() == 1);
    assert!(errors.contains("is read as") && errors.contains("exchange/Reports/topology.txt"));
    let written = std::fs::read_to_string(shell.exchange.join("Reports/topology.txt")).unwrap();
    assert!(written.contains("example.org"));
    let (good, _, errors) = said(&shell.run(&["-"], "Get-CsTopology -Verbose \"x"));
    assert!(!good && errors.contains("never closed"), "{errors}");
    let read = "(Get-Content c:\\reports\\TOPOLOGY.txt -Encoding Byte).Length -gt 10";
    assert_eq!(said(&shell.run(&["-c", read], "")).1, "True\n");
    let outside = said(&shell.run(&["-c", "1 | Out-File C:\\..\\x.txt"], ""));
    assert!(!outside.0 && outside.2.contains("would leave the exchange folder"), "{}", outside.2);
}

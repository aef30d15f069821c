//! A host holds all that descends from it, however far it runs away.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use testkit::host::{Host, Plan};
use testkit::processes::is_alive;
use testkit::{TempDir, eventually};

const DEADLINE: Duration = Duration::from_secs(20);

/// Runs a child that leaves its parent, its group and its terminal, as a postmaster does, and then
/// waits. The runaway's number is written to `runaway`.
const SCRIPT: &str = r#"
cd "$1"
setsid sh -c 'sleep 1000 & echo $! > child; echo $$ > runaway.new; mv runaway.new runaway; wait' &
wait
"#;

async fn host(directory: &TempDir) -> (Host, i32) {
    let data = directory.directory("data").expect("a directory");
    let path = data.display().to_string();
    let plan = Plan {
        name: "home-a".to_owned(),
        program: "/bin/sh".into(),
        arguments: ["-c", SCRIPT, "sh", &path].map(str::to_owned).to_vec(),
        directory: data.clone(),
        log: directory.path().join("log"),
        namespace: None,
    };
    let mut host = Host::new(plan).expect("a host");
    host.start().await.expect("a process");
    let runaway = eventually(DEADLINE, "the runaway has started", async || {
        std::fs::read_to_string(data.join("runaway"))
    });
    let runaway = runaway.await.trim().parse().expect("a process number");
    (host, runaway)
}

#[tokio::test]
async fn killing_the_process_leaves_what_it_has_started() {
    let directory = TempDir::new("host").unwrap();
    let (mut host, runaway) = host(&directory).await;
    let main = host.main().await.unwrap().unwrap();
    host.kill_process().await.unwrap();
    assert!(!is_alive(main));
    assert!(is_alive(runaway));
    assert!(host.processes().iter().any(|it| it.pid == runaway), "it is still on the host");

    host.start().await.unwrap();
    assert_ne!(host.main().await.unwrap(), Some(main));
    host.start().await.unwrap_err();
}

#[tokio::test]
async fn killing_the_host_leaves_nothing() {
    let directory = TempDir::new("host").unwrap();
    let (mut host, runaway) = host(&directory).await;
    host.kill_process().await.unwrap();
    assert!(host.kill_host().await.unwrap() >= 2);
    assert!(!is_alive(runaway));
    assert_eq!(host.processes(), []);

    let data = directory.path().join("data");
    host.lock_directories().unwrap();
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0);
    host.unlock_directories().unwrap();
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    host.start().await.unwrap();
}

#[tokio::test]
async fn a_silent_host_goes_on_when_told() {
    let directory = TempDir::new("host").unwrap();
    let (mut host, _) = host(&directory).await;
    assert!(host.stop_all().await.unwrap() >= 3);
    assert!(host.processes().iter().all(|it| it.state == 'T'));
    host.continue_all().await.unwrap();
    eventually(DEADLINE, "all go on", async || {
        let processes = host.processes();
        if processes.iter().all(|it| it.state != 'T') { Ok(()) } else { Err(processes) }
    })
    .await;
    host.terminate(DEADLINE).await.unwrap();
    assert_eq!(host.main().await.unwrap(), None);
}

#[tokio::test]
async fn a_host_ends_with_its_handle_even_when_silent() {
    let directory = TempDir::new("host").unwrap();
    let (mut host, runaway) = host(&directory).await;
    host.stop_all().await.unwrap();
    drop(host);
    assert!(!is_alive(runaway));
    assert!(!Path::new(&format!("/proc/{runaway}")).exists());
}

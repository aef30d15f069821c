//! Starting, adopting, stopping, killing.

use instance::{Error, Found, How, Instance, ServerState, StopMode};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testkit::{eventually, rerun_as_postgres};

use crate::house::{House, LONG, post, posts, processes, small};

#[tokio::test]
async fn an_instance_is_made_started_and_stopped() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let instance = house.instance("alpha");
    assert_eq!(instance.found().await.unwrap(), Found::Missing);
    let made = instance.initdb(&small()).await.unwrap();
    assert!(made.checksums && made.segment_bytes == instance::SEGMENT_BYTES);
    assert_eq!(instance.settings().unwrap(), small());

    let started = instance.start(LONG).await.unwrap();
    assert_eq!(started.how, How::Fresh);
    assert_eq!(instance.found().await.unwrap(), Found::Running { pid: started.pid });
    let seen = instance.observe().await.unwrap();
    assert!(!seen.in_recovery && seen.timeline == 1 && seen.senders.is_empty(), "{seen:?}");

    let stopped = instance.stop(StopMode::Fast, LONG).await.unwrap();
    assert_eq!(stopped.state, ServerState::ShutDown);
    assert!(stopped.checkpoint >= seen.flushed.unwrap());
    assert_eq!(stopped.system_identifier, made.system_identifier);
    assert_eq!(instance.stop(StopMode::Fast, LONG).await.unwrap(), stopped, "stopping twice");
    assert_eq!(instance.found().await.unwrap(), Found::Stopped(stopped));
}

#[tokio::test]
async fn adopts_a_running_postmaster() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let spec = house.spec("alpha");
    let first = Instance::new(spec.clone());
    first.initdb(&small()).await.unwrap();
    let pid = first.start(LONG).await.unwrap().pid;
    drop(first);

    let second = Instance::new(spec);
    let started = second.start(LONG).await.unwrap();
    assert_eq!((started.pid, started.how), (pid, How::Adopted));
    let exited = {
        let second = second.clone();
        async move { second.exited().await }
    };
    tokio::pin!(exited);
    // It is waiting before the end comes.
    assert!(futures_poll_once(exited.as_mut()).await.is_none());
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
    tokio::time::timeout(LONG, exited).await.expect("told of the end").unwrap();
    assert_eq!(second.pid().unwrap(), None);
    second.exited().await.unwrap();
}

async fn futures_poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn kill_leaves_no_backend() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    post(&primary, 0..10).await;
    let mut busy = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let client = primary.connect("postgres").await.unwrap();
        busy.spawn(async move {
            let sql = "select count(*) from generate_series(1, 1000000000)";
            client.query_one(sql, &[]).await.map(|_| ())
        });
    }
    let watch = primary.connect("postgres").await.unwrap();
    eventually(LONG, "all of them are busy", async || {
        let sql = "select count(*) from pg_stat_activity where query like '%generate_series(1, %'
                   and state = 'active' and pid <> pg_backend_pid()";
        let count: i64 = watch.query_one(sql, &[]).await.unwrap().get(0);
        if count == 4 { Ok(()) } else { Err(count) }
    })
    .await;

    let before = processes(&primary).len();
    // The postmaster and those who are too busy to notice that it is gone; the others may go first.
    let killed = primary.kill().await.unwrap();
    assert!((5..=before).contains(&killed), "{killed} of {before}");
    assert_eq!(processes(&primary), []);
    assert!(!primary.spec().data.join("postmaster.pid").exists());
    let Found::Stopped(control) = primary.found().await.unwrap() else { panic!("not stopped") };
    assert_eq!(control.state, ServerState::InProduction);
    while let Some(ended) = busy.join_next().await {
        assert!(ended.unwrap().is_err());
    }
    assert_eq!(primary.kill().await.unwrap(), 0, "killing twice");
    primary.start(LONG).await.unwrap();
    assert_eq!(posts(&primary).await, 10);
}

#[tokio::test]
async fn a_start_clears_away_what_a_killed_postmaster_left() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    let orphan = primary.connect("postgres").await.unwrap();
    let backend: i32 = orphan.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    // A frozen backend does not notice that its postmaster died.
    kill(Pid::from_raw(backend), Signal::SIGSTOP).unwrap();
    let pid = primary.pid().unwrap().unwrap();
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
    primary.exited().await.unwrap();
    assert!(processes(&primary).contains(&Pid::from_raw(backend)));

    let started = primary.start(LONG).await.unwrap();
    assert_eq!(started.how, How::Fresh);
    assert!(!processes(&primary).contains(&Pid::from_raw(backend)));
}

#[tokio::test]
async fn a_crashed_backend_stops_the_server_for_the_keeper_to_decide() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    let client = primary.connect("postgres").await.unwrap();
    let backend: i32 = client.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    kill(Pid::from_raw(backend), Signal::SIGKILL).unwrap();
    tokio::time::timeout(LONG, primary.exited()).await.expect("the server stopped").unwrap();
    assert!(matches!(primary.found().await.unwrap(), Found::Stopped(_)));
}

#[tokio::test]
async fn a_start_that_fails_says_the_servers_own_words() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let instance = house.instance("alpha");
    instance.initdb(&small()).await.unwrap();
    let auto = instance.spec().data.join("postgresql.auto.conf");
    std::fs::write(auto, "no_such_setting = 1\n").unwrap();
    let error = instance.start(LONG).await.unwrap_err();
    assert!(matches!(error, Error::DidNotStart { .. }), "{error}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn a_kill_does_not_wait_for_a_start_and_a_start_does_not_survive_it() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let instance = house.instance("alpha");
    instance.initdb(&small()).await.unwrap();
    for _ in 0..8 {
        let (started, killed) = tokio::join!(instance.start(LONG), instance.kill());
        killed.unwrap();
        // After a kill nothing runs that was being started before it.
        assert!(started.is_err(), "{started:?}");
        assert_eq!(processes(&instance), []);
    }
    instance.start(LONG).await.unwrap();
}

#[tokio::test]
async fn a_number_that_was_given_out_again_keeps_nobody_from_starting() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    post(&primary, 0..5).await;
    let data = primary.spec().data.clone();
    let socket = primary.spec().socket();
    let lock =
        socket.with_file_name(format!("{}.lock", socket.file_name().unwrap().to_str().unwrap()));
    let files = [data.join("postmaster.pid"), lock];
    let written = files.clone().map(|file| std::fs::read_to_string(file).unwrap());
    // A thread of ours has a number and is no process; we are a process and no postmaster.
    let (told, number) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        told.send(nix::unistd::gettid()).unwrap();
        ended.recv().unwrap_err();
    });
    for number in [number.recv().unwrap(), nix::unistd::getpid()] {
        primary.kill().await.unwrap();
        for (file, written) in files.iter().zip(&written) {
            let (_, rest) = written.split_once('\n').unwrap();
            std::fs::write(file, format!("{number}\n{rest}")).unwrap();
        }
        assert!(matches!(primary.found().await.unwrap(), Found::Stopped(_)));
        primary.start(LONG).await.unwrap();
        assert_eq!(posts(&primary).await, 5);
    }
    drop(end);
    thread.join().unwrap();
}

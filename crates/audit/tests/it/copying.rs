//! Every line of a host's file comes into the database once, and stays as it came.

use audit::{CopyError, Phase};
use db::ConnectError;
use tokio_postgres::error::SqlState;

use crate::stage::{DEADLINE, Stage, burn, ended, entry, stands};

#[tokio::test]
async fn a_line_is_copied_once_however_often_it_is_tried() {
    let stage = Stage::new().await;
    let (audit, trail) = (stage.audit(), stage.trail());
    assert_eq!(trail.copy(&audit).await.unwrap(), 0, "there is nothing yet");
    let asked = entry("one");
    audit.append(asked.clone()).await.unwrap();
    assert_eq!(trail.copy(&audit).await.unwrap(), 1);
    audit.append(ended(&asked, Phase::Done { objects: 3 })).await.unwrap();
    audit.append(entry("with a NUL: \0")).await.unwrap();
    assert_eq!(trail.copy(&audit).await.unwrap(), 2);
    assert_eq!(trail.copy(&audit).await.unwrap(), 0);
    // The host's program starts again.
    let audit = stage.audit();
    assert_eq!(trail.copy(&audit).await.unwrap(), 0);
    audit.append(entry("two")).await.unwrap();
    let (other, same) = (stage.trail(), stage.audit());
    let (one, another) = tokio::join!(trail.copy(&audit), other.copy(&same));
    assert_eq!(one.unwrap() + another.unwrap(), 1, "of two at once one adds it");
    let all = ["asked one", "done one", "asked with a NUL: \u{fffd}", "asked two"];
    assert_eq!(stage.stands().await, all);
}

#[tokio::test]
async fn who_copies_may_add_lines_and_change_none() {
    let stage = Stage::new().await;
    let audit = stage.audit();
    audit.append(entry("kept")).await.unwrap();
    let trail = stage.trail();
    trail.copy(&audit).await.unwrap();
    let connection = trail.connections.connect(&trail.database).await.unwrap();
    for sql in [
        "update audit.line set who = 'nobody'",
        "delete from audit.line",
        "truncate audit.line",
        "drop table audit.line",
        "alter table audit.line disable trigger all",
        "insert into audit.line (id, at, host, who, role, address, cmdlet, line, phase)
         select id, at, host, 'nobody', role, address, cmdlet, line, phase from audit.line
         on conflict (id, phase) do update set who = excluded.who",
        "create table audit.other (a int)",
    ] {
        let refused = connection.batch_execute(sql).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}: {refused}");
    }
    assert_eq!(stage.stands().await, ["asked kept"]);
}

#[tokio::test]
async fn a_line_that_a_crash_has_cut_is_passed_over() {
    let stage = Stage::new().await;
    let trail = stage.trail();
    stage.audit().append(entry("one")).await.unwrap();
    let audit = stage.torn(b"{\"id\":\"0192");
    assert_eq!(trail.copy(&audit).await.unwrap(), 1);
    audit.append(entry("two")).await.unwrap();
    assert_eq!(trail.copy(&audit).await.unwrap(), 1);
    // What is no line of ours, and longer than all that is read at once.
    let audit = stage.torn(&vec![b'x'; 3 << 19]);
    audit.append(entry("three")).await.unwrap();
    assert_eq!(trail.copy(&audit).await.unwrap(), 1);
    assert_eq!(stage.stands().await, ["asked one", "asked two", "asked three"]);
}

#[tokio::test]
async fn what_was_never_shipped_is_copied_again_into_the_next_reign() {
    let stage = Stage::new().await;
    let (audit, home) = (stage.audit(), stage.trail());
    for line in ["one", "two"] {
        audit.append(entry(line)).await.unwrap();
    }
    home.copy(&audit).await.unwrap();
    let backup = stage.shipped(2).await;
    for line in ["three", "four"] {
        audit.append(entry(line)).await.unwrap();
    }
    home.copy(&audit).await.unwrap();
    stage.serves(2);
    // The old home is refused by its term, and the new primary is told what it lacks.
    let refused = home.copy(&audit).await.unwrap_err();
    assert!(matches!(refused, CopyError::Connect(ConnectError::OtherTerm { .. })), "{refused}");
    let there = stage.trail_in(&backup);
    assert_eq!(there.copy(&audit).await.unwrap(), 2);
    assert_eq!(there.copy(&audit).await.unwrap(), 0);
    let client = stage.postgres.connect(&backup).await;
    assert_eq!(stands(&client).await, ["asked one", "asked two", "asked three", "asked four"]);
}

#[tokio::test]
async fn nothing_is_written_in_a_term_that_ends_meanwhile() {
    let stage = Stage::new().await;
    let (audit, trail) = (stage.audit(), stage.trail());
    audit.append(entry("one")).await.unwrap();
    // The term changes after the connection was made: somebody holds the lock until then.
    let (client, other) = (stage.sql().await, stage.sql().await);
    client.batch_execute("begin; update recovery.term set turn = 2").await.unwrap();
    client.batch_execute("lock table audit.line").await.unwrap();
    let change = async {
        testkit::eventually(DEADLINE, "the copy waits", async || {
            let sql = "select count(*) from pg_stat_activity
                       where usename = 'standfast_audit' and wait_event_type = 'Lock'";
            match other.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) {
                0 => Err("nobody waits"),
                _ => Ok(()),
            }
        })
        .await;
        client.batch_execute("commit").await.unwrap();
    };
    let (copied, ()) = tokio::join!(trail.copy(&audit), change);
    let refused = copied.unwrap_err();
    assert!(matches!(refused, CopyError::Database(_)), "{refused}");
    assert!(stage.stands().await.is_empty());
}

#[tokio::test]
async fn another_file_of_the_host_is_copied_from_its_beginning() {
    let stage = Stage::new().await;
    let trail = stage.trail();
    let audit = stage.long(1201);
    assert_eq!(trail.copy(&audit).await.unwrap(), 1201, "in several transactions");
    burn(stage.directory.path());
    let audit = stage.audit();
    audit.append(entry("a new machine")).await.unwrap();
    assert_eq!(trail.copy(&audit).await.unwrap(), 1);
    audit.append(entry("goes on")).await.unwrap();
    assert_eq!(trail.copy(&audit).await.unwrap(), 1);
    let stands = stage.stands().await;
    assert_eq!(stands.len(), 1203);
    assert_eq!(stands[0], "asked 0");
    assert_eq!(stands[1200..], ["asked 1200", "asked a new machine", "asked goes on"]);
}

#[tokio::test]
async fn the_copy_follows_the_file_and_the_primary() {
    let stage = Stage::new().await;
    stage.told.send_replace(None);
    let (audit, trail) = (stage.audit(), stage.trail());
    audit.append(entry("before a primary is known")).await.unwrap();
    let run = async {
        stage.serves(1);
        has(&stage, 1).await;
        audit.append(entry("while it follows")).await.unwrap();
        has(&stage, 2).await;
        stage.told.send_replace(None);
        audit.append(entry("while nobody is primary")).await.unwrap();
        stage.serves(1);
        has(&stage, 3).await;
    };
    tokio::select! {
        () = trail.follow(&audit) => unreachable!("it follows for ever"),
        () = run => {}
    }
    // The host is down for a while, and its last line was written without a copy.
    audit.append(entry("before the host went down")).await.unwrap();
    let audit = stage.audit();
    tokio::select! {
        () = trail.follow(&audit) => unreachable!("it follows for ever"),
        () = has(&stage, 4) => {}
    }
}

async fn has(stage: &Stage, lines: usize) {
    testkit::eventually(DEADLINE, &format!("{lines} lines stand"), async || {
        let stands = stage.stands().await;
        if stands.len() == lines { Ok(()) } else { Err(stands) }
    })
    .await;
}

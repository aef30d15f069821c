//! A file of the share is lost or damaged, and then home is: the failover stops at the gap, names
//! it, and goes on only when just that range is given up. What came after is salvaged. While home
//! serves, a new copy makes it good.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::disaster::Disaster;

const FAILOVER: &str = "Invoke-CsPersistentChatFailover -AttestSiteIsDown -AcceptDataLoss";

/// How long anything may take on a busy machine, a copy of an instance included.
const LONG: Duration = Duration::from_secs(90);

/// What the command line of Standfast itself has in it, and of no other process.
const KEEPER: &str = " run --topology ";

/// The bytes of a WAL segment.
const SEGMENT: u64 = 16 * 1024 * 1024;

#[tokio::test]
async fn a_lost_file_is_named_given_up_and_made_good_when_home_returns() {
    let mut pool = Disaster::stand(43).await;
    fails_over_past(&mut pool, 0, |file| std::fs::remove_file(file).unwrap(), "a file is lost")
        .await;
}

#[tokio::test]
async fn a_damaged_file_is_named_given_up_and_made_good_when_home_returns() {
    let mut pool = Disaster::stand(44).await;
    fails_over_past(&mut pool, 2, damage, "a file is damaged").await;
}

#[tokio::test]
async fn an_emptied_backup_instance_is_copied_anew() {
    let mut pool = Disaster::stand(29).await;
    pool.says(3, "to begin with").await;
    let copy = pool.deployment.host("south-db1").plan().directory.join("instances/south-a");
    // PostgreSQL still runs when its files are gone, and makes new ones.
    testkit::eventually(LONG, "its files are gone", async || empty(&copy)).await;
    testkit::eventually(LONG, "the new copy is in its place", async || {
        std::fs::metadata(copy.join("PG_VERSION")).map(drop)
    })
    .await;
    pool.is_well("with a new copy").await;
    pool.says(3, "with a new copy").await;
    testkit::eventually(LONG, "it is replayed there", async || {
        let posts = pool.sql_in("south-a", "mgc", "select count(*) from chat.post").await;
        if posts.trim() == "6" { Ok(()) } else { Err(posts) }
    })
    .await;
    pool.lose_home().await;
    pool.shell(&format!("{FAILOVER} -Force")).await;
    pool.says(3, "at the backup site").await;
    pool.nothing_is_missing("at the backup site").await;
}

fn damage(file: &PathBuf) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(file, bytes).unwrap();
}

/// Removes everything in a directory.
fn empty(directory: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { std::fs::remove_dir_all(path)? } else { std::fs::remove_file(path)? }
    }
    Ok(())
}

#[tokio::test]
async fn a_lost_file_is_named_and_made_good_while_home_serves() {
    let mut pool = Disaster::stand(51).await;
    // The one in the middle of which the replay stands still.
    let (hurt, _) = is_hurt(&mut pool, 0, |file| std::fs::remove_file(file).unwrap()).await;
    pool.sql("south-a", "select pg_wal_replay_resume()").await;
    let name = hurt.file_stem().unwrap().to_string_lossy().into_owned();
    let log = pool.deployment.host("south-db1").plan().log.clone();
    testkit::eventually(LONG, "the file is named and a new copy begins", async || {
        let text = std::fs::read_to_string(&log).map_err(|error| error.to_string())?;
        let copied = text.find(&name).is_some_and(|at| text[at..].contains("copying"));
        if copied { Ok(()) } else { Err(text) }
    })
    .await;
    pool.says(3, "after the damage").await;
    pool.is_well("with a new copy").await;
    pool.all_is_received().await;
    pool.lose_home().await;
    pool.shell(&format!("{FAILOVER} -Force")).await;
    pool.nothing_is_missing("at the backup site").await;
}

/// The backup instance stands still, so that what is shipped from here on waits in the share.
async fn stands_still(pool: &mut Disaster) {
    pool.says(3, "to begin with").await;
    testkit::eventually(LONG, "it is replayed", async || {
        let posts = pool.sql_in("south-a", "mgc", "select count(*) from chat.post").await;
        if posts == "3" { Ok(()) } else { Err(posts) }
    })
    .await;
    replay_is_paused(pool).await;
}

/// Pauses the replay at the end of a segment: a record is replayed from a copy of its file, and
/// none of what is said from here on is in that copy.
async fn replay_is_paused(pool: &mut Disaster) {
    pool.sql("south-a", "select pg_wal_replay_pause()").await;
    pool.sql("north-a", "select pg_switch_wal()").await;
    testkit::eventually(LONG, "the replay is paused", async || {
        let state = pool.sql("south-a", "select pg_get_wal_replay_pause_state()").await;
        if state == "paused" { Ok(()) } else { Err(state) }
    })
    .await;
}

#[tokio::test]
async fn an_emptied_share_is_filled_again_while_home_serves_and_named_when_it_is_lost() {
    let mut pool = Disaster::stand(52).await;
    pool.says(3, "to begin with").await;
    let host = pool.deployment.host("south-db1").plan().directory.clone();
    let share = host.join("share");
    // At once, though somebody writes there.
    std::fs::rename(share.join("reign-1"), host.join("gone")).unwrap();
    pool.says(3, "into no folder").await;
    let posts = "select count(*) from chat.post";
    testkit::eventually(LONG, "it is replayed", async || {
        let posts = pool.sql_in("south-a", "mgc", posts).await;
        if posts == "6" { Ok(()) } else { Err(posts) }
    })
    .await;
    pool.is_well("with a new folder").await;

    replay_is_paused(&mut pool).await;
    let beyond = pool.says(3, "given up").await;
    pool.lose_home().await;
    testkit::eventually(LONG, "nobody writes there", async || empty(&share)).await;
    pool.sql("south-a", "select pg_wal_replay_resume()").await;
    let refusal = pool.refused(&format!("{FAILOVER} -Force"), "-AcceptMissingLog").await;
    let command = Disaster::named_command(&refusal);
    pool.shell(&format!("{command} -Force")).await;
    pool.gives_up(&beyond);
    pool.says(3, "at the backup site").await;
    pool.nothing_is_missing("without what was shipped last").await;
    pool.deployment.site_up("north").await.unwrap();
    pool.must_keep(&beyond);
    pool.eventually("Invoke-CsPersistentChatFailback -Force").await;
    pool.is_well("home again").await;
    pool.nothing_is_missing("home again").await;
}

/// What was said in each of four segments that wait in the share, of which one is hurt.
async fn is_hurt(
    pool: &mut Disaster,
    which: u64,
    hurt: impl Fn(&PathBuf),
) -> (PathBuf, Vec<Vec<String>>) {
    stands_still(pool).await;
    let first = pool.sql("north-a", "select pg_current_wal_lsn()").await;
    let first = segment(&first);
    let mut by_segment = Vec::new();
    for _ in 0..4 {
        by_segment.push(pool.says(2, "shipped").await);
        pool.sql("north-a", "select pg_switch_wal()").await;
    }
    let hurt_one = pool.shared_file(first + which).await;
    pool.shared_file(first + 3).await;
    hurt(&hurt_one);
    (hurt_one, by_segment)
}

/// What stands before the one that is hurt can be replayed.
async fn fails_over_past(pool: &mut Disaster, which: u64, hurt: impl Fn(&PathBuf), when: &str) {
    let (hurt_one, mut by_segment) = is_hurt(pool, which, hurt).await;
    let beyond: Vec<String> = by_segment.split_off(usize::try_from(which).unwrap()).concat();
    fails_over_without(pool, &hurt_one, beyond, when).await;
}

/// Home is lost, what was said beyond the file that is hurt is given up, and home brings it back.
async fn fails_over_without(pool: &mut Disaster, hurt: &Path, beyond: Vec<String>, when: &str) {
    pool.lose_home().await;
    pool.sql("south-a", "select pg_wal_replay_resume()").await;

    let refusal = pool.refused(&format!("{FAILOVER} -Force"), "-AcceptMissingLog").await;
    println!("{refusal}");
    let name = hurt.file_stem().unwrap().to_string_lossy().into_owned();
    assert!(refusal.contains(&name), "{refusal}");
    let other = format!("{FAILOVER} -AcceptMissingLog '1:0/1000000-0/2000000' -Force");
    pool.refused(&other, "-AcceptMissingLog 1:").await;

    let command = Disaster::named_command(&refusal);
    pool.shell(&format!("{command} -Force")).await;
    let journal = pool.shell("(Get-CsPersistentChatRecovery -Journal).What").await;
    assert!(journal.contains("accepted that shipped WAL is missing: 1:"), "{journal}");
    pool.gives_up(&beyond);
    pool.says(3, "at the backup site").await;
    pool.nothing_is_missing(when).await;

    pool.deployment.site_up("north").await.unwrap();
    pool.must_keep(&beyond);
    pool.eventually("Invoke-CsPersistentChatFailback -Force").await;
    pool.is_well("home again").await;
    let recovered = pool.nothing_is_missing("home again").await;
    for text in &beyond {
        assert!(recovered.contains(text), "{text} was not salvaged: {recovered:?}");
    }
}

/// What was said and received while the backup instance stands still, and of which the disk has
/// changed one bit in the file that is still open, before or after it was `read`. Tells what stands
/// from there on.
async fn is_hurt_while_open(pool: &mut Disaster, read: bool) -> (PathBuf, Vec<String>) {
    stands_still(pool).await;
    let keeper = |pool: &mut Disaster, signal| {
        pool.deployment.host("south-db1").signal(KEEPER, signal).unwrap();
    };
    if !read {
        keeper(pool, Signal::SIGSTOP);
    }
    let texts = pool.says(5, "received").await;
    if read {
        pool.all_is_received().await;
    }
    let share = pool.deployment.host("south-db1").plan().directory.join("share");
    let last = texts.last().unwrap().clone();
    let (file, bytes) = testkit::eventually(LONG, "it is received", async || {
        let file = open_file(&share)?;
        let bytes = std::fs::read(&file)?;
        if place_of(&bytes, &last).is_some() {
            return Ok((file, bytes));
        }
        Err(std::io::Error::other(format!("not in {} yet", file.display())))
    })
    .await;
    let at = place_of(&bytes, &texts[2]).unwrap() as u64;
    let opened = std::fs::File::options().write(true).open(&file).unwrap();
    opened.write_all_at(b"R", at).unwrap();
    if !read {
        keeper(pool, Signal::SIGCONT);
    }
    (file, texts[2..].to_vec())
}

/// The file into which WAL is received.
fn open_file(share: &Path) -> std::io::Result<PathBuf> {
    let incoming = std::fs::read_dir(share.join("reign-1/incoming"))?;
    let mut paths = incoming.filter_map(|entry| Some(entry.ok()?.path()));
    let open = paths.find(|path| path.extension().is_some_and(|it| it == "partial"));
    open.ok_or_else(|| std::io::Error::other("nothing is open"))
}

fn place_of(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_file_that_is_damaged_while_open_is_received_once_more() {
    let mut pool = Disaster::stand(38).await;
    is_hurt_while_open(&mut pool, true).await;
    pool.sql("south-a", "select pg_wal_replay_resume()").await;
    comes_once_more(&mut pool, "the replay stands still").await;
}

#[tokio::test]
async fn what_is_damaged_before_it_is_read_is_received_once_more() {
    let mut pool = Disaster::stand(54).await;
    is_hurt_while_open(&mut pool, false).await;
    pool.sql("south-a", "select pg_wal_replay_resume()").await;
    comes_once_more(&mut pool, "what is received stands still").await;
}

/// All of it is replayed, with these words; and what comes next.
async fn comes_once_more(pool: &mut Disaster, words: &str) {
    let posts = "select count(*) from chat.post";
    testkit::eventually(LONG, "all of it is replayed", async || {
        let posts = pool.sql_in("south-a", "mgc", posts).await;
        if posts == "8" { Ok(()) } else { Err(posts) }
    })
    .await;
    let log = std::fs::read_to_string(&pool.deployment.host("south-db1").plan().log).unwrap();
    assert!(log.contains(words), "{log}");
    pool.is_well("without a new copy").await;
    pool.says(3, "afterwards").await;
    testkit::eventually(LONG, "what comes next is replayed", async || {
        let posts = pool.sql_in("south-a", "mgc", posts).await;
        if posts == "11" { Ok(()) } else { Err(posts) }
    })
    .await;
    pool.lose_home().await;
    pool.shell(&format!("{FAILOVER} -Force")).await;
    pool.nothing_is_missing("at the backup site").await;
}

#[tokio::test]
async fn a_file_that_is_damaged_while_open_is_named_when_home_is_lost() {
    let mut pool = Disaster::stand(39).await;
    let (hurt, beyond) = is_hurt_while_open(&mut pool, true).await;
    let name = hurt.with_extension("");
    fails_over_without(&mut pool, &name, beyond, "the open file is damaged").await;
}

/// The number of the segment that a position lies in.
fn segment(lsn: &str) -> u64 {
    let (high, low) = lsn.split_once('/').unwrap();
    let [high, low] = [high, low].map(|part| u64::from_str_radix(part, 16).unwrap());
    ((high << 32) | low) / SEGMENT
}

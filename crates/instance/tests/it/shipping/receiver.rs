//! The receiver outlives cuts, kills and full disks.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use instance::shipping::{
    Figures, Needs, Receiver, Reign, Sample, ShippingError, Standing, Word, missing,
};
use testkit::{TempDir, eventually};
use tokio_util::task::TaskTracker;

use super::entry::receiving_process;
use super::support::{
    DEADLINE, REIGN, World, alarm, count, flushed_at_source, insert, replayed, run, stands,
};

/// How often the receiver's process is killed.
const KILLS: u64 = 8;

/// Where the root user mounted a small file system for the test of a full share.
const SMALL: &str = "STANDFAST_SMALL_SHARE";

#[test]
fn a_gap_after_a_cut_is_filled_when_the_source_returns() {
    run(async {
        let mut world = World::new().await;
        let receiver = world.receive().await;
        world.backup.start_again().await;
        insert(&world.client, 10).await;
        let before = world.shipped(&receiver).await;
        receiver.note_source(Sample { lsn: before, at: jiff::Timestamp::now() });

        receiver.feed_from(None);
        stands(&receiver, |it| matches!(it, Standing::Idle)).await;
        for _ in 0..3 {
            world.fill_segment(100).await;
        }
        insert(&world.client, 10).await;
        let end = flushed_at_source(&world.client).await;
        receiver.note_source(Sample { lsn: end, at: jiff::Timestamp::now() });
        let figures = receiver.figures().unwrap();
        assert_eq!(figures.bytes, end.bytes_since(figures.flushed));
        assert!(figures.bytes > 32 * 1024 * 1024, "{figures:?}");
        // The figures stand in the share, for the day when neither of us is left.
        eventually(DEADLINE, "the figures are written down", async || {
            let written = Figures::read(&world.opened().folder(REIGN)).unwrap();
            match written {
                Some(written) if written.source == end => Ok(()),
                other => Err(other),
            }
        })
        .await;
        let words = missing(&world.opened(), world.begin.lsn, end).unwrap();
        assert!(words.iter().any(|it| it.1 == Word::MissingDelayed), "{words:?}");

        // The source crashes and returns, and so does the line to it.
        world.source.stop_immediately().await;
        receiver.feed_from(Some(world.feed()));
        stands(&receiver, |it| matches!(it, Standing::Waiting { .. })).await;
        world.source.start_again().await;
        world.client = world.source.connect("postgres").await;
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        let words = missing(&world.opened(), world.begin.lsn, end).unwrap();
        let filled = words.iter().all(|it| matches!(it.1, Word::Found | Word::MissingUploading));
        assert!(filled, "{words:?}");
        let backup = world.backup.connect("postgres").await;
        eventually(DEADLINE, "the backup instance has it all", async || {
            let seen = count(&backup).await;
            if seen == 320 { Ok(()) } else { Err(seen) }
        })
        .await;

        // What it has replayed and nobody needs is let go, oldest first.
        let redo = replayed(&backup).await.segment_start();
        let needs = Needs { oldest_base_backup: Some(world.begin.lsn), restored: redo };
        assert!(receiver.retire(needs).await.unwrap().is_empty(), "the base backup needs them");
        let needs = Needs { oldest_base_backup: None, restored: redo };
        let gone = receiver.retire(needs).await.unwrap();
        assert!(gone.len() >= 3 && gone.is_sorted(), "{gone:?}");
        assert!(world.lines().iter().all(|it| it.end > redo));
        insert(&world.client, 10).await;
        world.shipped(&receiver).await;
        eventually(DEADLINE, "the backup instance goes on", async || {
            let seen = count(&backup).await;
            if seen == 330 { Ok(()) } else { Err(seen) }
        })
        .await;
        receiver.stop().await;
    });
}

#[test]
fn a_lower_reign_is_refused() {
    run(async {
        let world = World::new().await;
        let start = async |reign| {
            let settings = world.settings(reign).await;
            Receiver::start(settings, &world.tasks, &world.shutdown)
        };
        let receiver = start(Reign(2)).await.unwrap();
        receiver.feed_from(Some(world.feed()));
        world.shipped(&receiver).await;
        let second = start(Reign(2)).await.unwrap_err();
        assert!(matches!(second, ShippingError::Held { pid, .. } if pid == std::process::id()));
        // A higher one is announced: this one stops by itself.
        world.opened().raise(Reign(3)).unwrap();
        let why = alarm(&receiver).await;
        assert!(why.starts_with("LowerReign"), "{why}");
        receiver.stop().await;
        for reign in [Reign(1), Reign(2)] {
            let refused = start(reign).await.unwrap_err();
            assert!(matches!(refused, ShippingError::LowerReign { highest: Reign(3), .. }));
        }
        let refused = world.opened().raise(Reign(2)).unwrap_err();
        assert!(matches!(refused, ShippingError::LowerReign { .. }), "{refused}");
        start(Reign(3)).await.unwrap().stop().await;
    });
}

#[test]
fn another_database_system_is_refused() {
    run(async {
        let world = World::new().await;
        world.receive().await.stop().await;
        fs::write(world.share.join("system-identifier"), "42\n").unwrap();
        let receiver = world.receive().await;
        let why = alarm(&receiver).await;
        assert!(why.starts_with("ForeignSystem"), "{why}");
    });
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn resume_after_kill_of_the_receiver_at_random_moments() {
    run(async {
        let mut world = World::new().await;
        world.receive().await.stop().await;
        world.backup.start_again().await;
        let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
        let mut random = u64::try_from(seed % u128::from(u64::MAX)).unwrap() | 1;
        println!("seed {random}");
        let load = TaskTracker::new();
        let stop = tokio_util::sync::CancellationToken::new();
        let client = world.source.connect("postgres").await;
        let stopped = stop.clone();
        let loading = load.spawn(async move {
            while !stopped.is_cancelled() {
                insert(&client, 2_000).await;
            }
        });
        for _ in 0..KILLS {
            let mut command = receiving_process(&world.share, &world.feed());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let process = Killed(command.spawn().unwrap());
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // On purpose: any moment will do; the wait is the fault's, not the test's.
            tokio::time::sleep(Duration::from_millis(50 + random % 1_500)).await;
            drop(process);
        }
        // The last one's child may still write; the next receiver ends it first.
        let receiver = world.receive().await;
        stop.cancel();
        loading.await.unwrap();
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        let expected = count(&world.client).await;
        assert!(expected > 0);
        let words = missing(&world.opened(), world.begin.lsn, end).unwrap();
        let whole = words.iter().all(|it| matches!(it.1, Word::Found | Word::MissingUploading));
        assert!(whole, "{words:?}");
        receiver.stop().await.unwrap();
        let backup = world.drain_and_promote().await;
        assert_eq!(count(&backup).await, expected);
    });
}

/// A file system of 128 MiB, unmounted when dropped.
struct Small {
    mounted: bool,
    directory: TempDir,
}

impl Small {
    fn unmounted() -> Self {
        Self { mounted: false, directory: TempDir::new("small").unwrap() }
    }

    fn mount() -> Self {
        let mut small = Self::unmounted();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=128m,mode=777", "standfast-test"]);
        let status = mount.arg(small.directory.path()).status();
        assert!(
            status.is_ok_and(|it| it.success()),
            "this test needs a small file system, and root may not mount one here"
        );
        small.mounted = true;
        small
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        if self.mounted {
            std::process::Command::new("umount").arg(self.directory.path()).status().ok();
        }
    }
}

#[test]
fn share_full_is_said_and_survived() {
    let Some(small) = std::env::var_os(SMALL) else {
        run_again_with_small_share();
        return;
    };
    run(async move {
        let share = Path::new(&small).join("share");
        let world = World::with_share(TempDir::new("ship").unwrap(), share.clone()).await;
        let receiver = world.receive().await;
        insert(&world.client, 10).await;
        world.shipped(&receiver).await;
        // Somebody fills the disk, all but a little.
        let ballast = Path::new(&small).join("ballast");
        fill(&ballast);
        for _ in 0..4 {
            world.fill_segment(100).await;
        }
        insert(&world.client, 10).await;
        let Standing::Full { why } =
            stands(&receiver, |it| matches!(it, Standing::Full { .. })).await
        else {
            unreachable!("it was waited for");
        };
        let said = why.to_string();
        assert!(said.contains("the share is full") && said.contains("free space there"), "{said}");
        // It goes on by itself.
        fs::remove_file(ballast).unwrap();
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        let words = missing(&world.opened(), world.begin.lsn, end).unwrap();
        let whole = words.iter().all(|it| matches!(it.1, Word::Found | Word::MissingUploading));
        assert!(whole, "{words:?}");
        receiver.stop().await;
    });
}

/// Runs the test once more, with a small file system for the share.
fn run_again_with_small_share() {
    let binary = std::env::current_exe().unwrap();
    let test = ["--exact", "shipping::receiver::share_full_is_said_and_survived", "--nocapture"];
    let (small, mut command);
    if nix::unistd::Uid::effective().is_root() {
        small = Small::mount();
        command = std::process::Command::new(binary);
    } else {
        // An ordinary user may be allowed to mount in a namespace of its own.
        small = Small::unmounted();
        command = std::process::Command::new("unshare");
        command.args(["--user", "--map-current-user", "--keep-caps", "--mount", "sh", "-c"]);
        command.arg("mount -t tmpfs -o size=128m tmpfs \"$0\" && exec \"$@\"");
        command.arg(small.directory.path()).arg(binary);
    }
    let status = command.args(test).env(SMALL, small.directory.path()).status().unwrap();
    assert!(
        status.success(),
        "the test of a full share failed ({status}); it needs root, or leave to mount a tmpfs in \
         a user namespace (sysctl kernel.unprivileged_userns_clone)"
    );
}

/// Writes until there is no room, and gives four MiB back.
fn fill(path: &Path) {
    use std::io::Write as _;
    let mut file = fs::File::create(path).unwrap();
    let block = vec![1; 1024 * 1024];
    while file.write_all(&block).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length - 4 * 1024 * 1024).unwrap();
}

//! PostgreSQL is killed during an import: what is found afterwards is before, or after.

use response_groups::configuration::Configuration;
use response_groups::import::AudioSource;
use response_groups::store::{ImportError, RgsError};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::whole::named_audio;
use super::world::{DEADLINE, NoPlan, PRIMARY, World};
use crate::testing::{Contents, Dice, Size, made};

/// Tells when a content is asked for.
struct Told {
    contents: Contents,
    tell: mpsc::UnboundedSender<()>,
}

impl AudioSource for Told {
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String> {
        self.tell.send(()).map_err(|error| error.to_string())?;
        self.contents.content(id)
    }
}

/// Imports, and kills `PostgreSQL` when so many audio files have been asked for.
async fn killed_at(
    world: &mut World,
    whole: &Configuration,
    contents: &Contents,
    files: usize,
) -> Result<(), ImportError<NoPlan>> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let hosting = world.hosting.clone();
    let plan = super::world::plan(whole);
    let mut source = Told { contents: contents.clone(), tell };
    let import = Box::pin(async move {
        let make = |_: &_| Ok(plan);
        hosting.import(Vec::new(), make, &mut source).await.map(drop)
    });
    let kill = async {
        for _ in 0..files {
            told.recv().await;
        }
        world.postgres.kill().await;
    };
    let both = async { tokio::join!(import, kill) };
    let (imported, ()) = tokio::time::timeout(DEADLINE, both).await.unwrap();
    imported
}

#[tokio::test]
async fn a_killed_import_leaves_before_or_after() {
    let mut world = World::new().await;
    let mut dice = Dice::new(11);
    let size = Size { audio: 40, audio_bytes: 300_000, ..Size::upto(9, &mut dice) };
    let (first, mut first_contents) = made(&mut dice, &[PRIMARY], Size { audio: 2, ..size });
    world.import(&first, &mut first_contents).await.unwrap();
    let (mut second, contents) = made(&mut dice, &[PRIMARY], size);
    // The second configuration is the first one with other objects beside it.
    rename(&mut second);
    let before = world.all().await;
    for files in [1, 20, 40] {
        let died = killed_at(&mut world, &second, &contents, files).await;
        world.postgres.start_again().await;
        let after = world.all().await;
        match died {
            Ok(()) => assert_eq!(after.objects.len(), first.objects.len() + second.objects.len()),
            Err(ImportError::Store(RgsError::Unknown { .. })) => {
                let all = first.objects.len() + second.objects.len();
                assert!([before.objects.len(), all].contains(&after.objects.len()));
            }
            Err(_) => assert_eq!(after, before, "after {files} files"),
        }
        if after != before {
            return;
        }
    }
    world.import(&second, &mut contents.clone()).await.unwrap();
    let all = world.all().await;
    assert_eq!(all.objects.len(), first.objects.len() + second.objects.len());
    assert!(named_audio(&second).iter().all(|id| all.audio.iter().any(|it| it.id == *id)));
}

/// Gives everything names and addresses that the first configuration does not have.
fn rename(whole: &mut Configuration) {
    for object in &mut whole.objects {
        object.owner_and_name().1.push_str(" later");
        if let response_groups::model::Object::Workflow(it) = object {
            it.primary_uri = it.primary_uri.replace("sip:", "sip:later-");
        }
    }
}

/// A commit whose answer is lost is looked up: whoever made the change hears that it stands.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_looked_up() {
    let mut world = World::new().await;
    let sql = world.sql().await;
    // The commit waits for a mirror that never comes, until its backend is gone.
    sql.batch_execute("alter system set synchronous_standby_names = 'nobody'").await.unwrap();
    sql.batch_execute("select pg_reload_conf()").await.unwrap();
    let group = super::world::group(1, "Support");
    let saved = world.add(group);
    let end = async {
        testkit::eventually(DEADLINE, "the commit waits", async || {
            let waiting = "select pg_terminate_backend(pid) from pg_stat_activity
                           where wait_event = 'SyncRep' and query = 'commit'";
            let rows = sql.query(waiting, &[]).await.unwrap();
            if rows.is_empty() { Err("nobody waits") } else { Ok(()) }
        })
        .await;
        sql.batch_execute("alter system reset synchronous_standby_names").await.unwrap();
        sql.batch_execute("select pg_reload_conf()").await.unwrap();
    };
    let (saved, ()) = tokio::join!(saved, end);
    saved.unwrap();
    assert_eq!(world.named().await, ["Support"]);
    world.postgres.kill().await;
    let away = world.add(super::world::group(2, "Desk")).await;
    assert!(matches!(away, Err(RgsError::Away { .. })), "{away:?}");
}

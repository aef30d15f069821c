//! Moves between pools: all of it, at one pool in the end, whatever happens on the way.

use std::time::Duration;

use response_groups::configuration::Configuration;
use response_groups::import::{Conflict, Conflicts, Elsewhere, Report};
use response_groups::model::{AgentGroup, Kind, Object, ParticipationPolicy, Queue, Workflow};
use response_groups::store::{MoveError, Moving, RgsError};
use tokio::task::JoinSet;
use tokio_postgres::Client;

use super::world::{
    BACKUP, DEADLINE, PRIMARY, World, audio_file, group, id, plays, queue, to_queue, workflow,
};
use crate::testing::Contents;

const PLAIN: Moving = Moving { resolve_name_conflicts: false, replace: false, rehearse: false };
const REPLACE: Moving = Moving { replace: true, ..PLAIN };

/// The two pools of a move, with Response Groups of the first one's own.
struct Pair {
    from: World,
    to: World,
}

impl Pair {
    async fn new() -> Self {
        let (from, to) = tokio::join!(World::of(PRIMARY), World::of(BACKUP));
        let agents = vec!["sip:ken@contoso.com".to_owned()];
        let formal = AgentGroup {
            participation_policy: ParticipationPolicy::Formal,
            agents_by_uri: agents.clone(),
            ..group(1, "Support")
        };
        from.add(formal).await.unwrap();
        from.hosting.sign_in(id(1), &agents[0], true).await.unwrap();
        let music = from.hosting.add_audio(&audio_file(9, b"sound")).await.unwrap();
        let mut busy = to_queue(2);
        busy.prompt = Some(plays(&music));
        let line = Queue { timeout_threshold: Some(60), ..queue(2, "Line", &[1]) };
        from.add(Queue { timeout_action: Some(busy), ..line }).await.unwrap();
        from.add(workflow(3, "Number", Some(2))).await.unwrap();
        let settings = response_groups::model::ServiceSettings {
            agent_ringback_grace_period: 77,
            ..Default::default()
        };
        from.hosting.set_settings(PRIMARY, &settings).await.unwrap();
        Self { from, to }
    }

    async fn go(&self, how: Moving) -> Result<Report, MoveError> {
        let object = |object| Elsewhere { object, pool: PRIMARY.to_owned() };
        let elsewhere = self.from.hosting.names().await?.into_iter().map(object).collect();
        let going = self.from.hosting.move_to(&self.to.hosting, elsewhere, how);
        tokio::time::timeout(DEADLINE, going).await.unwrap()
    }

    /// Begins to move on a task of its own.
    fn begin(&self) -> JoinSet<Result<Report, MoveError>> {
        let (from, to) = (self.from.hosting.clone(), self.to.hosting.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { from.move_to(&to, Vec::new(), PLAIN).await });
        tasks
    }

    /// All of it is at the destination, as it was but for its owner, and nothing at the source.
    async fn expect_moved(&self, before: &Configuration) {
        let after = self.to.all().await;
        assert_eq!(after.objects, given(&before.objects));
        assert_eq!(after.sign_ins, before.sign_ins);
        let played = after.audio.iter().map(|it| (it.id, it.owner.as_str()));
        assert_eq!(played.collect::<Vec<_>>(), [(id(9), BACKUP)]);
        assert_eq!(
            self.to.hosting.audio(id(9)).await.unwrap().content,
            audio_file(9, b"sound").content
        );
        assert!(after.settings.is_empty(), "settings stay where they are");
        let left = self.from.all().await;
        assert_eq!((left.objects, left.sign_ins), (vec![], vec![]));
        assert_eq!(left.settings, before.settings);
    }
}

async fn ended(mut going: JoinSet<Result<Report, MoveError>>) -> Result<Report, MoveError> {
    tokio::time::timeout(DEADLINE, going.join_next()).await.unwrap().unwrap().unwrap()
}

/// The objects as they are when they belong to the destination.
fn given(objects: &[Object]) -> Vec<Object> {
    let mut objects = objects.to_vec();
    for object in &mut objects {
        BACKUP.clone_into(object.owner_and_name().0);
    }
    objects
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_takes_all_that_belongs_to_a_pool_and_nothing_else() {
    let pair = Pair::new().await;
    // Visitors stay, and what the destination has of its own.
    let guest = AgentGroup { owner: "third.contoso.com".to_owned(), ..group(20, "Guest") };
    let guest = Object::from(guest);
    let visit = Configuration { objects: vec![guest.clone()], ..Configuration::default() };
    pair.from.import(&visit, &mut Contents::default()).await.unwrap();
    let own = Object::from(AgentGroup { owner: BACKUP.to_owned(), ..group(21, "Own") });
    pair.to.add(own.clone()).await.unwrap();
    let (before, there) = (pair.from.all().await, pair.to.all().await);

    let rehearsed = pair.go(Moving { rehearse: true, ..PLAIN }).await.unwrap();
    assert_eq!((pair.from.all().await, pair.to.all().await), (before.clone(), there));
    let report = pair.go(PLAIN).await.unwrap();
    assert_eq!(report, rehearsed, "a rehearsal tells what comes of it");
    assert_eq!(report.written[&Kind::Workflow], 1);

    assert_eq!(pair.from.all().await.objects, [guest]);
    pair.to.hosting.remove(Kind::AgentGroup, id(21)).await.unwrap();
    let of_own = |it: &Object| it.owner() == PRIMARY;
    let moved = before.objects.iter().filter(|it| of_own(it)).cloned().collect();
    pair.from.hosting.remove_exported(&exported(&pair.from).await).await.unwrap();
    pair.expect_moved(&Configuration { objects: moved, ..before }).await;
    // The destination edits it from now on, and again there is nothing to move.
    let renamed = Workflow { owner: BACKUP.to_owned(), ..workflow(3, "Another", Some(2)) };
    pair.to.change(renamed).await.unwrap();
    assert!(pair.go(PLAIN).await.unwrap().written.is_empty());
    assert_eq!(pair.to.hosting.get(Kind::Workflow, id(3)).await.unwrap().name(), "Another");
}

async fn exported(world: &World) -> response_groups::store::Exported {
    let all = response_groups::store::OwnerFilter::All;
    world.hosting.export(&all).await.unwrap().end().await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_against_a_move_is_listed_and_changes_nothing() {
    let pair = Pair::new().await;
    let own = |number, name: &str, uri: &str| Workflow {
        owner: BACKUP.to_owned(),
        primary_uri: uri.to_owned(),
        ..workflow(number, name, None)
    };
    pair.to.add(own(30, "number", "sip:other@contoso.com")).await.unwrap();
    pair.to.add(own(31, "x", "sip:workflow3@contoso.com")).await.unwrap();
    let both = (pair.from.all().await, pair.to.all().await);
    let refused = pair.go(PLAIN).await;
    let Err(MoveError::Conflicts(Conflicts(conflicts))) = &refused else { panic!("{refused:?}") };
    let [Conflict::Name { .. }, Conflict::Uri { .. }] = &conflicts[..] else {
        panic!("{conflicts:?}")
    };
    let renaming = Moving { resolve_name_conflicts: true, ..PLAIN };
    let refused = pair.go(renaming).await;
    assert!(matches!(refused, Err(MoveError::Conflicts(_))), "an address is not resolved");
    assert_eq!((pair.from.all().await, pair.to.all().await), both);

    pair.to.hosting.remove(Kind::Workflow, id(31)).await.unwrap();
    let report = pair.go(renaming).await.unwrap();
    assert_eq!(report.renamed[0].new, "Number (2)");
    assert!(pair.from.named().await.is_empty());
    // A pool for which another stands in moves nothing, and nothing is moved to it.
    for (world, owner) in [(&pair.to, BACKUP), (&pair.from, PRIMARY)] {
        world.hosting.yield_to(owner, 100).await.unwrap();
    }
    let refused = pair.go(PLAIN).await;
    assert!(matches!(refused, Err(MoveError::Store(RgsError::NotEditor { .. }))), "{refused:?}");
    pair.from.hosting.claim(PRIMARY, 101).await.unwrap();
    pair.from.add(group(40, "New")).await.unwrap();
    let refused = pair.go(PLAIN).await;
    assert!(matches!(refused, Err(MoveError::Store(RgsError::NotEditor { .. }))), "{refused:?}");
    assert_eq!(pair.from.named().await, ["New"]);
}

/// Holds up whoever wants to change a table, until its transaction ends.
async fn held_up(world: &World, table: &str) -> Client {
    let sql = world.sql().await;
    sql.batch_execute(&format!("begin; lock table rgs.{table} in share mode")).await.unwrap();
    sql
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_it_has_come_in_everything_is_at_the_source() {
    let mut pair = Pair::new().await;
    let before = pair.from.all().await;
    let held_up = held_up(&pair.to, "sign_in").await;
    let sql = pair.to.sql().await;
    let going = pair.begin();
    testkit::eventually(DEADLINE, "the import is at its end", async || {
        let waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock'";
        if sql.query(waiting, &[]).await.unwrap().is_empty() { Err("nobody waits") } else { Ok(()) }
    })
    .await;
    pair.to.postgres.kill().await;
    drop(held_up);
    let died = ended(going).await;
    assert!(matches!(died, Err(MoveError::Store(_))), "{died:?}");
    pair.to.postgres.start_again().await;
    assert_eq!(pair.from.all().await, before);
    assert_eq!(pair.to.all().await.objects, []);
    pair.go(PLAIN).await.unwrap();
    pair.expect_moved(&before).await;
}

/// Moves, and has everything at both pools: the source is killed before it lets go.
async fn at_both(pair: &mut Pair) {
    let sql = held_up(&pair.from, "change").await;
    let going = pair.begin();
    testkit::eventually(DEADLINE, "it has come in", async || {
        if pair.to.named().await.len() == 3 { Ok(()) } else { Err("not all is there") }
    })
    .await;
    pair.from.postgres.kill().await;
    drop(sql);
    let died = ended(going).await;
    let Err(MoveError::AtBoth { .. }) = &died else { panic!("{died:?}") };
    let told = died.unwrap_err().to_string();
    assert!(told.contains("move it again, which finishes"), "{told}");
    pair.from.postgres.start_again().await;
    assert_eq!(pair.from.named().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_it_has_gone_it_is_at_both_and_the_same_move_finishes() {
    let mut pair = Pair::new().await;
    let before = pair.from.all().await;
    at_both(&mut pair).await;
    assert_eq!(pair.from.all().await, before);
    pair.go(PLAIN).await.unwrap();
    pair.expect_moved(&before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_at_either_pool_after_a_move_was_interrupted_is_not_lost_unseen() {
    let mut pair = Pair::new().await;
    let before = pair.from.all().await;
    at_both(&mut pair).await;
    let changed = |owner: &str, seconds| {
        let owner = owner.to_owned();
        Queue { owner, timeout_threshold: Some(seconds), ..queue(2, "Line", &[1]) }
    };
    pair.to.change(changed(BACKUP, 61)).await.unwrap();
    let refused = pair.go(PLAIN).await.unwrap_err();
    let MoveError::Differs { what, .. } = &refused else { panic!("{refused}") };
    assert_eq!(what.len(), 1, "{refused}");
    assert!(refused.to_string().contains("TimeoutThreshold"), "{refused}");
    assert_eq!(pair.from.all().await, before);
    pair.go(REPLACE).await.unwrap();
    pair.expect_moved(&before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_at_the_source_while_it_is_moved_is_not_removed() {
    let pair = Pair::new().await;
    let sql = held_up(&pair.from, "change").await;
    let going = pair.begin();
    testkit::eventually(DEADLINE, "it has come in", async || {
        if pair.to.named().await.len() == 3 { Ok(()) } else { Err("not all is there") }
    })
    .await;
    sql.batch_execute("update rgs.queue set version = version + 1, description = 'newer'; commit")
        .await
        .unwrap();
    let refused = ended(going).await;
    let Err(MoveError::AtBoth { why, .. }) = &refused else { panic!("{refused:?}") };
    assert!(matches!(**why, RgsError::Changed { .. }), "{why}");
    let before = pair.from.all().await;
    assert!(matches!(pair.go(PLAIN).await, Err(MoveError::Differs { .. })));
    pair.go(REPLACE).await.unwrap();
    pair.expect_moved(&before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_or_out_while_it_is_moved_does_so_at_the_destination() {
    let pair = Pair::new().await;
    let both = ["sip:ken@contoso.com", "sip:pilar@contoso.com"].map(str::to_owned);
    let Object::AgentGroup(group) = pair.from.hosting.get(Kind::AgentGroup, id(1)).await.unwrap()
    else {
        panic!("it is an agent group")
    };
    pair.from.change(AgentGroup { agents_by_uri: both.to_vec(), ..group }).await.unwrap();
    let mut newest = pair.from.all().await;
    newest.sign_ins[0].agent.clone_from(&both[1]);
    newest.sign_ins[0].since += Duration::from_secs(1);
    let sql = held_up(&pair.from, "change").await;
    let going = pair.begin();
    testkit::eventually(DEADLINE, "it has come in", async || {
        if pair.to.named().await.len() == 3 { Ok(()) } else { Err("not all is there") }
    })
    .await;
    let there = pair.to.hosting.sign_ins(BACKUP).await.unwrap();
    assert_eq!(there.iter().map(|it| &it.agent).collect::<Vec<_>>(), [&both[0]]);
    sql.batch_execute(
        "update rgs.sign_in set agent = 'sip:pilar@contoso.com', since = since + interval '1s';
         commit",
    )
    .await
    .unwrap();
    ended(going).await.unwrap();
    pair.expect_moved(&newest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_hotline_is_moved_and_nobody_who_signed_in_is_lost() {
    let pair = Pair::new().await;
    let anybody = AgentGroup {
        participation_policy: ParticipationPolicy::Formal,
        distribution_group_address: Some("hotline@contoso.com".to_owned()),
        ..group(4, "Hotline")
    };
    pair.from.add(anybody).await.unwrap();
    let (source, mut busy) = (pair.from.hosting.clone(), JoinSet::new());
    let (signed_in, mut soon) = tokio::sync::watch::channel(0);
    busy.spawn(async move {
        loop {
            let agent = format!("sip:agent{}@contoso.com", *signed_in.borrow());
            match source.sign_in(id(4), &agent, true).await {
                Ok(()) => signed_in.send_modify(|it| *it += 1),
                Err(RgsError::Missing { .. }) => return *signed_in.borrow(),
                Err(error) => panic!("{error}"),
            }
        }
    });
    soon.wait_for(|it| *it > 3).await.unwrap();
    pair.go(PLAIN).await.unwrap();
    let all: usize =
        tokio::time::timeout(DEADLINE, busy.join_next()).await.unwrap().unwrap().unwrap();
    let there = pair.to.hosting.sign_ins(BACKUP).await.unwrap();
    let there = there.iter().filter(|it| it.group == id(4)).count();
    assert_eq!(there, all, "acknowledged before the source let go, and not at the destination");
}

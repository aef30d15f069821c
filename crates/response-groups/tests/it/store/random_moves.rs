//! Three pools with databases of their own: random edits, exports, imports and moves, some of them
//! cut off anywhere. Nothing is lost, and nothing is doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::time::Duration;

use proptest::prelude::*;
use response_groups::configuration::Configuration;
use response_groups::import::{Elsewhere, Existing, Options, plan};
use response_groups::model::{AgentGroup, Kind, Object, Queue, Workflow};
use response_groups::package::{Header, Package, write};
use response_groups::store::{Hosting, ImportError, MoveError, Moving, OwnerFilter, Save};
use uuid::Uuid;

use super::world::{BACKUP, DEADLINE, World, to_queue};
use crate::testing::{Contents, Dice, cases};

const THIRD: &str = "third.contoso.com";

/// Within so many milliseconds a move is cut off, or it is not.
const CUT_OFF_WITHIN: usize = 100;

struct Three {
    dice: Dice,
    pools: Vec<World>,
    files: Vec<Vec<u8>>,
    made: BTreeSet<Uuid>,
    removed: BTreeSet<Uuid>,
    moves: BTreeMap<&'static str, usize>,
}

impl Three {
    async fn new(seed: u64) -> Self {
        let (one, two, three) = tokio::join!(World::new(), World::of(BACKUP), World::of(THIRD));
        let pools = vec![one, two, three];
        let (made, removed, moves) = Default::default();
        Self { dice: Dice::new(seed), pools, files: Vec::new(), made, removed, moves }
    }

    async fn step(&mut self) {
        match self.dice.between(0, 9) {
            0..=2 => self.add().await,
            3 => self.edit().await,
            4 => self.remove().await,
            5 => self.export().await,
            6 => self.import().await,
            7 => self.move_over(None).await,
            _ => {
                let after = self.dice.between(0, CUT_OFF_WITHIN);
                self.move_over(Some(Duration::from_millis(after as u64))).await;
            }
        }
    }

    fn any(&mut self) -> usize {
        self.dice.between(0, self.pools.len() - 1)
    }

    fn hosting(&self, at: usize) -> Hosting {
        self.pools[at].hosting.clone()
    }

    /// A group, a queue and a workflow of a pool's own, under names that clash with others' now
    /// and then.
    async fn add(&mut self) {
        let at = self.any();
        let (hosting, owner) = (self.hosting(at), self.pools[at].hosting.parent().to_owned());
        let name = format!("Name {}", self.dice.between(1, 12));
        let (one, two, three) = (self.dice.id(), self.dice.id(), self.dice.id());
        let group = AgentGroup::new(one, &owner, &name);
        let queue = Queue { agent_groups: vec![one], ..Queue::new(two, &owner, &name) };
        let uri = format!("sip:{}@contoso.com", self.dice.between(1, 200));
        let mut workflow = Workflow::new(three, &owner, &name, uri, "en-US");
        workflow.default_action = Some(to_queue(two.as_u128()));
        for object in [Object::from(group), queue.into(), workflow.into()] {
            if hosting.save(&object, Save::New).await.is_ok() {
                self.made.insert(object.id());
            }
        }
    }

    async fn own(&self, at: usize) -> Vec<Object> {
        let export = self.pools[at].hosting.export(&OwnerFilter::Parent).await.unwrap();
        export.end().await.0.objects
    }

    async fn edit(&mut self) {
        let at = self.any();
        let own = self.own(at).await;
        let queues = own.into_iter().filter_map(|it| match it {
            Object::Queue(it) => Some(it),
            _ => None,
        });
        let queues: Vec<Queue> = queues.collect();
        if queues.is_empty() {
            return;
        }
        let seconds = i32::try_from(self.dice.between(10, 1000)).unwrap();
        let queue = Queue { timeout_threshold: Some(seconds), ..self.dice.one(&queues) };
        self.pools[at].change(queue).await.unwrap();
    }

    async fn remove(&mut self) {
        let at = self.any();
        let Some(it) = self.own(at).await.into_iter().find(|it| it.kind() == Kind::Workflow) else {
            return;
        };
        self.hosting(at).remove(Kind::Workflow, it.id()).await.unwrap();
        self.removed.insert(it.id());
    }

    async fn export(&mut self) {
        let at = self.any();
        let export = self.hosting(at).export(&OwnerFilter::Parent).await.unwrap();
        let (whole, _) = export.end().await;
        let source = self.pools[at].hosting.parent().to_owned();
        let created = "2026-03-01T02:03:04Z".parse().unwrap();
        let (owner, owners) = (Some(source.clone()), BTreeMap::new());
        let header = Header { source, owner, created, owners };
        let out = Cursor::new(Vec::new());
        let file = write(out, &header, &whole, &mut Contents::default()).unwrap();
        self.files.push(file.into_inner());
    }

    async fn elsewhere(&self, to: usize) -> Vec<Elsewhere> {
        let mut elsewhere = Vec::new();
        for pool in self.pools.iter().map(|it| &it.hosting) {
            if pool.parent() != self.pools[to].hosting.parent() {
                let at = |object| Elsewhere { object, pool: pool.parent().to_owned() };
                elsewhere.extend(pool.names().await.unwrap().into_iter().map(at));
            }
        }
        elsewhere
    }

    async fn import(&mut self) {
        if self.files.is_empty() {
            return;
        }
        let (file, to) = (self.dice.one(&self.files), self.any());
        let options = Options {
            overwrite_owner: self.dice.coin(),
            resolve_name_conflicts: self.dice.coin(),
            ..Options::default()
        };
        let mut package = Package::open(Cursor::new(&file)).unwrap();
        let whole = package.configuration().clone();
        let elsewhere = self.elsewhere(to).await;
        let before = self.pools[to].all().await;
        let incoming = Package::open(Cursor::new(&file)).unwrap();
        let make = |existing: &Existing| plan(existing, &incoming.incoming(), options);
        let imported = self.hosting(to).import(elsewhere, make, &mut package).await;
        let after = self.pools[to].all().await;
        match imported {
            Ok(_) => assert!(whole.objects.iter().all(|it| find(&after, it.id()).is_some())),
            // Whatever it is, it is found before anything is written.
            Err(ImportError::Plan(_)) => assert_eq!(after, before),
            Err(error) => panic!("found too late: {error}"),
        }
    }

    /// Moves, or is cut off within a time: then each pool has all of it or nothing, and one has it.
    async fn move_over(&mut self, cut_off: Option<Duration>) {
        let (from, to) = (self.any(), self.any());
        if from == to {
            return;
        }
        let (resolve_name_conflicts, replace) = (self.dice.coin(), self.dice.coin());
        let how = Moving { resolve_name_conflicts, replace, rehearse: false };
        let (elsewhere, before) = (self.elsewhere(to).await, self.own(from).await);
        if before.is_empty() {
            return;
        }
        let others = self.others(from, to, &before).await;
        let (source, destination) = (self.hosting(from), self.hosting(to));
        let going = source.move_to(&destination, elsewhere, how);
        let result = tokio::time::timeout(cut_off.unwrap_or(DEADLINE), going).await;
        // Whatever was under way has ended when another change can be made.
        for pool in [&source, &destination] {
            pool.forget_received("nobody.contoso.com").await.unwrap();
        }
        let (left, there) = (self.own(from).await, self.own(to).await);
        let arrived = before.iter().all(|it| there.iter().any(|its| same(it, its)));
        let how = match &result {
            Ok(Ok(_)) => {
                assert!(left.is_empty() && arrived, "a move has not come to its end");
                "made"
            }
            Ok(Err(MoveError::AtBoth { .. })) => panic!("nobody was in its way: {result:?}"),
            Ok(Err(_)) => {
                assert_eq!(left, before, "a refused move has changed something");
                "refused"
            }
            Err(_) => {
                assert!(left.is_empty() || left == before, "a part has gone");
                assert!(!left.is_empty() || arrived, "what has gone is not there");
                match (left.is_empty(), arrived) {
                    (false, false) => "cut off before it came in",
                    (false, true) => "cut off at both",
                    (true, _) => "cut off after it had gone",
                }
            }
        };
        *self.moves.entry(how).or_default() += 1;
        assert_eq!(self.others(from, to, &before).await, others, "others were changed");
    }

    /// What a move has nothing to do with.
    async fn others(&self, from: usize, to: usize, moved: &[Object]) -> Vec<Configuration> {
        let mut others = Vec::new();
        for at in 0..self.pools.len() {
            let mut all = self.pools[at].all().await;
            let ids: BTreeSet<Uuid> = moved.iter().map(Object::id).collect();
            if [from, to].contains(&at) {
                all.objects.retain(|it| !ids.contains(&it.id()));
            }
            others.push(all);
        }
        others
    }

    /// Everything that was made is in a pool or in a file, unless it was removed.
    async fn expect_nothing_lost(&self) {
        let mut there = BTreeSet::new();
        for pool in &self.pools {
            there.extend(pool.all().await.objects.iter().map(Object::id));
        }
        let lost: Vec<_> = self.made.difference(&there).collect();
        assert!(lost.iter().all(|it| self.removed.contains(it)), "lost: {lost:?}");
    }
}

fn find(whole: &Configuration, id: Uuid) -> Option<&Object> {
    whole.objects.iter().find(|it| it.id() == id)
}

/// Whether two are the same but for the owner and the name that a move gives.
fn same(one: &Object, other: &Object) -> bool {
    let mut other = other.clone();
    let (owner, name) = other.owner_and_name();
    one.owner().clone_into(owner);
    if name.starts_with(one.name()) {
        one.name().clone_into(name);
    }
    *one == other
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn stores_lose_and_double_nothing_by_edits_exports_imports_and_moves(seed: u64) {
        const STEPS: usize = 40;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut three = Three::new(seed).await;
            for _ in 0..STEPS {
                three.step().await;
            }
            three.expect_nothing_lost().await;
            println!("seed {seed}: {:?}", three.moves);
        });
    }
}

//! Three pools, random edits, exports, imports and moves: nothing is lost, nothing is doubled.

use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;

use proptest::prelude::*;
use response_groups::configuration::Configuration;
use response_groups::import::{Options, plan};
use response_groups::model::Object;
use response_groups::package::{Package, write};
use uuid::Uuid;

use crate::testing::{Contents, Dice, Pool, Size, cases, made};

const POOLS: [&str; 3] = ["primary.contoso.com", "backup.contoso.com", "third.contoso.com"];

/// Names are few, so that they clash.
const NAMES: usize = 6;

/// Three pools and the files that were exported.
struct World {
    dice: Dice,
    pools: Vec<Pool>,
    files: Vec<Vec<u8>>,
    /// Objects that no file has and that somebody has removed.
    removed: HashSet<Uuid>,
    made: HashSet<Uuid>,
}

impl World {
    fn new(seed: u64) -> Self {
        let pools = POOLS.iter().map(|it| Pool::new(it)).collect();
        let (files, removed, made) = (Vec::new(), HashSet::new(), HashSet::new());
        Self { dice: Dice::new(seed), pools, files, removed, made }
    }

    fn step(&mut self) {
        match self.dice.between(0, 10) {
            0..=2 => self.add(),
            3 => self.rename(),
            4 => self.delete(),
            5 => self.export(),
            6 | 7 => self.import(),
            8 => self.carry_over(),
            _ => self.move_over(),
        }
        for pool in &self.pools {
            expect_sound(pool);
        }
    }

    fn any_pool(&mut self) -> usize {
        self.dice.between(0, POOLS.len() - 1)
    }

    /// New objects of a pool's own, with names that may be taken elsewhere.
    fn add(&mut self) {
        let at = self.any_pool();
        let size = Size::upto(2, &mut self.dice);
        let (whole, contents) = made(&mut self.dice, &[POOLS[at]], size);
        let pool = &mut self.pools[at];
        for mut object in whole.objects {
            let name = format!("Name {}", self.dice.between(1, NAMES));
            if !is_taken(pool, &object, &name) {
                *object.owner_and_name().1 = name;
            } else if is_taken(pool, &object, object.name()) {
                *object.owner_and_name().1 = format!("Name {}", object.id());
            }
            if let Object::Workflow(it) = &mut object {
                let few = address(it.id);
                let taken = pool.objects.iter().any(|it| is_dialled(it, &few));
                it.primary_uri = if taken { format!("sip:{}@contoso.com", it.id) } else { few };
            }
            self.made.insert(object.id());
            pool.objects.push(object);
        }
        pool.audio.extend(whole.audio.into_iter().map(|it| (it.id, it)));
        pool.contents.0.extend(contents.0);
        pool.settings.extend(whole.settings);
        pool.sign_ins.extend(whole.sign_ins);
    }

    fn rename(&mut self) {
        let at = self.any_pool();
        let name = format!("Name {}", self.dice.between(1, NAMES));
        let pool = &mut self.pools[at];
        let Some(index) = self.dice.between(0, pool.objects.len()).checked_sub(1) else { return };
        if !is_taken(pool, &pool.objects[index], &name) {
            *pool.objects[index].owner_and_name().1 = name;
        }
    }

    /// Removes a workflow, to which nothing refers.
    fn delete(&mut self) {
        let at = self.any_pool();
        let pool = &mut self.pools[at];
        let is_workflow = |it: &Object| matches!(it, Object::Workflow(_));
        if let Some(index) = pool.objects.iter().position(is_workflow) {
            self.removed.insert(pool.objects.remove(index).id());
        }
    }

    fn export(&mut self) {
        let at = self.any_pool();
        let file = export(&self.pools[at]);
        self.files.push(file);
    }

    fn options(&mut self) -> Options {
        Options {
            overwrite_owner: self.dice.coin(),
            replace_settings: self.dice.coin(),
            resolve_name_conflicts: self.dice.coin(),
            owner_is_away: self.dice.coin(),
        }
    }

    fn import(&mut self) {
        if self.files.is_empty() {
            return;
        }
        let (file, to) = (self.dice.one(&self.files), self.any_pool());
        let options = self.options();
        self.bring(&file, to, options);
    }

    /// Export, import, and only then remove, as the twelve steps have it.
    fn carry_over(&mut self) {
        let (from, to) = (self.any_pool(), self.any_pool());
        if from == to {
            return;
        }
        let file = export(&self.pools[from]);
        let options = Options { resolve_name_conflicts: true, ..self.options() };
        if self.bring(&file, to, options) {
            let exported = Package::open(Cursor::new(&file)).unwrap().configuration().clone();
            self.pools[from].remove(&exported);
        }
        self.files.push(file);
    }

    /// All that belongs to a pool, to another one whose it is then. Cut off when it has come in, it
    /// is at both.
    fn move_over(&mut self) {
        let (from, to) = (self.any_pool(), self.any_pool());
        if from == to {
            return;
        }
        let (header, whole) = self.pools[from].configuration(Some(POOLS[from]));
        let whole = Configuration { settings: BTreeMap::new(), ..whole };
        let out = Cursor::new(Vec::new());
        let file = write(out, &header, &whole, &mut self.pools[from].contents.clone()).unwrap();
        let resolve_name_conflicts = self.dice.coin();
        let options =
            Options { overwrite_owner: true, resolve_name_conflicts, ..Options::default() };
        if self.bring(file.get_ref(), to, options) && self.dice.coin() {
            self.pools[from].remove(&whole);
            let left = self.pools[from].objects.iter().any(|it| it.owner() == POOLS[from]);
            assert!(!left, "a move has left something behind");
        }
    }

    /// Imports a file; tells whether it was.
    fn bring(&mut self, file: &[u8], to: usize, options: Options) -> bool {
        let package = Package::open(Cursor::new(file)).unwrap();
        let others: Vec<_> =
            (0..POOLS.len()).filter(|it| *it != to).map(|it| &self.pools[it]).collect();
        let before = self.pools[to].clone();
        let Ok(plan) = plan(&before.existing(&others), &package.incoming(), options) else {
            return false;
        };
        let mut package = package;
        let ids: Vec<_> = plan.audio.iter().map(|it| it.id).collect();
        let contents = ids.into_iter().map(|id| (id, package.audio(id).unwrap())).collect();
        let pool = &mut self.pools[to];
        pool.apply(&plan, &Contents(contents));
        expect_merged(
            &before,
            pool,
            package.configuration().objects.iter(),
            options,
            &plan.report.renamed,
        );
        true
    }

    /// Everything that was made is in a pool or in a file, unless it was removed; and whatever is
    /// referred to is there, or no pool could be exported.
    fn expect_nothing_lost(&self) {
        self.pools.iter().for_each(|it| drop(export(it)));
        let mut there: HashSet<_> =
            self.pools.iter().flat_map(|it| &it.objects).map(Object::id).collect();
        for file in &self.files {
            let package = Package::open(Cursor::new(file)).unwrap();
            there.extend(package.configuration().objects.iter().map(Object::id));
        }
        let lost: Vec<_> = self.made.difference(&there).collect();
        assert!(lost.iter().all(|it| self.removed.contains(it)), "lost: {lost:?}");
    }
}

/// An export of everything that a pool hosts.
fn export(pool: &Pool) -> Vec<u8> {
    let (header, whole) = pool.configuration(None);
    let out = Cursor::new(Vec::new());
    write(out, &header, &whole, &mut pool.contents.clone()).unwrap().into_inner()
}

fn is_taken(pool: &Pool, object: &Object, name: &str) -> bool {
    pool.objects.iter().any(|it| {
        it.kind() == object.kind() && it.id() != object.id() && it.name().eq_ignore_ascii_case(name)
    })
}

/// The SIP address of a workflow: one of 64, so that some clash.
fn address(id: Uuid) -> String {
    format!("sip:{}@contoso.com", id.as_bytes()[0] % 64)
}

fn is_dialled(object: &Object, uri: &str) -> bool {
    matches!(object, Object::Workflow(it) if it.primary_uri == uri)
}

/// Each identity is there once, and each name once per kind.
fn expect_sound(pool: &Pool) {
    let ids: HashSet<_> = pool.objects.iter().map(Object::id).collect();
    assert_eq!(ids.len(), pool.objects.len(), "an object is doubled in {}", pool.fqdn);
    let names: HashSet<_> =
        pool.objects.iter().map(|it| (it.kind(), it.name().to_lowercase())).collect();
    assert_eq!(names.len(), pool.objects.len(), "a name is doubled in {}", pool.fqdn);
    let workflows = pool.objects.iter().filter_map(|it| match it {
        Object::Workflow(it) => Some(it.primary_uri.to_lowercase()),
        _ => None,
    });
    let workflows: Vec<_> = workflows.collect();
    let addresses: HashSet<_> = workflows.iter().collect();
    assert_eq!(addresses.len(), workflows.len(), "an address is doubled in {}", pool.fqdn);
}

/// What came in is there as it came, up to its owner and the names that were reported; all else is
/// as it was.
fn expect_merged<'a>(
    before: &Pool,
    after: &Pool,
    incoming: impl Iterator<Item = &'a Object>,
    options: Options,
    renamed: &[response_groups::import::Renamed],
) {
    let renamed: BTreeMap<_, _> = renamed.iter().map(|it| (it.id, it.new.as_str())).collect();
    let mut came = HashSet::new();
    for object in incoming {
        let mut expected = object.clone();
        let id = expected.id();
        let (owner, name) = expected.owner_and_name();
        if options.overwrite_owner {
            owner.clone_from(&after.fqdn);
        }
        if let Some(new) = renamed.get(&id) {
            (*new).clone_into(name);
        }
        assert_eq!(after.find(id), Some(&expected));
        came.insert(id);
    }
    for object in before.objects.iter().filter(|it| !came.contains(&it.id())) {
        assert_eq!(after.find(object.id()), Some(object), "changed by an import of others");
    }
    let new = came.iter().filter(|it| before.find(**it).is_none()).count();
    assert_eq!(after.objects.len(), before.objects.len() + new);
    let owners = before.settings.keys();
    assert!(owners.into_iter().all(|it| after.settings.contains_key(it)), "settings were lost");
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn edits_exports_imports_and_moves_lose_and_double_nothing(seed: u64, steps in 1_usize..24) {
        let mut world = World::new(seed);
        for _ in 0..steps {
            world.step();
        }
        world.expect_nothing_lost();
    }
}

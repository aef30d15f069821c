//! A pool in memory: what the store does with a plan, in a few lines.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use response_groups::configuration::{AudioEntry, Configuration};
use response_groups::import::{Elsewhere, Existing, Named, Plan, Reference, Standing};
use response_groups::model::{Object, ServiceSettings, SignIn};
use response_groups::package::{Header, Reign};
use uuid::Uuid;

use super::Contents;

/// What one pool hosts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    pub(crate) fqdn: String,
    pub(crate) objects: Vec<Object>,
    pub(crate) audio: BTreeMap<Uuid, AudioEntry>,
    pub(crate) contents: Contents,
    pub(crate) settings: BTreeMap<String, ServiceSettings>,
    pub(crate) sign_ins: BTreeSet<SignIn>,
    pub(crate) owners: BTreeMap<String, Standing>,
}

impl Pool {
    pub(crate) fn new(fqdn: &str) -> Self {
        let own = Standing { reign: 1, edits: true, revision: 1 };
        let owners = BTreeMap::from([(fqdn.to_owned(), own)]);
        Self { fqdn: fqdn.to_owned(), owners, ..Self::default() }
    }

    pub(crate) fn find(&self, id: Uuid) -> Option<&Object> {
        self.objects.iter().find(|it| it.id() == id)
    }

    /// What an import here is planned upon.
    pub(crate) fn existing(&self, others: &[&Self]) -> Existing {
        let elsewhere = others.iter().flat_map(|pool| {
            let pool_name = pool.fqdn.clone();
            let hosted = pool.objects.iter().map(Named::from);
            hosted.map(move |object| Elsewhere { object, pool: pool_name.clone() })
        });
        Existing {
            parent: self.fqdn.clone(),
            objects: self.objects.iter().map(Named::from).collect(),
            references: self.objects.iter().flat_map(references).collect(),
            private: self.objects.iter().filter_map(private).collect(),
            elsewhere: elsewhere.collect(),
            owners: self.owners.clone(),
            received: BTreeMap::new(),
            settings: self.settings.keys().cloned().collect(),
        }
    }

    /// What an export of one owner, or of all, carries.
    pub(crate) fn configuration(&self, owner: Option<&str>) -> (Header, Configuration) {
        let wanted = |it: &str| owner.is_none_or(|owner| owner == it);
        let objects: Vec<_> =
            self.objects.iter().filter(|it| wanted(it.owner())).cloned().collect();
        let groups: HashSet<_> = objects.iter().map(Object::id).collect();
        let settings = self.settings.iter().filter(|(owner, _)| wanted(owner));
        let sign_ins = self.sign_ins.iter().filter(|it| groups.contains(&it.group));
        let whole = Configuration {
            objects,
            audio: self.audio.values().cloned().collect(),
            settings: settings.map(|(owner, it)| (owner.clone(), it.clone())).collect(),
            sign_ins: sign_ins.cloned().collect(),
        };
        let reign = |it: &Standing| Reign { reign: it.reign, revision: it.revision };
        let header = Header {
            source: self.fqdn.clone(),
            owner: owner.map(str::to_owned),
            created: "2026-03-01T02:03:04Z".parse().unwrap(),
            owners: self.owners.iter().map(|(owner, it)| (owner.clone(), reign(it))).collect(),
        };
        (header, whole)
    }

    /// Carries a plan out. An object that the plan writes twice would be here twice.
    pub(crate) fn apply(&mut self, plan: &Plan, contents: &Contents) {
        let replaced: HashSet<_> = plan.write.iter().map(Object::id).collect();
        self.objects.retain(|it| !replaced.contains(&it.id()));
        self.objects.extend(plan.write.iter().cloned());
        for it in &plan.audio {
            self.audio.insert(it.id, it.clone());
            self.contents.0.insert(it.id, contents.0[&it.id].clone());
        }
        self.settings.extend(plan.settings.iter().cloned());
        if let Some(owner) = &plan.sign_out_of {
            let groups: HashSet<_> =
                self.objects.iter().filter(|it| it.owner() == owner).map(Object::id).collect();
            self.sign_ins.retain(|it| !groups.contains(&it.group));
        }
        self.sign_ins.extend(plan.sign_ins.iter().cloned());
        for (owner, reign) in &plan.claim {
            let standing = self.owners.entry(owner.clone()).or_default();
            assert!(*reign > standing.reign, "a reign only rises");
            (standing.reign, standing.edits) = (*reign, true);
        }
    }

    /// Removes what was exported.
    pub(crate) fn remove(&mut self, exported: &Configuration) {
        let gone: HashSet<_> = exported.objects.iter().map(Object::id).collect();
        self.objects.retain(|it| !gone.contains(&it.id()));
        self.sign_ins.retain(|it| !gone.contains(&it.group));
    }
}

fn references(object: &Object) -> Vec<Reference> {
    let from = (object.kind(), object.id());
    object.references().into_iter().map(|to| Reference { from, to }).collect()
}

/// Its identity, if it is for one workflow only.
fn private(object: &Object) -> Option<Uuid> {
    match object {
        Object::HoursOfBusiness(it) if it.custom => Some(it.id),
        _ => None,
    }
}

//! Response Groups, asked of the pools that host them.

use std::collections::BTreeMap;

use admin::deployment::response_groups::{
    Compare, Export, FrontEndPool, Import, Listing, MoveConfiguration, MovePool, Owner, Pairing,
    Remove, ResponseGroups, Save, Sign, SignedIn, Which,
};
use admin::deployment::{Mode, Outcome, Reply};
use admin::files::{Delivery, STALE};
use admin::{Fault, FaultKind, Watch};
use recovery::paired::{POOL_FAIL_BACK, POOL_FAIL_OVER};
use response_groups::compare::Compared;
use response_groups::import::{Report, taken};
use response_groups::model::{AudioFile, AudioRef, Kind, Object, ServiceSettings, SignIn};
use response_groups::store::{Filter, Hosting, OwnerFilter, RgsError, Save as How};

use super::Reached;
use super::naming::NamesHeld;
use crate::run::rgs::Asked;

/// The code of the fault of a pool that must hear its pair before its first change.
pub(super) const JUST_MADE: &str = "just-made";

impl Reached {
    /// The Response Groups that `parent` hosts.
    pub(super) fn hosting(&self, parent: &str) -> Result<&Hosting, Fault> {
        let names = || self.hostings.iter().map(|(it, _)| it).collect::<Vec<_>>().join(", ");
        self.hostings.get(parent).ok_or_else(|| {
            let message = format!("there is no pool `{parent}` that hosts Response Groups");
            Fault::missing(message, format!("there is {}", names()))
        })
    }

    /// The same, to be changed: where it is only rehearsed, every change is undone at its end.
    fn hosting_for(&self, parent: &str, mode: Mode) -> Result<Hosting, Fault> {
        let hosting = self.hosting(parent)?;
        Ok(match mode {
            Mode::Act => hosting.clone(),
            Mode::WhatIf => hosting.rehearsing(),
        })
    }

    /// The same, once the pair of `parent` has been asked.
    async fn to_change(&self, parent: &str, mode: Mode, watch: &Watch) -> Result<Hosting, Fault> {
        let hosting = self.hosting_for(parent, mode)?;
        self.heed_pair(parent, watch).await?;
        Ok(hosting)
    }

    /// Asks the pool that `parent` is paired with whether it stands in, before anything is changed
    /// here: where it does, the store refuses the change. Says so where it is not heard.
    pub(super) async fn heed_pair(&self, parent: &str, watch: &Watch) -> Result<(), Fault> {
        if let Some(unheard) = self.ask_pair(parent).await? {
            watch.warn(unheard);
        }
        Ok(())
    }

    /// The same, for whoever warns by other means.
    pub(super) async fn ask_pair(&self, parent: &str) -> Result<Option<String>, Fault> {
        let Some(pair) = self.hostings.pair(parent) else { return Ok(None) };
        let partner = pair.partner().parent();
        Ok(match pair.heed().await.map_err(|it| fault(&it))? {
            Asked::Heard | Asked::NotNeeded => None,
            Asked::HasMore => Some(format!(
                "{parent} has come back without what it had, and {partner} has received that: what \
                 to do is told by Get-CsPoolFailoverState {parent}."
            )),
            Asked::Unheard(why) => Some(format!(
                "{partner}, which is paired with {parent}, is not heard: {why}. If it stands in \
                 for {parent}, what is changed here now is lost.",
            )),
            Asked::Needed(why) => {
                let what = format!(
                    "{parent} was just made, and {partner}, which may have received what it had \
                     before, is not heard: {why}"
                );
                let hint = format!(
                    "start the hosts of the databases of {partner}; if they are lost for good, \
                     import a file with -Force, or take backup_pool out of the topology"
                );
                return Err(Fault::new(FaultKind::Unavailable, JUST_MADE, what, hint));
            }
        })
    }

    async fn save_object(&self, parent: &str, save: Save, watch: &Watch) -> Result<(), Fault> {
        let (names, heeded) = tokio::join!(self.hold_names(watch), self.heed_pair(parent, watch));
        let names = names?;
        let saved = match heeded {
            Ok(()) => self.save_named(parent, save, &names, watch).await,
            Err(fault) => Err(fault),
        };
        names.end().await;
        saved
    }

    async fn save_named(
        &self,
        parent: &str,
        Save { object, as_new, mode }: Save,
        names: &NamesHeld,
        watch: &Watch,
    ) -> Result<(), Fault> {
        let elsewhere = self.names_elsewhere(parent, names, watch).await;
        if let Some(taken) = taken(&object, &elsewhere) {
            return Err(Fault::new(FaultKind::Conflict, "name-taken", taken.to_string(), ""));
        }
        let how = if as_new { How::New } else { How::Change };
        let hosting = self.hosting_for(parent, mode)?;
        let sharing = hosting.sharing_number(&object).await.map_err(|it| fault(&it))?;
        hosting.save(&object, how).await.map_err(|it| fault(&it))?;
        if let (Object::Workflow(workflow), [_, ..]) = (&object, &sharing[..]) {
            watch.warn(format!(
                "The number {} is also that of {}: a call to it reaches only one of them.",
                workflow.line_uri.as_deref().unwrap_or_default(),
                sharing.join(", ")
            ));
        }
        Ok(())
    }

    async fn list_objects(&self, parent: &str, kind: Kind, which: Which) -> Result<Listing, Fault> {
        let filter = Filter { id: which.id, name: which.name, owner: owner(which.of) };
        let listed = self.hosting(parent)?.list(kind, &filter).await.map_err(|it| fault(&it))?;
        Ok(Listing { objects: listed.objects, hidden: listed.hidden })
    }

    async fn all_settings(&self, parent: &str) -> Result<BTreeMap<String, ServiceSettings>, Fault> {
        self.hosting(parent)?.all_settings().await.map_err(|it| fault(&it))
    }

    async fn signed_in(&self, parent: &str) -> Result<Vec<SignedIn>, Fault> {
        let signed_in = self.hosting(parent)?.all_sign_ins().await.map_err(|it| fault(&it))?;
        let shown = |(it, name): (SignIn, String)| SignedIn {
            group: it.group,
            name,
            agent: it.agent,
            since: it.since,
        };
        Ok(signed_in.into_iter().map(shown).collect())
    }

    fn all_front_end_pools(&self) -> Vec<FrontEndPool> {
        let topology = &self.host.topology;
        let pool = |pool: &topology::Pool| FrontEndPool {
            fqdn: pool.fqdn.clone(),
            site: topology.home_site(pool).map(|site| site.name.clone()).unwrap_or_default(),
            backup_pool: pool.response_groups().and_then(|it| it.backup_pool.clone()),
            stores: pool.stores.iter().map(|(_, store)| store.to_owned()).collect(),
        };
        topology.front_end_pools().map(pool).collect()
    }
}

pub(super) fn owner(of: Owner) -> OwnerFilter {
    match of {
        Owner::Parent => OwnerFilter::Parent,
        Owner::Pool(pool) => OwnerFilter::Of(pool),
        Owner::Any => OwnerFilter::All,
    }
}

/// What the store says, for whoever asked.
pub(super) fn fault(error: &RgsError) -> Fault {
    let (kind, code) = match error {
        RgsError::Away { .. } | RgsError::Busy { .. } => (FaultKind::Unavailable, "away"),
        RgsError::Unknown { .. } => (FaultKind::Unknown, "unknown-outcome"),
        RgsError::Refused(_) | RgsError::Audio { .. } => (FaultKind::Misspoken, "refused"),
        RgsError::NameTaken { .. } | RgsError::UriTaken { .. } | RgsError::Exists { .. } => {
            (FaultKind::Conflict, "name-taken")
        }
        RgsError::Missing { .. } => (FaultKind::Missing, "not-found"),
        RgsError::InUse { .. } => (FaultKind::Conflict, "in-use"),
        RgsError::OtherOwner { .. } | RgsError::NotEditor { .. } => {
            (FaultKind::Conflict, "not-editor")
        }
        RgsError::SignedSince { .. } => (FaultKind::Conflict, STALE),
        RgsError::Changed { .. }
        | RgsError::Older { .. }
        | RgsError::Overtaken { .. }
        | RgsError::Broken(_) => (FaultKind::Conflict, "conflict"),
        RgsError::Garbled { .. }
        | RgsError::Database { .. }
        | RgsError::Unplanned { .. }
        | RgsError::OutOfBounds { .. } => (FaultKind::Failed, "database"),
    };
    Fault::new(kind, code, error.to_string(), "")
}

impl ResponseGroups for Reached {
    fn front_end_pools(&self) -> Reply<'_, Vec<FrontEndPool>> {
        Box::pin(async { Ok(self.all_front_end_pools()) })
    }

    fn list(&self, parent: String, kind: Kind, which: Which) -> Reply<'_, Listing> {
        Box::pin(async move { self.list_objects(&parent, kind, which).await })
    }

    fn save<'a>(&'a self, parent: String, save: Save, watch: &'a Watch) -> Reply<'a, ()> {
        Box::pin(async move { self.save_object(&parent, save, watch).await })
    }

    fn remove<'a>(
        &'a self,
        parent: String,
        Remove { kind, id, mode }: Remove,
        watch: &'a Watch,
    ) -> Reply<'a, ()> {
        Box::pin(async move {
            let hosting = self.to_change(&parent, mode, watch).await?;
            hosting.remove(kind, id).await.map_err(|it| fault(&it))
        })
    }

    fn add_audio<'a>(
        &'a self,
        parent: String,
        audio: AudioFile,
        mode: Mode,
        watch: &'a Watch,
    ) -> Reply<'a, AudioRef> {
        Box::pin(async move {
            let hosting = self.to_change(&parent, mode, watch).await?;
            hosting.add_audio(&audio).await.map_err(|it| fault(&it))
        })
    }

    fn settings(&self, parent: String) -> Reply<'_, BTreeMap<String, ServiceSettings>> {
        Box::pin(async move { self.all_settings(&parent).await })
    }

    fn set_settings<'a>(
        &'a self,
        parent: String,
        settings: ServiceSettings,
        mode: Mode,
        watch: &'a Watch,
    ) -> Reply<'a, ()> {
        Box::pin(async move {
            let hosting = self.to_change(&parent, mode, watch).await?;
            hosting.set_settings(&parent, &settings).await.map_err(|it| fault(&it))
        })
    }

    fn sign_ins(&self, parent: String) -> Reply<'_, Vec<SignedIn>> {
        Box::pin(async move { self.signed_in(&parent).await })
    }

    fn sign_in<'a>(
        &'a self,
        parent: String,
        Sign { group, agent, on, mode }: Sign,
        watch: &'a Watch,
    ) -> Reply<'a, ()> {
        Box::pin(async move {
            let hosting = self.to_change(&parent, mode, watch).await?;
            hosting.sign_in(group, &agent, on).await.map_err(|it| fault(&it))
        })
    }

    fn export(&self, order: Export) -> Reply<'_, Delivery> {
        Box::pin(self.make_export(order))
    }

    fn import<'a>(&'a self, order: Import, watch: &'a Watch) -> Reply<'a, Report> {
        Box::pin(self.carry_in(order, watch))
    }

    fn move_configuration<'a>(
        &'a self,
        order: MoveConfiguration,
        watch: &'a Watch,
    ) -> Reply<'a, Report> {
        Box::pin(self.carry_over(order, watch))
    }

    fn compare(&self, order: Compare) -> Reply<'_, Vec<Compared>> {
        Box::pin(self.compare_with_file(order))
    }

    fn fail_over<'a>(&'a self, order: MovePool, watch: &'a Watch) -> Reply<'a, Outcome> {
        Box::pin(self.order_pool(&POOL_FAIL_OVER, order, watch))
    }

    fn fail_back<'a>(&'a self, order: MovePool, watch: &'a Watch) -> Reply<'a, Outcome> {
        Box::pin(self.order_pool(&POOL_FAIL_BACK, order, watch))
    }

    fn pairing(&self, pool: String) -> Reply<'_, Pairing> {
        Box::pin(async move { self.look_at_pair(&pool).await })
    }
}

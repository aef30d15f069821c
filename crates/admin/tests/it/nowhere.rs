//! A deployment of which nothing answers: it knows its layout and that is all.

use std::collections::BTreeMap;

use admin::deployment::response_groups::{
    Compare, Export, FrontEndPool, Import, Listing, MoveConfiguration, MovePool, Pairing, Remove,
    ResponseGroups, Save, Sign, SignedIn, Which,
};
use admin::deployment::{
    AuditTrail, Connected, Deployment, Failback, Failover, FailoverRowOrder, Finding, JournalLine,
    Layout, MirrorNow, Mode, NewRoom, NewUser, Outcome, Password, PoolLayout, PoolNow, Protection,
    Publish, Published, Reply, Room, SetActive, SetState, Switch, User,
};
use admin::files::Delivery;
use admin::{Fault, FaultKind, Watch};
use audit::Query;
use response_groups::compare::Compared;
use response_groups::import::Report;
use response_groups::model::{AudioFile, AudioRef, Kind, ServiceSettings};

use crate::audit_trail;

pub(crate) struct Nowhere;

pub(crate) const POOL: &str = "lyncpc.dci.discovery.com";

fn silent<'a, T: Send + 'a>() -> Reply<'a, T> {
    Box::pin(async {
        let hint = "start the deployment";
        Err(Fault::new(FaultKind::Unavailable, "silent", "nobody answers", hint))
    })
}

impl Deployment for Nowhere {
    fn layout(&self) -> Reply<'_, Layout> {
        let servers = ["chat1", "chat2"].map(str::to_owned).to_vec();
        let pool = PoolLayout {
            fqdn: POOL.to_owned(),
            site: "home".to_owned(),
            rooms: "rooms.dci.discovery.com".to_owned(),
            active: servers.clone(),
            servers,
            client_port: 5222,
            stores: vec!["mgc-home".to_owned()],
        };
        let domain = "dci.discovery.com".to_owned();
        Box::pin(async { Ok(Layout { domain, pools: vec![pool] }) })
    }

    fn pool_states(&self) -> Reply<'_, Vec<PoolNow>> {
        silent()
    }

    fn set_pool_state<'a>(&'a self, _: SetState, _: &'a Watch) -> Reply<'a, Outcome> {
        silent()
    }

    fn set_active_servers<'a>(&'a self, _: SetActive, _: &'a Watch) -> Reply<'a, Outcome> {
        silent()
    }

    fn mirror_states(&self, _: String) -> Reply<'_, Vec<MirrorNow>> {
        silent()
    }

    fn database_failover<'a>(&'a self, _: Switch, _: &'a Watch) -> Reply<'a, Outcome> {
        silent()
    }

    fn topology(&self) -> Reply<'_, Published> {
        silent()
    }

    fn publish_topology<'a>(&'a self, _: Publish, _: &'a Watch) -> Reply<'a, Published> {
        silent()
    }

    fn test_topology(&self) -> Reply<'_, Vec<Finding>> {
        silent()
    }

    fn failover<'a>(&'a self, _: Failover, _: &'a Watch) -> Reply<'a, Outcome> {
        silent()
    }

    fn failback<'a>(&'a self, _: Failback, _: &'a Watch) -> Reply<'a, Outcome> {
        silent()
    }

    fn failover_row<'a>(&'a self, _: FailoverRowOrder, _: &'a Watch) -> Reply<'a, Outcome> {
        silent()
    }

    fn connections(&self, _: String) -> Reply<'_, Vec<Connected>> {
        silent()
    }

    fn end_connection(&self, _: String, _: i32) -> Reply<'_, ()> {
        silent()
    }

    fn protection(&self, _: String) -> Reply<'_, Protection> {
        silent()
    }

    fn journal(&self, _: String) -> Reply<'_, Vec<JournalLine>> {
        silent()
    }

    fn audit_trail(&self, pool: Option<String>, query: Query) -> Reply<'_, AuditTrail> {
        let read = audit_trail::told(pool.as_deref(), &query);
        Box::pin(async move { Ok(read) })
    }

    fn users(&self, _: String) -> Reply<'_, Vec<User>> {
        silent()
    }

    fn create_user(&self, _: String, _: NewUser) -> Reply<'_, User> {
        silent()
    }

    fn set_password(&self, _: String, _: String, _: Password) -> Reply<'_, ()> {
        silent()
    }

    fn remove_user(&self, _: String, _: String) -> Reply<'_, ()> {
        silent()
    }

    fn rooms(&self, _: String) -> Reply<'_, Vec<Room>> {
        silent()
    }

    fn create_room(&self, _: String, _: NewRoom) -> Reply<'_, Room> {
        silent()
    }

    fn remove_room(&self, _: String, _: String) -> Reply<'_, ()> {
        silent()
    }

    fn response_groups(&self) -> &dyn ResponseGroups {
        self
    }
}

impl ResponseGroups for Nowhere {
    fn front_end_pools(&self) -> Reply<'_, Vec<FrontEndPool>> {
        let pool = |fqdn: &str, site: &str, partner: &str| FrontEndPool {
            fqdn: fqdn.to_owned(),
            site: site.to_owned(),
            backup_pool: Some(partner.to_owned()),
            stores: vec![format!("{site}-rgs")],
        };
        let (primary, backup) = ("primary.contoso.com", "backup.contoso.com");
        let pools = vec![pool(primary, "home", backup), pool(backup, "away", primary)];
        Box::pin(async { Ok(pools) })
    }

    fn list(&self, _: String, _: Kind, _: Which) -> Reply<'_, Listing> {
        silent()
    }

    fn save<'a>(&'a self, _: String, _: Save, _: &'a Watch) -> Reply<'a, ()> {
        silent()
    }

    fn remove<'a>(&'a self, _: String, _: Remove, _: &'a Watch) -> Reply<'a, ()> {
        silent()
    }

    fn add_audio<'a>(
        &'a self,
        _: String,
        _: AudioFile,
        _: Mode,
        _: &'a Watch,
    ) -> Reply<'a, AudioRef> {
        silent()
    }

    fn settings(&self, _: String) -> Reply<'_, BTreeMap<String, ServiceSettings>> {
        silent()
    }

    fn set_settings<'a>(
        &'a self,
        _: String,
        _: ServiceSettings,
        _: Mode,
        _: &'a Watch,
    ) -> Reply<'a, ()> {
        silent()
    }

    fn sign_ins(&self, _: String) -> Reply<'_, Vec<SignedIn>> {
        silent()
    }

    fn sign_in<'a>(&'a self, _: String, _: Sign, _: &'a Watch) -> Reply<'a, ()> {
        silent()
    }

    fn export(&self, _: Export) -> Reply<'_, Delivery> {
        silent()
    }

    fn import<'a>(&'a self, _: Import, _: &'a Watch) -> Reply<'a, Report> {
        silent()
    }

    fn move_configuration<'a>(&'a self, _: MoveConfiguration, _: &'a Watch) -> Reply<'a, Report> {
        silent()
    }

    fn compare(&self, _: Compare) -> Reply<'_, Vec<Compared>> {
        silent()
    }

    fn fail_over<'a>(&'a self, _: MovePool, _: &'a Watch) -> Reply<'a, Outcome> {
        silent()
    }

    fn fail_back<'a>(&'a self, _: MovePool, _: &'a Watch) -> Reply<'a, Outcome> {
        silent()
    }

    fn pairing(&self, _: String) -> Reply<'_, Pairing> {
        silent()
    }
}

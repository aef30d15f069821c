//! What the product can do, for the door: every order of a cmdlet, carried to where it is done.

mod audit;
mod brought_home;
mod carrying;
mod content;
mod given_up;
mod looks;
mod made_anew;
mod moving;
mod naming;
mod orders;
mod pairs;
mod response_groups;
mod rows;
mod topologies;
mod twice;

use std::sync::Arc;

use admin::deployment::response_groups::ResponseGroups;
use admin::deployment::{
    AuditTrail, Connected, Deployment, Failback, Failover, FailoverRowOrder, Finding, JournalLine,
    Layout, MirrorNow, NewRoom, NewUser, Outcome, Password, PoolNow, Protection, Publish,
    Published, Reply, Room, SetActive, SetState, Switch, User,
};
use admin::files::Spool;
use admin::{Fault, FaultKind, Watch};
use recovery::engine::Stopped;
use tokio::sync::Mutex;
use topology::Pool;

use super::audit_trail::Trails;
use super::host::ThisHost;
use super::procedures::Procedures;
use super::rgs::Hostings;

pub(crate) use pairs::{PairSeen, Pairs};

/// This deployment, as this host reaches it.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    host: Arc<ThisHost>,
    procedures: Procedures,
    hostings: Hostings,
    trails: Trails,
    spool: Spool,
    /// Of this host, one gives names at a time.
    naming: Arc<Mutex<()>>,
}

impl Reached {
    pub(crate) fn new(
        host: Arc<ThisHost>,
        procedures: Procedures,
        (hostings, trails): (Hostings, Trails),
        spool: Spool,
    ) -> Self {
        Self { host, procedures, hostings, trails, spool, naming: Arc::default() }
    }

    /// The chat pool of that name.
    fn pool(&self, fqdn: &str) -> Result<Pool, Fault> {
        let topology = &self.host.topology;
        let named = topology.pool(fqdn).filter(|pool| pool.chat().is_some());
        named.cloned().ok_or_else(|| {
            let names: Vec<_> = topology.chat_pools().map(|pool| pool.fqdn.as_str()).collect();
            Fault::missing(
                format!("there is no chat pool {fqdn}"),
                format!("the topology has {}", names.join(", ")),
            )
        })
    }
}

/// What stopped a procedure, for whoever asked.
fn stopped(stopped: &Stopped) -> Fault {
    let (kind, code) = match stopped {
        Stopped::Blind(_) => (FaultKind::Unavailable, "blind"),
        Stopped::Unsafe { .. } => (FaultKind::Unsafe, "unsafe"),
        Stopped::Failed { .. } => (FaultKind::Failed, "step-failed"),
        Stopped::DidNotTake { .. } => (FaultKind::Failed, "did-not-take"),
        Stopped::TooEarly { .. } => (FaultKind::Unsafe, "too-early"),
    };
    Fault::new(kind, code, stopped.to_string(), "")
}

fn unavailable(why: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Unavailable, "away", why, "look at `standfast status`, then try again")
}

impl Deployment for Reached {
    fn layout(&self) -> Reply<'_, Layout> {
        Box::pin(self.look_at_layout())
    }

    fn pool_states(&self) -> Reply<'_, Vec<PoolNow>> {
        Box::pin(self.look_at_states())
    }

    fn set_pool_state<'a>(&'a self, order: SetState, watch: &'a Watch) -> Reply<'a, Outcome> {
        Box::pin(self.order_state(order, watch))
    }

    fn set_active_servers<'a>(&'a self, order: SetActive, watch: &'a Watch) -> Reply<'a, Outcome> {
        Box::pin(self.order_active(order, watch))
    }

    fn mirror_states(&self, pool: String) -> Reply<'_, Vec<MirrorNow>> {
        Box::pin(self.look_at_mirrors(pool))
    }

    fn database_failover<'a>(&'a self, order: Switch, watch: &'a Watch) -> Reply<'a, Outcome> {
        Box::pin(self.order_switchover(order, watch))
    }

    fn topology(&self) -> Reply<'_, Published> {
        Box::pin(self.published())
    }

    fn publish_topology<'a>(&'a self, order: Publish, watch: &'a Watch) -> Reply<'a, Published> {
        Box::pin(self.publish(order, watch))
    }

    fn test_topology(&self) -> Reply<'_, Vec<Finding>> {
        Box::pin(self.test())
    }

    fn failover<'a>(&'a self, order: Failover, watch: &'a Watch) -> Reply<'a, Outcome> {
        Box::pin(self.order_failover(order, watch))
    }

    fn failover_row<'a>(&'a self, order: FailoverRowOrder, watch: &'a Watch) -> Reply<'a, Outcome> {
        Box::pin(self.order_failover_row(order, watch))
    }

    fn connections(&self, pool: String) -> Reply<'_, Vec<Connected>> {
        Box::pin(self.list_connections(pool))
    }

    fn end_connection(&self, pool: String, pid: i32) -> Reply<'_, ()> {
        Box::pin(self.stop_connection(pool, pid))
    }

    fn failback<'a>(&'a self, order: Failback, watch: &'a Watch) -> Reply<'a, Outcome> {
        Box::pin(self.order_failback(order, watch))
    }

    fn protection(&self, pool: String) -> Reply<'_, Protection> {
        Box::pin(self.look_at_protection(pool))
    }

    fn journal(&self, pool: String) -> Reply<'_, Vec<JournalLine>> {
        Box::pin(async move { self.newest_journal(&pool) })
    }

    fn audit_trail(&self, pool: Option<String>, query: ::audit::Query) -> Reply<'_, AuditTrail> {
        Box::pin(self.read_audit(pool, query))
    }

    fn users(&self, pool: String) -> Reply<'_, Vec<User>> {
        Box::pin(self.list_users(pool))
    }

    fn create_user(&self, pool: String, user: NewUser) -> Reply<'_, User> {
        Box::pin(self.make_user(pool, user))
    }

    fn set_password(&self, pool: String, address: String, password: Password) -> Reply<'_, ()> {
        Box::pin(self.change_password(pool, address, password))
    }

    fn remove_user(&self, pool: String, address: String) -> Reply<'_, ()> {
        Box::pin(self.drop_user(pool, address))
    }

    fn rooms(&self, pool: String) -> Reply<'_, Vec<Room>> {
        Box::pin(self.list_rooms(pool))
    }

    fn create_room(&self, pool: String, room: NewRoom) -> Reply<'_, Room> {
        Box::pin(self.make_room(pool, room))
    }

    fn remove_room(&self, pool: String, name: String) -> Reply<'_, ()> {
        Box::pin(self.drop_room(pool, name))
    }

    fn response_groups(&self) -> &dyn ResponseGroups {
        self
    }
}

//! Orders that are procedures, or rows of one.

use admin::deployment::{
    Failback, FailbackPart, Failover, FailoverRow, FailoverRowOrder, Mode, Outcome, PoolState,
    Principal, SetActive, SetState, Switch,
};
use admin::{Fault, FaultKind, Watch};
use recovery::action::{self, Procedure};
use recovery::engine::Line;
use recovery::procedures::{
    FAIL_BACK, FAIL_OVER, HOME_ALONE, SALVAGE, SWITCH_OVER, TAKE_OVER, TURN_BACK, row_for,
};
use recovery::record::PoolState as Recorded;
use recovery::store::StoreError;
use recovery::stretched::Said;
use topology::{Place, Pool};

use super::rows::{self, Rows};
use super::{Reached, stopped, unavailable};

impl Reached {
    pub(super) async fn order_failover(
        &self,
        order: Failover,
        watch: &Watch,
    ) -> Result<Outcome, Fault> {
        let pool = self.pool(&order.pool)?;
        let said = Said {
            who: order.who,
            attested: order.site_is_down,
            accepted: order.accept_loss,
            missing_log: order.missing_log,
            without_mirror: order.without_mirror,
            ..Said::default()
        };
        self.carry_out(&FAIL_OVER, None, &pool, said, order.mode, watch).await
    }

    /// A row of the failover that the documents' page has as a line of its own.
    pub(super) async fn order_failover_row(
        &self,
        order: FailoverRowOrder,
        watch: &Watch,
    ) -> Result<Outcome, Fault> {
        let pool = self.pool(&order.pool)?;
        let line = match order.row {
            FailoverRow::RemoveLogShipping => "exec sp_delete_log_shipping_secondary_database mgc",
            FailoverRow::RestoreDatabase => "restore database mgc with recovery",
            FailoverRow::InstallMirror => "Install-CsMirrorDatabase",
        };
        let (procedure, row) = row_for(line).expect("the table lists all three");
        let said = Said {
            who: order.who,
            attested: order.site_is_down,
            accepted: order.accept_loss,
            ..Said::default()
        };
        self.carry_out(procedure, Some(row), &pool, said, order.mode, watch).await
    }

    pub(super) async fn order_failback(
        &self,
        order: Failback,
        watch: &Watch,
    ) -> Result<Outcome, Fault> {
        let pool = self.pool(&order.pool)?;
        let lost_copies = known_stores(&pool, order.lost_copies)?;
        let without_mirror = order.without_mirror;
        let mut said = Said { who: order.who, lost_copies, without_mirror, ..Said::default() };
        let procedure = match order.part {
            FailbackPart::Whole => &FAIL_BACK,
            FailbackPart::SalvageOnly => &SALVAGE,
            FailbackPart::TurnBack => &TURN_BACK,
            FailbackPart::Alone { accept_loss } => {
                said.attested = true;
                said.accepted = accept_loss;
                &HOME_ALONE
            }
        };
        self.carry_out(procedure, None, &pool, said, order.mode, watch).await
    }

    pub(super) async fn order_switchover(
        &self,
        order: Switch,
        watch: &Watch,
    ) -> Result<Outcome, Fault> {
        let pool = self.pool(&order.pool)?;
        let observed = self.procedures.look(&pool).await;
        let primary = observed.serving().and_then(|(_, record)| record.primary());
        let primary = primary.ok_or_else(|| unavailable("nobody is known to be primary"))?;
        let at_home = pool.stores.place_of(primary).is_none_or(Place::is_home);
        let place = match (at_home, order.to) {
            (true, Principal::Primary) => Place::Home,
            (true, Principal::Mirror) => Place::HomeMirror,
            (false, Principal::Primary) => Place::Backup,
            (false, Principal::Mirror) => Place::BackupMirror,
        };
        let target = pool.stores.at(place).ok_or_else(|| {
            Fault::missing(format!("the pool has no {place}"), "declare one in the topology")
        })?;
        let attested = order.primary_is_down;
        let target = Some(target.to_owned());
        let said = Said { who: order.who, target, attested, ..Said::default() };
        let procedure = if attested { &TAKE_OVER } else { &SWITCH_OVER };
        self.carry_out(procedure, None, &pool, said, order.mode, watch).await
    }

    /// The one row that leads to the wanted state, with the procedure's own givens.
    pub(super) async fn order_state(
        &self,
        order: SetState,
        watch: &Watch,
    ) -> Result<Outcome, Fault> {
        let pool = self.pool(&order.pool)?;
        let line = match order.state {
            PoolState::Normal => "Set-CsPersistentChatState -PoolState Normal",
            PoolState::FailedOver => "Set-CsPersistentChatState -PoolState FailedOver",
        };
        let (procedure, row) = row_for(line).expect("the tables list both lines");
        let said = Said { who: order.who, ..Said::default() };
        self.carry_out(procedure, Some(row), &pool, said, order.mode, watch).await
    }

    /// Outside a procedure the list is the administrator's; inside one it is a row of it.
    pub(super) async fn order_active(
        &self,
        order: SetActive,
        watch: &Watch,
    ) -> Result<Outcome, Fault> {
        let pool = self.pool(&order.pool)?;
        let observed = self.procedures.look(&pool).await;
        let (site, record) = observed
            .serving()
            .ok_or_else(|| unavailable("no site is known to have the pool: its list is not set"))?;
        match record.state {
            Recorded::Normal | Recorded::FailedOver => {}
            Recorded::FailingOver => {
                let (procedure, row) =
                    row_for("Set-CsPersistentChatActiveServer").expect("the table lists it");
                let said = Said { who: order.who, ..Said::default() };
                return self.carry_out(procedure, Some(row), &pool, said, order.mode, watch).await;
            }
            Recorded::FailingBack => {
                return Err(Fault::new(
                    FaultKind::Unsafe,
                    "in-procedure",
                    "nothing was changed: a failback is under way and sets the list itself",
                    "run Invoke-CsPersistentChatFailback again to go on",
                ));
            }
        }
        if order.mode == Mode::WhatIf {
            let note = format!("would set the active servers to {}", named(&order.servers));
            return Ok(Outcome { notes: vec![note], ..Outcome::default() });
        }
        self.set_list(&pool, site, &order).await?;
        let note = format!("the active servers are {}", named(&order.servers));
        Ok(Outcome { notes: vec![note], ..Outcome::default() })
    }

    async fn set_list(&self, pool: &Pool, site: &str, order: &SetActive) -> Result<(), Fault> {
        let stores = self.procedures.stores();
        let found = stores.iter().find(|(name, _)| name == site);
        let (_, records) = found.ok_or_else(|| unavailable(format!("there is no site {site}")))?;
        let store = |error: StoreError| unavailable(error.to_string());
        let read = records.pool(&pool.fqdn).await.map_err(store)?;
        let read = read.ok_or_else(|| unavailable("the pool has no record there"))?;
        let changed_meanwhile = || {
            let message = "nothing was changed: somebody else changed the list meanwhile";
            Fault::new(FaultKind::Conflict, "conflict", message, "look at it and decide again")
        };
        let sorted = |servers: &[String]| {
            let mut servers = servers.to_vec();
            servers.sort();
            servers
        };
        if sorted(&read.value.active_servers) != sorted(&order.expected) {
            return Err(changed_meanwhile());
        }
        let mut record = read.value;
        record.active_servers.clone_from(&order.servers);
        match records.put_pool(&pool.fqdn, read.revision, &record).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { .. }) => Err(changed_meanwhile()),
            Err(error) => Err(store(error)),
        }
    }

    async fn carry_out(
        &self,
        procedure: &'static Procedure,
        row: Option<&'static action::Step>,
        pool: &Pool,
        said: Said,
        mode: Mode,
        watch: &Watch,
    ) -> Result<Outcome, Fault> {
        if mode == Mode::WhatIf {
            let rehearsed = self.procedures.rehearse(procedure, row, pool, said).await;
            let (forecast, measured) = rehearsed.map_err(|why| stopped(&why))?;
            return rows::rehearsed(&forecast, measured.loss(), watch);
        }
        let mut rows = Rows::new(watch);
        let mut told = |line: &Line| rows.tell(line);
        let run = self.procedures.run(procedure, row, pool, said, &mut told).await;
        run.map_err(|why| stopped(&why))?;
        Ok(Outcome { steps: rows.into_steps(), ..Outcome::default() })
    }
}

/// The stores that were named, if the pool has all of them.
fn known_stores(pool: &Pool, named: Vec<String>) -> Result<Vec<String>, Fault> {
    match named.iter().find(|store| pool.stores.place_of(store).is_none()) {
        None => Ok(named),
        Some(other) => {
            let known: Vec<_> = pool.stores.iter().map(|(_, store)| store).collect();
            Err(Fault::missing(
                format!("{other} is no store of {}", pool.fqdn),
                format!("name one of {}", known.join(", ")),
            ))
        }
    }
}

fn named(servers: &[String]) -> String {
    if servers.is_empty() { "none".to_owned() } else { servers.join(", ") }
}

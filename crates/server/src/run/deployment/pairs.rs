//! Pools that stand in for each other: their procedures, as an administrator orders them.

use std::collections::BTreeMap;

use admin::deployment::response_groups::{MovePool, Pairing};
use admin::deployment::{Mode, Outcome};
use admin::{Fault, Watch};
use futures_util::future::join_all;
use recovery::engine::{self, Line};
use recovery::paired::{Figures, POOL_FAIL_OVER, PairedPools, Procedure};
use recovery::world::Known;
use serde::{Deserialize, Serialize};

use super::rows::{self, Rows};
use super::{Reached, stopped, unavailable};
use crate::run::rgs::{Said, StandingIn};

/// Each front-end pool that is paired, by its name in the DNS.
pub(crate) type Pairs = BTreeMap<String, PairSeen>;

/// Where a pool's Response Groups are changed, as a host sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PairSeen {
    /// The pool where that is; none where it is not known, or nowhere.
    pub(crate) changed_at: Option<String>,
    /// What is not as it should be, and what to do.
    pub(crate) notes: Vec<String>,
}

impl Reached {
    fn standing_in(&self, pool: &str, said: Said, name: &str) -> Result<StandingIn, Fault> {
        let primary = self.hosting(pool)?.clone();
        let declared = self.host.topology.pool(pool).and_then(|it| it.response_groups());
        let backup = declared.and_then(|it| it.backup_pool.clone()).ok_or_else(|| {
            let hint = "name its backup_pool in the topology, or carry a file by hand";
            Fault::missing(format!("{pool} is paired with no other pool"), hint)
        })?;
        let backup = self.hosting(&backup)?.clone();
        Ok(StandingIn::new(self.procedures.grounds(), (primary, backup), said, name))
    }

    pub(super) async fn order_pool(
        &self,
        procedure: &'static Procedure,
        order: MovePool,
        watch: &Watch,
    ) -> Result<Outcome, Fault> {
        if !order.lost_copies.is_empty() {
            self.make_anew(&order, watch).await?;
        }
        let MovePool { pool, attested, accept_loss: consented, lost_copies, mode, who } = order;
        let said = Said { who, attested, consented, lost_copies };
        let mut run = self.standing_in(&pool, said, procedure.name)?;
        if mode == Mode::WhatIf {
            let (pair, figures) = run.look().await.map_err(unavailable)?;
            let forecast = engine::what_if::<PairedPools>(procedure, None, &pair, &figures);
            let told = format!("{}.", figures.told());
            let mut outcome = rows::rehearsed(&forecast, told, watch)?;
            outcome.notes.extend(figures.clashes.into_iter().chain(run.foreseen()));
            return Ok(outcome);
        }
        run.begin(procedure.name).await.map_err(unavailable)?;
        let mut rows = Rows::new(watch);
        let mut told = |line: &Line| rows.tell(line);
        let outcome = engine::run::<PairedPools>(procedure, &mut run, &mut told).await;
        let hint = match &outcome {
            Err(_) if procedure.name == POOL_FAIL_OVER.name => run.turn_back(&mut told).await,
            _ => None,
        };
        let ended = run.end(&outcome).await;
        outcome.map_err(|why| Fault { hint: hint.unwrap_or_default(), ..stopped(&why) })?;
        let notes = ended.map_err(unavailable)?;
        Ok(Outcome { steps: rows.into_steps(), notes, warnings: Vec::new() })
    }

    /// How each front-end pool that is paired stands to its pair: what `standfast status` tells.
    pub(crate) async fn look_at_pairs(&self) -> Pairs {
        let pools = self.host.topology.front_end_pools();
        let paired =
            pools.filter(|it| it.response_groups().is_some_and(|it| it.backup_pool.is_some()));
        let looks = paired.map(async |pool| {
            let seen = match self.look_at_pair(&pool.fqdn).await {
                Ok(Pairing { changed_at, notes, .. }) => PairSeen { changed_at, notes },
                Err(fault) => PairSeen { changed_at: None, notes: vec![fault.to_string()] },
            };
            (pool.fqdn.clone(), seen)
        });
        join_all(looks).await.into_iter().collect()
    }

    pub(super) async fn look_at_pair(&self, pool: &str) -> Result<Pairing, Fault> {
        let said = Said::default();
        let mut run = self.standing_in(pool, said, "look")?;
        let (pair, figures) = run.look().await.map_err(unavailable)?;
        let changed_at = match (pair.primary.edits, pair.backup.edits) {
            (_, Known::Yes) if pair.is_over() => Some(figures.backup.clone()),
            (Known::Yes, _) if pair.is_home() => Some(figures.primary.clone()),
            _ => None,
        };
        let state = match () {
            () if pair.is_over() => "FailedOver",
            () if pair.has_lost() => "Lost",
            () if pair.was_never_over() => "Closed",
            () if pair.is_home() => "Active",
            () => "Unknown",
        };
        let received = figures.told();
        let told = pair.closed().map(|it| it.told(&figures));
        let Figures { primary, backup, notes, clashes, .. } = figures;
        let notes = told.into_iter().chain(notes).chain(clashes).collect();
        Ok(Pairing { pool: primary, backup, state, changed_at, received, notes })
    }
}

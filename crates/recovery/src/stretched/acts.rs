//! The acts, upon the real thing: change a record, and wait until the keepers have made it so.

use std::time::Duration;

use tokio::time::Instant;
use tracing::info;

use super::look::Settled;
use super::{LOOK_EVERY, Stretched, moves};
use crate::action::{Action, Side};
use crate::engine::{Line, Mark};
use crate::grounds::LostCopy;
use crate::journal::What;
use crate::keeper::{CopySeen, GIVE_UP, GiveUp, SETTLE, after_turn};
use crate::record::{Gate, PoolRecord, PoolState, Serving, Shipping, TO_OTHER_SITE};
use crate::store::{LeaseAsk, Records, StoreError, to_value};
use crate::world::{Known, MirrorSeen, MissingLog, ShippingSeen, Standing, Switched, World};

/// How long keepers may take for what needs no copying.
const SHORT: Duration = Duration::from_secs(45);
/// How long a replay may stand still before it is given up.
const STANDS_STILL: Duration = Duration::from_mins(2);
/// How long a copy may take.
const LONG: Duration = Duration::from_hours(6);
/// How long a mirror may take to follow: before home is moved to without it, and before an
/// administrator is asked whether to open the gate without it.
const MIRROR_PATIENCE: Duration = Duration::from_mins(3);
/// How long a share may take to be closed.
const SETTLE_PATIENCE: Duration = Duration::from_mins(5);

impl Stretched {
    pub(super) async fn act(&mut self, action: Action) -> Result<(), String> {
        info!(?action, run = self.run.name(), "performing");
        match action {
            Action::TakeLock => self.run.lock().await,
            Action::RemoveShipping => self.remove_shipping().await,
            Action::CloseShare => self.close_share().await,
            Action::ReplayShare => self.replay_share().await,
            Action::BringOnline(Side::Backup) => self.bring_backup_online().await,
            Action::BringOnline(Side::Home) => self.bring_home_online().await,
            Action::SetState(state) => self.set_state(state).await,
            Action::EstablishMirror(side) => {
                let of = move |world: &World| match side {
                    Side::Home => world.home.mirror,
                    Side::Backup => world.backup.mirror,
                };
                self.until(MIRROR_PATIENCE, move |world| of(world) != MirrorSeen::Building).await
            }
            Action::SetActive(side) => self.set_active(side).await,
            Action::ClearActive => self.clear_active().await,
            Action::Salvage => self.salvage().await,
            Action::SalvageBackup => self.salvage_backup().await,
            Action::SeedHome => self.seed_home().await,
            Action::StopBackup => self.stop_backup().await,
            Action::ProveReplayed => self.until(SHORT, |world| world.home.replayed).await,
            Action::EstablishShipping => self.establish_shipping().await,
            Action::StartBackupAgain => self.start_backup_again().await,
            Action::BringHomeAlone => self.bring_home_alone().await,
            Action::HandOver => self.hand_over().await,
            Action::TakeOver => self.take_over().await,
            Action::MirrorAgain => {
                self.until(LONG, |world| world.switched == Switched::AndMirrored).await
            }
        }
    }

    /// Looks until `done`, or until the limit; the engine judges what came of it.
    async fn until(
        &mut self,
        limit: Duration,
        done: impl Fn(&World) -> bool,
    ) -> Result<(), String> {
        let deadline = Instant::now() + limit;
        loop {
            let (world, _) = self.look().await?;
            if done(&world) || deadline <= Instant::now() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn change(
        &self,
        site: &str,
        change: impl FnMut(&mut PoolRecord) -> bool,
    ) -> Result<PoolRecord, String> {
        let records = self.records(site)?;
        records.change_pool(&self.pool.fqdn, change).await.map_err(|error| error.to_string())
    }

    /// As [`Self::change`], where the change may be refused.
    async fn change_or_refuse(
        &self,
        site: &str,
        mut change: impl FnMut(&mut PoolRecord) -> Result<bool, moves::Refused>,
    ) -> Result<(), String> {
        let mut refused = None;
        let judged = |record: &mut PoolRecord| match change(record) {
            Ok(changed) => changed,
            Err(why) => {
                refused = Some(why);
                false
            }
        };
        self.change(site, judged).await?;
        refused.map_or(Ok(()), |why| Err(why.to_string()))
    }

    async fn remove_shipping(&mut self) -> Result<(), String> {
        self.change(&self.backup_site()?, |record| {
            let changed = record.shipping != Shipping::Removed;
            record.shipping = Shipping::Removed;
            changed
        })
        .await?;
        self.until(SHORT, |world| world.backup.shipping == ShippingSeen::Removed).await
    }

    async fn close_share(&mut self) -> Result<(), String> {
        let backup = self.backup_store()?;
        let _: () = self.grounds().ask_keeper(&backup, SETTLE, SETTLE_PATIENCE).await?;
        let site = self.backup_site()?;
        let reign = self.record(&site).await?.term.reign;
        self.remember(&site, &self.settled_key(), &Settled { reign }).await
    }

    /// Waits for the replay while it goes on, unless it can never come to its end.
    async fn replay_share(&mut self) -> Result<(), String> {
        let (world, _) = self.look().await?;
        if let (MissingLog::GivenUp, Some(range)) = (world.missing_log, &self.said.missing_log) {
            let request = GiveUp { store: self.backup_store()?, range: range.clone() };
            let _: () = self
                .grounds()
                .ask_keeper_with(&request.store, GIVE_UP, &request, SETTLE_PATIENCE)
                .await?;
        }
        let mut stands = (None, Instant::now());
        loop {
            let (world, measured) = self.look().await?;
            match measured.lost {
                _ if world.backup.replayed => return Ok(()),
                Some(lost) => {
                    let range = measured.missing_range.unwrap_or_default();
                    return Err(format!(
                        "{lost}; bring these files back into the share, from a copy of it, or \
                         give just that up with -AcceptMissingLog {range}"
                    ));
                }
                None => tokio::time::sleep(LOOK_EVERY).await,
            }
            if stands.0 != measured.replayed {
                stands = (measured.replayed, Instant::now());
            }
            if STANDS_STILL <= stands.1.elapsed() {
                let at =
                    stands.0.map_or_else(|| "an unknown place".to_owned(), |it| it.to_string());
                return Err(format!(
                    "the replay has stood still at {at} for {STANDS_STILL:?}: {}",
                    measured.notes.join("; ")
                ));
            }
        }
    }

    async fn bring_backup_online(&mut self) -> Result<(), String> {
        let (home, site) = (self.home_site(), self.backup_site()?);
        let (first, mirror) = (self.backup_store()?, self.pool.stores.backup_mirror.clone());
        let store = self.store_to_bring_online(first, mirror);
        let heard = self.known_reign(&home);
        let before = self.record(&site).await?;
        if heard.is_some() && moves::is_stopped_to_move(&before) {
            self.change_or_refuse(&home, |home| moves::keep_home_back(home, &before)).await?;
        }
        let allowed = self.pool.allow_suspended;
        self.change(&site, |record| moves::fail_over(record, heard, &store, allowed)).await?;
        self.until(SHORT, |world| world.backup_serves() && world.backup.writable == Known::Yes)
            .await
    }

    async fn bring_home_online(&mut self) -> Result<(), String> {
        let (home, backup) = (self.home_site(), self.backup_site()?);
        let outranked = self.record(&backup).await?;
        let store = self.pool.stores.home.clone();
        let allowed = self.pool.allow_suspended;
        self.change_or_refuse(&home, |record| moves::go_home(record, &outranked, &store, allowed))
            .await?;
        self.until(SHORT, |world| world.home_serves() && world.home.writable == Known::Yes).await
    }

    async fn bring_home_alone(&mut self) -> Result<(), String> {
        let home = self.home_site();
        let store = self.store_for_home_alone(&home).await?;
        let heard = self.known_reign(&self.backup_site()?);
        let allowed = self.pool.allow_suspended;
        self.change(&home, |record| moves::go_home_alone(record, heard, &store, allowed)).await?;
        // A primary that this life of the store has known need not hear the other site: said by
        // whoever attested, and over at once, so that the primary itself can take it.
        let lease = Records::primary_lease(&self.pool.fqdn);
        let ask = LeaseAsk::Take { holder: self.run.name().to_owned(), length_ms: 1 };
        match self.records(&home)?.store().lease(&lease, ask).await {
            Ok(_) | Err(StoreError::Held { .. }) => {}
            Err(error) => return Err(error.to_string()),
        }
        self.until(SHORT, |world| world.home_serves() && world.home.writable == Known::Yes).await
    }

    /// The store that home goes on with: its last primary, or the mirror if only that has a copy.
    async fn store_for_home_alone(&self, home: &str) -> Result<String, String> {
        let (first, mirror) = (self.pool.stores.home.clone(), self.pool.stores.home_mirror.clone());
        let record = self.record(home).await?;
        let named = record.primary().map(str::to_owned);
        let store = named.unwrap_or_else(|| self.store_to_bring_online(first, mirror));
        let CopySeen::Lost { why } = self.copy_of(&store).await else { return Ok(store) };
        for other in self.home_stores().into_iter().filter(|other| *other != store) {
            if self.copy_of(&other).await != CopySeen::There {
                continue;
            }
            if record.is_synchronized() || self.said.accepted {
                return Ok(other);
            }
            return Err(format!(
                "{store} is lost ({why}), and {other} was not in sync: it may lack posts; repeat \
                 with -AcceptDataLoss to go on with it"
            ));
        }
        Err(format!("no home store has a copy: {store}: {why}; start the host of one that has"))
    }

    async fn set_state(&mut self, state: PoolState) -> Result<(), String> {
        let (world, _) = self.look().await?;
        let serving = if world.home_serves() { self.home_site() } else { self.backup_site()? };
        let set = |record: &mut PoolRecord| {
            let changed = record.state != state;
            record.state = state;
            changed
        };
        if world.home_serves() {
            // The site that stands by shows the same state, for when it is asked alone.
            self.change(&self.backup_site()?, set).await?;
        }
        self.change(&serving, set).await?;
        Ok(())
    }

    async fn set_active(&mut self, side: Side) -> Result<(), String> {
        let site = match side {
            Side::Home => self.home_site(),
            Side::Backup => self.backup_site()?,
        };
        let topology = &self.grounds().topology;
        let of_site =
            |host: &&String| topology.site_of_host(host.as_str()).is_some_and(|it| it.name == site);
        let everywhere = &self.pool.servers;
        let servers: Vec<String> = match side {
            Side::Home => everywhere.clone(),
            Side::Backup => everywhere.iter().filter(of_site).cloned().collect(),
        };
        self.change(&site, |record| {
            if record.active_servers.is_empty() {
                record.active_servers.clone_from(&servers);
            }
            if record.gate == Gate::Shut {
                record.gate = Gate::Opening;
            }
            true
        })
        .await?;
        self.until(SHORT, move |world| match side {
            Side::Home => world.home.gate == Known::Yes,
            Side::Backup => world.backup.gate == Known::Yes,
        })
        .await
    }

    async fn clear_active(&mut self) -> Result<(), String> {
        self.change(&self.backup_site()?, |record| {
            record.active_servers.clear();
            record.gate = Gate::Shut;
            true
        })
        .await?;
        self.until(SHORT, |world| world.backup.gate == Known::No).await
    }

    async fn salvage(&mut self) -> Result<(), String> {
        let (home, backup) = (self.home_site(), self.backup_site()?);
        self.put_back((&home, self.home_stores()), &backup, "b").await
    }

    async fn salvage_backup(&mut self) -> Result<(), String> {
        let (home, backup) = (self.home_site(), self.backup_site()?);
        let stores = self.backup_stores();
        for store in stores.iter().filter(|store| self.said.lost_copies.contains(store)) {
            if self.copy_of(store).await == CopySeen::There {
                return Err(format!("{store} is there, and it is read: leave its name out"));
            }
        }
        self.put_back((&backup, stores), &home, "e").await
    }

    /// Puts back at `serving` what the copies of the other site have and nobody else has.
    async fn put_back(
        &mut self,
        (lost, stores): (&str, Vec<String>),
        serving: &str,
        number: &str,
    ) -> Result<(), String> {
        let reign = self.record(lost).await?.term.reign;
        let primary = self.record(serving).await?;
        let primary = primary.primary().ok_or_else(|| format!("{serving} has no primary"))?;
        let attested = |store: &String| self.said.lost_copies.contains(store);
        let copies = stores
            .iter()
            .map(|store| LostCopy { attested_lost: attested(store), store: store.clone() });
        let report = (self.grounds().salvager)(copies.collect(), primary.to_owned()).await?;
        let attested: Vec<_> = stores.iter().filter(|store| attested(store)).cloned().collect();
        self.change(lost, |record| {
            let changed = record.attested_lost != attested;
            record.attested_lost.clone_from(&attested);
            changed
        })
        .await?;
        info!(report, "salvaged");
        let mark = Mark::Done;
        let (procedure, number) = ("salvage".to_owned(), number.to_owned());
        self.run.note(What::Row(Line { procedure, number, text: report, mark })).await?;
        self.remember(serving, &self.salvaged_key(), &Settled { reign }).await
    }

    async fn seed_home(&mut self) -> Result<(), String> {
        let (home, backup) = (self.home_site(), self.backup_site()?);
        let upstream = self.record(&backup).await?;
        let upstream = upstream.primary().ok_or("the backup site has no primary")?.to_owned();
        self.change(&home, |record| {
            let following = Serving::Following { upstream: upstream.clone() };
            let changed = record.serving != following;
            record.serving = following;
            record.gate = Gate::Shut;
            changed
        })
        .await?;
        self.until(LONG, |world| world.home.standing == Standing::Follows && world.home.replayed)
            .await?;
        self.home_mirror_follows().await
    }

    /// Waits a while for the home mirror, so that the first post at home is on two machines.
    async fn home_mirror_follows(&mut self) -> Result<(), String> {
        let Some(mirror) = self.pool.stores.home_mirror.clone() else { return Ok(()) };
        let deadline = Instant::now() + MIRROR_PATIENCE;
        while Instant::now() < deadline {
            self.look().await?;
            let seen = self.last.as_ref().and_then(|(observed, _)| observed.report(&mirror));
            // A mirror whose keeper is away is not waited for: the state will say so.
            if seen.is_none_or(|report| report.streaming) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn stop_backup(&mut self) -> Result<(), String> {
        self.change(&self.backup_site()?, |record| {
            record.hand_over = Some(TO_OTHER_SITE.to_owned());
            true
        })
        .await?;
        self.until(SHORT, |world| world.backup.standing == Standing::Stopped).await
    }

    async fn establish_shipping(&mut self) -> Result<(), String> {
        let (home, backup) = (self.home_site(), self.backup_site()?);
        let home = self.record(&home).await?;
        self.change_or_refuse(&backup, |record| moves::stand_by(record, &home)).await?;
        self.until(LONG, |world| world.backup.shipping == ShippingSeen::Flowing).await
    }

    async fn start_backup_again(&mut self) -> Result<(), String> {
        let (home, site) = (self.home_site(), self.backup_site()?);
        let before = self.record(&site).await?;
        self.change_or_refuse(&home, |home| moves::keep_home_back(home, &before)).await?;
        // A primary whose host was lost since does not start: its mirror, in sync, takes over.
        let answers = before.primary().is_some_and(|primary| self.was_heard(primary));
        let allowed = self.pool.allow_suspended;
        self.change(&site, |record| {
            let stopped = record.hand_over.take().is_some();
            if stopped && answers {
                record.mirror = after_turn(allowed, instance::Lsn::ZERO, "a failback turned back");
            }
            stopped
        })
        .await?;
        self.until(SHORT, |world| world.backup.writable == Known::Yes).await
    }

    async fn hand_over(&mut self) -> Result<(), String> {
        let target = self.said.target.clone().ok_or("no store was named to hand over to")?;
        let (world, _) = self.look().await?;
        let site = if world.backup_serves() { self.backup_site()? } else { self.home_site() };
        self.change(&site, |record| {
            record.hand_over = Some(target.clone());
            true
        })
        .await?;
        self.until(SHORT, |world| world.switched != Switched::NotYet).await?;
        // What was not done now must not be done at some other time, unasked.
        self.change(&site, |record| {
            let left = record.hand_over.as_ref() == Some(&target);
            if left {
                record.hand_over = None;
            }
            left
        })
        .await?;
        Ok(())
    }

    async fn take_over(&mut self) -> Result<(), String> {
        let target = self.said.target.clone().ok_or("no store was named to take over")?;
        let (world, _) = self.look().await?;
        let site = if world.backup_serves() { self.backup_site()? } else { self.home_site() };
        if !self.was_heard(&target) {
            return Err(format!("the keeper of {target} does not answer: start its host"));
        }
        let allowed = self.pool.allow_suspended;
        self.change_or_refuse(&site, |record| moves::take_over(record, &target, allowed)).await?;
        self.until(SHORT, |world| {
            let site = if world.backup_serves() { &world.backup } else { &world.home };
            world.switched != Switched::NotYet && site.writable == Known::Yes
        })
        .await
    }

    async fn record(&self, site: &str) -> Result<PoolRecord, String> {
        let read = self.records(site)?.pool(&self.pool.fqdn).await;
        let read = read.map_err(|error| error.to_string())?;
        read.map(|read| read.value).ok_or_else(|| format!("{site} has no record of the pool"))
    }

    /// The reign of a site at the last look, if it was heard.
    fn known_reign(&self, site: &str) -> Option<u64> {
        let (observed, _) = self.last.as_ref()?;
        observed.record(site).map(|record| record.term.reign)
    }

    /// Whether the keeper of `store` answered at the last look.
    fn was_heard(&self, store: &str) -> bool {
        self.last.as_ref().is_some_and(|(observed, _)| observed.report(store).is_some())
    }

    /// The store of a site that is brought online: its first, which follows or is fed, or the
    /// mirror if only that was the site's last primary.
    fn store_to_bring_online(&self, first: String, mirror: Option<String>) -> String {
        let was_primary = |store: &String| {
            let report = self.last.as_ref().and_then(|(observed, _)| observed.report(store));
            report.is_some_and(|report| report.was_primary)
        };
        mirror.filter(|mirror| was_primary(mirror) && !was_primary(&first)).unwrap_or(first)
    }

    fn backup_store(&self) -> Result<String, String> {
        let store = self.pool.stores.backup.clone();
        store.ok_or_else(|| format!("{} has no backup store", self.pool.fqdn))
    }

    /// Keeps a fact of this procedure in a site's store.
    async fn remember(&self, site: &str, key: &str, fact: &Settled) -> Result<(), String> {
        let store = self.records(site)?.store();
        let snapshot = store.read().await.map_err(|error| error.to_string())?;
        let read = Records::value_in::<Settled>(&snapshot, key).map_err(|it| it.to_string())?;
        let revision = read.map_or(0, |read| read.revision);
        let value = to_value(key, fact).map_err(|error| error.to_string())?;
        store.write(key, revision, value).await.map_err(|error| error.to_string())?;
        Ok(())
    }
}

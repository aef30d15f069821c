//! Entering a room: nick, history, and everything in the order of XEP-0045 section 7.1.

use super::{Enter, RoomError, Rooms};
use crate::heard::Heard;
use crate::history::Archive;
use crate::house::{House, Open, Settled, Stay, Subject};
use crate::names::RoomName;
use crate::reads::{Lease, Unavailable};
use db::with_causes;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tracing::{debug, info};

/// Between two attempts while the database is away or the term changes.
const PAUSE: Duration = Duration::from_millis(100);

/// How one attempt to enter went.
enum Attempt {
    In,
    /// Wait a moment and try again.
    Again,
}

impl Rooms {
    pub(super) async fn try_enter(&self, enter: Enter) -> Result<(), RoomError> {
        let name = self.name(&enter.room)?;
        let address = enter.room.with_resource_str(&enter.nick).or(Err(RoomError::BadNick))?;
        let enter = Enter { nick: address.resource().to_string(), ..enter };
        let bare = enter.who.to_bare();
        let house = &self.0.house;
        house.reserve(&name, &enter.nick, &bare).await?;
        let kept = KeptNick { house, name: &name, nick: &enter.nick, bare: &bare };
        let mut stay = house.begin(&name, &enter)?;
        loop {
            match self.attempt(&enter, &mut stay).await? {
                Attempt::In => break,
                Attempt::Again => sleep(PAUSE).await,
            }
        }
        // The others know of him now.
        drop(kept);
        debug!(room = &*name, who = %enter.who, "entered");
        Ok(())
    }

    async fn attempt(&self, enter: &Enter, stay: &mut Stay) -> Result<Attempt, RoomError> {
        let house = &self.0.house;
        let lease = match self.0.reads.lease().await {
            Ok(lease) => lease,
            Err(error) => {
                info!(error = with_causes(&error), "entering waits for the database");
                return Ok(Attempt::Again);
            }
        };
        let Some(open) = house.opened(&stay.room) else {
            match self.load(&lease, &stay.room).await {
                Ok(Some(open)) => house.open(&stay.room, open),
                Ok(None) => return Err(RoomError::NoSuchRoom),
                Err(Load::Room(error)) => return Err(error),
                Err(Load::OtherTerm) => return Ok(Attempt::Again),
                Err(Load::Database(error)) => {
                    info!(error = with_causes(&error), "entering waits for the database");
                    return Ok(Attempt::Again);
                }
            }
            // Something may have been committed while nobody here looked.
            self.look();
            return self.with_history(enter, stay, &lease).await;
        };
        if open.term != lease.term() {
            self.look();
            drop(lease);
            self.rebased(PAUSE).await;
            return Ok(Attempt::Again);
        }
        self.with_history(enter, stay, &lease).await
    }

    async fn with_history(
        &self,
        enter: &Enter,
        stay: &mut Stay,
        lease: &Lease,
    ) -> Result<Attempt, RoomError> {
        let house = &self.0.house;
        let term = lease.term();
        let Some(shown) = house.bound(stay, term) else { return Ok(Attempt::Again) };
        let Some(open) = house.opened(&stay.room) else { return Ok(Attempt::Again) };
        let open = Open { shown, ..open };
        let archive = Archive::new(lease, &enter.room, &open, &self.0.config.limits);
        let history = match archive.recent(&enter.history).await {
            Ok(history) => history,
            Err(error) => {
                info!(error = with_causes(&error), "entering waits for the database");
                return Ok(Attempt::Again);
            }
        };
        match house.settle(stay, term, &history)? {
            Settled::In => Ok(Attempt::In),
            Settled::Again => Ok(Attempt::Again),
        }
    }

    /// Reads a room as it stands, and has that proven.
    pub(super) async fn load(&self, lease: &Lease, name: &RoomName) -> Result<Option<Open>, Load> {
        let sql = "select id, disabled, next_position - 1, subject, subject_nick, subject_at
                   from chat.room where name = $1";
        let name: &str = name;
        let row = lease.maybe_row(sql, &[&name]).await.map_err(Load::Database)?;
        let Some(row) = row else { return Ok(None) };
        if row.get(1) {
            return Err(Load::Room(RoomError::Closed));
        }
        if !self.0.proof.of(lease.term()).await.map_err(Load::Database)? {
            return Err(Load::OtherTerm);
        }
        let subject = Subject { text: row.get(3), nick: row.get(4), at: row.get(5) };
        Ok(Some(Open { id: row.get(0), term: lease.term(), shown: row.get(2), subject }))
    }

    /// Has the reader look at all rooms now.
    pub(super) fn look(&self) {
        // If it has too much to hear already, it will look soon enough.
        self.0.reader.try_send(Heard::Look).unwrap_or_default();
    }

    /// Waits until rooms have arrived in a newer term, but not for long.
    pub(super) async fn rebased(&self, most: Duration) {
        let mut rebased = self.0.rebased.clone();
        rebased.mark_unchanged();
        // Whether it came or not, the caller looks again.
        timeout(most, rebased.changed()).await.ok();
    }
}

/// Why a room was not loaded.
pub(super) enum Load {
    Room(RoomError),
    Database(Unavailable),
    /// It was read in a term that is over.
    OtherTerm,
}

/// A nick that is given back when the room knows its occupant, or never will.
struct KeptNick<'a> {
    house: &'a Arc<House>,
    name: &'a RoomName,
    nick: &'a str,
    bare: &'a xmpp::BareJid,
}

impl Drop for KeptNick<'_> {
    fn drop(&mut self) {
        self.house.release(self.name, self.nick, self.bare);
    }
}

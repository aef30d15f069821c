//! A room's archive, for whoever may enter the room (XEP-0313 section 5.1.2).

use super::enter::Load;
use super::{Inner, RoomError, Rooms};
use crate::history::{Archive, Found};
use crate::names::RoomName;
use crate::outbox::{Outbox, Recipient};
use tokio::time::timeout;
use xmpp::mam::{Fin, Query};
use xmpp::{BareJid, FullJid};

impl Rooms {
    /// Puts a page of the room's archive into the client's outbox; the answer follows it there.
    /// Whoever may enter may ask, and our rooms are open to every account.
    pub async fn query(
        &self,
        room: &BareJid,
        who: &FullJid,
        query: Query,
        outbox: &Outbox,
    ) -> Result<Fin, RoomError> {
        let name = self.name(room)?;
        let wait = self.0.config.limits.enter_wait;
        let page = timeout(wait, Box::pin(self.page(&name, room, &query)));
        let found = page.await.unwrap_or(Err(RoomError::Wait))?;
        let recipient = Recipient::new(who);
        for result in &found.results {
            // One that is cut off hears nothing more: its writer ends it.
            let _: bool = outbox.push(result.to(&recipient));
        }
        Ok(found.fin)
    }

    async fn page(
        &self,
        name: &RoomName,
        room: &BareJid,
        query: &Query,
    ) -> Result<Found, RoomError> {
        let Inner { house, reads, config, .. } = &*self.0;
        loop {
            let lease = reads.lease().await?;
            let open = match house.opened(name) {
                Some(open) if open.term == lease.term() => Some(open),
                Some(_) => {
                    self.look();
                    None
                }
                // Nobody here is in it: as it stands, once that is proven.
                None => match self.load(&lease, name).await {
                    Ok(open) => Some(open.ok_or(RoomError::NoSuchRoom)?),
                    Err(Load::OtherTerm) => None,
                    Err(Load::Room(error)) => return Err(error),
                    Err(Load::Database(error)) => return Err(error.into()),
                },
            };
            if let Some(open) = open {
                return Archive::new(&lease, room, &open, &config.limits).page(query).await;
            }
            drop(lease);
            self.rebased(config.limits.poll).await;
        }
    }
}

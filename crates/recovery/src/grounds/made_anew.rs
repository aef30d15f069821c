//! The databases of a pool that no procedure moves to another site, made anew after the last disk
//! with them is lost: empty, under their old names.

use std::time::Duration;

use super::Grounds;
use crate::keeper::{COPY, CopySeen, NO_COPY};
use crate::record::{Mirror, PoolRecord};
use crate::store::StoreError;

/// How long a keeper may take to look.
const LOOK_PATIENCE: Duration = Duration::from_secs(3);

impl Grounds {
    /// Has a pool's databases made anew in the first of `stores`, which are all that it has. An
    /// administrator attests that what they had is lost.
    ///
    /// # Errors
    /// In a sentence, with nothing changed: a keeper is not heard or has something all the same, or
    /// the site's management store cannot be asked or says otherwise.
    pub async fn make_anew(&self, pool: &str, stores: &[String]) -> Result<(), String> {
        for store in stores {
            match self.ask_keeper(store, COPY, LOOK_PATIENCE).await? {
                CopySeen::Lost { why } if why == NO_COPY => {}
                CopySeen::Lost { why } => {
                    return Err(format!("{store}: {why}; move it out of the way first"));
                }
                CopySeen::There | CopySeen::NotOpened { .. } => {
                    return Err(format!("{store} is not lost, it has a data directory"));
                }
            }
        }
        let host = self.topology.host_of_store(&stores[0]).expect("its keeper has answered");
        let records = self.records(&host.site)?;
        let text = |error: StoreError| error.to_string();
        let read = records.pool(pool).await.map_err(text)?;
        let read = read.ok_or_else(|| format!("{pool} has no record: its keeper begins one"))?;
        let primary = read.value.primary().map(str::to_owned);
        if !primary.is_some_and(|it| stores.contains(&it)) {
            return Err(format!("none of {} is the primary of {pool}", stores.join(", ")));
        }
        let new = begins_anew(read.value, stores);
        records.put_pool(pool, read.revision, &new).await.map_err(text)?;
        Ok(())
    }
}

/// The record of a pool whose databases are made once more, in the same term.
fn begins_anew(record: PoolRecord, stores: &[String]) -> PoolRecord {
    let new = PoolRecord::at_home(&stores[0], record.active_servers);
    let mirror = if stores.len() == 1 { Mirror::not_declared() } else { new.mirror };
    PoolRecord { term: record.term, mirror, ..new }
}

//! Pool records in a store: typed reading, and changing by compare-and-set.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Snapshot, Store, StoreError};
use crate::record::PoolRecord;

/// How often a change is tried again when others write at the same time.
const CHANGE_TRIES: u32 = 16;

/// A record and the revision at which it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// For the next compare-and-set.
    pub revision: u64,
    /// What was read.
    pub value: T,
}

/// The records of one store.
#[derive(Clone, Debug)]
pub struct Records {
    store: Arc<dyn Store>,
}

impl Records {
    /// Reads and writes records in `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The store below.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The key of a pool's record.
    pub fn pool_key(pool: &str) -> String {
        format!("pool/{pool}")
    }

    /// The name of the lease that a pool's primary holds.
    pub fn primary_lease(pool: &str) -> String {
        format!("primary/{pool}")
    }

    /// The name of the lease that a run of a procedure upon a pool holds.
    pub fn procedure_lease(pool: &str) -> String {
        format!("procedure/{pool}")
    }

    /// The pool's record in `snapshot`.
    pub fn pool_in(
        snapshot: &Snapshot,
        pool: &str,
    ) -> Result<Option<Versioned<PoolRecord>>, StoreError> {
        Self::value_in(snapshot, &Self::pool_key(pool))
    }

    /// Any value in `snapshot`, as its type.
    pub fn value_in<T: DeserializeOwned>(
        snapshot: &Snapshot,
        key: &str,
    ) -> Result<Option<Versioned<T>>, StoreError> {
        let Some(entry) = snapshot.entries.get(key) else { return Ok(None) };
        let value = T::deserialize(&entry.value).map_err(|error| StoreError::Unreadable {
            key: key.to_owned(),
            why: error.to_string(),
        })?;
        Ok(Some(Versioned { revision: entry.revision, value }))
    }

    /// The pool's record now.
    pub async fn pool(&self, pool: &str) -> Result<Option<Versioned<PoolRecord>>, StoreError> {
        Self::pool_in(&self.store.read().await?, pool)
    }

    /// Writes the pool's record if nobody wrote since `expected`.
    pub async fn put_pool(
        &self,
        pool: &str,
        expected: u64,
        record: &PoolRecord,
    ) -> Result<u64, StoreError> {
        let value = to_value(&Self::pool_key(pool), record)?;
        self.store.write(&Self::pool_key(pool), expected, value).await
    }

    /// As [`Records::put_pool`], at a revision above `floor`: see [`Store::write_above`].
    pub async fn put_pool_above(
        &self,
        pool: &str,
        expected: u64,
        record: &PoolRecord,
        floor: u64,
    ) -> Result<u64, StoreError> {
        let key = Self::pool_key(pool);
        let value = to_value(&key, record)?;
        self.store.write_above(&key, expected, value, floor).await
    }

    /// Reads, changes and writes the pool's record; again when somebody else wrote in between.
    ///
    /// `change` gives false when there is nothing to change. Errors with
    /// [`StoreError::Conflict`] after a bounded number of tries.
    pub async fn change_pool(
        &self,
        pool: &str,
        mut change: impl FnMut(&mut PoolRecord) -> bool,
    ) -> Result<PoolRecord, StoreError> {
        let key = Self::pool_key(pool);
        let mut last = None;
        for _ in 0..CHANGE_TRIES {
            let Some(read) = self.pool(pool).await? else {
                return Err(StoreError::Refused {
                    what: key,
                    why: "the pool has no record here yet: start its home site first".to_owned(),
                });
            };
            let mut record = read.value;
            if !change(&mut record) {
                return Ok(record);
            }
            match self.put_pool(pool, read.revision, &record).await {
                Ok(_) => return Ok(record),
                Err(conflict @ StoreError::Conflict { .. }) => last = Some(conflict),
                Err(other) => return Err(other),
            }
        }
        Err(last.expect("every try ended in a conflict"))
    }
}

/// JSON of `value`, refused with a sentence when it has none.
pub(crate) fn to_value<T: serde::Serialize>(key: &str, value: &T) -> Result<Value, StoreError> {
    serde_json::to_value(value)
        .map_err(|error| StoreError::Refused { what: key.to_owned(), why: error.to_string() })
}

//! How many of something each one has. Who has none is not kept.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// A count by key.
#[derive(Debug)]
pub(crate) struct Counts<K>(HashMap<K, usize>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Counts<K> {
    /// One more, unless there are `most` already. Tells whether there is.
    pub(crate) fn add(&mut self, key: K, most: usize) -> bool {
        let count = self.0.entry(key).or_default();
        let fits = *count < most;
        *count += usize::from(fits);
        fits
    }

    /// One less.
    pub(crate) fn remove(&mut self, key: K) {
        if let Entry::Occupied(mut count) = self.0.entry(key) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    /// How many have any.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

//! Management store, terms, keepers, the world as observed, procedures and their engine.

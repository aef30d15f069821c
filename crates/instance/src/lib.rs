//! The care of one PostgreSQL server: make, start, stop, copy, rewind, promote, ship, restore.

//! Real PostgreSQL, two sites, scripted clients; for tests only.

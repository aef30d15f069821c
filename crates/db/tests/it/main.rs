//! Against real `PostgreSQL`: what a connection refuses, what it notices, and migrations.

mod connections;
mod migrate;

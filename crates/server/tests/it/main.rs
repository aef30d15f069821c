//! The binary itself, with real `PostgreSQL`: what the keepers promise, one file per guarantee.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(clippy::print_stdout, reason = "how long it took is shown, not judged")]

mod dice;
mod disaster;
mod documented_lines;
mod ground;
mod load;

mod at_random;
mod audit_trail;
mod chat_lines;
mod coming_back;
mod documented_rows;
mod front_end_pool;
mod home_alone;
mod home_burnt;
mod losing_the_primary;
mod losing_the_store;
mod losing_the_witness;
mod missing_log;
mod overload;
mod partitions;
mod primary_stays_away;
mod response_groups;
mod response_groups_killed;
mod serving_alone;
mod shell;
mod silent_home;
mod silent_primary;
mod site_returns;
mod without_mirror;
mod zero_loss;

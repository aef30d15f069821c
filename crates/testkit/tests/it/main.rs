//! Tests of the test kit that need its own programs.

mod hosts;
mod links;

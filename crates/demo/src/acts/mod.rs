//! The story, one act per file, in the order of `main.rs`.

pub(crate) mod account;
pub(crate) mod begin;
pub(crate) mod cut_shipping;
pub(crate) mod fail_back;
pub(crate) mod fail_over;
pub(crate) mod lose_home;
pub(crate) mod prepare;
pub(crate) mod stay;
pub(crate) mod switch_over;
pub(crate) mod talk;

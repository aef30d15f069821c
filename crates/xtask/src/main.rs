//! Demo, test, tidy, docs, bench.
fn main() {}

//! Stands for one host in tests and in the demo; see [`testkit::subreaper`].

fn main() -> anyhow::Result<()> {
    testkit::subreaper::run(std::env::args().skip(1))
}

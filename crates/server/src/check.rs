//! `standfast check`: what is wrong with a topology, and what to do about it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use topology::Topology;

use crate::said::answer;
use crate::text;

/// Prints every problem and warning. Fails if there is a problem.
pub(crate) fn check(path: &Path) -> anyhow::Result<ExitCode> {
    let text = read(path)?;
    match Topology::parse(&path.display().to_string(), &text) {
        Ok(checked) => {
            for warning in &checked.warnings {
                answer(&warning.to_string())?;
            }
            let topology = &checked.topology;
            let counts = [
                counted(topology.sites.len(), "site"),
                counted(topology.hosts.len(), "host"),
                counted(topology.pools.len(), "pool"),
            ];
            answer(&format!("{}: {}: in order", path.display(), counts.join(", ")))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => {
            answer(&problems.to_string())?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// `1 pool`, `2 pools`
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Reads and checks a topology for a command that cannot go on without one.
pub(crate) fn load(path: &Path) -> anyhow::Result<Topology> {
    let text = read(path)?;
    let checked = Topology::parse(&path.display().to_string(), &text)
        .map_err(|problems| anyhow::anyhow!("the topology is not in order\n{problems}"))?;
    Ok(checked.topology)
}

pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let read = std::fs::read(path).map_err(anyhow::Error::from).and_then(text::of);
    read.with_context(|| format!("read the topology {}", path.display()))
}

//! Judges what was said. Every check adds what it finds and lets the next one run.

mod front_end_pools;
mod hosts;
mod index;
mod places;
mod pools;
mod ports;
mod share;

use crate::findings::Findings;
use crate::said::SaidTopology;
use index::Index;

pub(crate) fn check(said: &SaidTopology, findings: &mut Findings) {
    let index = Index::new(said, findings);
    hosts::check(&index, findings);
    pools::check(&index, findings);
    front_end_pools::check(&index, findings);
    places::check(&index, findings);
    share::check(&index, findings);
    ports::check(said, findings);
    if !findings.has_errors() {
        // What an error took the place of would look unused, and the warning would mislead.
        hosts::idle_hosts(&index, findings);
        places::unplaced(&index, findings);
        front_end_pools::unpaired(&index, findings);
    }
}

//! A topology file, from text to what it means, or to all that is wrong with it.

use crate::MAX_FILE_BYTES;
use crate::check::check;
use crate::findings::Findings;
use crate::meaning::meaning;
use crate::model::{Checked, Topology};
use crate::problem::Problems;
use crate::said::read;

impl Topology {
    /// Reads and checks a topology. `file` is only the name that problems are told with.
    ///
    /// All problems are told at once, unless the text is no TOML at all.
    pub fn parse(file: &str, text: &str) -> Result<Checked, Problems> {
        let mut findings = Findings::new(file, text);
        let meant = if text.len() > MAX_FILE_BYTES {
            let what = format!("the file has {} bytes, and a topology at most 1 MiB", text.len());
            findings.error(1, what, "give the file that declares the topology");
            None
        } else {
            read(text, &mut findings).and_then(|said| {
                check(&said, &mut findings);
                meaning(&said)
            })
        };
        let refused = findings.has_errors();
        let problems = findings.into_problems();
        match meant {
            Some(topology) if !refused => Ok(Checked { topology, warnings: problems }),
            Some(_) | None => {
                assert!(refused, "what has no meaning was told as an error");
                Err(Problems(problems))
            }
        }
    }
}

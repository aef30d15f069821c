//! A procedure: a manual's page as a constant table.
//!
//! A row is data: its number, the manual's sentence, how to see that it is done, and an act. Rows
//! are run by [`crate::engine`], rehearsed by [`crate::engine::what_if`], printed by
//! [`Procedure::manual`], and tried over every world by the battery.

use std::fmt::Write as _;

use crate::action::Action;
use crate::world::{Measured, World};

/// A runbook.
#[derive(Debug)]
pub struct Procedure {
    /// The name in journals and audit lines.
    pub name: &'static str,
    /// What the page is called.
    pub title: &'static str,
    /// The cmdlet that runs all of it.
    pub cmdlet: &'static str,
    /// What must hold before every row.
    pub givens: &'static [Given],
    /// The rows, in order.
    pub steps: &'static [Step],
}

/// What must hold before every row.
#[derive(Debug)]
pub struct Given {
    /// The sentence, said when it does not hold.
    pub text: &'static str,
    /// What to do when it does not hold.
    pub remedy: &'static str,
    /// The figures and names that are said with it.
    pub say: fn(&Measured) -> String,
    /// Whether it holds. Unknown never counts as holding.
    pub holds: fn(&World) -> bool,
}

/// A row.
#[derive(Debug)]
pub struct Step {
    /// The number on the manual's page; letters are rows that the original page lacks.
    pub number: &'static str,
    /// The sentence.
    pub text: &'static str,
    /// Whether it is done. Once true it stays true until the procedure ends.
    pub done: fn(&World) -> bool,
    /// What makes it done.
    pub act: Action,
    /// Lines of the documents that mean this row.
    pub documented: &'static [&'static str],
}

impl Procedure {
    /// The rows as they stand in docs/operating.
    pub fn manual(&self) -> String {
        let mut page = String::new();
        let mut line = |text: String| writeln!(page, "{text}").expect("a String takes everything");
        line("Before every step these hold, or the run stops and changes nothing more:".to_owned());
        line(String::new());
        for given in self.givens {
            line(format!("- {} Otherwise: {}", given.text, given.remedy));
        }
        line(String::new());
        line("| step | | on the original's page |\n|---|---|---|".to_owned());
        for step in self.steps {
            let documented: Vec<_> =
                step.documented.iter().map(|command| format!("`{command}`")).collect();
            line(format!("| {} | {} | {} |", step.number, step.text, documented.join(", ")));
        }
        page
    }
}

//! A procedure: a manual's page as a constant table.
//!
//! A row is data: its number, the manual's sentence, how to see that it is done, and an act. Rows
//! are run by [`crate::engine`], rehearsed by [`crate::engine::what_if`], printed by
//! [`Procedure::manual`], and tried over every world by the battery.

use std::fmt::Write as _;

/// What a sort of procedures is about: how its world is seen, and what can be done in it.
pub trait Subject: std::fmt::Debug + Sized + 'static {
    /// The world as it is observed, small enough to try every combination.
    type World: Clone + std::fmt::Debug + Send + Sync;
    /// The figures behind a world, for people.
    type Measured: Clone + std::fmt::Debug + Send + Sync;
    /// An act. Repeating one that has been done changes nothing.
    type Action: Copy + PartialEq + std::fmt::Debug + Send + Sync;

    /// What takes the procedure lock: never asked of a row that is run alone.
    const TAKE_LOCK: Self::Action;

    /// What the world will be once `action` is done: the pure twin of performing it.
    fn foresee(action: Self::Action, world: &mut Self::World);

    /// What stands in the way, in words.
    fn obstacles(measured: &Self::Measured) -> String;
}

/// A runbook.
#[derive(Debug)]
pub struct Procedure<S: Subject> {
    /// The name in journals and audit lines.
    pub name: &'static str,
    /// What the page is called.
    pub title: &'static str,
    /// The cmdlet that runs all of it.
    pub cmdlet: &'static str,
    /// What must hold before every row.
    pub givens: &'static [Given<S>],
    /// The rows, in order.
    pub steps: &'static [Step<S>],
}

/// What must hold before every row.
#[derive(Debug)]
pub struct Given<S: Subject> {
    /// The sentence, said when it does not hold.
    pub text: &'static str,
    /// What to do when it does not hold.
    pub remedy: &'static str,
    /// The figures and names that are said with it.
    pub say: fn(&S::Measured) -> String,
    /// Whether it holds. Unknown never counts as holding.
    pub holds: fn(&S::World) -> bool,
}

/// A row.
#[derive(Debug)]
pub struct Step<S: Subject> {
    /// The number on the manual's page; letters are rows that the original page lacks.
    pub number: &'static str,
    /// The sentence.
    pub text: &'static str,
    /// Whether it is done. Once true it stays true until the procedure ends.
    pub done: fn(&S::World) -> bool,
    /// What makes it done.
    pub act: S::Action,
    /// Lines of the documents that mean this row.
    pub documented: &'static [&'static str],
}

impl<S: Subject> Procedure<S> {
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

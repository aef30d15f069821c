//! A procedure as an administrator hears of it: rehearsed, or row by row while it runs.

use admin::deployment::{Outcome, Step};
use admin::{Fault, StepState, Told, Watch};
use recovery::engine::{Forecast, HONESTY, Line, Mark};

use super::stopped;

/// The rows of a run: told as they come, and kept as they are now.
pub(super) struct Rows<'w> {
    watch: &'w Watch,
    steps: Vec<Step>,
}

impl<'w> Rows<'w> {
    pub(super) fn new(watch: &'w Watch) -> Self {
        Self { watch, steps: Vec::new() }
    }

    /// One line more.
    pub(super) fn tell(&mut self, line: &Line) {
        let step = step(line);
        tell(self.watch, &step);
        self.steps.retain(|known| known.number != step.number);
        self.steps.push(step);
    }

    /// Each row once, with what became of it.
    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

/// What a rehearsal tells, with the `figures` that an administrator reads; or why the run would be
/// refused, and the rows all the same.
pub(super) fn rehearsed(
    forecast: &Forecast,
    figures: String,
    watch: &Watch,
) -> Result<Outcome, Fault> {
    let steps = forecast.lines.iter().map(step);
    let Some((first, others)) = forecast.refused.split_first() else {
        let notes = vec![figures, HONESTY.to_owned()];
        return Ok(Outcome { steps: steps.collect(), notes, warnings: Vec::new() });
    };
    watch.note("What if: as things stand it would be refused. The rows are:");
    for step in steps {
        tell(watch, &step);
    }
    for why in others {
        watch.warn(why.to_string());
    }
    Err(stopped(first))
}

fn tell(watch: &Watch, step: &Step) {
    let Step { number, text, state } = step.clone();
    watch.tell(Told::Step { number, text, state });
}

fn step(line: &Line) -> Step {
    let state = match &line.mark {
        Mark::AlreadyDone => StepState::AlreadyDone,
        Mark::WouldDo => StepState::WouldDo,
        Mark::Started => StepState::Started,
        Mark::Done => StepState::Done,
        Mark::Failed(why) => StepState::Failed(why.clone()),
    };
    Step { number: line.number.clone(), text: line.text.clone(), state }
}

//! The engine: look at the world, do the next row that is not done, look again.
//!
//! The world decides, not the journal: resuming is running again. The givens are checked before
//! every row; after the act the row must be done, or the run stops. The journal is written before
//! each act, for people and for what they consented to.

use std::pin::Pin;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::procedure::{Given, Procedure, Step, Subject};

/// What a deployment gives back, later.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// A world, and the figures behind it.
pub type Seen<S> = (<S as Subject>::World, <S as Subject>::Measured);

/// What the engine needs of a deployment.
pub trait Deployment<S: Subject>: Send {
    /// One look at everything, with a deadline for each part.
    fn observe(&mut self) -> Reply<'_, Seen<S>>;

    /// Makes it so, and waits, with a deadline, until it is. Repeating changes nothing.
    fn perform(&mut self, action: S::Action) -> Reply<'_, ()>;

    /// Writes a line into the journal of every host that can be reached, durably on this one.
    fn note(&mut self, line: Line) -> Reply<'_, ()>;

    /// Gives the procedure lock back.
    fn release(&mut self) -> Reply<'_, ()>;
}

/// What is noted of a row, and told to whoever watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The procedure's name.
    pub procedure: String,
    /// The row's number.
    pub number: String,
    /// The row's sentence.
    pub text: String,
    /// What became of it.
    pub mark: Mark,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The world has it already.
    AlreadyDone,
    /// A rehearsal says that it would be done.
    WouldDo,
    /// Begun; the next line says how it ended.
    Started,
    /// Seen to be done.
    Done,
    /// It failed; why.
    Failed(String),
}

/// Why a run stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stopped {
    /// The world could not be looked at.
    #[error("nothing was changed: the deployment could not be looked at ({0})")]
    Blind(String),
    /// A given does not hold.
    #[error("this does not hold: {text} What to do: {remedy}{}", seen(measured))]
    Unsafe {
        /// The given's sentence.
        text: &'static str,
        /// What to do.
        remedy: &'static str,
        /// The figures.
        measured: String,
    },
    /// An act failed.
    #[error("step {number} failed: {why}; run it again to go on from here")]
    Failed {
        /// The row.
        number: &'static str,
        /// What happened.
        why: String,
    },
    /// An act ended, and the row is not done.
    #[error(
        "step {number} was performed and did not take: {notes}; run it again to go on from here"
    )]
    DidNotTake {
        /// The row.
        number: &'static str,
        /// What stands in the way.
        notes: String,
    },
    /// A single row was asked for, and earlier ones are not done.
    #[error("nothing was changed: step {number} comes first: {text}")]
    TooEarly {
        /// The next row.
        number: &'static str,
        /// Its sentence.
        text: &'static str,
    },
}

/// Runs `procedure` from wherever the world is. `watch` is told every line.
pub async fn run<S: Subject>(
    procedure: &'static Procedure<S>,
    deployment: &mut dyn Deployment<S>,
    watch: &mut (dyn FnMut(&Line) + Send),
) -> Result<(), Stopped> {
    rows(procedure, procedure.steps.len(), deployment, watch).await
}

/// Runs the one row that `wanted` is, if all before it are done.
pub async fn run_row<S: Subject>(
    procedure: &'static Procedure<S>,
    wanted: &'static Step<S>,
    deployment: &mut dyn Deployment<S>,
    watch: &mut (dyn FnMut(&Line) + Send),
) -> Result<(), Stopped> {
    let place = place_of(procedure, wanted);
    let (world, _) = deployment.observe().await.map_err(Stopped::Blind)?;
    if let Some(early) = too_early(procedure, place, &world) {
        return Err(early);
    }
    rows(procedure, place + 1, deployment, watch).await
}

fn place_of<S: Subject>(procedure: &Procedure<S>, wanted: &Step<S>) -> usize {
    let place = procedure.steps.iter().position(|step| step.number == wanted.number);
    place.expect("a row is of its procedure")
}

/// The first row before `place` that is not done, as the refusal of the row at `place`.
fn too_early<S: Subject>(
    procedure: &'static Procedure<S>,
    place: usize,
    world: &S::World,
) -> Option<Stopped> {
    let before = procedure.steps[..place].iter().filter(|step| step.act != S::TAKE_LOCK);
    let missing = before.into_iter().find(|step| !(step.done)(world))?;
    Some(Stopped::TooEarly { number: missing.number, text: missing.text })
}

async fn rows<S: Subject>(
    procedure: &'static Procedure<S>,
    count: usize,
    deployment: &mut dyn Deployment<S>,
    watch: &mut (dyn FnMut(&Line) + Send),
) -> Result<(), Stopped> {
    let mut seen = deployment.observe().await.map_err(Stopped::Blind)?;
    for step in &procedure.steps[..count] {
        safe(procedure, &seen)?;
        if (step.done)(&seen.0) {
            watch(&line(procedure, step, Mark::AlreadyDone));
            continue;
        }
        seen = row(procedure, step, deployment, watch).await?;
    }
    safe(procedure, &seen)?;
    deployment.release().await.map_err(|why| Stopped::Failed { number: "end", why })
}

async fn row<S: Subject>(
    procedure: &'static Procedure<S>,
    step: &'static Step<S>,
    deployment: &mut dyn Deployment<S>,
    watch: &mut (dyn FnMut(&Line) + Send),
) -> Result<Seen<S>, Stopped> {
    let failed = |why| Stopped::Failed { number: step.number, why };
    let started = line(procedure, step, Mark::Started);
    deployment.note(started.clone()).await.map_err(failed)?;
    watch(&started);
    let performed = deployment.perform(step.act).await;
    if let Err(why) = performed {
        let line = line(procedure, step, Mark::Failed(why.clone()));
        deployment.note(line.clone()).await.map_err(failed)?;
        watch(&line);
        return Err(failed(why));
    }
    let seen = deployment.observe().await.map_err(failed)?;
    if !(step.done)(&seen.0) {
        let notes = S::obstacles(&seen.1);
        return Err(Stopped::DidNotTake { number: step.number, notes });
    }
    let done = line(procedure, step, Mark::Done);
    deployment.note(done.clone()).await.map_err(failed)?;
    watch(&done);
    Ok(seen)
}

/// What [`run`] would do, and what forbids it now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Why the run would be refused as things stand; empty if it would not.
    pub refused: Vec<Stopped>,
    /// The rows: so a failover can be rehearsed while home is well. From where the run would be
    /// refused they are judged by how things stand now, and not by what earlier rows would change.
    pub lines: Vec<Line>,
}

/// Tells what [`run`], or [`run_row`] of the row that is `wanted`, would do. Touches nothing.
///
/// The prerequisites are checked; that the run will succeed is not promised.
pub fn what_if<S: Subject>(
    procedure: &'static Procedure<S>,
    wanted: Option<&'static Step<S>>,
    world: &S::World,
    measured: &S::Measured,
) -> Forecast {
    let mut world = world.clone();
    let mut forecast = Forecast::default();
    let mut count = procedure.steps.len();
    if let Some(wanted) = wanted {
        let place = place_of(procedure, wanted);
        forecast.refused.extend(too_early(procedure, place, &world));
        count = place + 1;
    }
    for step in &procedure.steps[..count] {
        forecast.check(procedure, &world, measured);
        if (step.done)(&world) {
            forecast.lines.push(line(procedure, step, Mark::AlreadyDone));
            continue;
        }
        if forecast.refused.is_empty() {
            S::foresee(step.act, &mut world);
        }
        forecast.lines.push(line(procedure, step, Mark::WouldDo));
    }
    forecast
}

impl Forecast {
    fn check<S: Subject>(
        &mut self,
        procedure: &'static Procedure<S>,
        world: &S::World,
        measured: &S::Measured,
    ) {
        for given in procedure.givens.iter().filter(|given| !(given.holds)(world)) {
            let broken = broken(given, measured);
            if !self.refused.contains(&broken) {
                self.refused.push(broken);
            }
        }
    }
}

/// What goes with every rehearsal.
pub const HONESTY: &str =
    "What if: it says what would be done, not that it will succeed. Nothing was changed.";

fn safe<S: Subject>(procedure: &'static Procedure<S>, seen: &Seen<S>) -> Result<(), Stopped> {
    let (world, measured) = seen;
    match procedure.givens.iter().find(|given| !(given.holds)(world)) {
        None => Ok(()),
        Some(given) => Err(broken(given, measured)),
    }
}

fn broken<S: Subject>(given: &'static Given<S>, measured: &S::Measured) -> Stopped {
    let measured = (given.say)(measured);
    Stopped::Unsafe { text: given.text, remedy: given.remedy, measured }
}

/// The figures, where there are any.
fn seen(measured: &str) -> String {
    if measured.is_empty() { String::new() } else { format!(" Seen: {measured}") }
}

fn line<S: Subject>(procedure: &Procedure<S>, step: &Step<S>, mark: Mark) -> Line {
    Line {
        procedure: procedure.name.to_owned(),
        number: step.number.to_owned(),
        text: step.text.to_owned(),
        mark,
    }
}

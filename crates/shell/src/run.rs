//! Running a script: one effect asked for at a time, and nothing done here.
//!
//! The evaluator is written as ordinary asynchronous code that waits for nothing but answers. A
//! [`Run`] holds it between two effects; no runtime is needed, and the caller decides where and
//! how an effect happens.

mod desk;
mod evaluate;
mod need;
mod pipeline;
mod place;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::ast::Script;
use crate::catalogue::Catalogue;
use crate::check;
use crate::error::Failure;
use desk::Desk;
use evaluate::Machine;
pub use need::{
    Answer, CHOICES, Call, Consent, Environment, Existing, FileRead, FileWrite, Form, Need,
    Question,
};

type Ending = (Environment, Result<(), Failure>);

/// A script being run.
pub struct Run {
    desk: Desk,
    work: Option<Pin<Box<dyn Future<Output = Ending> + Send>>>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("running", &self.work.is_some()).finish_non_exhaustive()
    }
}

impl Run {
    /// A run of `script` that has not begun. The whole script is checked before anything happens.
    pub fn new(script: Script, catalogue: Arc<Catalogue>, environment: Environment) -> Self {
        let desk = Desk::default();
        let script = catalogue.understand(script);
        let mut machine = Machine::new(desk.clone(), catalogue, environment);
        let work = async move {
            let result = match check::first(&script, machine.catalogue()) {
                Some(failure) => Err(failure),
                None => machine.script(&script).await,
            };
            (machine.into_environment(), result)
        };
        Self { desk, work: Some(Box::pin(work)) }
    }

    /// Goes on with `answer` to what was needed last ([`Answer::Go`] to begin) up to the next need.
    ///
    /// # Panics
    /// When it is called again after [`Need::Done`].
    pub fn step(&mut self, answer: Answer) -> Need {
        let work = self.work.as_mut().expect("a run that is done is not stepped again");
        self.desk.with(|desk| desk.1 = Some(answer));
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready((environment, result)) => {
                self.work = None;
                Need::Done(environment, result)
            }
            Poll::Pending => {
                let need = self.desk.with(|desk| desk.0.take());
                need.expect("the evaluator waits for nothing but answers")
            }
        }
    }
}

//! Looks at the pool all the time, so that the demo can wait for what it sees and tell afterwards
//! for how long there was no mirror.

use crate::administrator::Administrator;
use crate::protection::Protection;
use anyhow::{Context as _, bail};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Looks that are remembered: for longer than any story takes.
const LOOKS_MAX: usize = 10_000;

/// One look.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) asked: Instant,
    pub(crate) heard: Instant,
    pub(crate) seen: Protection,
}

/// What was seen last: a look, or why there is none.
type Latest = Option<Result<Look, String>>;

/// Looks until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    latest: watch::Receiver<Latest>,
    looks: Arc<Mutex<Vec<Look>>>,
    looking: JoinSet<()>,
}

impl Watch {
    pub(crate) fn begin(administrator: Administrator) -> Self {
        let (tell, latest) = watch::channel(None);
        let looks = Arc::default();
        let mut looking = JoinSet::new();
        looking.spawn(look_on(administrator, tell, Arc::clone(&looks)));
        Self { latest, looks, looking }
    }

    /// Looks no more.
    pub(crate) fn end(&mut self) {
        self.looking.abort_all();
    }

    /// All looks so far.
    pub(crate) fn looks(&self) -> Vec<Look> {
        self.looks.lock().expect("nobody panics with the looks").clone()
    }

    /// Waits for a look, asked for from now on, that `done` likes.
    pub(crate) async fn until(
        &self,
        what: &str,
        deadline: Duration,
        done: impl Fn(&Protection) -> bool,
    ) -> anyhow::Result<Protection> {
        let from = Instant::now();
        let mut latest = self.latest.clone();
        let is_it = |latest: &Latest| {
            let Some(Ok(look)) = latest else { return false };
            look.asked >= from && done(&look.seen)
        };
        let Ok(found) = tokio::time::timeout(deadline, latest.wait_for(is_it)).await else {
            let seen = match &*self.latest.borrow() {
                Some(Ok(look)) => format!("{:?}", look.seen),
                Some(Err(why)) => why.clone(),
                None => "nothing".to_owned(),
            };
            bail!("{what}: not within {} s; seen last: {seen}", deadline.as_secs());
        };
        let found = found.context("nobody looks any more")?;
        match &*found {
            Some(Ok(look)) => Ok(look.seen.clone()),
            _ => bail!("{what}: nothing was seen"),
        }
    }
}

async fn look_on(
    administrator: Administrator,
    tell: watch::Sender<Latest>,
    looks: Arc<Mutex<Vec<Look>>>,
) {
    loop {
        let asked = Instant::now();
        let look = match administrator.look().await {
            Ok(seen) => Ok(Look { asked, heard: Instant::now(), seen }),
            Err(error) => Err(format!("{error:#}")),
        };
        if let Ok(look) = &look {
            let mut looks = looks.lock().expect("nobody panics with the looks");
            if looks.len() < LOOKS_MAX {
                looks.push(look.clone());
            }
        }
        tell.send_replace(Some(look));
        tokio::time::sleep(PAUSE).await;
    }
}

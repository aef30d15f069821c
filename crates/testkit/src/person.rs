//! A person in rooms, whose client goes on after every loss.
//!
//! When the connection is lost the client follows the service records again (and
//! `see-other-host`), enters its rooms, catches up from the last post that it has seen, and repeats
//! with the same origin id what was not answered. The [ledger](crate::ledger) hears of everything.

mod memory;
mod presence;

use crate::client::Login;
use crate::ledger::Ledger;
use anyhow::{Context as _, ensure};
use presence::Presence;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Orders that wait for a person.
const ORDERS_MAX: usize = 1_000;

/// What to do with posts that were not answered before the connection was lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repeat {
    /// Look into the archive first and repeat what is not there, as a careful client does.
    WhatIsMissing,
    /// Repeat everything, so that the server's own care is put to the test.
    EverythingUnanswered,
}

/// What a person is like.
#[derive(Clone, Debug)]
pub struct Character {
    pub login: Login,
    /// Rooms to be in, as `name@rooms.domain`.
    pub rooms: Vec<String>,
    pub repeat: Repeat,
    /// After how long without a word from the server to look for another one.
    pub patience: Duration,
}

/// What a person is asked to do.
#[derive(Debug)]
enum Order {
    Say {
        room: String,
        body: String,
    },
    /// Say something in all rooms in turn, again and again.
    Talk {
        every: Duration,
    },
    Hush,
}

/// How a person is doing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// In all rooms, and caught up.
    pub is_in: bool,
    /// Posts that were neither acknowledged nor refused.
    pub unanswered: usize,
    /// Orders that the person has taken in.
    pub heeded: u64,
}

/// A person; it goes away when dropped.
#[derive(Debug)]
pub struct Person {
    name: String,
    orders: mpsc::Sender<Order>,
    ordered: AtomicU64,
    standing: watch::Receiver<Standing>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _leave: DropGuard,
}

impl Person {
    /// Lets a person come, who connects by and by.
    pub fn arrive(character: Character, ledger: &Arc<Ledger>) -> Self {
        let name = character.login.user.clone();
        let (orders, ordered) = mpsc::channel(ORDERS_MAX);
        let (tell, standing) = watch::channel(Standing::default());
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let presence = Presence::new(character, Arc::clone(ledger), ordered, tell);
        tasks.spawn(stop.clone().run_until_cancelled_owned(presence.live()));
        tasks.close();
        let leave = stop.clone().drop_guard();
        Self { name, orders, ordered: AtomicU64::new(0), standing, tasks, stop, _leave: leave }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the person to say something; its turn comes when earlier posts are on their way.
    pub async fn say(&self, room: &str, body: &str) {
        self.order(Order::Say { room: room.to_owned(), body: body.to_owned() }).await;
    }

    /// Lets the person talk, in all rooms in turn.
    pub async fn talk(&self, every: Duration) {
        self.order(Order::Talk { every }).await;
    }

    /// Lets the person talk no more; what was said is still repeated until it is answered.
    pub async fn hush(&self) {
        self.order(Order::Hush).await;
    }

    async fn order(&self, order: Order) {
        self.ordered.fetch_add(1, Ordering::Relaxed);
        self.orders.send(order).await.expect("the person is there as long as its handle");
    }

    /// How the person is doing now.
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Waits until the person is in all rooms and has caught up.
    pub async fn is_in(&self, deadline: Duration) -> anyhow::Result<()> {
        self.wait(deadline, "in all rooms", |it| it.is_in).await
    }

    /// Waits until everything that was said has been answered. Hush a talking person first.
    pub async fn is_answered(&self, deadline: Duration) -> anyhow::Result<()> {
        let ordered = self.ordered.load(Ordering::Relaxed);
        let all = |it: &Standing| it.unanswered == 0 && it.heeded >= ordered;
        self.wait(deadline, "answered", all).await
    }

    async fn wait(
        &self,
        deadline: Duration,
        what: &str,
        done: impl Fn(&Standing) -> bool,
    ) -> anyhow::Result<()> {
        let mut standing = self.standing.clone();
        let done = tokio::time::timeout(deadline, standing.wait_for(|it| done(it))).await;
        // What was found is a lock: the person could not tell anything while we look once more.
        let done = done.map(|it| it.map(drop));
        let seen = self.standing();
        let done = done.with_context(|| {
            format!("{} is not {what} within {deadline:?}: {seen:?}", self.name)
        })?;
        ensure!(done.is_ok(), "{} went away", self.name);
        Ok(())
    }

    /// Lets the person go and waits until it has.
    pub async fn go(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

//! The room full of people, and the posts that go through it.

use super::entry;
use super::occupant::Occupant;
use super::servers::Server;
use crate::figures::Series;
use crate::stage::{Stage, user};
use anyhow::{Context as _, ensure};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How many post when the room is not saturated.
const SENDERS: usize = 8;

/// How long everything may take to arrive.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Nothing comes for so long when all has been said about who is here.
const QUIET: Duration = Duration::from_millis(500);

/// A room with everybody in it.
pub(super) struct Room {
    occupants: Vec<Occupant>,
    address: String,
    /// Times count from here.
    begin: Instant,
}

/// What went through a saturated room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) posts: usize,
    pub(super) deliveries: usize,
    pub(super) lasted: Duration,
}

/// What went through a room at a pace.
#[derive(Debug)]
pub(super) struct Paced {
    /// Milliseconds from the sender's write to each occupant's read.
    pub(super) delays: Series,
}

impl Room {
    /// Lets everybody in, and waits until all has been said about who is here.
    pub(super) async fn fill(
        stage: &Stage,
        server: &impl Server,
        number: usize,
    ) -> anyhow::Result<Self> {
        let (address, begin) = (stage.room(), Instant::now());
        let mut occupants = Vec::with_capacity(number);
        for number in 0..number {
            let mut stream = entry::connect(server, &stage.login(number)).await?;
            let nick = user(number);
            let entered = server.enter(&mut stream, &address, &nick);
            tokio::time::timeout(PATIENCE, entered).await.context("entering takes too long")??;
            occupants.push(Occupant::listen(stream, begin));
        }
        let room = Self { occupants, address, begin };
        room.is_quiet().await?;
        Ok(room)
    }

    /// One posts, with so many posts on their way at any time.
    pub(super) async fn saturated(&self, lasts: Duration, window: usize) -> anyhow::Result<Load> {
        let sender = self.occupants.first().context("somebody is in the room")?;
        let before = self.deliveries();
        let echoes = &sender.echoes;
        // Nothing is on its way: what is left is of others' posts.
        echoes.forget_permits(usize::MAX);
        echoes.add_permits(window);
        let begun = Instant::now();
        let mut posts = 0;
        while begun.elapsed() < lasts {
            let free = tokio::time::timeout(PATIENCE, echoes.acquire()).await;
            free.context("no echo comes")??.forget();
            sender.post(&self.address, posts, self.begin).await?;
            posts += 1;
        }
        let posts = usize::try_from(posts)?;
        self.delivered(before + posts * self.occupants.len()).await?;
        let lasted = begun.elapsed();
        self.take_delays();
        Ok(Load { posts, deliveries: posts * self.occupants.len(), lasted })
    }

    /// Several post in turn, so many posts in a second, whatever comes back.
    pub(super) async fn paced(&self, lasts: Duration, pace: u32) -> anyhow::Result<Paced> {
        let before = self.deliveries();
        let begun = Instant::now();
        let mut posts = 0;
        let mut tick = tokio::time::interval(Duration::from_secs(1) / pace);
        while begun.elapsed() < lasts {
            tick.tick().await;
            let sender = &self.occupants[posts % SENDERS.min(self.occupants.len())];
            sender.post(&self.address, posts as u64, self.begin).await?;
            posts += 1;
        }
        self.delivered(before + posts * self.occupants.len()).await?;
        let milliseconds = self.take_delays().into_iter().map(|it| f64::from(it) / 1000.0);
        Ok(Paced { delays: Series::of(milliseconds) })
    }

    /// Waits until so many posts have been delivered in all.
    async fn delivered(&self, wanted: usize) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.deliveries() < wanted {
            let now = self.deliveries();
            ensure!(Instant::now() < end, "{now} of {wanted} deliveries within {PATIENCE:?}");
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn is_quiet(&self) -> anyhow::Result<()> {
        let bytes = || -> u64 {
            self.occupants.iter().map(|it| it.received.bytes.load(Ordering::Relaxed)).sum()
        };
        let end = Instant::now() + PATIENCE;
        let mut before = None;
        while before.replace(bytes()) != Some(bytes()) {
            ensure!(Instant::now() < end, "the room does not become quiet");
            tokio::time::sleep(QUIET).await;
        }
        Ok(())
    }

    fn deliveries(&self) -> usize {
        let posts = self.occupants.iter().map(|it| it.received.posts.load(Ordering::Relaxed));
        usize::try_from(posts.sum::<u64>()).unwrap_or(usize::MAX)
    }

    fn take_delays(&self) -> Vec<u32> {
        self.occupants.iter().flat_map(|it| it.received.take_delays()).collect()
    }
}

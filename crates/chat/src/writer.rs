//! The one task of a server that writes posts: all rooms' posts, in groups, each one transaction.
//!
//! A group is a single statement ([`chat.append`](../schema/001_chat.sql)) in one write, so no lock
//! is ever held across a round trip: a server that freezes half-way holds up nobody. The statement
//! checks the term, takes positions under the rooms' row locks in the order of their ids, and
//! writes even if all posts are repeats, so that its answer proves what it tells.
//!
//! *When a group fails.* If the database refused it, nothing of it stands. If the refusal is about
//! content, its posts go one by one, so that a bad one does not sink the others. If the outcome is
//! unknown (the connection ended, the primary changed, the commit did not wait for the mirror), the
//! same posts are sent again, on a new connection: their archive ids were given before, so the
//! database says of each whether it stands, and a first attempt that is still under way is waited
//! for by the row lock. Only then is anybody told.
//!
//! *Where the pool wants zero loss* a group is told of only when the other site holds it, too, and
//! the next group waits for that as well ([`OtherSite`]).

mod append;
mod ticket;

pub use ticket::Ticket;

use crate::error::RoomError;
use crate::heard::Heard;
use crate::names::Author;
use crate::other_site::OtherSite;
use crate::peers::{PeerMessage, Peers, tell_all};
use crate::post::{Draft, Post};
use crate::settings::{Config, Limits};
use append::{Appender, Failure, Outcome};
use db::{Connections, with_causes};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use ticket::Progress;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

/// The first and the longest pause after a failure.
const PAUSE: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(250)];

/// Where posts go in. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Posts {
    waiting: mpsc::Sender<Waiting>,
    bytes: Arc<Semaphore>,
    limits: Limits,
}

/// A post that waits for the database.
#[derive(Debug)]
struct Waiting {
    draft: Draft,
    author: Author,
    progress: Arc<Progress>,
    reply: oneshot::Sender<Result<Uuid, RoomError>>,
    since: Instant,
    _bytes: OwnedSemaphorePermit,
}

/// The writing task.
#[derive(Debug)]
pub(crate) struct Writer {
    incoming: mpsc::Receiver<Waiting>,
    waiting: VecDeque<Waiting>,
    connections: Connections,
    database: String,
    other_site: OtherSite,
    appender: Option<Appender>,
    /// So many posts at the front go one by one.
    alone: usize,
    reader: mpsc::Sender<Heard>,
    peers: Arc<dyn Peers>,
    limits: Limits,
}

impl Posts {
    /// Takes a post in, or refuses it at once.
    pub(crate) fn post(&self, draft: Draft, author: Author) -> Ticket {
        let size = u32::try_from(draft.stanza.len()).unwrap_or(u32::MAX);
        let Ok(bytes) = Arc::clone(&self.bytes).try_acquire_many_owned(size) else {
            return Ticket::refused(RoomError::Wait);
        };
        let (reply, answer) = oneshot::channel();
        let progress = Progress::new();
        let waiting = Waiting {
            draft,
            author,
            progress: Arc::clone(&progress),
            reply,
            since: Instant::now(),
            _bytes: bytes,
        };
        match self.waiting.try_send(waiting) {
            Ok(()) => {
                let Limits { queue_wait, answer_wait, .. } = self.limits;
                Ticket::waiting(answer, progress, queue_wait, answer_wait)
            }
            Err(_) => Ticket::refused(RoomError::Wait),
        }
    }
}

impl Writer {
    pub(crate) fn new(
        config: &Config,
        connections: Connections,
        reader: mpsc::Sender<Heard>,
        peers: Arc<dyn Peers>,
    ) -> (Posts, Self) {
        let limits = config.limits;
        let (waiting, incoming) = mpsc::channel(limits.waiting_posts);
        let bytes = Arc::new(Semaphore::new(limits.waiting_bytes));
        let writer = Self {
            incoming,
            waiting: VecDeque::new(),
            connections,
            database: config.database.clone(),
            other_site: config.other_site.clone(),
            appender: None,
            alone: 0,
            reader,
            peers,
            limits,
        };
        (Posts { waiting, bytes, limits }, writer)
    }

    /// Writes until `end`. What is under way then is left in doubt, and its senders are told so.
    pub(crate) async fn run(mut self, end: CancellationToken) {
        end.run_until_cancelled(self.write()).await;
    }

    async fn write(&mut self) {
        let mut pause = PAUSE[0];
        let mut waits = false;
        loop {
            if self.waiting.is_empty() {
                let Some(first) = self.incoming.recv().await else { return };
                self.waiting.push_back(first);
            }
            while self.waiting.len() < self.limits.group_posts
                && let Ok(next) = self.incoming.try_recv()
            {
                self.waiting.push_back(next);
            }
            let tried = self.connections.primary();
            match self.attempt().await {
                Ok(()) => {
                    if std::mem::take(&mut waits) {
                        info!("posts are written again");
                    }
                    pause = PAUSE[0];
                }
                Err(why) => {
                    waits = true;
                    info!(why, posts = self.waiting.len(), "posts wait for the database");
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = self.connections.differs(tried.as_ref()) => {}
                    }
                    pause = (pause * 2).min(PAUSE[1]);
                }
            }
        }
    }

    /// Writes one group. `Err` says why it is to be tried again, after a pause.
    async fn attempt(&mut self) -> Result<(), String> {
        if self.appender.as_ref().is_none_or(|appender| appender.is_over(&self.connections)) {
            self.appender = None;
            let appender =
                Appender::connect(&self.connections, &self.database, &self.other_site).await;
            self.appender = Some(appender.map_err(|error| with_causes(&error))?);
        }
        let appender = self.appender.as_mut().expect("connected above");
        if let Err(error) = appender.is_level(self.limits.poll).await {
            self.drop_over();
            return Err(with_causes(&error));
        }
        let group = self.group();
        if group == 0 {
            return Ok(());
        }
        let appender = self.appender.as_mut().expect("connected above");
        let drafts: Vec<&Draft> = self.waiting.iter().take(group).map(|w| &w.draft).collect();
        let failure = match appender.append(&drafts, self.limits.answer_wait).await {
            Ok(outcomes) => {
                let term = appender.term();
                self.alone = self.alone.saturating_sub(group);
                self.settle(term, outcomes).await;
                return Ok(());
            }
            Err(failure) => failure,
        };
        match failure {
            Failure::Content(error) if group == 1 => {
                warn!(%error, "the database cannot store a post");
                self.alone = self.alone.saturating_sub(1);
                if let Some(bad) = self.waiting.pop_front() {
                    bad.answer(Err(RoomError::Unstorable));
                }
                Ok(())
            }
            Failure::Content(_) => {
                self.alone = group;
                Ok(())
            }
            Failure::Again(error) => Err(with_causes(&error)),
            Failure::Elsewhere(error) => {
                self.appender = None;
                Err(with_causes(&error))
            }
            // They are sent again, and found to stand, once the other site is level.
            Failure::NotHeld(error) => Err(with_causes(&error)),
        }
    }

    /// Drops what nobody waits for any more.
    fn drop_over(&mut self) {
        let Limits { queue_wait, answer_wait, .. } = self.limits;
        // Whoever said the last word about a post, here or in its ticket, decides what is true.
        let mut kept = VecDeque::with_capacity(self.waiting.len());
        for waiting in self.waiting.drain(..) {
            let age = waiting.since.elapsed();
            if waiting.progress.is_over() {
                continue;
            }
            if !waiting.progress.was_sent() && age > queue_wait {
                waiting.answer(Err(RoomError::Wait));
            } else if age > queue_wait + answer_wait {
                waiting.answer(Err(RoomError::Unknown));
            } else {
                kept.push_back(waiting);
            }
        }
        self.waiting = kept;
    }

    /// Tells how many at the front are to be sent now.
    fn group(&mut self) -> usize {
        self.drop_over();
        let Limits { group_posts, group_bytes, .. } = self.limits;
        let most = if self.alone > 0 { 1 } else { group_posts };
        let (mut group, mut bytes) = (0, 0);
        while group < most && bytes < group_bytes {
            let Some(next) = self.waiting.get(group) else { break };
            if next.progress.send() {
                bytes += next.draft.stanza.len();
                group += 1;
            } else {
                self.waiting.remove(group);
            }
        }
        group
    }

    /// Tells everybody what stands: our reader, the other servers, the senders.
    async fn settle(&mut self, term: (i64, i64), outcomes: Vec<Outcome>) {
        let mut posts = Vec::new();
        let mut tops: BTreeMap<Uuid, i64> = BTreeMap::new();
        let mut answers = Vec::new();
        for outcome in outcomes {
            let waiting = self.waiting.pop_front().expect("one outcome for each post of the group");
            let answer = match outcome {
                Outcome::Kept { position } => {
                    let top = tops.entry(waiting.draft.room).or_insert(position);
                    *top = position.max(*top);
                    posts.push(waiting.draft.kept_at(position));
                    Ok(waiting.draft.archive_id)
                }
                Outcome::Repeated { archive_id, position } => {
                    let author = waiting.author.clone();
                    let echo = Heard::Repeated { author, archive_id, position };
                    // It is not lost on a full channel: this is the sender's only receipt.
                    if self.reader.send(echo).await.is_err() {
                        return;
                    }
                    Ok(archive_id)
                }
                Outcome::Missing => Err(RoomError::NoSuchRoom),
                Outcome::Disabled => Err(RoomError::Closed),
            };
            answers.push((waiting, answer));
        }
        if !posts.is_empty() {
            posts.sort_by_key(|post: &Post| (post.room, post.position));
            // If the reader is behind, it finds them in the database at its next poll.
            if self.reader.try_send(Heard::Committed { term, posts }).is_err() {
                info!("the reader is behind; it will find these posts in the database");
            }
            let rooms = tops.into_iter().collect();
            tell_all(&*self.peers, &PeerMessage::Bell { term, rooms });
        }
        for (waiting, answer) in answers {
            waiting.answer(answer);
        }
    }
}

impl Waiting {
    fn answer(self, answer: Result<Uuid, RoomError>) {
        // Whoever does not wait any more need not be told.
        self.reply.send(answer).unwrap_or_default();
    }
}

//! A chat server's own half: started once, and told what happens around it.

use crate::accounts::Accounts;
use crate::activity::Activity;
use crate::bound::Bound;
use crate::heard::{HEARD_MAX, Heard};
use crate::house::House;
use crate::peers::{Change, PeerAnswer, PeerMessage, PeerQuestion, Peers};
use crate::prover::Prover;
use crate::reader::Reader;
use crate::reads::Reads;
use crate::rooms::{Inner, Rooms};
use crate::settings::Config;
use crate::writer::Writer;
use db::Connections;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info};
use uuid::Uuid;

/// Servers whose occupants may wait to be asked for.
const BEHIND_MAX: usize = 256;

/// A chat server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chat {
    rooms: Rooms,
    accounts: Accounts,
    activity: watch::Sender<Activity>,
    bound: Bound,
    house: Arc<House>,
    reader: mpsc::Sender<Heard>,
    behind: mpsc::Sender<String>,
}

impl Chat {
    /// Starts writer, reader and what keeps servers level with each other. They belong to `tasks`
    /// and end with `end`. Clients come in by [`crate::stream`].
    ///
    /// Nobody is active until [`Chat::set_activity`] says so.
    pub fn start(
        config: Config,
        connections: Connections,
        peers: Arc<dyn Peers>,
        tasks: &TaskTracker,
        end: &CancellationToken,
    ) -> Self {
        let house = Arc::new(House::new(&config.rooms, config.limits, Arc::clone(&peers)));
        let reads = Reads::new(connections.clone(), &config);
        let (proof, prover) = Prover::new(&config, connections.clone());
        let (reader, heard) = mpsc::channel(HEARD_MAX);
        let (reading, rebased) =
            Reader::new(&config, connections.clone(), Arc::clone(&house), heard, proof.clone());
        let bound = Bound::new(Arc::clone(&peers));
        let (posts, writer) = Writer::new(&config, connections, reader.clone(), peers);
        let (accounts, lookups) = Accounts::new(reads.clone(), config.limits);
        let (activity, told) = watch::channel(Activity::default());
        let (behind, asked) = mpsc::channel(BEHIND_MAX);
        let poll = config.limits.poll;
        let rooms = Rooms::new(Inner {
            config,
            house: Arc::clone(&house),
            posts,
            reads,
            proof,
            reader: reader.clone(),
            rebased,
            activity: told,
        });
        tasks.spawn(writer.run(end.clone()));
        tasks.spawn(reading.run(end.clone()));
        tasks.spawn(prover.run(end.clone()));
        tasks.spawn(lookups.run(end.clone()));
        let chat = Self { rooms, accounts, activity, bound, house, reader, behind };
        let level = Level { house: Arc::clone(&chat.house), asked, poll };
        tasks.spawn(level.run(end.clone()));
        chat
    }

    /// The rooms.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// The accounts.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The clients that are bound here.
    pub(crate) fn bound(&self) -> &Bound {
        &self.bound
    }

    /// What the pool wants of this server, and each change of it.
    pub fn activity(&self) -> watch::Receiver<Activity> {
        self.activity.subscribe()
    }

    /// Says what the pool wants of this server.
    pub fn set_activity(&self, activity: Activity) {
        self.activity.send_if_modified(|now| {
            let changed = *now != activity;
            *now = activity;
            changed
        });
    }

    /// Another server said something. Never blocks.
    pub fn heard(&self, from: &str, message: PeerMessage) {
        match message {
            PeerMessage::Bell { term, rooms } => {
                // If the reader has too much to hear, it looks at all rooms within a poll interval.
                self.reader.try_send(Heard::Bell { term, rooms }).unwrap_or_default();
            }
            PeerMessage::Passing { room, stanza } => self.house.pass(&room, stanza),
            PeerMessage::Occupants { incarnation, sequence, change } => {
                self.changed(from, incarnation, sequence, change);
            }
            PeerMessage::Here { incarnation, sequence } => {
                if !self.house.is_level(from, incarnation, sequence) {
                    self.fell_behind(from);
                }
            }
            PeerMessage::Bound { address, number } => self.bound.heard(from, &address, number),
            PeerMessage::ReleaseNick { room, nick, bare } => {
                self.house.release_nick(&room, &nick, &bare);
            }
        }
    }

    /// Another server asks something.
    pub async fn asked(&self, from: &str, question: PeerQuestion) -> PeerAnswer {
        debug!(from, ?question, "asked");
        match question {
            PeerQuestion::Occupants => self.house.all(),
            PeerQuestion::ReserveNick { room, nick, bare } => {
                // Whoever keeps nicks must know who has one.
                for server in self.house.peers().live() {
                    if server != self.house.peers().me() && !self.house.knows(&server) {
                        catch_up(&self.house, &server).await;
                    }
                }
                PeerAnswer::ReserveNick(self.house.keep_nick(&room, &nick, &bare))
            }
        }
    }

    /// A server's lease has ended: its occupants leave everywhere.
    pub fn server_gone(&self, name: &str) {
        self.house.server_gone(name);
    }

    fn changed(&self, from: &str, incarnation: Uuid, sequence: u64, change: Change) {
        if !self.house.heard(from, incarnation, sequence, change) {
            self.fell_behind(from);
        }
    }

    fn fell_behind(&self, server: &str) {
        // If many wait already, the next note will find us behind again.
        self.behind.try_send(server.to_owned()).unwrap_or_default();
    }
}

/// Keeps this server level with the others.
#[derive(Debug)]
struct Level {
    house: Arc<House>,
    asked: mpsc::Receiver<String>,
    poll: std::time::Duration,
}

impl Level {
    async fn run(mut self, end: CancellationToken) {
        end.run_until_cancelled(self.keep()).await;
    }

    async fn keep(&mut self) {
        let mut poll = interval(self.poll);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut behind = Vec::new();
        loop {
            tokio::select! {
                received = self.asked.recv_many(&mut behind, BEHIND_MAX) => {
                    if received == 0 {
                        return;
                    }
                    behind.sort_unstable();
                    behind.dedup();
                    for server in behind.drain(..) {
                        catch_up(&self.house, &server).await;
                    }
                }
                _ = poll.tick() => self.compare_notes(),
            }
        }
    }

    fn compare_notes(&self) {
        let peers = self.house.peers();
        let live = peers.live();
        for server in self.house.known_servers() {
            if !live.contains(&server) {
                self.house.server_gone(&server);
            }
        }
        self.house.release_old_nicks();
        let (incarnation, sequence) = self.house.note();
        crate::peers::tell_all(&**peers, &PeerMessage::Here { incarnation, sequence });
    }
}

/// Asks a server for all its occupants.
async fn catch_up(house: &House, server: &str) {
    match house.peers().ask(server, PeerQuestion::Occupants).await {
        Ok(PeerAnswer::Occupants { incarnation, sequence, occupants }) => {
            house.adopt(server, incarnation, sequence, &occupants);
        }
        Ok(PeerAnswer::ReserveNick(_)) => info!(server, "a server answered another question"),
        Err(error) => info!(%error, "cannot learn a server's occupants; trying again soon"),
    }
}

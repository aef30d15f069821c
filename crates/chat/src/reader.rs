//! The one task of a server that shows posts: in the order of positions, and only what is proven.
//!
//! What this server's own writer committed is shown from memory where it follows directly on what
//! was shown before. Everything else is read from the database: up to the position that a bell
//! proves, and, once per poll interval, up to whatever stands, after a commit of our own has proven
//! that it is on the mirror, too.
//!
//! *When the term changes* the database may have lost what a dead branch had, and have it back at
//! other positions. So each open room says in which term its position counts, and before anything
//! is shown in a newer one, the position goes back to where the reigns parted.

use crate::heard::Heard;
use crate::house::{House, Rebased, Subject, Watched};
use crate::names::{Author, Term};
use crate::post::{COLUMNS, Post};
use crate::prover::Proof;
use crate::reads::Unavailable;
use crate::settings::{Config, Limits};
use db::{ConnectError, Connection, Connections, Primary, with_causes};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_postgres::Row;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

/// Of what it hears, how much it looks at together.
const HEARD_AT_ONCE: usize = 256;

/// Echoes of repeats that may wait for the database.
const ECHOES_MAX: usize = 4096;

/// After a new primary was told, all rooms are looked at: by then people's posts are on their way.
const SOON: Duration = Duration::from_millis(100);

/// The showing task.
#[derive(Debug)]
pub(crate) struct Reader {
    heard: mpsc::Receiver<Heard>,
    house: Arc<House>,
    connections: Connections,
    database: String,
    connection: Option<Connection>,
    /// The primary that was last tried.
    tried: Option<Primary>,
    echoes: Vec<Echo>,
    proof: Proof,
    rebased: watch::Sender<u64>,
    limits: Limits,
}

#[derive(Debug)]
struct Echo {
    author: Author,
    archive_id: Uuid,
    position: i64,
}

/// Up to which position each room is to be read.
type Wanted = BTreeMap<Uuid, i64>;

/// What is to be done next.
enum Due {
    /// Read these rooms, up to positions that are proven in this term.
    Rooms(Term, Wanted),
    /// Look at all rooms, and prove what stands there.
    All,
    /// Connect, and no more.
    Connection,
}

/// Rooms that count positions in an earlier term than `term`, and where they stand in it.
struct Parted {
    term: Term,
    rooms: Vec<(Uuid, Rebased)>,
    in_another_reign: bool,
}

/// Why nothing was read. The next poll makes up for it.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("the primary cannot be reached")]
    Connect(#[from] ConnectError),
    #[error("the database did not answer")]
    Ask(#[from] tokio_postgres::Error),
    #[error("what stands is not proven to be durable")]
    Prove(#[from] Unavailable),
    #[error("the term changed meanwhile")]
    OtherTerm,
    #[error("the database did not answer in time")]
    Slow,
}

impl Reader {
    pub(crate) fn new(
        config: &Config,
        connections: Connections,
        house: Arc<House>,
        heard: mpsc::Receiver<Heard>,
        proof: Proof,
    ) -> (Self, watch::Receiver<u64>) {
        let (rebased, watched) = watch::channel(0);
        let reader = Self {
            heard,
            house,
            connections,
            database: config.database.clone(),
            connection: None,
            tried: None,
            echoes: Vec::new(),
            proof,
            rebased,
            limits: config.limits,
        };
        (reader, watched)
    }

    /// Shows posts until `end`.
    pub(crate) async fn run(mut self, end: CancellationToken) {
        end.run_until_cancelled(self.show()).await;
    }

    async fn show(&mut self) {
        let mut poll = interval(self.limits.poll);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Vec::new();
        loop {
            let due = tokio::select! {
                received = self.heard.recv_many(&mut heard, HEARD_AT_ONCE) => {
                    if received == 0 {
                        return;
                    }
                    self.hear(heard.drain(..))
                }
                _ = poll.tick() => Due::All,
                () = self.connections.differs(self.tried.as_ref()) => Due::Connection,
            };
            let wait = self.limits.read_wait;
            let read = async {
                match due {
                    Due::Rooms(_, wanted) if wanted.is_empty() => self.echo().await,
                    Due::Rooms(term, wanted) if self.is_of(term).await? => {
                        self.read(term, wanted).await
                    }
                    Due::Rooms(..) | Due::All => self.poll().await,
                    Due::Connection => {
                        poll.reset_after(SOON);
                        self.connect_ahead().await
                    }
                }
            };
            let read = timeout(wait, read).await.unwrap_or(Err(Unread::Slow));
            if let Err(error) = read {
                info!(error = with_causes(&error), "posts cannot be read; trying again");
                self.connection = None;
            }
        }
    }

    /// Shows what can be shown at once, and tells what is to be read.
    fn hear(&mut self, heard: impl Iterator<Item = Heard>) -> Due {
        let mut term = self.connection.as_ref().map(Connection::term).unwrap_or_default();
        let mut wanted = Wanted::new();
        let mut all = false;
        for heard in heard {
            let (of_term, tops) = match heard {
                Heard::Committed { term, posts } => (term, self.house.show_own(term, &posts)),
                Heard::Bell { term, rooms } => (term, self.house.lacking(&rooms)),
                Heard::Repeated { author, archive_id, position } => {
                    if self.echoes.len() < ECHOES_MAX {
                        self.echoes.push(Echo { author, archive_id, position });
                    } else {
                        warn!(who = %author.who, "too many repeats; this echo is dropped");
                    }
                    continue;
                }
                Heard::Look => {
                    all = true;
                    continue;
                }
            };
            if tops.is_empty() {
                continue;
            }
            // What one term has proven is not proven in another.
            all |= of_term < term || (of_term != term && !wanted.is_empty());
            term = of_term.max(term);
            for (room, top) in tops {
                let known = wanted.entry(room).or_insert(top);
                *known = top.max(*known);
            }
        }
        if all { Due::All } else { Due::Rooms(term, wanted) }
    }

    /// Connects to a new primary, so that whoever posts there first need not wait for that.
    ///
    /// Nothing is looked at yet: that post proves what stands before it.
    async fn connect_ahead(&mut self) -> Result<(), Unread> {
        self.tried = self.connections.primary();
        if self.tried.is_some() && !self.house.watched().is_empty() {
            self.connection().await?;
        }
        Ok(())
    }

    /// Looks at all rooms where one of our clients is, and shows whatever stands.
    async fn poll(&mut self) -> Result<(), Unread> {
        if self.house.watched().is_empty() && self.echoes.is_empty() {
            self.tried = self.connections.primary();
            return Ok(());
        }
        let parted = self.parted().await?;
        let rooms: Vec<Uuid> = self.house.watched().iter().map(|room| room.id).collect();
        let sql = "select id, next_position - 1 from chat.room where id = any ($1)";
        let connection = self.connection().await?;
        let term = connection.term();
        if term != parted.term {
            return Err(Unread::OtherTerm);
        }
        let rows = connection.query(sql, &[&rooms]).await?;
        let tops: Vec<(Uuid, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        // After a failover people wait: one proof is for both.
        let is_proven = self.rebase(parted).await?;
        let wanted: Wanted = self.house.lacking(&tops).into_iter().collect();
        if wanted.is_empty() {
            return self.echo().await;
        }
        if !is_proven && !self.proof.of(term).await? {
            return Err(Unread::OtherTerm);
        }
        self.read(term, wanted).await
    }

    /// Whether this is the current primary's term.
    async fn is_of(&mut self, term: Term) -> Result<bool, Unread> {
        Ok(self.connection().await?.term() == term)
    }

    /// The connection, new if the old one is of no more use.
    async fn connection(&mut self) -> Result<&Connection, Unread> {
        let primary = self.connections.primary();
        let sound = |connection: &Connection| {
            connection.doubt().is_none()
                && primary.as_ref().is_none_or(|primary| primary == connection.primary())
        };
        self.tried.clone_from(&primary);
        if !self.connection.as_ref().is_some_and(sound) {
            self.connection = None;
            self.connection = Some(self.connections.connect(&self.database).await?);
        }
        Ok(self.connection.as_ref().expect("connected above"))
    }

    /// Where rooms that count positions in another term stand in this connection's: not proven yet.
    async fn parted(&mut self) -> Result<Parted, Unread> {
        let mut stale: Vec<Watched> = self.house.watched();
        let connection = self.connection().await?;
        let term = connection.term();
        stale.retain(|room| room.term < term);
        if stale.is_empty() {
            return Ok(Parted { term, rooms: Vec::new(), in_another_reign: false });
        }
        let rooms: Vec<Uuid> = stale.iter().map(|room| room.id).collect();
        let reigns: Vec<i64> = stale.iter().map(|room| room.term.0).collect();
        let sql = "select r.id, r.next_position - 1,
                          (select min(f.first_position) - 1 from chat.room_reign f
                           where f.room = r.id and f.reign > w.reign),
                          r.subject, r.subject_nick, r.subject_at
                   from unnest($1::uuid[], $2::bigint[]) as w (id, reign)
                        join chat.room r on r.id = w.id";
        let rows = connection.query(sql, &[&rooms, &reigns]).await?;
        let rebased = |row: &Row| {
            let subject = Subject { text: row.get(3), nick: row.get(4), at: row.get(5) };
            (row.get(0), Rebased { top: row.get(1), fork: row.get(2), subject })
        };
        let in_another_reign = reigns.iter().any(|reign| *reign != term.0);
        Ok(Parted { term, rooms: rows.iter().map(rebased).collect(), in_another_reign })
    }

    /// Lets these rooms count in their new term. Where that is another reign's, it is proven first,
    /// and told.
    async fn rebase(&mut self, parted: Parted) -> Result<bool, Unread> {
        let Parted { term, rooms, in_another_reign } = parted;
        if in_another_reign && !self.proof.of(term).await? {
            return Err(Unread::OtherTerm);
        }
        if !rooms.is_empty() {
            for (room, rebased) in rooms {
                self.house.rebase(room, term, rebased);
            }
            self.rebased.send_modify(|times| *times += 1);
        }
        Ok(in_another_reign)
    }

    /// Reads these rooms, from what was shown up to these positions, which are proven in `term`.
    async fn read(&mut self, term: Term, wanted: Wanted) -> Result<(), Unread> {
        let parted = self.parted().await?;
        self.rebase(parted).await?;
        let most = self.limits.read_posts;
        let (rooms, up_to): (Vec<Uuid>, Vec<i64>) = wanted.into_iter().unzip();
        loop {
            let after: Vec<i64> = rooms.iter().map(|room| self.house.shown(*room)).collect();
            let connection = self.connection().await?;
            if connection.term() != term {
                return Err(Unread::OtherTerm);
            }
            let sql = format!(
                "select {COLUMNS}
                 from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as w (room, after, up_to)
                      cross join lateral (
                        select p.* from chat.post p
                        where p.room = w.room and p.position > w.after and p.position <= w.up_to
                        order by p.position limit $4) p
                 order by p.room, p.position limit $4"
            );
            let rows = connection.query(&sql, &[&rooms, &after, &up_to, &most]).await?;
            let posts: Vec<Post> = rows.iter().map(Post::of_row).collect();
            let shown = self.house.show_read(term, &posts);
            // Nothing shown of what was read: the rooms were closed, or the term changed again.
            if shown == 0 || i64::try_from(posts.len()).unwrap_or(i64::MAX) < most {
                break;
            }
        }
        self.echo().await
    }

    /// Shows first posts again to those who repeated them.
    async fn echo(&mut self) -> Result<(), Unread> {
        if self.echoes.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = self.echoes.iter().map(|echo| echo.archive_id).collect();
        let sql = format!("select {COLUMNS} from chat.post p where p.archive_id = any ($1)");
        let rows = self.connection().await?.query(&sql, &[&ids]).await?;
        let posts: BTreeMap<Uuid, Post> =
            rows.iter().map(Post::of_row).map(|post| (post.archive_id, post)).collect();
        for Echo { author, archive_id, position } in self.echoes.drain(..) {
            if let Some(post) = posts.get(&archive_id) {
                self.house.echo(&author, post);
            } else {
                warn!(%archive_id, position, "a repeated post is not in the database");
            }
        }
        Ok(())
    }
}

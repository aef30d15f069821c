//! What a keeper says of itself: for status, for procedures, for its partners.

use instance::{Lsn, Observation, SyncState};
use serde::{Deserialize, Serialize};
use topology::Place;

use super::Keeper;
use super::duty::Duty;
use crate::term::Term;

/// One keeper's account of its instance.
#[allow(clippy::struct_excessive_bools, reason = "an account of independent facts")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The store's name in the topology.
    pub store: String,
    /// Where it was designed to stand.
    pub place: Place,
    /// What the record asks of it, in words.
    pub duty: String,
    /// Whether its PostgreSQL runs and answers.
    pub runs: bool,
    /// Whether it takes writes.
    pub writable: bool,
    /// Whether its gate lets chat servers in.
    pub gate_open: bool,
    /// The term in its own database; `None` while it cannot be read.
    pub term: Option<Term>,
    /// Of an instance that was stopped in order: its last checkpoint, the end of all it wrote.
    pub shut_down_at: Option<Lsn>,
    /// Whether it is stopped, in order or not, and was a primary.
    #[serde(default)]
    pub was_primary: bool,
    /// The newest term that it has seen in its site's management store.
    #[serde(default)]
    pub heard: Option<Term>,
    /// The timeline that it is on.
    pub timeline: Option<u32>,
    /// Written and flushed (a primary), or replayed (a standby).
    pub position: Option<Lsn>,
    /// Received and flushed by a standby that streams.
    pub received: Option<Lsn>,
    /// Whether it streams from its upstream.
    pub streaming: bool,
    /// Standbys that stream from it: `application_name`, in sync or not, flushed.
    pub standbys: Vec<Follower>,
    /// Log shipping, on the host of the backup instance.
    pub shipping: Option<ShippingReport>,
    /// What it waits for or what went wrong last; empty when all is well.
    pub note: String,
    /// When this was said, RFC 3339 in UTC.
    pub at: String,
}

/// A standby as its upstream sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follower {
    /// Its `application_name`: the store's name, or the receiver's.
    pub name: String,
    /// Counted as synchronous.
    pub synchronous: bool,
    /// In state `streaming`.
    pub streaming: bool,
    /// Flushed there.
    pub flushed: Option<Lsn>,
}

/// How log shipping stands, as the receiving site knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingReport {
    /// Whether the receiver runs.
    pub receiving: bool,
    /// Whether a receiver has the share, although it may receive nothing at present.
    pub held: bool,
    /// The store that feeds it.
    pub fed_from: Option<String>,
    /// Durable at the backup site.
    pub flushed: Option<Lsn>,
    /// The source's commit position when it was last heard.
    pub source: Option<Lsn>,
    /// When the source was last heard, RFC 3339 in UTC.
    pub heard_at: Option<String>,
    /// Bytes that the source had and this site had not, when it was last heard.
    pub behind_bytes: Option<u64>,
    /// Milliseconds of work that the source had and this site had not, when it was last heard.
    pub behind_ms: Option<u64>,
    /// What the source wrote per second of late.
    pub bytes_per_second: Option<u64>,
    /// What is wrong with it; empty when all is well.
    pub note: String,
}

fn followers(observed: &Observation) -> Vec<Follower> {
    let follower = |sender: &instance::Sender| Follower {
        name: sender.application_name.clone(),
        synchronous: sender.sync == SyncState::Sync,
        streaming: sender.state == "streaming",
        flushed: sender.flushed,
    };
    observed.senders.iter().map(follower).collect()
}

impl Report {
    pub(crate) fn new(store: &str, place: Place) -> Self {
        Self {
            store: store.to_owned(),
            place,
            duty: String::new(),
            runs: false,
            writable: false,
            gate_open: false,
            term: None,
            shut_down_at: None,
            was_primary: false,
            heard: None,
            timeline: None,
            position: None,
            received: None,
            streaming: false,
            standbys: Vec::new(),
            shipping: None,
            note: String::new(),
            at: crate::now_utc(),
        }
    }
}

impl Keeper {
    /// Looks at the instance and says what it sees.
    pub(super) async fn look(&mut self) {
        let runs = |keeper: &Self| matches!(keeper.setup.instance.pid(), Ok(Some(_)));
        let observed = if runs(self) {
            let observed = self.hear().await;
            self.end_what_refuses(&observed).await;
            observed.ok()
        } else {
            None
        };
        self.runs = runs(self);
        let stopped = if self.runs { None } else { self.setup.instance.control_data().await.ok() };
        let shipping = match self.shipping_report() {
            Ok(shipping) => shipping,
            Err(error) => Some(ShippingReport { note: error.to_string(), ..Default::default() }),
        };
        let prepared = self.prepared;
        let heard = self.remembered.record().map(|record| record.term);
        let settings = self.setup.instance.settings();
        let open = settings.is_ok_and(|settings| settings.gate == instance::Gate::Open);
        self.report.send_modify(|report| {
            report.runs = observed.is_some();
            report.writable = observed.as_ref().is_some_and(|it| !it.in_recovery);
            report.gate_open = open && report.runs;
            report.term = prepared.filter(|_| report.writable);
            report.was_primary = stopped.as_ref().is_some_and(|it| !it.state.is_standby());
            report.shut_down_at =
                stopped.filter(|it| it.state.is_clean()).map(|control| control.checkpoint);
            report.heard = heard;
            report.timeline = observed.as_ref().map(|it| it.timeline);
            report.position = observed.as_ref().and_then(|it| it.flushed.or(it.replayed));
            report.received = observed.as_ref().and_then(|it| it.received.max(it.replayed));
            report.streaming = observed.as_ref().is_some_and(|it| it.receiver.is_some());
            report.standbys = observed.as_ref().map(followers).unwrap_or_default();
            report.shipping = shipping;
            report.at = crate::now_utc();
        });
    }

    /// Says what the record asks of this keeper.
    pub(super) fn told(&self, duty: &Duty) {
        let duty = duty.to_string();
        self.report.send_if_modified(|report| {
            let changed = report.duty != duty;
            if changed {
                tracing::info!(store = report.store, duty, "the record asks for");
                report.duty = duty;
            }
            report.note.clear();
            changed
        });
    }

    /// Says what is waited for.
    pub(super) fn note(&self, note: &str) {
        self.report.send_modify(|report| note.clone_into(&mut report.note));
    }
}

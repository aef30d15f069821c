//! Clients' streams: from an accepted socket to a bound client, and to its end.
//!
//! Strangers speak first here, so everything has a limit with a name ([`Limits`]), and whatever one
//! client does, it ends that one stream with the standard's error and touches no other. A stream is
//! one task, which owns its socket; a client that does not read is cut off, never waited for.
//!
//! | file | does |
//! |---|---|
//! | `listener` | accepts, and refuses what is too much |
//! | `negotiation`, `login` | stream header, TLS, SASL, resource binding |
//! | `client`, `writer`, `acknowledge` | the life of a bound stream |
//! | `router`, `answers` | where a stanza goes, and what the server itself answers |

mod acknowledge;
mod answers;
mod client;
mod limits;
mod listener;
mod login;
mod negotiation;
mod router;
mod wire;
mod writer;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Chat;
use crate::accounts::Accounts;
use crate::activity::Activity;
use crate::bound::Bound;
use crate::rooms::Rooms;
use crate::settings::Config;

pub use limits::Limits;

/// The protocol's name in TLS (XEP-0368).
const ALPN: &[u8] = b"xmpp-client";

/// How clients come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// In the clear, and not a step further without STARTTLS (RFC 6120 section 5). Who begins with
    /// TLS all the same is understood, since `see-other-host` names one port for both.
    StartTls,
    /// TLS from the first byte (XEP-0368).
    DirectTls,
}

/// What streams need to know.
pub struct Settings {
    /// Domains, and the limits of what one client may have waiting.
    pub config: Config,
    /// Certificate and key for clients; no client certificate is asked for.
    pub tls: Arc<rustls::ServerConfig>,
    /// The limits.
    pub limits: Limits,
    /// What no client knows and what stays the same when the server starts again: names that do not
    /// exist get their salt from it.
    pub secret: [u8; 32],
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// All clients' streams of this server. Cheap to clone.
#[derive(Clone)]
pub struct Streams(Arc<Shared>);

struct Shared {
    settings: Settings,
    start_tls: TlsAcceptor,
    direct_tls: TlsAcceptor,
    accounts: Accounts,
    rooms: Rooms,
    activity: watch::Receiver<Activity>,
    connections: Arc<Semaphore>,
    derivations: Semaphore,
    strangers: listener::Strangers,
    bound: Bound,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("bound", &self.0.bound.len()).finish_non_exhaustive()
    }
}

impl Streams {
    /// Streams to a chat server. They end, politely, when `stop` is cancelled; `tasks` owns them.
    pub fn new(
        settings: Settings,
        chat: &Chat,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let mut direct = rustls::ServerConfig::clone(&settings.tls);
        direct.alpn_protocols = vec![ALPN.to_vec()];
        Self(Arc::new(Shared {
            start_tls: TlsAcceptor::from(Arc::clone(&settings.tls)),
            direct_tls: TlsAcceptor::from(Arc::new(direct)),
            connections: Arc::new(Semaphore::new(settings.limits.connections)),
            derivations: Semaphore::new(settings.limits.derivations_at_once),
            strangers: listener::Strangers::new(settings.limits.strangers_per_address),
            bound: chat.bound().clone(),
            settings,
            accounts: chat.accounts().clone(),
            rooms: chat.rooms().clone(),
            activity: chat.activity(),
            tasks,
            stop,
        }))
    }

    /// How many clients are bound.
    pub fn clients(&self) -> usize {
        self.0.bound.len()
    }

    fn domain(&self) -> &str {
        &self.0.settings.config.domain
    }

    fn limits(&self) -> &Limits {
        &self.0.settings.limits
    }
}

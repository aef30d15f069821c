//! The limits of clients' streams, each with its reason.

use std::time::Duration;

use topology::ClientLimits;
use xmpp::stream::STANZA_BYTES_BEFORE_LOGIN;

/// How much of everything clients may have. Rooms per client, and what may wait for a client, stand
/// in [`crate::settings::Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of all clients together. One more is refused with `resource-constraint`.
    pub connections: usize,
    /// Connections that one user is logged in with. One more is refused with `resource-constraint`
    /// (RFC 6120 section 7.7.2.1).
    pub connections_per_user: usize,
    /// Connections from one address that have not logged in yet.
    pub strangers_per_address: usize,
    /// From the accepted socket to the bound address, TLS handshake included.
    pub login_time: Duration,
    /// Passwords (SASL PLAIN) whose keys are derived at one time: it costs processor time.
    pub derivations_at_once: usize,
    /// Failed logins on one connection.
    pub login_attempts: usize,
    /// The largest stanza before login, in bytes.
    pub stanza_bytes_before_login: usize,
    /// The largest stanza after login, in bytes.
    pub stanza_bytes_after_login: usize,
    /// Posts of one client that are not durable yet; at this number it is not read from.
    pub posts_in_flight: usize,
    /// Stanzas of one client that wait to be acknowledged behind a post that is not durable yet; at
    /// this number it is not read from.
    pub unacknowledged: usize,
    /// How long a client may be silent before it is asked whether it is there.
    pub probe_after: Duration,
    /// How long it may take to answer.
    pub probe_patience: Duration,
    /// How long one write may take.
    pub write_patience: Duration,
    /// How long a stream that must end waits for what it has read to become durable.
    pub finish_patience: Duration,
    /// How long the last words may take.
    pub close_patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(&ClientLimits::default())
    }
}

impl Limits {
    /// The limits where those that administrators may set are `set`.
    pub fn new(set: &ClientLimits) -> Self {
        Self {
            connections: set.connections,
            connections_per_user: set.connections_per_user,
            strangers_per_address: set.strangers_per_address,
            login_time: Duration::from_mins(1),
            derivations_at_once: 4,
            login_attempts: 3,
            stanza_bytes_before_login: STANZA_BYTES_BEFORE_LOGIN,
            stanza_bytes_after_login: set.stanza_bytes,
            posts_in_flight: 64,
            unacknowledged: 4_096,
            probe_after: Duration::from_mins(1),
            probe_patience: Duration::from_secs(30),
            write_patience: Duration::from_secs(30),
            finish_patience: Duration::from_secs(10),
            close_patience: Duration::from_secs(3),
        }
    }

    /// What the parser accepts of a stranger.
    pub(super) fn before_login(&self) -> xmpp::stream::Limits {
        xmpp::stream::Limits {
            stanza_bytes: self.stanza_bytes_before_login,
            ..xmpp::stream::Limits::before_login()
        }
    }

    /// What the parser accepts of a client.
    pub(super) fn after_login(&self) -> xmpp::stream::Limits {
        xmpp::stream::Limits {
            stanza_bytes: self.stanza_bytes_after_login,
            ..xmpp::stream::Limits::after_login()
        }
    }
}

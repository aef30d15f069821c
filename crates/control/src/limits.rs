//! Every limit of the control port, by name.

use std::time::Duration;

/// The largest body of a request, of an answer, and of a line of progress, in bytes.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// The most connections of known peers that one host serves. One more is told that it is busy.
pub const MAX_CONNECTIONS: usize = 256;

/// The most connections that are showing who they are: so many from the deployment's hosts, and so
/// many from all others together. One more waits.
pub const MAX_HANDSHAKES: usize = 64;

/// The most connections that wait for that, of each sort. One more is closed.
pub const MAX_WAITING_HANDSHAKES: usize = 256;

/// How often a refused connection is told of; those between are counted.
pub const REFUSED_TOLD_EVERY: Duration = Duration::from_secs(5);

/// The most requests that one host works on at once. One more is told that it is busy.
pub const MAX_REQUESTS: usize = 1024;

/// The requests that one connection carries at once: HTTP/1.1 without pipelining.
pub const MAX_REQUESTS_PER_CONNECTION: usize = 1;

/// The most header lines of a request.
pub const MAX_HEADERS: usize = 32;

/// The most bytes of a request that are held before its body is read.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// How long a connection may take until TLS is established.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(3);

/// How long a server waits for the next request on a connection, and for all of its header.
pub const HEAD_DEADLINE: Duration = Duration::from_mins(1);

/// How long a request's body may take to arrive once its header is there.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// How long a peer may leave what was written to it untaken.
pub const STALL_DEADLINE: Duration = Duration::from_secs(10);

/// How long requests that are being worked on may go on once the server is told to stop.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// How long a server waits after it could not accept a connection, as when files run out.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often a server that has no progress to tell shows that it is still there.
pub const HEARTBEAT: Duration = Duration::from_secs(2);

/// How many lines of progress wait for a peer that reads slowly.
pub const MAX_PROGRESS_WAITING: usize = 64;

/// How long a line of progress waits for the peer. After that no more is told to it.
pub const PROGRESS_DEADLINE: Duration = Duration::from_secs(5);

/// How long a client takes to connect and to establish TLS, whatever the call's own deadline. More
/// than the server's [`HANDSHAKE_DEADLINE`], so that it outlasts strangers who keep places taken.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// The most connections that a client has to one destination: so many calls at once, others wait.
pub const MAX_CALLS_PER_DESTINATION: usize = 16;

/// The most idle connections that a client keeps warm to one destination.
pub const MAX_IDLE_PER_DESTINATION: usize = 4;

/// How long a client keeps a connection warm. Less than the server's [`HEAD_DEADLINE`], so that
/// the server does not close it just when it is used.
pub const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// The most destinations that a client remembers connections to.
pub const MAX_DESTINATIONS: usize = 1024;

//! The control port: mutual TLS between hosts, requests and answers, deadlines.
//!
//! A host serves a [`Router`] with [`serve`]; hosts and administrators ask it with a [`Client`].
//! Both show certificates of the deployment's own [`authority`]. A request is `POST /v1/PATH` with
//! JSON; the answer is JSON, or a [`Refusal`]. A long request may tell its progress line by line.
//!
//! What this crate promises: every wait has a deadline; a request that may have been executed is
//! never sent again by itself; what went wrong on the way is told apart as precisely as the kernel
//! knows it ([`CallError`]). It knows nothing of what is asked.

pub mod authority;
mod client;
mod credentials;
pub mod limits;
mod peer;
mod private_file;
mod progress;
mod refusal;
mod router;
mod server;
mod stall;

pub use client::{CallError, Client, Destination, Sent};
pub use credentials::{Credentials, CredentialsError};
pub use peer::{Peer, PeerError};
pub use progress::Progress;
pub use refusal::Refusal;
pub use router::Router;
pub use server::serve;

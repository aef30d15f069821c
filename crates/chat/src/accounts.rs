//! Who may log in: SCRAM-SHA-256 keys, never passwords.
//!
//! Logins that come at the same time are looked up with one question, and the answers are believed
//! for a while, so that thousands who come back at once do not storm the database.

use crate::reads::{Reads, Unavailable};
use crate::settings::Limits;
use rsasl::mechanisms::scram::tools;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// Rounds of PBKDF2 for new passwords.
pub const ITERATIONS: u32 = 10_000;

/// The fewest rounds that RFC 7677 allows.
pub const ITERATIONS_MIN: u32 = 4096;

/// The longest password, in bytes.
pub const PASSWORD_BYTES: usize = 1024;

/// Logins that are looked up with one question.
const LOOKUPS_AT_ONCE: usize = 256;

/// What the server keeps of a password for SCRAM-SHA-256 (RFC 5802 section 3).
#[derive(Clone, PartialEq, Eq)]
pub struct ScramKeys {
    /// The salt.
    pub salt: Vec<u8>,
    /// Rounds of PBKDF2.
    pub iterations: u32,
    /// Proves that a client knows the password; 32 bytes.
    pub stored_key: Vec<u8>,
    /// Proves to a client that the server knows it; 32 bytes.
    pub server_key: Vec<u8>,
}

/// A password that no client could send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password must have 1 to 1024 bytes and no control characters; choose another")]
pub struct BadPassword;

/// Looks accounts up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    lookups: mpsc::Sender<Lookup>,
    known: Mutex<HashMap<String, (Instant, ScramKeys)>>,
    limits: Limits,
}

#[derive(Debug)]
struct Lookup {
    localpart: String,
    reply: oneshot::Sender<Option<ScramKeys>>,
}

impl ScramKeys {
    /// The keys for a password, with a fresh salt and [`ITERATIONS`].
    pub fn of_password(password: &str) -> Result<Self, BadPassword> {
        let salt = uuid::Uuid::new_v4().as_bytes().to_vec();
        Self::derive(password, salt, ITERATIONS)
    }

    /// Is this the password? (For SASL PLAIN.)
    pub fn matches(&self, password: &str) -> bool {
        let keys = Self::derive(password, self.salt.clone(), self.iterations);
        keys.is_ok_and(|keys| equal(&keys.stored_key, &self.stored_key))
    }

    fn derive(password: &str, salt: Vec<u8>, iterations: u32) -> Result<Self, BadPassword> {
        let password = prepared(password)?;
        let mut salted = sha2::digest::Output::<Sha256>::default();
        tools::hash_password::<Sha256>(password.as_bytes(), iterations, &salt, &mut salted);
        let (client_key, server_key) = tools::derive_keys::<Sha256>(&salted);
        let stored_key = Sha256::digest(client_key).to_vec();
        Ok(Self { salt, iterations, stored_key, server_key: server_key.to_vec() })
    }
}

/// The password as clients hash it (RFC 4013).
fn prepared(password: &str) -> Result<Cow<'_, str>, BadPassword> {
    let prepared = stringprep::saslprep(password).or(Err(BadPassword))?;
    let sensible = !prepared.is_empty() && prepared.len() <= PASSWORD_BYTES;
    if sensible { Ok(prepared) } else { Err(BadPassword) }
}

/// Compares without telling by its time where the difference is.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// The task that looks accounts up.
#[derive(Debug)]
pub(crate) struct Lookups {
    asked: mpsc::Receiver<Lookup>,
    reads: Reads,
}

impl Accounts {
    pub(crate) fn new(reads: Reads, limits: Limits) -> (Self, Lookups) {
        let (lookups, asked) = mpsc::channel(limits.account_lookups);
        let accounts = Self(Arc::new(Inner { lookups, known: Mutex::default(), limits }));
        (accounts, Lookups { asked, reads })
    }

    /// The keys of the account `localpart`; none if there is no such account.
    pub async fn scram_keys(&self, localpart: &str) -> Result<Option<ScramKeys>, Unavailable> {
        if let Some(keys) = self.remembered(localpart) {
            return Ok(Some(keys));
        }
        let wait = self.0.limits.read_wait;
        let (reply, answer) = oneshot::channel();
        let lookup = Lookup { localpart: localpart.to_owned(), reply };
        self.0.lookups.try_send(lookup).or(Err(Unavailable::Slow(wait)))?;
        // No answer within twice the wait: once for a connection, once for the question itself.
        let answer = tokio::time::timeout(wait * 2, answer).await;
        let Ok(Ok(keys)) = answer else { return Err(Unavailable::Slow(wait)) };
        if let Some(keys) = &keys {
            self.remember(localpart, keys);
        }
        Ok(keys)
    }

    /// Forgets the keys of an account, so that a new password counts at once.
    pub fn forget(&self, localpart: &str) {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner).remove(localpart);
    }

    fn remembered(&self, localpart: &str) -> Option<ScramKeys> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, keys) = known.get(localpart)?;
        (since.elapsed() < self.0.limits.account_keys_life).then(|| keys.clone())
    }

    fn remember(&self, localpart: &str, keys: &ScramKeys) {
        let Limits { account_keys, account_keys_life, .. } = self.0.limits;
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= account_keys {
            known.retain(|_, (since, _)| since.elapsed() < account_keys_life);
        }
        if known.len() >= account_keys {
            known.clear();
        }
        known.insert(localpart.to_owned(), (Instant::now(), keys.clone()));
    }
}

impl Lookups {
    /// Answers questions until `end`, or until nobody can ask.
    pub(crate) async fn run(mut self, end: CancellationToken) {
        let mut group = Vec::new();
        loop {
            let received = tokio::select! {
                () = end.cancelled() => return,
                received = self.asked.recv_many(&mut group, LOOKUPS_AT_ONCE) => received,
            };
            if received == 0 {
                return;
            }
            match self.look_up(&group).await {
                Ok(mut found) => {
                    for Lookup { localpart, reply } in group.drain(..) {
                        // Two may ask for one account. Whoever gave up needs no answer.
                        let keys = found.get(&localpart).cloned();
                        reply.send(keys).unwrap_or_default();
                    }
                    found.clear();
                }
                Err(error) => {
                    // Dropping the questions tells those who wait.
                    info!(%error, accounts = group.len(), "cannot look accounts up");
                    group.clear();
                }
            }
        }
    }

    async fn look_up(&self, group: &[Lookup]) -> Result<HashMap<String, ScramKeys>, Unavailable> {
        let names: Vec<&str> = group.iter().map(|lookup| lookup.localpart.as_str()).collect();
        let lease = self.reads.lease().await?;
        let sql = "select localpart, salt, iterations, stored_key, server_key
                   from chat.account where localpart = any ($1)";
        let rows = lease.rows(sql, &[&names]).await?;
        let keys = rows.iter().map(|row| {
            let keys = ScramKeys {
                salt: row.get(1),
                iterations: u32::try_from(row.get::<_, i32>(2)).expect("checked by the table"),
                stored_key: row.get(3),
                server_key: row.get(4),
            };
            (row.get(0), keys)
        });
        Ok(keys.collect())
    }
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramKeys").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

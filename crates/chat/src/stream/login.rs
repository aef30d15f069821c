//! SASL: who is this? SCRAM-SHA-256 and PLAIN, both over TLS only, through `rsasl`.
//!
//! A name that does not exist gets the same exchange as one that does: salt and iterations that
//! stay the same for that name, and a refusal at the end.
//!
//! `rsasl` cuts SCRAM messages without looking at their lengths and panics on short ones, so
//! [`Exchange::step`] looks first: what comes from strangers must not reach a panic.

use std::borrow::Cow;
use std::io::Cursor;
use std::sync::Arc;

use rsasl::callback::{Context, Request as Wanted, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechname::Mechname;
use rsasl::prelude::{MessageSent, SASLConfig, SASLServer, Session, SessionError, State};
use rsasl::property::{AuthId, AuthzId, Password};
use rsasl::validate::{Validate, Validation, ValidationError};
use sha2::{Digest as _, Sha256};
use xmpp::jid::NodePart;
use xmpp::sasl::Failure;

use crate::accounts::{ITERATIONS, ScramKeys};

pub(super) const SCRAM: &str = "SCRAM-SHA-256";
pub(super) const PLAIN: &str = "PLAIN";

/// What we offer, the best first.
pub(super) const MECHANISMS: [&str; 2] = [SCRAM, PLAIN];

/// The keys to check against.
pub(super) struct Candidate {
    /// The account's local part, or what was claimed to be one.
    pub(super) local: String,
    /// Its keys, or likely ones.
    pub(super) keys: ScramKeys,
    /// Is there such an account?
    pub(super) exists: bool,
    /// The domain of accounts.
    pub(super) domain: String,
}

/// How an exchange goes on.
#[derive(Debug)]
pub(super) enum Next {
    /// Send this and wait for the answer.
    Challenge(Vec<u8>),
    /// It is the account of this local part; send this with the success.
    Known { local: String, last: Option<Vec<u8>> },
}

/// One exchange.
pub(super) struct Exchange {
    session: Session<Known>,
    mechanism: &'static str,
    begun: bool,
}

struct Known;

impl Validation for Known {
    type Value = Result<String, Failure>;
}

/// The name that a first message claims, in the form of a local part. `Ok(None)`: it can be none.
pub(super) fn claimed(mechanism: &str, first: &[u8]) -> Result<Option<String>, Failure> {
    let name = match mechanism {
        SCRAM => {
            scram_first(first)?;
            let part = first.split(|byte| *byte == b',').nth(2);
            let raw = part.and_then(|part| part.strip_prefix(b"n="));
            Cow::Owned(unescape(text(raw.ok_or(Failure::MalformedRequest)?)?)?)
        }
        PLAIN => {
            let mut parts = first.split(|byte| *byte == 0).skip(1);
            Cow::Borrowed(text(parts.next().ok_or(Failure::MalformedRequest)?)?)
        }
        _ => return Err(Failure::InvalidMechanism),
    };
    Ok(NodePart::new(&name).ok().map(|local| local.as_str().to_owned()))
}

fn text(bytes: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(bytes).map_err(|_| Failure::MalformedRequest)
}

/// `=2C` is a comma and `=3D` an equals sign (RFC 5802 section 5.1).
fn unescape(name: &str) -> Result<String, Failure> {
    let mut pieces = name.split('=');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (sign, rest) = match piece.split_at_checked(2) {
            Some(("2C", rest)) => (',', rest),
            Some(("3D", rest)) => ('=', rest),
            Some(_) | None => return Err(Failure::MalformedRequest),
        };
        out.push(sign);
        out.push_str(rest);
    }
    Ok(out)
}

/// Is a client's first message `flag,authzid,letter=value,...` (RFC 5802 section 7)?
fn scram_first(message: &[u8]) -> Result<(), Failure> {
    let mut parts = message.split(|byte| *byte == b',');
    let flag = parts.next().is_some_and(|flag| matches!(flag, b"n" | b"y") || is_pair(flag));
    let other = parts.next().is_some_and(|other| other.is_empty() || is_pair(other));
    if flag && other && parts.all(is_pair) { Ok(()) } else { Err(Failure::MalformedRequest) }
}

/// Is a client's last message `letter=value,...`?
fn scram_final(message: &[u8]) -> Result<(), Failure> {
    let sound = message.split(|byte| *byte == b',').all(is_pair);
    if sound { Ok(()) } else { Err(Failure::MalformedRequest) }
}

fn is_pair(part: &[u8]) -> bool {
    part.get(1) == Some(&b'=')
}

/// Keys for a name that does not exist: always the same ones, so that asking twice tells nothing.
pub(super) fn likely_keys(secret: &[u8], local: &str) -> ScramKeys {
    let derive = |what: &str| {
        let mut hash = Sha256::new();
        for part in [secret, what.as_bytes(), local.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().to_vec()
    };
    ScramKeys {
        salt: derive("salt")[..16].to_vec(),
        iterations: ITERATIONS,
        stored_key: derive("stored key"),
        server_key: derive("server key"),
    }
}

impl Exchange {
    /// Begins an exchange about `candidate`.
    pub(super) fn new(mechanism: &str, candidate: Candidate) -> Result<Self, Failure> {
        let offered = MECHANISMS.iter().find(|offered| **offered == mechanism);
        let mechanism: &'static str = offered.ok_or(Failure::InvalidMechanism)?;
        let name = Mechname::parse(mechanism.as_bytes()).expect("our names are well-formed");
        let session = SASLConfig::builder()
            .with_default_mechanisms()
            .with_callback(candidate)
            .and_then(|config: Arc<SASLConfig>| {
                SASLServer::<Known>::new(config).start_suggested(name)
            })
            .map_err(|error| {
                tracing::error!(%error, mechanism, "a mechanism that we offer is not there");
                Failure::TemporaryAuthFailure
            })?;
        Ok(Self { session, mechanism, begun: false })
    }

    /// Must the keys of a password be derived? That takes milliseconds of processor time.
    pub(super) fn is_slow(&self) -> bool {
        self.mechanism == PLAIN
    }

    /// Takes the client's next message.
    pub(super) fn step(&mut self, message: &[u8]) -> Result<Next, Failure> {
        match (self.mechanism, std::mem::replace(&mut self.begun, true)) {
            (SCRAM, false) => scram_first(message)?,
            (SCRAM, true) => scram_final(message)?,
            (_, _) => {}
        }
        let mut out = Cursor::new(Vec::new());
        let state = self.session.step(Some(message), &mut out).map_err(|error| {
            tracing::debug!(%error, "a login broke the rules of its mechanism");
            Failure::MalformedRequest
        })?;
        let out = out.into_inner();
        match state {
            State::Running => Ok(Next::Challenge(out)),
            State::Finished(sent) => {
                let local = self.session.validation().unwrap_or(Err(Failure::NotAuthorized))?;
                Ok(Next::Known { local, last: (sent == MessageSent::Yes).then_some(out) })
            }
        }
    }
}

impl Candidate {
    fn judge(&self, context: &Context<'_>, mechanism: &str) -> Result<String, Failure> {
        let own = format!("{}@{}", self.local, self.domain);
        let other = context.get_ref::<AuthzId>().filter(|id| !id.is_empty() && *id != own);
        let password_fits = || {
            let password = context.get_ref::<Password>().map(std::str::from_utf8);
            password.is_some_and(|text| text.is_ok_and(|text| self.keys.matches(text)))
        };
        if (mechanism == PLAIN && !password_fits()) || !self.exists {
            return Err(Failure::NotAuthorized);
        }
        if other.is_some() {
            return Err(Failure::InvalidAuthzid);
        }
        Ok(self.local.clone())
    }
}

impl SessionCallback for Candidate {
    fn callback(
        &self,
        _: &SessionData,
        _: &Context<'_>,
        wanted: &mut Wanted<'_>,
    ) -> Result<(), SessionError> {
        wanted.satisfy::<ScramStoredPassword<'_>>(&ScramStoredPassword::new(
            self.keys.iterations,
            &self.keys.salt,
            &self.keys.stored_key,
            &self.keys.server_key,
        ))?;
        // Whatever else a mechanism wants, it does not get it.
        let _: Option<&str> = wanted.get_action::<AuthId>();
        Ok(())
    }

    fn validate(
        &self,
        data: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        validate.finalize::<Known>(self.judge(context, data.mechanism().mechanism.as_str()));
        Ok(())
    }
}

#[cfg(test)]
mod tests;

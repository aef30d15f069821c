//! Who is at the other end: read from a certificate that was verified before.

use std::fmt;

use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{AttributeTypeAndValue, FromDer as _, X509Certificate};

/// What a host's common name begins with.
pub(crate) const HOST: &str = "host:";

/// What an administrator's common name begins with.
pub(crate) const ADMINISTRATOR: &str = "administrator:";

/// Who asks, or who answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// A host of the topology, by name.
    Host(String),
    /// A person, with the role that the certificate gives.
    Administrator { name: String, role: String },
}

/// A certificate of our authority that names nobody: it was made for something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    #[error("the certificate cannot be read; make a new one with `standfast init`")]
    Unreadable,
    #[error(
        "the certificate's subject `{subject}` is neither a host nor an administrator; use one \
         that `standfast init` made"
    )]
    Nobody { subject: String },
}

impl Peer {
    /// Reads the subject of a certificate. It says nothing unless the certificate was verified.
    pub(crate) fn from_certificate(der: &CertificateDer<'_>) -> Result<Self, PeerError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| PeerError::Unreadable)?;
        let subject = certificate.subject();
        let nobody = || PeerError::Nobody { subject: subject.to_string() };
        let name = only(subject.iter_common_name()).ok_or_else(nobody)?;
        if let Some(host) = name.strip_prefix(HOST) {
            return Ok(Self::Host(host.to_owned()));
        }
        let person = name.strip_prefix(ADMINISTRATOR).ok_or_else(nobody)?;
        let role = only(subject.iter_organizational_unit()).ok_or_else(nobody)?;
        Ok(Self::Administrator { name: person.to_owned(), role: role.to_owned() })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => write!(f, "host {name}"),
            Self::Administrator { name, role } => write!(f, "administrator {name} ({role})"),
        }
    }
}

/// The text of the one attribute of its kind. Two would let a reader choose who is meant.
fn only<'a>(mut found: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Option<&'a str> {
    let first = found.next()?;
    if found.next().is_some() { None } else { first.as_str().ok() }
}

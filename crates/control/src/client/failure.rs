//! What can go wrong with a call, told apart as precisely as the kernel and TLS know it.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::AlertDescription as Alert;

use crate::refusal::Refusal;

/// Whether a request may have reached its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Nothing of it was written.
    No,
    /// It was written, all or in part.
    Perhaps,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The kernel of that host refused the connection: the host is up, the process is not.
    #[error("nobody listens there: that host is up and Standfast does not run on it")]
    NobodyListens,
    /// The deadline passed, or the network knows no way: nothing can be said about the host.
    #[error("no answer came in time{0}")]
    Silent(Sent),
    /// The connection was lost mid-way.
    #[error("the connection was lost{0}")]
    Broken(Sent),
    /// The host answered that it will not or cannot.
    #[error("{0}")]
    Refused(Refusal),
    /// One of the two does not trust the other's certificate.
    #[error("{0}; see that both hosts have certificates of this deployment, and their clocks")]
    Untrusted(String),
    /// What came is no answer of ours, or what was to be sent is no request.
    #[error("{0}; see that both hosts run the same version")]
    Malformed(String),
}

impl CallError {
    /// Whether the request may have been executed, although there is no answer.
    pub fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::Silent(sent) | Self::Broken(sent) => *sent == Sent::Perhaps,
            Self::Malformed(_) => true,
            Self::NobodyListens | Self::Refused(_) | Self::Untrusted(_) => false,
        }
    }

    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        Self::Malformed(format!("the answer is not what was asked for: {error}"))
    }

    /// What broke an answer's body while it was read.
    pub(super) fn of_body(error: &(dyn Error + 'static)) -> Self {
        if error.is::<http_body_util::LengthLimitError>() {
            return Self::Malformed("the answer is longer than any answer may be".to_owned());
        }
        Self::of(error, Sent::Perhaps)
    }

    /// Looks through everything that `error` was caused by for what the kernel or TLS said.
    pub(super) fn of(error: &(dyn Error + 'static), sent: Sent) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::of_tls(tls, sent);
            }
            if let Some(io) = error.downcast_ref::<io::Error>() {
                // An I/O error's source is what caused its inner error, never that one itself.
                let inner = io.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>());
                return inner.map_or_else(|| Self::of_io(io, sent), |tls| Self::of_tls(tls, sent));
            }
            if let Some(http) = error.downcast_ref::<hyper::Error>()
                && http.is_parse()
            {
                return Self::Malformed(format!("the answer is not HTTP: {http}"));
            }
            cause = error.source();
        }
        Self::Broken(sent)
    }

    fn of_io(error: &io::Error, sent: Sent) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::NobodyListens,
            io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Self::Silent(sent),
            _ => Self::Broken(sent),
        }
    }

    fn of_tls(error: &rustls::Error, sent: Sent) -> Self {
        match error {
            rustls::Error::InvalidCertificate(why) => {
                Self::Untrusted(format!("that host's certificate is not good: {why}"))
            }
            rustls::Error::NoCertificatesPresented => {
                Self::Untrusted("that host shows no certificate".to_owned())
            }
            rustls::Error::AlertReceived(
                alert @ (Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::CertificateRequired
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::DecryptError
                | Alert::HandshakeFailure),
            ) => Self::Untrusted(format!("that host does not trust our certificate: {alert:?}")),
            rustls::Error::AlertReceived(_) => Self::Broken(sent),
            other => Self::Malformed(format!("what listens there does not speak our TLS: {other}")),
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => " before the request was sent, so it was not executed",
            Self::Perhaps => " after the request was sent, so whether it was executed is unknown",
        })
    }
}

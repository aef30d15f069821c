//! A bundle of certificates as its owner uses it: whom we trust, and who we are.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};

use crate::authority::{CA_FILE, CERT_FILE, KEY_FILE};
use crate::peer::{Peer, PeerError};
use crate::private_file::{read, remedy};

/// What two hosts of ours speak.
const OURS: &[&SupportedProtocolVersion] = &[&TLS13];

/// What we speak with programs of others.
const EVERYBODY: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// A bundle that was read and found good. A cheap clone.
#[derive(Clone)]
pub struct Credentials(Arc<Loaded>);

struct Loaded {
    directory: PathBuf,
    identity: Peer,
    server: Arc<ServerConfig>,
    public_server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    postgres: ClientConfig,
}

#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error("{} cannot be read: {source}; {}", path.display(), remedy(source))]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "{} may be read by others (mode {mode:04o}), and it is a private key; run \
         `chmod 600 {}`", path.display(), path.display()
    )]
    Loose { path: PathBuf, mode: u32 },
    #[error(
        "{} holds no {what} that can be read; put the bundle there again that `standfast init` \
         made", path.display()
    )]
    NotPem { path: PathBuf, what: &'static str },
    #[error(
        "{} is damaged: {source}; put the bundle there again that `standfast init` made",
        path.display()
    )]
    Damaged { path: PathBuf, source: rustls::Error },
    #[error(
        "the certificate {} is not good: {source}; issue a new one with the authority of {}",
        cert.display(), ca.display()
    )]
    NotGood { cert: PathBuf, ca: PathBuf, source: rustls::Error },
    #[error("{} names nobody: {source}", path.display())]
    Nobody { path: PathBuf, source: PeerError },
    #[error(
        "{} cannot be used for TLS: {source}; its `key.pem` and `cert.pem` must be of one bundle: \
         put the one there again that `standfast init` made, or issue another",
        directory.display()
    )]
    Unusable { directory: PathBuf, source: rustls::Error },
}

impl Credentials {
    /// Reads `ca.pem`, `cert.pem` and `key.pem` of `directory`.
    ///
    /// Refused is a key that others may read, a certificate that the authority did not sign or
    /// that has expired, and one that belongs to another key.
    pub fn load(directory: &Path) -> Result<Self, CredentialsError> {
        let [ca, cert, key_file] = [CA_FILE, CERT_FILE, KEY_FILE].map(|name| directory.join(name));
        let (key_pem, mode) = contents(&key_file)?;
        if mode & 0o077 != 0 {
            return Err(CredentialsError::Loose { path: key_file, mode });
        }
        let key = key(&key_pem, key_file)?;
        let authorities = certificates(&ca)?;
        let chain = certificates(&cert)?;

        let unusable =
            |source| CredentialsError::Unusable { directory: directory.to_owned(), source };
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            let damaged = |source| CredentialsError::Damaged { path: ca.clone(), source };
            roots.add(authority).map_err(damaged)?;
        }
        let roots = Arc::new(roots);
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider())
            .build()
            .map_err(|error| unusable(rustls::Error::General(error.to_string())))?;
        verifier
            .verify_client_cert(&chain[0], &chain[1..], UnixTime::now())
            .map_err(|source| CredentialsError::NotGood { cert: cert.clone(), ca, source })?;
        let identity = Peer::from_certificate(&chain[0])
            .map_err(|source| CredentialsError::Nobody { path: cert, source })?;

        let identified = Identified { roots, verifier, chain, key };
        Ok(Self(Arc::new(Loaded {
            identity,
            server: Arc::new(identified.server().map_err(unusable)?),
            public_server: Arc::new(identified.public_server().map_err(unusable)?),
            client: Arc::new(identified.client(OURS).map_err(unusable)?),
            postgres: identified.client(EVERYBODY).map_err(unusable)?,
            directory: directory.to_owned(),
        })))
    }

    /// Who we are to others.
    pub fn identity(&self) -> &Peer {
        &self.0.identity
    }

    /// The authority's certificate: libpq's `sslrootcert`, `PostgreSQL`'s `ssl_ca_file`.
    pub fn ca(&self) -> PathBuf {
        self.0.directory.join(CA_FILE)
    }

    /// Our certificate: libpq's `sslcert`, `PostgreSQL`'s `ssl_cert_file`.
    pub fn cert(&self) -> PathBuf {
        self.0.directory.join(CERT_FILE)
    }

    /// Our private key: libpq's `sslkey`, `PostgreSQL`'s `ssl_key_file`.
    pub fn key(&self) -> PathBuf {
        self.0.directory.join(KEY_FILE)
    }

    /// For a control port: only those with a certificate of our authority come in. TLS 1.3.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.server)
    }

    /// For listeners of everybody, such as XMPP: no certificate is asked for. TLS 1.2 and 1.3.
    pub fn public_server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.public_server)
    }

    /// For asking a control port. TLS 1.3.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0.client)
    }

    /// For connecting to our instances: shows our certificate, and verifies that the instance's
    /// is of our authority and good for the name or address that was connected to.
    pub fn postgres_client_config(&self) -> ClientConfig {
        self.0.postgres.clone()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} in {})", self.0.identity, self.0.directory.display())
    }
}

/// What every TLS configuration is made of.
struct Identified {
    roots: Arc<RootCertStore>,
    verifier: Arc<dyn ClientCertVerifier>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identified {
    fn server(&self) -> Result<ServerConfig, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(OURS)?
            .with_client_cert_verifier(Arc::clone(&self.verifier))
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        // Connections are kept warm, so nothing is gained by resuming them.
        config.send_tls13_tickets = 0;
        Ok(config)
    }

    fn public_server(&self) -> Result<ServerConfig, rustls::Error> {
        ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(EVERYBODY)?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
    }

    fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<ClientConfig, rustls::Error> {
        ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)?
            .with_root_certificates(Arc::clone(&self.roots))
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())
    }
}

/// The cryptography we chose, named wherever it is used: a process-wide default would be one more
/// thing that somebody has to remember to install first.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn contents(path: &Path) -> Result<(Vec<u8>, u32), CredentialsError> {
    read(path).map_err(|source| CredentialsError::Unreadable { path: path.to_owned(), source })
}

fn key(pem: &[u8], path: PathBuf) -> Result<PrivateKeyDer<'static>, CredentialsError> {
    let Ok(key) = PrivateKeyDer::from_pem_slice(pem) else {
        return Err(CredentialsError::NotPem { path, what: "private key" });
    };
    match provider().key_provider.load_private_key(key.clone_key()) {
        Ok(_) => Ok(key),
        Err(source) => Err(CredentialsError::Damaged { path, source }),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
    let (pem, _) = contents(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => {
            Err(CredentialsError::NotPem { path: path.to_owned(), what: "certificate" })
        }
    }
}

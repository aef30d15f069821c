//! The deployment's own authority, and the certificates that it gives out.
//!
//! One authority vouches for every host and administrator of a deployment, and for nobody else.
//! Its key is needed to give out certificates, never to run: keep it off the hosts. Every file is
//! PEM, as `PostgreSQL`, libpq and OpenSSL read it; keys are EC P-256 in PKCS #8.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, date_time_ymd,
};

use crate::peer::{ADMINISTRATOR, HOST};
use crate::private_file::{PRIVATE, PUBLIC, make_directory, read, remedy, write_new};

/// The files of a bundle, and the authority's own.
pub(crate) const CA_FILE: &str = "ca.pem";
pub(crate) const CERT_FILE: &str = "cert.pem";
pub(crate) const KEY_FILE: &str = "key.pem";
const CA_KEY_FILE: &str = "ca.key";

const DAY: Duration = Duration::from_hours(24);

/// How long the authority's own certificate is valid: ten years.
pub const AUTHORITY_VALIDITY: Duration = DAY.saturating_mul(3652);

/// How long a host's or an administrator's certificate is valid: two years.
pub const CERTIFICATE_VALIDITY: Duration = DAY.saturating_mul(730);

/// By how much the start of validity precedes now, for hosts whose clock is behind.
const CLOCK_TOLERANCE: Duration = DAY;

/// The longest name of a host or an administrator, in bytes.
const MAX_NAME_BYTES: usize = 63;

/// An authority whose key is at hand.
#[derive(Debug)]
pub struct Authority {
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error(
        "an authority is already in {}; every certificate it gave out would be void without it: \
         use another directory, or remove it if nothing depends on it", directory.display()
    )]
    Exists { directory: PathBuf },
    #[error(
        "a certificate is already in {}; remove the directory first if it is to be replaced",
        directory.display()
    )]
    BundleExists { directory: PathBuf },
    #[error("{} cannot be {verb}: {source}; {}", path.display(), remedy(source))]
    File { verb: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "{} may be read by others (mode {mode:04o}), so the authority's key may be known to them; \
         run `chmod 600` on it if you are sure that nobody did", path.display()
    )]
    Loose { path: PathBuf, mode: u32 },
    #[error("`{name}` cannot be in a certificate: {why}; use letters, digits, `-`, `_`, `.`, `@`")]
    Name { name: String, why: &'static str },
    #[error(
        "{} is damaged: {source}; put back the file that `standfast init` made: without it no \
         certificate can be given out", path.display()
    )]
    Damaged { path: PathBuf, source: rcgen::Error },
    #[error("{what} failed: {source}; the authority's files may be damaged")]
    Certificate { what: &'static str, source: rcgen::Error },
}

impl Authority {
    /// Makes a new authority in `directory`, which is made if need be: `ca.pem` and `ca.key`.
    pub fn create(directory: &Path) -> Result<Self, AuthorityError> {
        let (ca, ca_key) = (directory.join(CA_FILE), directory.join(CA_KEY_FILE));
        if ca.exists() || ca_key.exists() {
            return Err(AuthorityError::Exists { directory: directory.to_owned() });
        }
        let key = new_key()?;
        let mut params = validity(AUTHORITY_VALIDITY);
        let identifier = params.key_identifier(&key);
        let mark = identifier.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let name = format!("Standfast authority {mark:08x}");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(failed("signing the authority"))?;
        make_directory(directory).map_err(file("made", directory))?;
        write(&ca_key, PRIVATE, &key.serialize_pem())?;
        write(&ca, PUBLIC, &certificate.pem())?;
        Ok(Self { certificate_pem: certificate.pem(), issuer: Issuer::new(params, key) })
    }

    /// Opens the authority that [`Authority::create`] made.
    pub fn open(directory: &Path) -> Result<Self, AuthorityError> {
        let ca = directory.join(CA_FILE);
        let (certificate_pem, _) = text(&ca)?;
        let path = directory.join(CA_KEY_FILE);
        let (key_pem, mode) = text(&path)?;
        if mode & 0o077 != 0 {
            return Err(AuthorityError::Loose { path, mode });
        }
        let damaged = |path| move |source| AuthorityError::Damaged { path, source };
        let key = KeyPair::from_pem(&key_pem).map_err(damaged(path))?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key).map_err(damaged(ca))?;
        Ok(Self { certificate_pem, issuer })
    }

    /// Gives the host `name` a bundle in `out`: `ca.pem`, `cert.pem`, `key.pem`.
    ///
    /// The certificate serves as a server's and as a client's. It is good for the host's name,
    /// `dns_names` and `addresses`.
    pub fn issue_host(
        &self,
        name: &str,
        dns_names: &[String],
        addresses: &[IpAddr],
        out: &Path,
    ) -> Result<(), AuthorityError> {
        checked(name)?;
        let mut params = leaf(format!("{HOST}{name}"));
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let names: BTreeSet<&str> =
            std::iter::once(name).chain(dns_names.iter().map(String::as_str)).collect();
        for name in names {
            let ascii = name.try_into().map_err(failed("naming the host"))?;
            params.subject_alt_names.push(SanType::DnsName(ascii));
        }
        params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
        self.issue(params, out)
    }

    /// Gives the administrator `name` a bundle in `out`, good for asking in that role only.
    pub fn issue_administrator(
        &self,
        name: &str,
        role: &str,
        out: &Path,
    ) -> Result<(), AuthorityError> {
        checked(name)?;
        checked(role)?;
        let mut params = leaf(format!("{ADMINISTRATOR}{name}"));
        params.distinguished_name.push(DnType::OrganizationalUnitName, role);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, out)
    }

    fn issue(&self, mut params: CertificateParams, out: &Path) -> Result<(), AuthorityError> {
        let files = [CA_FILE, CERT_FILE, KEY_FILE].map(|name| out.join(name));
        if files.iter().any(|path| path.exists()) {
            return Err(AuthorityError::BundleExists { directory: out.to_owned() });
        }
        params.use_authority_key_identifier_extension = true;
        let key = new_key()?;
        let certificate =
            params.signed_by(&key, &self.issuer).map_err(failed("signing a certificate"))?;
        make_directory(out).map_err(file("made", out))?;
        let [ca, cert, key_file] = files;
        write(&key_file, PRIVATE, &key.serialize_pem())?;
        write(&cert, PUBLIC, &certificate.pem())?;
        write(&ca, PUBLIC, &self.certificate_pem)
    }
}

fn new_key() -> Result<KeyPair, AuthorityError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed("making a key"))
}

fn leaf(common_name: String) -> CertificateParams {
    let mut params = validity(CERTIFICATE_VALIDITY);
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn validity(duration: Duration) -> CertificateParams {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = date_time_ymd(1970, 1, 1) + since_epoch;
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = now - CLOCK_TOLERANCE;
    params.not_after = now + duration;
    params
}

fn checked(name: &str) -> Result<(), AuthorityError> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > MAX_NAME_BYTES {
        "it is longer than 63 characters"
    } else if !name.chars().all(good) {
        "it has other characters"
    } else {
        return Ok(());
    };
    Err(AuthorityError::Name { name: name.to_owned(), why })
}

fn write(path: &Path, mode: u32, contents: &str) -> Result<(), AuthorityError> {
    write_new(path, mode, contents.as_bytes()).map_err(file("written", path))
}

fn text(path: &Path) -> Result<(String, u32), AuthorityError> {
    let (bytes, mode) = read(path).map_err(file("read", path))?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), mode))
}

fn file(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AuthorityError {
    let path = path.to_owned();
    move |source| AuthorityError::File { verb, path, source }
}

fn failed(what: &'static str) -> impl Fn(rcgen::Error) -> AuthorityError {
    move |source| AuthorityError::Certificate { what, source }
}

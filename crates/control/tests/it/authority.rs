//! The files of an authority and its bundles: modes, contents, and what is refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use control::authority::{Authority, AuthorityError};
use control::{Credentials, CredentialsError, Peer};

use super::support::{Deployment, HERE};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it exists").permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
}

#[test]
fn keys_are_for_their_owner_only_and_nothing_unfinished_stays() {
    let deployment = Deployment::new();
    deployment.host("alpha");
    let directory = deployment.directory.path();
    for key in ["authority/ca.key", "alpha/key.pem"] {
        assert_eq!(mode(&directory.join(key)), 0o600, "{key}");
    }
    assert_eq!(mode(&directory.join("authority")), 0o700);
    let files = |name| {
        let entries = std::fs::read_dir(directory.join(name)).expect("a directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().expect("UTF-8")).collect();
        names.sort();
        names
    };
    assert_eq!(files("authority"), ["ca.key", "ca.pem"]);
    assert_eq!(files("alpha"), ["ca.pem", "cert.pem", "key.pem"]);
}

#[test]
fn nothing_is_overwritten() {
    let deployment = Deployment::new();
    deployment.host("alpha");
    let directory = deployment.directory.path();
    let before = std::fs::read(directory.join("authority/ca.key")).expect("a key");
    let again = Authority::create(&directory.join("authority"));
    assert!(matches!(again, Err(AuthorityError::Exists { .. })), "{again:?}");
    assert_eq!(std::fs::read(directory.join("authority/ca.key")).expect("a key"), before);
    let again = deployment.authority.issue_host("alpha", &[], &[], &directory.join("alpha"));
    assert!(matches!(again, Err(AuthorityError::BundleExists { .. })), "{again:?}");
}

#[test]
fn an_authority_that_is_opened_again_vouches_for_more_hosts() {
    let deployment = Deployment::new();
    let directory = deployment.directory.path();
    let authority = Authority::open(&directory.join("authority")).expect("it opens");
    let out = directory.join("later");
    authority.issue_host("later", &["chat.example.org".to_owned()], &[HERE], &out).expect("issued");
    let later = Credentials::load(&out).expect("good credentials");
    assert_eq!(later.identity(), &Peer::Host("later".to_owned()));
    let ca = std::fs::read(deployment.host("alpha").ca()).expect("a certificate");
    assert_eq!(std::fs::read(later.ca()).expect("a certificate"), ca);

    set_mode(&directory.join("authority/ca.key"), 0o640);
    let loose = Authority::open(&directory.join("authority"));
    assert!(matches!(loose, Err(AuthorityError::Loose { mode: 0o640, .. })), "{loose:?}");
}

#[test]
fn a_name_that_is_no_name_is_refused() {
    let deployment = Deployment::new();
    let out = deployment.directory.join("bad");
    for name in ["", "a b", "a/b", "host:a", &"a".repeat(64)] {
        let refused = deployment.authority.issue_administrator(name, "CsAdministrator", &out);
        assert!(matches!(refused, Err(AuthorityError::Name { .. })), "{name}: {refused:?}");
    }
    assert!(!out.exists());
}

#[test]
fn a_key_that_others_may_read_is_refused_with_the_remedy() {
    let deployment = Deployment::new();
    let key = deployment.host("alpha").key();
    for loose in [0o640, 0o604, 0o644, 0o660] {
        set_mode(&key, loose);
        let refused = Credentials::load(&deployment.directory.join("alpha"));
        let error = refused.expect_err("a loose key").to_string();
        assert!(error.contains(&format!("chmod 600 {}", key.display())), "{error}");
    }
    set_mode(&key, 0o400);
    Credentials::load(&deployment.directory.join("alpha")).expect("stricter is fine");
}

#[test]
fn a_bundle_that_does_not_fit_together_is_refused() {
    let (ours, theirs) = (Deployment::new(), Deployment::new());
    let alpha = ours.host("alpha");
    let bundle = ours.directory.join("alpha");
    let put = |name: &str, contents: &[u8]| {
        std::fs::write(bundle.join(name), contents).expect("written");
    };
    let good = std::fs::read(alpha.ca()).expect("a certificate");

    put("ca.pem", &std::fs::read(theirs.host("alpha").ca()).expect("a certificate"));
    let refused = Credentials::load(&bundle);
    assert!(matches!(refused, Err(CredentialsError::NotGood { .. })), "{refused:?}");
    put("ca.pem", b"");
    let refused = Credentials::load(&bundle);
    assert!(matches!(refused, Err(CredentialsError::NotPem { .. })), "{refused:?}");
    put("ca.pem", &good);
    Credentials::load(&bundle).expect("good again");

    put("key.pem", &std::fs::read(ours.host("beta").key()).expect("a key"));
    let refused = Credentials::load(&bundle);
    assert!(matches!(refused, Err(CredentialsError::Unusable { .. })), "{refused:?}");
    std::fs::remove_file(bundle.join("key.pem")).expect("removed");
    let refused = Credentials::load(&bundle);
    assert!(matches!(refused, Err(CredentialsError::Unreadable { .. })), "{refused:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_what_to_do() {
    const NO_BASE64: &str = "-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----\n";
    const NO_KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    const NO_CERT: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let deployment = Deployment::new();
    let alpha = deployment.host("alpha");
    let bundle = deployment.directory.join("alpha");
    for path in [alpha.key(), alpha.cert(), alpha.ca()] {
        let good = std::fs::read(&path).expect("a file");
        for garbage in ["", "\u{fffd}\0", NO_BASE64, NO_KEY, NO_CERT] {
            std::fs::write(&path, garbage).expect("written");
            let error = Credentials::load(&bundle).expect_err(garbage).to_string();
            assert!(error.contains(path.to_str().expect("a path")), "{garbage:?}: {error}");
            assert!(error.contains("`standfast init` made") || error.contains("issue"), "{error}");
        }
        std::fs::write(&path, good).expect("written");
        Credentials::load(&bundle).expect("good again");
    }
    let authority = deployment.directory.join("authority");
    for name in ["ca.key", "ca.pem"] {
        let (path, good) = (authority.join(name), std::fs::read(authority.join(name)).expect("it"));
        std::fs::write(&path, NO_KEY).expect("written");
        let error = Authority::open(&authority).expect_err(name).to_string();
        assert!(error.contains(path.to_str().expect("a path")), "{error}");
        assert!(error.contains("is damaged") && error.contains("put back"), "{error}");
        std::fs::write(&path, good).expect("written");
    }
    // A test runs as root, to whom nothing is denied.
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let error = CredentialsError::Unreadable { path: alpha.key(), source: denied }.to_string();
    let says = format!("{} cannot be read: permission denied; run this as", alpha.key().display());
    assert!(error.starts_with(&says), "{error}");
}

#[test]
fn openssl_verifies_what_we_issue() {
    let deployment = Deployment::new();
    let (alpha, jane) =
        (deployment.host("alpha"), deployment.administrator("jane", "CsAdministrator"));
    let verify = |credentials: &Credentials, purpose: &str, more: &[&str]| {
        let run = Command::new("openssl")
            .args(["verify", "-x509_strict", "-purpose", purpose, "-CAfile"])
            .arg(credentials.ca())
            .args(more)
            .arg(credentials.cert())
            .output()
            .expect("openssl runs (Debian package: openssl)");
        (run.status.success(), String::from_utf8_lossy(&run.stderr).into_owned())
    };
    for more in [["-verify_hostname", "alpha"], ["-verify_ip", "127.0.0.1"]] {
        let (good, told) = verify(&alpha, "sslserver", &more);
        assert!(good, "{told}");
    }
    let (good, told) = verify(&alpha, "sslclient", &[]);
    assert!(good, "{told}");
    let (good, told) = verify(&jane, "sslclient", &[]);
    assert!(good, "{told}");
    assert!(!verify(&jane, "sslserver", &[]).0, "an administrator is no server");
    assert!(!verify(&alpha, "sslserver", &["-verify_hostname", "beta"]).0);
}

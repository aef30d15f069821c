//! The way to the primary: TLS with certificates of one authority on both sides.

use crate::connections::{primary, with_term};
use db::{ConnectError, Connections, Login, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use testkit::TempDir;
use testkit::postgres::Options;
use tokio::sync::watch;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name, and its key.
fn issue(authority: &Authority, name: &str, sans: &[&str]) -> (rcgen::Certificate, KeyPair) {
    let sans: Vec<String> = sans.iter().map(|&san| san.to_owned()).collect();
    let mut params = CertificateParams::new(sans).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

fn client(trusts: &Authority, of: &Authority, name: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(trusts.der().clone()).unwrap();
    let (cert, key) = issue(of, name, &[]);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![cert.der().clone()], key)
        .unwrap()
}

fn server_files(authority: &Authority, directory: &Path) -> testkit::postgres::Tls {
    let (cert, key) = issue(authority, "host:db", &["127.0.0.1"]);
    let tls = testkit::postgres::Tls {
        ca: directory.join("ca.pem"),
        cert: directory.join("cert.pem"),
        key: directory.join("key.pem"),
    };
    std::fs::write(&tls.ca, authority.pem()).unwrap();
    std::fs::write(&tls.cert, cert.pem()).unwrap();
    std::fs::write(&tls.key, key.serialize_pem()).unwrap();
    tls
}

#[tokio::test]
async fn only_hosts_of_our_authority_come_in_and_only_to_our_primary() {
    let (ours, foreign) = (authority(), authority());
    let directory = TempDir::new("tls").unwrap();
    let options = Options {
        tls: Some(server_files(&ours, directory.path())),
        hba: vec![
            "hostssl all all 127.0.0.0/8 cert map=hosts".to_owned(),
            "host all all 127.0.0.0/8 reject".to_owned(),
        ],
        ident: vec!["hosts /^host:.*$ standfast".to_owned()],
        ..Options::default()
    };
    let postgres = with_term(options).await;
    let (_tell, told) = watch::channel(Some(primary(&postgres, 1, 1)));
    let connect = async |tls: Tls| {
        let user = "standfast".to_owned();
        let login = Login { user, application: "test".to_owned(), tls };
        Connections::new(login, told.clone()).connect("postgres").await
    };
    let with = |config| Tls::Required(Arc::new(config));
    connect(with(client(&ours, &ours, "host:chat"))).await.unwrap().prove().await.unwrap();
    let refused = [
        ("plain", Tls::Off),
        ("not a host", with(client(&ours, &ours, "administrator:a"))),
        ("a foreign client", with(client(&ours, &foreign, "host:chat"))),
        ("a foreign server", with(client(&foreign, &ours, "host:chat"))),
    ];
    for (what, tls) in refused {
        let outcome = connect(tls).await;
        assert!(matches!(outcome, Err(ConnectError::Refused { .. })), "{what}: {outcome:?}");
    }
}

//! The TLS configurations that others use: for instances, and for listeners of everybody.

use std::sync::Arc;

use control::{Credentials, CredentialsError};
use rcgen::{CertificateParams, DnType, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::support::{Deployment, HERE};

/// Establishes TLS, and tells whether the client and the server were content.
async fn meet(client: ClientConfig, name: &'static str, server: Arc<ServerConfig>) -> (bool, bool) {
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = async {
        let (socket, _) = listener.accept().await.expect("a connection");
        TlsAcceptor::from(server).accept(socket).await.is_ok()
    };
    let connecting = async {
        let socket = TcpStream::connect(address).await.expect("connected");
        let name = ServerName::try_from(name).expect("a name");
        let connected = TlsConnector::from(Arc::new(client)).connect(name, socket).await;
        match connected {
            Ok(mut stream) => stream.flush().await.is_ok(),
            Err(_) => false,
        }
    };
    tokio::join!(connecting, serving)
}

#[tokio::test]
async fn an_instance_is_believed_by_name_and_by_address_only_if_it_is_the_one() {
    let deployment = Deployment::new();
    let (alpha, beta) = (deployment.host("alpha"), deployment.host("beta"));
    for (name, believed) in
        [("alpha", true), ("127.0.0.1", true), ("beta", false), ("127.0.0.2", false)]
    {
        let met = meet(beta.postgres_client_config(), name, alpha.server_config()).await;
        assert_eq!(met, (believed, believed), "{name}");
    }
    let stranger = Deployment::new().host("alpha");
    let met = meet(beta.postgres_client_config(), "alpha", stranger.server_config()).await;
    assert_eq!(met, (false, false));
}

#[tokio::test]
async fn a_listener_of_everybody_asks_for_no_certificate() {
    let deployment = Deployment::new();
    let alpha = deployment.host("alpha");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(alpha.ca()).expect("PEM")).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let anybody = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        assert_eq!(meet(anybody, "alpha", alpha.public_server_config()).await, (true, true));
    }
}

#[test]
fn a_certificate_that_has_expired_is_refused_before_it_is_used() {
    let deployment = Deployment::new();
    let alpha = deployment.host("alpha");
    let authority = deployment.directory.join("authority");
    let pem = |name| std::fs::read_to_string(authority.join(name)).expect("a file");
    let key = KeyPair::from_pem(&pem("ca.key")).expect("a key");
    let issuer = Issuer::from_ca_cert_pem(&pem("ca.pem"), key).expect("an authority");
    let key_pem = std::fs::read_to_string(alpha.key()).expect("a key");
    let key = KeyPair::from_pem(&key_pem).expect("a key");
    let mut params = CertificateParams::new(["alpha".to_owned()]).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, "host:alpha");
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2001, 1, 1);
    let expired = params.signed_by(&key, &issuer).expect("signed");
    std::fs::write(alpha.cert(), expired.pem()).expect("written");
    let refused = Credentials::load(&deployment.directory.join("alpha"));
    let Err(CredentialsError::NotGood { source, .. }) = &refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains("expired"), "{source}");
}

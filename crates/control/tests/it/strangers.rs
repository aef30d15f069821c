//! Who is not let in, and who is not believed.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use control::{CallError, Client, Peer, Refusal, Router};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::support::{Deployment, HERE, PATIENCE, at};

fn router() -> Router {
    Router::new().on("hello", async |_: Peer, (): ()| Ok::<(), Refusal>(()))
}

#[tokio::test]
async fn a_stranger_is_refused_and_told_so() {
    let (ours, theirs) = (Deployment::new(), Deployment::new());
    let host = ours.serve(router()).await;
    // Trusts our authority, so that it is our host that refuses.
    let ca = std::fs::read(ours.host("alpha").ca()).expect("our authority");
    std::fs::write(theirs.directory.join("ca-of-ours.pem"), &ca).expect("written");
    let stranger = theirs.host("beta");
    let mut roots = RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(&ca).expect("PEM")).expect("CA");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusting = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let chain = rustls::pki_types::CertificateDer::pem_file_iter(stranger.cert()).expect("PEM");
    let chain: Vec<_> = chain.collect::<Result<_, _>>().expect("certificates");
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(stranger.key()).expect("a key");
    let shown = trusting.clone().with_client_auth_cert(chain, key).expect("a configuration");
    for config in [shown, trusting.with_no_client_auth()] {
        let socket = TcpStream::connect(host.destination.address).await.expect("connected");
        let name = ServerName::try_from("alpha").expect("a name");
        let mut stream =
            TlsConnector::from(Arc::new(config)).connect(name, socket).await.expect("half way");
        stream.write_all(b"POST /v1/hello HTTP/1.1\r\n\r\n").await.ok();
        let error = stream.read(&mut [0; 100]).await.expect_err("an alert");
        let alert = error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>());
        assert!(matches!(alert, Some(rustls::Error::AlertReceived(_))), "{error:?}");
    }
}

#[tokio::test]
async fn hosts_of_two_deployments_do_not_talk() {
    let (ours, theirs) = (Deployment::new(), Deployment::new());
    let host = ours.serve(router()).await;
    let answer = theirs.client().call::<_, ()>(&host.destination, "hello", &(), PATIENCE).await;
    assert!(matches!(answer, Err(CallError::Untrusted(_))), "{answer:?}");
}

#[tokio::test]
async fn our_client_tells_that_it_was_not_trusted() {
    // A bundle that trusts our authority and shows a certificate of another one.
    let (ours, theirs) = (Deployment::new(), Deployment::new());
    let host = ours.serve(router()).await;
    theirs.host("beta");
    let bundle = theirs.directory.join("beta");
    let both = [theirs.host("beta").ca(), ours.host("alpha").ca()]
        .map(|path| std::fs::read_to_string(path).expect("a certificate"))
        .concat();
    std::fs::write(bundle.join("ca.pem"), both).expect("written");
    let client = Client::new(&control::Credentials::load(&bundle).expect("credentials"));
    let answer = client.call::<_, ()>(&host.destination, "hello", &(), PATIENCE).await;
    let Err(CallError::Untrusted(why)) = &answer else { panic!("{answer:?}") };
    assert!(why.contains("does not trust our certificate"), "{why}");
}

#[tokio::test]
async fn a_host_that_is_another_one_is_not_asked() {
    let deployment = Deployment::new();
    let host = deployment.serve(router()).await;
    let mut to = host.destination.clone();
    to.host = "gamma".to_owned();
    let answer = deployment.client().call::<_, ()>(&to, "hello", &(), PATIENCE).await;
    assert!(matches!(answer, Err(CallError::Untrusted(_))), "{answer:?}");

    // A certificate that is good for the name, and whose subject is another host.
    let out = deployment.directory.join("pretender");
    let names = ["alpha".to_owned()];
    deployment.authority.issue_host("pretender", &names, &[HERE], &out).expect("a bundle");
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let to = at(listener.local_addr().expect("an address"));
    let credentials = control::Credentials::load(&out).expect("credentials");
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    control::serve(listener, credentials, router(), BTreeSet::new(), tasks, shutdown.clone());
    let answer = deployment.client().call::<_, ()>(&to, "hello", &(), PATIENCE).await;
    shutdown.cancel();
    let Err(CallError::Untrusted(why)) = &answer else { panic!("{answer:?}") };
    assert!(why.contains("host pretender is there"), "{why}");
}

#[tokio::test]
async fn an_administrator_cannot_pose_as_a_host() {
    let deployment = Deployment::new();
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let to = at(listener.local_addr().expect("an address"));
    let credentials = deployment.administrator("alpha", "CsAdministrator");
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    control::serve(listener, credentials, router(), BTreeSet::new(), tasks, shutdown.clone());
    let answer = deployment.client().call::<_, ()>(&to, "hello", &(), PATIENCE).await;
    shutdown.cancel();
    assert!(matches!(answer, Err(CallError::Untrusted(_))), "{answer:?}");
}

#[tokio::test]
async fn what_speaks_no_tls_is_malformed() {
    let deployment = Deployment::new();
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let to = at(listener.local_addr().expect("an address"));
    let client = deployment.client();
    let speaking = async {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        socket.write_all(b"220 mail.example.org ESMTP ready\r\n").await.expect("written");
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).await.ok();
    };
    let call = client.call::<_, ()>(&to, "hello", &(), PATIENCE);
    let (answer, ()) = tokio::join!(call, speaking);
    assert!(matches!(answer, Err(CallError::Malformed(_))), "{answer:?}");
}

#[tokio::test]
async fn strangers_who_say_nothing_keep_no_host_out() {
    let deployment = Deployment::new();
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let to = at(listener.local_addr().expect("an address"));
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let own: IpAddr = [127, 0, 0, 7].into();
    let credentials = deployment.host("alpha");
    control::serve(listener, credentials, router(), [own].into(), tasks, shutdown.clone());
    let mut strangers = Vec::new();
    for _ in 0..=control::limits::MAX_HANDSHAKES + control::limits::MAX_WAITING_HANDSHAKES {
        strangers.push(TcpStream::connect(to.address).await.expect("connected"));
    }
    // Those for whom there was no place are closed at once.
    let last = strangers.last_mut().expect("many strangers");
    let read = tokio::time::timeout(PATIENCE, last.read(&mut [0; 1])).await.expect("closed");
    assert!(!matches!(read, Ok(1)), "{read:?}");
    let client = Client::of_host(&deployment.host("beta"), own);
    let answer = client.call::<_, ()>(&to, "hello", &(), PATIENCE).await;
    shutdown.cancel();
    answer.expect("a host has places of its own");
}

//! A link that is cut carries nothing, and carries on when it is mended.

use std::io::Read as _;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;
use testkit::TempDir;
use testkit::deployment::Addresses;
use testkit::eventually;
use testkit::host::{Host, Plan};
use testkit::netns::Network;

const DEADLINE: Duration = Duration::from_secs(20);

/// How long a cut link is listened to.
const SILENCE: Duration = Duration::from_millis(300);

/// Sends a line ten times a second to whoever connects.
const SERVER: &str = "
import socket, sys, threading
server = socket.create_server((sys.argv[1], 7000))
while True:
    peer, _ = server.accept()
    try:
        while True:
            peer.send(b'here\\n')
            threading.Event().wait(0.1)
    except OSError:
        pass
";

#[tokio::test]
async fn a_cut_link_is_silent_until_it_is_mended() {
    let addresses = Addresses::claim_in_namespaces().unwrap();
    let address: IpAddr = addresses.moved("\"127.0.11.1").trim_matches('"').parse().unwrap();
    let number = addresses.moved("\"127.0.").split('.').nth(1).unwrap().parse().unwrap();
    let network = Network::new(number, &[("home-a".to_owned(), address)]).unwrap();
    let directory = TempDir::new("links").unwrap();
    let plan = Plan {
        name: "home-a".to_owned(),
        program: "/usr/bin/env".into(),
        arguments: ["python3", "-c", SERVER, &address.to_string()].map(str::to_owned).to_vec(),
        directory: directory.directory("data").unwrap(),
        log: directory.path().join("log"),
        namespace: network.namespace("home-a").map(str::to_owned),
    };
    let mut host = Host::new(plan).unwrap();
    host.start().await.unwrap();
    let mut stream = eventually(DEADLINE, "the host answers", async || {
        TcpStream::connect_timeout(&SocketAddr::new(address, 7000), SILENCE)
    })
    .await;
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut line = [0; 5];
    stream.read_exact(&mut line).unwrap();

    network.cut("home-a").unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    // What was on its way comes; then nothing does, and the connection is not told.
    let mut rest = Vec::new();
    let error = stream.read_to_end(&mut rest).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);

    network.mend("home-a").unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.read_exact(&mut line).unwrap();
}

//! From nothing to a client in the room, with as little work as a client can have.

use super::servers::Server;
use crate::stage::Stage;
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use rsasl::prelude::{Mechname, SASLClient, SASLConfig};
use rustls::pki_types::ServerName;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;
use testkit::client::Login;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A secured connection, on either side of the login.
pub(super) type Stream = TlsStream<TcpStream>;

/// How many come in at the same time.
const AT_ONCE: usize = 16;

/// How long one may take to come in.
const PATIENCE: Duration = Duration::from_secs(30);

/// What may be heard while something is waited for.
const HEARD_MAX: usize = 1 << 20;

/// How long a server gets to put its memory in order.
const SETTLES: Duration = Duration::from_secs(2);

/// Connects, and is known, but in no room.
pub(super) async fn connect(server: &impl Server, login: &Login) -> anyhow::Result<Stream> {
    let come = async {
        let socket = TcpStream::connect(server.address()).await?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from(login.domain.clone())?;
        let connector = TlsConnector::from(Arc::clone(&login.tls));
        let mut stream = connector.connect(name, socket).await?;
        server.introduce(&mut stream, login).await?;
        anyhow::Ok(stream)
    };
    let came = tokio::time::timeout(PATIENCE, come).await;
    came.context("a login takes too long")?.with_context(|| format!("let {} in", login.user))
}

/// So many connections that do nothing.
pub(super) async fn crowd(
    stage: &Stage,
    server: &impl Server,
    number: usize,
) -> anyhow::Result<Vec<Stream>> {
    let mut crowd = Vec::with_capacity(number);
    let numbers: Vec<usize> = (0..number).collect();
    for some in numbers.chunks(AT_ONCE) {
        let some = some.iter().map(|number| stage.login(number % stage.users));
        let logins: Vec<Login> = some.collect();
        crowd.extend(together(logins.iter().map(|login| connect(server, login))).await?);
    }
    tokio::time::sleep(SETTLES).await;
    Ok(crowd)
}

/// Logs in with SCRAM and binds an address.
pub(super) async fn log_in(stream: &mut Stream, login: &Login) -> anyhow::Result<()> {
    open(stream, &login.domain).await?;
    let config = SASLConfig::with_credentials(None, login.user.clone(), login.password.clone())?;
    let mechanism = Mechname::parse(login.mechanism.as_bytes())?;
    let mut exchange = SASLClient::new(config).start_suggested(&[mechanism])?;
    let mut output = Cursor::new(Vec::new());
    exchange.step(None, &mut output)?;
    let first = STANDARD.encode(output.into_inner());
    let mechanism = login.mechanism;
    say(stream, &format!("<auth xmlns='{SASL}' mechanism='{mechanism}'>{first}</auth>")).await?;
    let challenge = STANDARD.decode(text(&hear(stream, b"</challenge>").await?)?)?;
    let mut output = Cursor::new(Vec::new());
    exchange.step(Some(&challenge), &mut output)?;
    let proof = STANDARD.encode(output.into_inner());
    say(stream, &format!("<response xmlns='{SASL}'>{proof}</response>")).await?;
    hear(stream, b"</success>").await?;
    open(stream, &login.domain).await?;
    say(stream, "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        .await?;
    hear(stream, b"</iq>").await.map(drop)
}

const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";

async fn open(stream: &mut Stream, domain: &str) -> anyhow::Result<()> {
    let header = format!(
        "<stream:stream to='{domain}' version='1.0' xmlns='jabber:client' \
         xmlns:stream='http://etherx.jabber.org/streams'>"
    );
    say(stream, &header).await?;
    hear(stream, b"</stream:features>").await.map(drop)
}

/// Enters a room without its history, and waits until it says that we are in.
pub(super) async fn join(stream: &mut Stream, room: &str, nick: &str) -> anyhow::Result<()> {
    let join = format!(
        "<presence to='{room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'>\
         <history maxstanzas='0'/></x></presence>"
    );
    say(stream, &join).await?;
    hear(stream, b"110").await.map(drop)
}

pub(super) async fn say(stream: &mut Stream, text: &str) -> anyhow::Result<()> {
    stream.write_all(text.as_bytes()).await?;
    Ok(stream.flush().await?)
}

/// Reads until `end` has come, and returns all of it.
pub(super) async fn hear(stream: &mut Stream, end: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut heard = Vec::new();
    while memmem::find(&heard, end).is_none() {
        ensure!(heard.len() < HEARD_MAX, "{} does not come", String::from_utf8_lossy(end));
        if stream.read_buf(&mut heard).await? == 0 {
            bail!("the stream ended: {}", String::from_utf8_lossy(&heard));
        }
    }
    Ok(heard)
}

/// The text of the last element.
fn text(heard: &[u8]) -> anyhow::Result<String> {
    let heard = String::from_utf8_lossy(heard);
    let end = heard.rfind("</").context("an end tag")?;
    let start = heard[..end].rfind('>').context("a start tag")?;
    Ok(heard[start + 1..end].to_owned())
}

/// Waits for all of them, at the same time.
async fn together<T>(
    all: impl Iterator<Item = impl Future<Output = anyhow::Result<T>>>,
) -> anyhow::Result<Vec<T>> {
    futures_util::future::try_join_all(all).await
}

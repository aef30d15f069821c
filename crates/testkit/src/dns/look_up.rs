//! Asking a name server, as an XMPP client does.

use super::{DATAGRAM_BYTES, Service, absolute};
use anyhow::{Context as _, ensure};
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

/// How often to ask; a datagram may be lost.
const ATTEMPTS: u32 = 3;

/// How long to wait for one answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The records of a service, in the order of their priorities; empty when there is none.
pub async fn look_up_services(server: SocketAddr, name: &str) -> anyhow::Result<Vec<Service>> {
    let mut services = Vec::new();
    for data in ask(server, name, RecordType::SRV).await? {
        if let RData::SRV(it) = data {
            services.push(Service {
                priority: it.priority,
                weight: it.weight,
                port: it.port,
                target: it.target.to_ascii().trim_end_matches('.').to_owned(),
            });
        }
    }
    services.sort_by_key(|it| it.priority);
    Ok(services)
}

/// The first address of a host.
pub async fn look_up_address(server: SocketAddr, host: &str) -> anyhow::Result<Option<IpAddr>> {
    let data = ask(server, host, RecordType::A).await?;
    Ok(data.iter().find_map(RData::ip_addr))
}

async fn ask(server: SocketAddr, name: &str, kind: RecordType) -> anyhow::Result<Vec<RData>> {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(absolute(name)?, kind));
    let bytes = question.to_vec().context("write a DNS question")?;
    let mut answer = ask_by_datagram(server, &bytes).await?;
    if answer.metadata.truncation {
        let asked = tokio::time::timeout(PATIENCE, ask_by_stream(server, &bytes)).await;
        answer = asked.context("no answer over TCP")??;
    }
    ensure!(answer.metadata.id == question.metadata.id, "an answer to another question");
    let code = answer.metadata.response_code;
    ensure!([ResponseCode::NoError, ResponseCode::NXDomain].contains(&code), "DNS says {code}");
    Ok(answer.answers.into_iter().map(|it| it.data).collect())
}

async fn ask_by_datagram(server: SocketAddr, question: &[u8]) -> anyhow::Result<Message> {
    let here: SocketAddr = if server.is_ipv4() { ([0; 4], 0).into() } else { ([0; 16], 0).into() };
    let socket = UdpSocket::bind(here).await.context("open a socket for DNS")?;
    socket.connect(server).await.context("reach the name server")?;
    let mut buffer = [0; DATAGRAM_BYTES];
    for _ in 0..ATTEMPTS {
        socket.send(question).await.context("ask the name server")?;
        if let Ok(length) = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await {
            let length = length.context("hear the name server")?;
            return Message::from_vec(&buffer[..length]).context("understand the name server");
        }
    }
    anyhow::bail!("the name server {server} does not answer");
}

async fn ask_by_stream(server: SocketAddr, question: &[u8]) -> anyhow::Result<Message> {
    let mut stream = TcpStream::connect(server).await.context("reach the name server")?;
    stream.write_u16(u16::try_from(question.len())?).await?;
    stream.write_all(question).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Message::from_vec(&answer).context("understand the name server")
}

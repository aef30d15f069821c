//! A small name server for one deployment, with records that a test changes while it runs.
//!
//! It serves what it was told, over UDP and TCP, and knows nothing of the rest of the world.

mod look_up;

use anyhow::Context as _;
use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, SRV};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, RwLock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use look_up::{look_up_address, look_up_services};

/// How long an answer may be kept, in seconds: not at all, for tests change records.
const TIME_TO_LIVE: u32 = 0;

/// The longest question over UDP that we read, and the longest answer that we send.
const DATAGRAM_BYTES: usize = 1232;

/// How often to look for a port that is free for UDP as well as for TCP.
const PORT_ATTEMPTS: u32 = 20;

/// A service record (RFC 2782).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Service {
    /// Lower comes first.
    pub priority: u16,
    /// Among equals, higher is chosen more often.
    pub weight: u16,
    pub target: String,
    pub port: u16,
}

type Records = Arc<RwLock<BTreeMap<String, Vec<RData>>>>;

/// A running name server; it ends when dropped.
#[derive(Debug)]
pub struct Dns {
    address: SocketAddr,
    records: Records,
    _running: DropGuard,
}

impl Dns {
    /// Starts a server without records on a free port of a loopback address.
    pub async fn start(address: Ipv4Addr) -> anyhow::Result<Self> {
        for _ in 1..PORT_ATTEMPTS {
            let tcp = TcpListener::bind((address, 0)).await.context("listen for DNS over TCP")?;
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr()?).await {
                return Self::serve(tcp, udp);
            }
        }
        anyhow::bail!("no port of {address} is free for both UDP and TCP");
    }

    /// Starts a server on a given address and port, such as 53 for programs that ask no other.
    pub async fn start_at(address: SocketAddr) -> anyhow::Result<Self> {
        let tcp = TcpListener::bind(address).await;
        let udp = UdpSocket::bind(address).await;
        let what = || format!("listen for DNS on {address}");
        Self::serve(tcp.with_context(what)?, udp.with_context(what)?)
    }

    fn serve(tcp: TcpListener, udp: UdpSocket) -> anyhow::Result<Self> {
        let records = Records::default();
        let address = tcp.local_addr().context("tell the address of the name server")?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(stop.clone().run_until_cancelled_owned(answer_datagrams(udp, records.clone())));
        let connections = answer_connections(tcp, records.clone(), tasks.clone(), stop.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(connections));
        Ok(Self { address, records, _running: stop.drop_guard() })
    }

    /// Where to ask.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Replaces the address of a host.
    pub fn set_address(&self, host: &str, address: IpAddr) {
        let data = match address {
            IpAddr::V4(address) => RData::A(A(address)),
            IpAddr::V6(address) => RData::AAAA(address.into()),
        };
        self.set(host, vec![data]);
    }

    /// Replaces the records of a service, such as `_xmpp-client._tcp.example.org`.
    ///
    /// Panics when a target is no domain name.
    pub fn set_services(&self, name: &str, services: &[Service]) {
        let data = services.iter().map(|it| {
            let target = absolute(&it.target).expect("a target is a domain name");
            RData::SRV(SRV::new(it.priority, it.weight, it.port, target))
        });
        self.set(name, data.collect());
    }

    /// Forgets all records of a name.
    pub fn remove(&self, name: &str) {
        self.records.write().expect("nobody panics with the records").remove(&key(name));
    }

    fn set(&self, name: &str, data: Vec<RData>) {
        self.records.write().expect("nobody panics with the records").insert(key(name), data);
    }
}

async fn answer_datagrams(socket: UdpSocket, records: Records) {
    let mut buffer = [0; DATAGRAM_BYTES];
    // A failed read or write concerns one client, who asks again.
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let Some(answer) = answer(&buffer[..length], &records) else { continue };
        let Ok(mut bytes) = answer.to_vec() else { continue };
        if bytes.len() > DATAGRAM_BYTES {
            let Ok(shorter) = answer.truncate().to_vec() else { continue };
            bytes = shorter;
        }
        socket.send_to(&bytes, from).await.ok();
    }
}

async fn answer_connections(
    listener: TcpListener,
    records: Records,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let records = records.clone();
        tasks.spawn(stop.clone().run_until_cancelled_owned(async move {
            // The client sees that its connection ends.
            answer_stream(stream, &records).await.ok();
        }));
    }
}

async fn answer_stream(mut stream: TcpStream, records: &Records) -> anyhow::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await?;
        let answer = answer(&question, records).context("understand a question")?.to_vec()?;
        stream.write_u16(u16::try_from(answer.len())?).await?;
        stream.write_all(&answer).await?;
    }
}

fn answer(question: &[u8], records: &Records) -> Option<Message> {
    let question = Message::from_vec(question).ok()?;
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.metadata.authoritative = true;
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.add_queries(question.queries.iter().cloned());
    let query = question.queries.first()?;
    let records = records.read().ok()?;
    let Some(known) = records.get(&key(&query.name().to_ascii())) else {
        answer.metadata.response_code = ResponseCode::NXDomain;
        return Some(answer);
    };
    let wanted = |it: &&RData| [it.record_type(), RecordType::ANY].contains(&query.query_type());
    for data in known.iter().filter(wanted) {
        answer.add_answer(Record::from_rdata(query.name().clone(), TIME_TO_LIVE, data.clone()));
    }
    Some(answer)
}

/// Names are compared without their case and without the dot at their end.
fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn absolute(name: &str) -> anyhow::Result<Name> {
    let mut name = Name::from_ascii(name).with_context(|| format!("read the name {name}"))?;
    name.set_fqdn(true);
    Ok(name)
}

#[cfg(test)]
mod tests;

//! Whether PostgreSQL answers at an address, asked of the database itself and not of its keeper.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a probe waits before it says *silent*.
pub const PROBE_PATIENCE: Duration = Duration::from_millis(500);

/// `SSLRequest` of the PostgreSQL protocol: length 8, code 80877103 (manual, 55.7). Any server
/// that lives answers it with one byte, before it asks who is there.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// What a probe saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// PostgreSQL answered.
    Answers,
    /// The kernel of a reachable host says that no process listens there.
    NobodyListens,
    /// Nothing came back in time: the host, its link or its processes are silent.
    Silent,
}

/// Asks whatever listens at `address` for a PostgreSQL answer.
pub async fn postgres(address: SocketAddr) -> Probe {
    match timeout(PROBE_PATIENCE, ask(address, Some(&SSL_REQUEST))).await {
        Ok(Ok(())) => Probe::Answers,
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Probe::NobodyListens,
        Ok(Err(_)) | Err(_) => Probe::Silent,
    }
}

/// Whether any process listens at `address`.
pub async fn listener(address: SocketAddr) -> Probe {
    match timeout(PROBE_PATIENCE, ask(address, None)).await {
        Ok(Ok(())) => Probe::Answers,
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Probe::NobodyListens,
        Ok(Err(_)) | Err(_) => Probe::Silent,
    }
}

async fn ask(address: SocketAddr, question: Option<&[u8]>) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let Some(question) = question else { return Ok(()) };
    stream.write_all(question).await?;
    let mut answer = [0];
    stream.read_exact(&mut answer).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use tokio::net::TcpListener;

    use super::{Probe, listener, postgres};

    #[tokio::test]
    async fn a_refused_port_and_a_silent_one_are_told_apart() {
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = silent.local_addr().unwrap();
        assert_eq!(postgres(address).await, Probe::Silent);
        assert_eq!(listener(address).await, Probe::Answers);
        drop(silent);
        assert_eq!(postgres(address).await, Probe::NobodyListens);
        let nobody: SocketAddr = address;
        assert_eq!(listener(nobody).await, Probe::NobodyListens);
    }
}

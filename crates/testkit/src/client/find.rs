//! Finding the servers of a domain (RFC 6120 section 3.2.1, XEP-0368).

use super::lost::Lost;
use crate::dns::{Service, look_up_address, look_up_services};
use std::net::{IpAddr, SocketAddr};

/// The ports that are meant where a name comes without one.
const USUAL_PORT: u16 = 5222;

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encryption {
    /// The stream asks for it.
    StartTls,
    /// From the first byte.
    Direct,
}

/// What a client is willing to use.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Willing {
    /// Both, as the priorities say.
    #[default]
    Either,
    Only(Encryption),
}

/// One place to try.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    pub address: SocketAddr,
    pub encryption: Encryption,
}

/// All places to try, in the order in which to try them. Targets without an address are left out.
pub async fn targets(
    server: SocketAddr,
    domain: &str,
    willing: Willing,
) -> Result<Vec<Target>, Lost> {
    let mut found: Vec<(Service, Encryption)> = Vec::new();
    let services =
        [("_xmpps-client._tcp", Encryption::Direct), ("_xmpp-client._tcp", Encryption::StartTls)];
    for (service, encryption) in services {
        if willing == Willing::Either || willing == Willing::Only(encryption) {
            let name = format!("{service}.{domain}");
            let services = look_up_services(server, &name).await.map_err(nowhere)?;
            found.extend(services.into_iter().map(|it| (it, encryption)));
        }
    }
    found.sort_by_key(|(service, _)| (service.priority, std::cmp::Reverse(service.weight)));
    spread(&mut found);
    let mut targets = Vec::new();
    for (service, encryption) in found {
        let address = look_up_address(server, &service.target).await.map_err(nowhere)?;
        let at = |address: IpAddr| Target { address: (address, service.port).into(), encryption };
        targets.extend(address.map(at));
    }
    if targets.is_empty() {
        return Err(Lost::Nowhere(format!("{domain} has no service records with addresses")));
    }
    Ok(targets)
}

/// Where `see-other-host` points: `name`, `name:port`, `address:port` or `[address]:port`.
pub async fn other_host(
    server: SocketAddr,
    other: &str,
    encryption: Encryption,
) -> Result<Target, Lost> {
    if let Ok(address) = other.parse() {
        return Ok(Target { address, encryption });
    }
    let (host, port) = match other.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(USUAL_PORT)),
        None => (other, USUAL_PORT),
    };
    let address = match host.parse() {
        Ok(address) => Some(address),
        Err(_) => look_up_address(server, host).await.map_err(nowhere)?,
    };
    let nobody = || Lost::Nowhere(format!("no address for {host}"));
    Ok(Target { address: (address.ok_or_else(nobody)?, port).into(), encryption })
}

/// Clients of one domain do not all go to the first of equal servers.
fn spread(found: &mut [(Service, Encryption)]) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let equal = |(a, _): &(Service, _), (b, _): &(Service, _)| {
        (a.priority, a.weight) == (b.priority, b.weight)
    };
    for group in found.chunk_by_mut(equal) {
        group.rotate_left(turn % group.len());
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn nowhere(error: anyhow::Error) -> Lost {
    Lost::Nowhere(format!("{error:#}"))
}

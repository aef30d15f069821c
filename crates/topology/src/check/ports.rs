//! Who listens where: no two on one port of one address.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::findings::Findings;
use crate::meaning::{client_port, client_tls_port, control_port, store_port};
use crate::said::{SaidHost, SaidTopology};
use crate::table::Said;

struct Listener<'s> {
    at: SocketAddr,
    line: usize,
    role: Role<'s>,
}

#[derive(Clone, Copy)]
enum Role<'s> {
    Control { host: &'s str },
    Store { store: &'s str, host: &'s str },
    Client { key: &'static str, pool: &'s str, host: &'s str },
}

impl<'s> Role<'s> {
    fn host(self) -> &'s str {
        match self {
            Self::Control { host } | Self::Store { host, .. } | Self::Client { host, .. } => host,
        }
    }
}

impl fmt::Display for Role<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control { host } => write!(f, "the control port of host `{host}`"),
            Self::Store { store, .. } => write!(f, "store `{store}`"),
            Self::Client { key, pool, host } => {
                write!(f, "`{key}` of pool `{pool}` on host `{host}`")
            }
        }
    }
}

pub(super) fn check(said: &SaidTopology, findings: &mut Findings) {
    let mut first: BTreeMap<SocketAddr, Listener<'_>> = BTreeMap::new();
    for next in listeners(said) {
        let Some(earlier) = first.get(&next.at) else {
            first.insert(next.at, next);
            continue;
        };
        let (one, two) = (earlier.role, next.role);
        let (what, to_do) = if let (Role::Control { host: a }, Role::Control { host: b }) =
            (one, two)
        {
            let what = format!(
                "hosts `{a}` (line {}) and `{b}` have one address and one control port, {}",
                earlier.line, next.at
            );
            (what, "give one of them another `address` or another `control_port`")
        } else {
            let hosts = if one.host() == two.host() { "" } else { ", the address of both hosts" };
            let what = format!(
                "{two} and {one} (line {}) would both listen on {}{hosts}",
                earlier.line, next.at
            );
            (what, "give one of them another port")
        };
        findings.error(next.line, what, to_do);
    }
}

fn listeners(said: &SaidTopology) -> Vec<Listener<'_>> {
    let mut hosts: BTreeMap<&str, (&SaidHost, IpAddr)> = BTreeMap::new();
    let mut listeners = Vec::new();
    for host in &said.hosts {
        let Some((name, ip)) = named_address(host) else { continue };
        if hosts.contains_key(name) {
            continue;
        }
        hosts.insert(name, (host, ip));
        let line = host.control_port.as_ref().map_or(host.line, |port| port.line);
        let role = Role::Control { host: name };
        listeners.push(Listener { at: SocketAddr::new(ip, control_port(host)), line, role });
    }
    for store in &said.stores {
        let (Some(name), Some(host)) = (&store.name, &store.host) else { continue };
        let Some((_, ip)) = hosts.get(host.value.as_str()) else { continue };
        let line = store.port.as_ref().map_or(store.line, |port| port.line);
        let role = Role::Store { store: &name.value, host: &host.value };
        listeners.push(Listener { at: SocketAddr::new(*ip, store_port(store)), line, role });
    }
    for pool in &said.pools {
        let Some(fqdn) = &pool.fqdn else { continue };
        let mut ports = [
            ("client_port", client_port(pool), &pool.client_port),
            ("client_tls_port", client_tls_port(pool), &pool.client_tls_port),
        ];
        ports.sort_by_key(|(_, _, said)| said.is_some());
        let mut servers: Vec<&Said<String>> = pool.servers.iter().flatten().collect();
        servers.sort_by(|a, b| a.value.cmp(&b.value));
        servers.dedup_by(|a, b| a.value == b.value);
        for server in servers {
            let Some((_, ip)) = hosts.get(server.value.as_str()) else { continue };
            for (key, port, said) in ports {
                let line = said.as_ref().map_or(pool.line, |port| port.line);
                let role = Role::Client { key, pool: &fqdn.value, host: &server.value };
                listeners.push(Listener { at: SocketAddr::new(*ip, port), line, role });
            }
        }
    }
    listeners
}

fn named_address(host: &SaidHost) -> Option<(&str, IpAddr)> {
    let ip = host.address.as_ref()?.value.parse().ok()?;
    Some((&host.name.as_ref()?.value, ip))
}

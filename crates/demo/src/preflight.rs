//! What must be so before anything is started: free ports, and a directory that can be used.

use anyhow::{Context as _, ensure};
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use testkit::Account;
use topology::Topology;

/// Fails when a port of the deployment is taken.
pub(crate) fn ports_are_free(topology: &Topology) -> anyhow::Result<()> {
    for address in listeners(topology) {
        TcpListener::bind(address).with_context(|| {
            format!("{address} cannot be used: does another demo run, or a database of Debian's?")
        })?;
    }
    Ok(())
}

/// Every port that the hosts of the deployment listen on.
fn listeners(topology: &Topology) -> BTreeSet<SocketAddr> {
    let mut listeners = BTreeSet::new();
    for host in &topology.hosts {
        listeners.insert(host.control());
        let stores = topology.stores_on(&host.name);
        listeners.extend(stores.map(|it| SocketAddr::new(host.address, it.port)));
        for pool in topology.pools_served_by(&host.name) {
            let ports = pool.chat().map(|chat| [chat.client_port, chat.client_tls_port]);
            let ports = ports.into_iter().flatten();
            listeners.extend(ports.map(|it| SocketAddr::new(host.address, it)));
        }
    }
    listeners
}

/// Makes the directory that is kept; fails when the product's account cannot use it.
pub(crate) fn directory_is_usable(directory: &Path) -> anyhow::Result<()> {
    let shown = directory.display();
    std::fs::create_dir_all(directory).with_context(|| format!("make {shown}"))?;
    let mut entries = directory.read_dir().with_context(|| format!("list {shown}"))?;
    ensure!(entries.next().is_none(), "{shown} is not empty: name a new directory to keep");
    let account = Account::find()?;
    account.own(directory)?;
    let absolute = directory.canonicalize().with_context(|| format!("find {shown}"))?;
    ensure!(
        account.can_write(&absolute),
        "databases do not run as root, and user postgres cannot reach {shown}: name a directory \
         that all may enter, such as one in /var/tmp"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let text = include_str!("../../../config/demo.toml");
        let taken = TcpListener::bind("127.9.11.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let text = text.replace("\"127.0.", "\"127.9.");
        let text = text.replace(
            "address = \"127.9.11.1\"",
            &format!("address = \"127.9.11.1\"\ncontrol_port = {port}"),
        );
        let topology = Topology::parse("demo.toml", &text).unwrap().topology;
        assert_eq!(listeners(&topology).len(), 10 + 6 + 4 * 2);
        let error = format!("{:#}", ports_are_free(&topology).unwrap_err());
        assert!(error.starts_with(&format!("127.9.11.1:{port} cannot be used")), "{error}");
    }

    #[test]
    fn a_directory_with_something_in_it_is_refused() {
        let directory = testkit::TempDir::new("preflight").unwrap();
        directory_is_usable(directory.path()).unwrap();
        std::fs::write(directory.path().join("something"), "").unwrap();
        let error = directory_is_usable(directory.path()).unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
    }
}

//! Hosts with network namespaces of their own, joined by a bridge, so that a link can be cut.
//!
//! Needs root and a kernel that lets us; where it is not permitted, making a network fails and says
//! so. Nothing is skipped.

use anyhow::{Context as _, ensure};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::Command;

/// The bits that all addresses of one network share.
const PREFIX: u8 = 16;

/// A bridge, and one namespace per host with a link to it. Everything goes away when dropped.
#[derive(Debug)]
pub struct Network {
    bridge: String,
    /// By host: what both its namespace and our end of its link are called.
    links: BTreeMap<String, String>,
}

impl Network {
    /// Makes a network `10.number.0.0/16`; we ourselves are `10.number.0.1` there.
    pub fn new(number: u8, hosts: &[(String, IpAddr)]) -> anyhow::Result<Self> {
        let root = nix::unistd::Uid::effective().is_root();
        ensure!(root, "making network namespaces is for root; run these tests as root");
        let mut network = Self { bridge: format!("sf{number}"), links: BTreeMap::new() };
        for (index, (host, _)) in hosts.iter().enumerate() {
            network.links.insert(host.clone(), format!("sf{number}-{index}"));
        }
        // A killed test leaves its own behind; nobody else has this number now.
        network.remove();
        network.make(number, hosts).context(
            "make network namespaces; if that is not permitted here, run the tests on a machine \
             or in a container where it is",
        )?;
        Ok(network)
    }

    fn make(&self, number: u8, hosts: &[(String, IpAddr)]) -> anyhow::Result<()> {
        let bridge = &self.bridge;
        ip(&["link", "add", bridge, "type", "bridge"])?;
        ip(&["addr", "add", &format!("10.{number}.0.1/{PREFIX}"), "dev", bridge])?;
        ip(&["link", "set", bridge, "up"])?;
        for (host, address) in hosts {
            let link = &self.links[host];
            ip(&["netns", "add", link])?;
            let peer = ["peer", "name", "eth0", "netns", link.as_str()];
            ip(&[&["link", "add", link, "type", "veth"], peer.as_slice()].concat())?;
            ip(&["link", "set", link, "master", bridge, "up"])?;
            ip(&["-n", link, "addr", "add", &format!("{address}/{PREFIX}"), "dev", "eth0"])?;
            ip(&["-n", link, "link", "set", "eth0", "up"])?;
            ip(&["-n", link, "link", "set", "lo", "up"])?;
        }
        Ok(())
    }

    /// The namespace of a host.
    pub fn namespace(&self, host: &str) -> Option<&str> {
        self.links.get(host).map(String::as_str)
    }

    /// Cuts a host off: nothing comes in or out, and no connection is told.
    pub fn cut(&self, host: &str) -> anyhow::Result<()> {
        self.set_link(host, "down")
    }

    /// Parts two hosts from each other, silently; everybody else still reaches both.
    pub fn part(&self, hosts: [&str; 2]) -> anyhow::Result<()> {
        hosts.into_iter().try_for_each(|host| self.isolate(host, "1"))
    }

    /// Mends a host's link, whatever was done to it.
    pub fn mend(&self, host: &str) -> anyhow::Result<()> {
        self.isolate(host, "0")?;
        self.set_link(host, "up")
    }

    fn set_link(&self, host: &str, state: &str) -> anyhow::Result<()> {
        ip(&["link", "set", self.link(host)?, state])
    }

    /// A bridge lets nothing pass between two isolated links.
    fn isolate(&self, host: &str, state: &str) -> anyhow::Result<()> {
        let file = format!("/sys/class/net/{}/brport/isolated", self.link(host)?);
        std::fs::write(&file, state).with_context(|| format!("write {state} to {file}"))
    }

    fn link(&self, host: &str) -> anyhow::Result<&str> {
        self.namespace(host).with_context(|| format!("there is no host {host}"))
    }

    /// Removes what is there of this network.
    fn remove(&self) {
        for link in self.links.values() {
            // Deleting one end of a link deletes the other, at once rather than by and by.
            ip(&["link", "delete", link]).ok();
            ip(&["netns", "delete", link]).ok();
        }
        ip(&["link", "delete", &self.bridge]).ok();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.remove();
    }
}

fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    let what = || format!("run ip {}", arguments.join(" "));
    let output = Command::new("ip").args(arguments).output().with_context(what)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {}", arguments.join(" "), said.trim());
    Ok(())
}

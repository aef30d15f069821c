//! `standfast init`: the deployment's authority, and a bundle of certificates per host.

use anyhow::Context as _;
use control::authority::Authority;
use topology::{Host, Topology};

use crate::args::{Administrator, Init};
use crate::check;
use crate::said::answer;

/// The role of the first administrator.
const FIRST_ROLE: &str = "CsAdministrator";

/// Makes everything that the hosts of a deployment need to trust each other.
pub(crate) fn init(init: &Init) -> anyhow::Result<()> {
    let topology = check::load(&init.topology)?;
    let authority = Authority::create(&init.out.join("authority")).context("make the authority")?;
    for host in &topology.hosts {
        let out = init.out.join("hosts").join(&host.name);
        authority
            .issue_host(&host.name, &names_of(&topology, host), &[host.address], &out)
            .with_context(|| format!("issue the certificate of {}", host.name))?;
    }
    let out = init.out.join("administrators").join(&init.administrator);
    authority
        .issue_administrator(&init.administrator, FIRST_ROLE, &out)
        .with_context(|| format!("issue the certificate of {}", init.administrator))?;
    answer(&format!(
        "made {}: copy hosts/NAME to DATA/tls of each host, keep authority/ off the network, and \
         connect with --credential {}",
        init.out.display(),
        out.display()
    ))?;
    Ok(())
}

/// Gives one more administrator a credential of the same authority.
pub(crate) fn administrator(one: &Administrator) -> anyhow::Result<()> {
    let authority =
        Authority::open(&one.secrets.join("authority")).context("open the authority")?;
    let out = one.secrets.join("administrators").join(&one.name);
    authority
        .issue_administrator(&one.name, &one.role, &out)
        .with_context(|| format!("issue the certificate of {}", one.name))?;
    answer(&format!("made {}: {} connects with --credential on it", out.display(), one.name))?;
    Ok(())
}

/// The names that clients and other hosts know `host` by.
fn names_of(topology: &Topology, host: &Host) -> Vec<String> {
    let mut names = vec![host.name.clone()];
    for pool in topology.pools_served_by(&host.name) {
        names.extend([topology.domain.clone(), pool.fqdn.clone()]);
        names.extend(pool.chat().map(|chat| chat.rooms.clone()));
    }
    names
}

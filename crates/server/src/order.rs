//! `standfast failover`, `failback`, `switchover`: the cmdlets, for those without the habit.

use std::process::ExitCode;

use crate::args::{Failback, Failover, Order, Switchover};
use crate::{check, shell};

/// `Invoke-CsPersistentChatFailover`
pub(crate) fn failover(failover: &Failover) -> anyhow::Result<ExitCode> {
    let mut line = begin("Invoke-CsPersistentChatFailover", "Identity", &failover.order);
    if failover.attest_site_is_down {
        line.push_str(" -AttestSiteIsDown");
    }
    if failover.accept_data_loss {
        line.push_str(" -AcceptDataLoss");
    }
    if let Some(range) = &failover.accept_missing_log {
        line.push_str(" -AcceptMissingLog ");
        line.push_str(&quoted(range));
    }
    if failover.without_mirror {
        line.push_str(" -WithoutMirror");
    }
    run(&failover.order, line)
}

/// `Invoke-CsPersistentChatFailback`
pub(crate) fn failback(failback: &Failback) -> anyhow::Result<ExitCode> {
    let mut line = begin("Invoke-CsPersistentChatFailback", "Identity", &failback.order);
    let switches = [
        (failback.salvage_only, "SalvageOnly"),
        (failback.turn_back, "TurnBack"),
        (failback.attest_backup_site_is_down, "AttestBackupSiteIsDown"),
        (failback.accept_data_loss, "AcceptDataLoss"),
        (failback.without_mirror, "WithoutMirror"),
    ];
    for (_, name) in switches.iter().filter(|(given, _)| *given) {
        line.push_str(" -");
        line.push_str(name);
    }
    let lost: Vec<_> = failback.attest_copy_is_lost.iter().map(|store| quoted(store)).collect();
    if !lost.is_empty() {
        line.push_str(" -AttestCopyIsLost ");
        line.push_str(&lost.join(","));
    }
    run(&failback.order, line)
}

/// `Invoke-CsDatabaseFailover`
pub(crate) fn switchover(switchover: &Switchover) -> anyhow::Result<ExitCode> {
    let order = &switchover.order;
    let mut line = begin("Invoke-CsDatabaseFailover", "PoolFqdn", order);
    // The original's cmdlet asks for the pool; here it may be left out where there is just one.
    if order.pool.is_none() {
        let topology = check::load(&order.reach.topology)?;
        let mut pools = topology.chat_pools();
        if let (Some(pool), None) = (pools.next(), pools.next()) {
            line = format!("{line} -PoolFqdn {}", quoted(&pool.fqdn));
        }
    }
    let to = if switchover.back { "Primary" } else { "Mirror" };
    let attested = if switchover.attest_primary_is_down { " -AttestPrimaryIsDown" } else { "" };
    run(order, format!("{line} -DatabaseType PersistentChat -NewPrincipal {to}{attested}"))
}

fn begin(cmdlet: &str, parameter: &str, order: &Order) -> String {
    match &order.pool {
        Some(pool) => format!("{cmdlet} -{parameter} {}", quoted(pool)),
        None => cmdlet.to_owned(),
    }
}

/// A text as the shell reads it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Runs the line as the shell would; whoever typed the command has said yes to it.
fn run(order: &Order, mut line: String) -> anyhow::Result<ExitCode> {
    line.push_str(if order.what_if { " -WhatIf" } else { " -Force" });
    shell::run_line(&order.reach, &line)
}

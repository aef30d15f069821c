//! `standfast failover`, `failback`, `switchover`: the cmdlets, for those without the habit.

use std::process::ExitCode;

use crate::args::{Failover, Order, Switchover};
use crate::shell;

/// `Invoke-CsPersistentChatFailover`
pub(crate) fn failover(failover: &Failover) -> anyhow::Result<ExitCode> {
    let mut line = begin("Invoke-CsPersistentChatFailover", "Identity", &failover.order);
    if failover.attest_site_is_down {
        line.push_str(" -AttestSiteIsDown");
    }
    if failover.accept_data_loss {
        line.push_str(" -AcceptDataLoss");
    }
    run(&failover.order, line)
}

/// `Invoke-CsPersistentChatFailback`
pub(crate) fn failback(order: &Order) -> anyhow::Result<ExitCode> {
    run(order, begin("Invoke-CsPersistentChatFailback", "Identity", order))
}

/// `Invoke-CsDatabaseFailover`
pub(crate) fn switchover(switchover: &Switchover) -> anyhow::Result<ExitCode> {
    let order = &switchover.order;
    let line = begin("Invoke-CsDatabaseFailover", "PoolFqdn", order);
    let to = if switchover.back { "Primary" } else { "Mirror" };
    run(order, format!("{line} -DatabaseType PersistentChat -NewPrincipal {to}"))
}

fn begin(cmdlet: &str, parameter: &str, order: &Order) -> String {
    match &order.pool {
        Some(pool) => format!("{cmdlet} -{parameter} '{}'", pool.replace('\'', "''")),
        None => cmdlet.to_owned(),
    }
}

/// Runs the line as the shell would; whoever typed the command has said yes to it.
fn run(order: &Order, mut line: String) -> anyhow::Result<ExitCode> {
    line.push_str(if order.what_if { " -WhatIf" } else { " -Force" });
    shell::run_line(&order.reach, &line)
}

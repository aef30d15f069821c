//! The `standfast` binary: arguments in, one of its few lives out.

mod args;
mod check;
mod init;
mod order;
mod reach;
mod run;
mod said;
mod shell;
mod status;
mod text;

use std::process::ExitCode;

use args::{Arguments, Command};
use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = Arguments::parse_from(args::spelled(std::env::args_os()));
    match begin(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            // Whoever read the answer has gone: that is no news.
            let closed = |it: &std::io::Error| it.kind() == std::io::ErrorKind::BrokenPipe;
            if !error.downcast_ref().is_some_and(closed) {
                said::complain(&format!("standfast: {error:#}"));
            }
            ExitCode::FAILURE
        }
    }
}

fn begin(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(run) => run::run(&run).map(|()| ExitCode::SUCCESS),
        Command::Init(init) => init::init(&init).map(|()| ExitCode::SUCCESS),
        Command::Administrator(one) => init::administrator(&one).map(|()| ExitCode::SUCCESS),
        Command::Check { topology } => check::check(&topology),
        Command::Status(reach) => status::status(&reach),
        Command::Failover(failover) => order::failover(&failover),
        Command::Failback(order) => order::failback(&order),
        Command::Switchover(switchover) => order::switchover(&switchover),
        Command::Shell(shell) => shell::shell(&shell),
        Command::WalRestore { arguments } => {
            Ok(ExitCode::from(instance::shipping::restore::run(arguments)))
        }
    }
}

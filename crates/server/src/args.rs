//! The command line of `standfast`. Whatever changes a deployment is a cmdlet of the shell.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A server that keeps chat rooms working when a data centre is lost.
#[derive(Debug, Parser)]
#[command(name = "standfast", version, about, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The lives of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything that the topology places on one host
    Run(Run),
    /// Make the deployment's certificate authority and a bundle per host
    Init(Init),
    /// Check a topology and say what is wrong with it
    Check {
        /// The topology file
        topology: PathBuf,
    },
}

/// `standfast run`
#[derive(Debug, Args)]
pub struct Run {
    /// The topology file
    #[arg(long)]
    pub topology: PathBuf,
    /// The name of this host in the topology
    #[arg(long)]
    pub host: String,
    /// This host's data directory; its certificates stand in `tls` below it
    #[arg(long)]
    pub data: PathBuf,
    /// Users and rooms that are made when the pool's databases are new
    #[arg(long)]
    pub bootstrap: Option<PathBuf>,
}

/// `standfast init`
#[derive(Debug, Args)]
pub struct Init {
    /// The topology file
    #[arg(long)]
    pub topology: PathBuf,
    /// The directory to make; keep what is in it secret
    #[arg(long)]
    pub out: PathBuf,
    /// The first administrator's name
    #[arg(long, default_value = "administrator")]
    pub administrator: String,
}

//! The command line of `standfast`. Whatever changes a deployment is a cmdlet of the shell.

use std::ffi::OsString;
use std::path::PathBuf;

use admin::Role;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

/// A server that keeps chat rooms working when a data centre is lost.
#[derive(Debug, Parser)]
#[command(name = "standfast", version, about, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The lives of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything that the topology places on one host
    Run(Run),
    /// Make the deployment's certificate authority and a bundle per host
    Init(Init),
    /// Give another administrator a credential
    Administrator(Administrator),
    /// Check a topology and say what is wrong with it
    Check {
        /// The topology file
        topology: PathBuf,
    },
    /// Show sites, hosts, instances and how far behind log shipping is, on one screen
    Status(Reach),
    /// Serve from the backup site, because the home site is lost
    Failover(Failover),
    /// Bring the pool home
    Failback(Failback),
    /// Hand over to the mirror, inside the site
    Switchover(Switchover),
    /// The management shell: cmdlets, as in the documents
    Shell(Shell),
    /// What PostgreSQL calls to restore a WAL file from the share
    #[command(hide = true, disable_help_flag = true)]
    WalRestore {
        /// `--share DIRECTORY FILE TARGET`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// `standfast run`
#[derive(Debug, Args)]
pub(crate) struct Run {
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
pub(crate) struct Init {
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

/// `standfast administrator`
#[derive(Debug, Args)]
pub(crate) struct Administrator {
    /// The administrator's name, as the audit trail is to show it
    pub name: String,
    /// What this administrator may do
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::name)))]
    pub role: String,
    /// The directory that `standfast init` made
    #[arg(long, value_name = "DIR")]
    pub secrets: PathBuf,
}

/// How an administrator reaches a deployment.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// The topology file
    #[arg(long)]
    pub topology: PathBuf,
    /// The directory of the administrator's certificate (made by `standfast init`, or by
    /// `standfast administrator`)
    #[arg(long)]
    pub credential: PathBuf,
    /// The host to ask; any that answers if none is named
    #[arg(long, value_name = "HOST")]
    pub via: Option<String>,
}

/// `standfast shell`
#[derive(Debug, Args)]
pub(crate) struct Shell {
    /// The topology file
    #[arg(long, required_unless_present = "parse_only")]
    pub topology: Option<PathBuf>,
    /// The directory of the administrator's certificate (made by `standfast init`)
    #[arg(long, required_unless_present = "parse_only")]
    pub credential: Option<PathBuf>,
    /// The host to ask; any that answers if none is named
    #[arg(long, value_name = "HOST")]
    pub via: Option<String>,
    /// Run this text instead of asking for lines
    #[arg(short, value_name = "TEXT", conflicts_with = "file", allow_hyphen_values = true)]
    pub command: Option<String>,
    /// Print objects as JSON, all of them as one list; also `-Json`
    #[arg(long)]
    pub json: bool,
    /// Check the text and print how it is understood; nothing is run and no deployment is needed
    #[arg(long)]
    pub parse_only: bool,
    /// The folder that stands for the drives of Windows: `C:\a.zip` is `DIR/a.zip`
    #[arg(long, value_name = "DIR")]
    pub exchange: Option<PathBuf>,
    /// Run this file; `-` is standard input, and so is nothing where nobody is at a terminal
    pub file: Option<PathBuf>,
}

impl Shell {
    /// How it reaches the deployment; none if it only reads text.
    pub(crate) fn reach(&self) -> Option<Reach> {
        let (topology, credential) = (self.topology.clone()?, self.credential.clone()?);
        Some(Reach { topology, credential, via: self.via.clone() })
    }
}

/// Arguments as they were given, with the cmdlets' spelling of a parameter made the system's: what
/// a procedure calls `-AttestSiteIsDown` is `--attest-site-is-down` here, and both are taken.
pub(crate) fn spelled(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = given.collect();
    let command = arguments.get(1).and_then(|it| it.to_str()).unwrap_or_default();
    let meant: fn(&str) -> Option<&str> = match command {
        "shell" => {
            |name| ["Json", "ParseOnly"].into_iter().find(|it| it.eq_ignore_ascii_case(name))
        }
        "failover" | "failback" | "switchover" => |name| Some(name),
        _ => return arguments,
    };
    for argument in &mut arguments[2..] {
        let name = argument.to_str().and_then(|it| it.strip_prefix('-')).and_then(meant);
        if let Some(name) = name.and_then(hyphened) {
            *argument = format!("--{name}").into();
        }
    }
    arguments
}

/// `AttestSiteIsDown` as `attest-site-is-down`; none for what is not written like that.
fn hyphened(name: &str) -> Option<String> {
    let is_name = |it: &str| it.len() > 1 && it.bytes().all(|it| it.is_ascii_alphabetic());
    if !is_name(name) || !name.starts_with(|it: char| it.is_ascii_uppercase()) {
        return None;
    }
    let mut hyphened = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !hyphened.is_empty() {
            hyphened.push('-');
        }
        hyphened.push(letter.to_ascii_lowercase());
    }
    Some(hyphened)
}

/// `standfast failover` and its like
#[derive(Debug, Args)]
pub(crate) struct Order {
    #[command(flatten)]
    pub reach: Reach,
    /// The pool; may be left out where there is just one
    #[arg(long, aliases = ["identity", "pool-fqdn"])]
    pub pool: Option<String>,
    /// Tell what would be done, and do nothing
    #[arg(long)]
    pub what_if: bool,
}

/// `standfast failover`
#[derive(Debug, Args)]
pub(crate) struct Failover {
    #[command(flatten)]
    pub order: Order,
    /// I attest that the home site is down: its machines are off
    #[arg(long)]
    pub attest_site_is_down: bool,
    /// I accept that what was not shipped is away until the home site returns
    #[arg(long)]
    pub accept_data_loss: bool,
    /// I give up this range of shipped WAL, which is missing from the share
    #[arg(long, value_name = "RANGE")]
    pub accept_missing_log: Option<String>,
    /// I do not wait for a mirror that takes long: posts stand on one machine until it is in sync
    #[arg(long)]
    pub without_mirror: bool,
}

/// `standfast failback`
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct Failback {
    #[command(flatten)]
    pub order: Order,
    /// I attest that the data of these home stores is lost for good
    #[arg(long, value_name = "STORE", value_delimiter = ',', num_args = 1..)]
    pub attest_copy_is_lost: Vec<String>,
    /// Only find what home never shipped and put it back; the pool stays where it is
    #[arg(long)]
    pub salvage_only: bool,
    /// Give up a failback that has not promoted home yet
    #[arg(long, conflicts_with_all = ["salvage_only", "attest_copy_is_lost"])]
    pub turn_back: bool,
    /// I attest that the backup site is down: home serves without having heard it
    #[arg(long, conflicts_with_all = ["salvage_only", "turn_back", "attest_copy_is_lost"])]
    pub attest_backup_site_is_down: bool,
    /// I accept that what was said at the backup site is missing
    #[arg(long, requires = "attest_backup_site_is_down")]
    pub accept_data_loss: bool,
    /// I do not wait for a mirror that takes long: posts stand on one machine until it is in sync
    #[arg(long, conflicts_with_all = ["salvage_only", "turn_back"])]
    pub without_mirror: bool,
}

/// `standfast switchover`
#[derive(Debug, Args)]
pub(crate) struct Switchover {
    #[command(flatten)]
    pub order: Order,
    /// Go back to the primary's own place instead of to the mirror
    #[arg(long)]
    pub back: bool,
    /// I attest that the primary's host is down: the mirror is promoted
    #[arg(long)]
    pub attest_primary_is_down: bool,
}

#[cfg(test)]
mod tests {
    use super::spelled;

    #[test]
    fn a_parameter_is_taken_as_the_cmdlets_spell_it() {
        let cases = [
            ("failover -AttestSiteIsDown -WhatIf", "failover --attest-site-is-down --what-if"),
            ("failover --pool -AcceptMissingLog 1-2", "failover --pool --accept-missing-log 1-2"),
            ("failback -Identity p.example.org -v -X", "failback --identity p.example.org -v -X"),
            ("shell -JSON -parseonly -c -Name", "shell --json --parse-only -c -Name"),
            ("run -WhatIf", "run -WhatIf"),
        ];
        for (given, wanted) in cases {
            let given = format!("standfast {given}");
            let became = spelled(given.split(' ').map(Into::into)).join(" ".as_ref());
            assert_eq!(became.to_str().unwrap(), format!("standfast {wanted}"));
        }
    }
}

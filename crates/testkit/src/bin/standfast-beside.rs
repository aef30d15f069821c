//! Runs a command beside a fresh deployment, whose facts it finds in its environment:
//! `standfast-beside -- COMMAND ARGUMENTS`. Ends as the command ends.
#![allow(clippy::print_stdout, reason = "this is a command line tool")]

use anyhow::{Context as _, bail};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use testkit::deployment::{Bootstrap, Deployment, Plans};
use topology::Pool;

/// The deployment: the demo's.
const TOPOLOGY: &str = "config/demo.toml";

const USERS: [&str; 3] = ["ann", "bob", "cyd"];
const ROOMS: [&str; 2] = ["ward", "kitchen"];

/// From nothing to a pool that is Normal.
const NORMAL: Duration = Duration::from_mins(2);

#[tokio::main]
async fn main() -> ExitCode {
    match beside().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("standfast-beside: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn beside() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [separator, command, rest @ ..] = arguments.as_slice() else {
        bail!("say which command: standfast-beside -- COMMAND ARGUMENTS");
    };
    if separator != "--" {
        bail!("say -- before the command");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join(TOPOLOGY)).context("read the demo's topology")?;
    let bootstrap = Bootstrap::new(&USERS, &ROOMS).text();
    let plans = Plans { bootstrap: Some(bootstrap), ..Plans::private(&text)? };
    let mut deployment = Deployment::prepare(plans).await?;
    let done = run(&mut deployment, command, rest).await;
    if done.is_err() {
        println!("{}", deployment.last_words());
    }
    deployment.stop().await?;
    done
}

async fn run(deployment: &mut Deployment, command: &str, rest: &[String]) -> anyhow::Result<()> {
    deployment.start().await?;
    deployment.is_normal(NORMAL).await?;
    let chat = deployment.topology().chat_pools().find_map(Pool::chat);
    let room = format!("{}@{}", ROOMS[0], chat.context("the topology has a chat pool")?.rooms);
    deployment.lets_in(USERS[0], &Bootstrap::password(USERS[0]), &room, NORMAL).await?;
    let mut child = tokio::process::Command::new(command);
    child.args(rest).envs(facts(deployment)?).kill_on_drop(true);
    let status = child.status().await.with_context(|| format!("run {command}"))?;
    if !status.success() {
        bail!("{command} ended with {status}");
    }
    Ok(())
}

/// What a client has to know.
fn facts(deployment: &Deployment) -> anyhow::Result<Vec<(String, String)>> {
    let topology = deployment.topology();
    let pool = topology.chat_pools().next().context("the topology has a chat pool")?;
    let chat = pool.chat().context("it is a chat pool")?;
    let server = pool.servers.first().context("the pool has a server")?;
    let server = topology.host(server).context("the server is a host")?;
    let mut facts = vec![
        ("DOMAIN".to_owned(), topology.domain.clone()),
        ("ROOMS_DOMAIN".to_owned(), chat.rooms.clone()),
        ("ROOMS".to_owned(), ROOMS.join(" ")),
        ("SERVER".to_owned(), server.address.to_string()),
        ("CLIENT_PORT".to_owned(), chat.client_port.to_string()),
        ("CLIENT_TLS_PORT".to_owned(), chat.client_tls_port.to_string()),
        ("DNS".to_owned(), deployment.dns().address().to_string()),
        ("AUTHORITY".to_owned(), deployment.authority().display().to_string()),
    ];
    for (number, user) in USERS.iter().enumerate() {
        facts.push((format!("USER{}", number + 1), (*user).to_owned()));
        facts.push((format!("PASSWORD{}", number + 1), Bootstrap::password(user)));
    }
    Ok(facts.into_iter().map(|(name, value)| (format!("STANDFAST_{name}"), value)).collect())
}

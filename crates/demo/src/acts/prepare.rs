//! Before the curtain: certificates, directories, names.

use crate::Arguments;
use crate::accounting::Account;
use crate::administrator::Administrator;
use crate::narration::Narration;
use crate::people::{self, People};
use crate::preflight;
use crate::stage::Stage;
use crate::watch::Watch;
use testkit::deployment::{Deployment, Plans};
use topology::Topology;

/// The deployment, also for reading along.
const FILE: &str = "config/demo.toml";
const TOPOLOGY: &str = include_str!("../../../../config/demo.toml");

pub(crate) async fn play(arguments: &Arguments) -> anyhow::Result<Stage> {
    let plans = plans(arguments)?;
    let checked =
        Topology::parse(FILE, &plans.topology).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    preflight::ports_are_free(&checked.topology)?;
    if let Some(directory) = &plans.directory {
        preflight::directory_is_usable(directory)?;
    }
    let mut narration = Narration::begin();
    narration.act("A pool in two sites");
    let deployment =
        narration.during("certificates and directories", Deployment::prepare(plans)).await?;
    narration.say(format!(
        "The pool of {FILE}: {} hosts with loopback addresses of their own, in two sites.\n\
         Their data: {}",
        checked.topology.hosts.len(),
        deployment.directory().display()
    ));
    let administrator = Administrator::of(&deployment)?;
    Ok(Stage {
        watch: Watch::begin(administrator.clone()),
        people: People::prepare(&deployment).await?,
        deployment,
        administrator,
        narration,
        account: Account::default(),
    })
}

fn plans(arguments: &Arguments) -> anyhow::Result<Plans> {
    let plans = if arguments.apart {
        Plans::private(TOPOLOGY)?
    } else {
        Plans { topology: TOPOLOGY.to_owned(), bootstrap: None, directory: None, addresses: None }
    };
    let bootstrap = Some(people::bootstrap().text());
    Ok(Plans { bootstrap, directory: arguments.keep.clone(), ..plans })
}

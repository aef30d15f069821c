//! `standfast shell`: lines in, cmdlets to a host, objects out.
//!
//! The language asks for effects one at a time; here they happen: cmdlets go to a host through its
//! control port, files are read and written on this machine, and people are asked.

mod effects;
mod interactive;

use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use shell::{Catalogue, Environment, Need, Origin, Run, parse};

use crate::args::{Reach, Shell};
use crate::reach::{Deployment, block_on};
use effects::Effects;

/// The largest script that is read.
const SCRIPT_BYTES_MAX: u64 = 1024 * 1024;

/// Runs text, a file, standard input, or what is typed.
pub(crate) fn shell(arguments: &Shell) -> anyhow::Result<ExitCode> {
    if let Some(line) = &arguments.command {
        return run_line(&arguments.reach, line);
    }
    let Some(file) = &arguments.file else {
        return block_on(interactive::interactive(&arguments.reach));
    };
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().take(SCRIPT_BYTES_MAX).read_to_string(&mut text)
    } else {
        let open = std::fs::File::open(file);
        open.and_then(|open| open.take(SCRIPT_BYTES_MAX).read_to_string(&mut text))
    }
    .with_context(|| format!("read the script {}", file.display()))?;
    block_on(run_once(&arguments.reach, &text, Origin::Script))
}

/// Runs one text as if it were typed.
pub(crate) fn run_line(reach: &Reach, line: &str) -> anyhow::Result<ExitCode> {
    block_on(run_once(reach, line, Origin::Line))
}

async fn run_once(reach: &Reach, text: &str, origin: Origin) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(admin::cmdlets::catalogue());
    // What cannot be understood needs no deployment to be refused.
    if let Err(error) = parse(text, origin) {
        effects::complain(&error.shown(text));
        return Ok(ExitCode::FAILURE);
    }
    let (deployment, _) = Deployment::reach(reach).await?;
    let mut effects = Effects::new(deployment);
    let (_, ended) = execute(text, origin, &catalogue, Environment::default(), &mut effects).await;
    Ok(if ended { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs `text` to its end. Gives the environment as it is then, and whether all went well.
async fn execute(
    text: &str,
    origin: Origin,
    catalogue: &Arc<Catalogue>,
    environment: Environment,
    effects: &mut Effects,
) -> (Environment, bool) {
    let script = match parse(text, origin) {
        Ok(script) => script,
        Err(error) => {
            effects::complain(&error.shown(text));
            return (environment, false);
        }
    };
    if !script.notes.is_empty() {
        for note in &script.notes {
            effects::remark(&note.message);
        }
        effects::remark(&format!("understood as: {}", script.normalised()));
    }
    let mut run = Run::new(script, Arc::clone(catalogue), environment);
    let mut answer = shell::Answer::Go;
    loop {
        match run.step(answer) {
            Need::Done(environment, Ok(())) => return (environment, true),
            Need::Done(environment, Err(failure)) => {
                effects::complain(&failure.shown(text));
                return (environment, false);
            }
            need => answer = effects.perform(need).await,
        }
    }
}

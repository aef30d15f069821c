//! Values from the live system and from this machine, for completion.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shell::{Answer, Catalogue, Environment, Need, Origin, Run, Value, parse};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::effects::invoke_silently;
use super::exchange::{Exchange, windows_parts};
use crate::reach::Deployment;

/// How long a person waits for what could stand at the cursor.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long what was learnt is offered again.
const FRESH: Duration = Duration::from_secs(10);

/// The most values that are offered.
const MAX_OFFERED: usize = 200;

/// Asks the deployment, and looks at files.
pub(super) struct Live {
    deployment: Arc<Deployment>,
    catalogue: Arc<Catalogue>,
    exchange: Exchange,
    runtime: Handle,
    learnt: BTreeMap<&'static str, (Instant, Vec<String>)>,
}

impl Live {
    /// To be made where the runtime is, and used on a thread that may wait.
    pub(super) fn new(
        deployment: Arc<Deployment>,
        catalogue: Arc<Catalogue>,
        exchange: Exchange,
    ) -> Self {
        let runtime = Handle::current();
        Self { deployment, catalogue, exchange, runtime, learnt: BTreeMap::new() }
    }

    /// What of the kind `what` begins like `typed`, as it would be typed. An identity may have
    /// the words of its kind before it, as in `service:ApplicationServer:`.
    pub(super) fn offered(&mut self, what: &'static str, typed: &str) -> Vec<String> {
        if what == "file" {
            return self.files(typed);
        }
        let (before, rest) = typed
            .rsplit_once(':')
            .map_or(("", typed), |(before, rest)| (&typed[..=before.len()], rest));
        let begins =
            |it: &&String| it.get(..rest.len()).is_some_and(|it| it.eq_ignore_ascii_case(rest));
        let values = self.values(what);
        let found = values.iter().filter(begins).take(MAX_OFFERED);
        found.map(|it| shell::argument(&format!("{before}{it}"))).collect()
    }

    /// Every value of the kind `what`, sorted, each once; none if the deployment does not answer.
    fn values(&mut self, what: &'static str) -> Vec<String> {
        if let Some((since, values)) = self.learnt.get(what)
            && since.elapsed() < FRESH
        {
            return values.clone();
        }
        let line = admin::cmdlets::OFFERS.iter().find(|(it, _)| *it == what).map(|(_, line)| *line);
        let Some(line) = line else { return Vec::new() };
        let asked = self.runtime.block_on(timeout(PATIENCE, self.ask(line)));
        let mut values: Vec<String> = asked.unwrap_or_default();
        values.sort();
        values.dedup();
        self.learnt.insert(what, (Instant::now(), values.clone()));
        values
    }

    /// The texts that `line` prints; none if it fails.
    async fn ask(&self, line: &str) -> Vec<String> {
        let Ok(script) = parse(line, Origin::Script) else { return Vec::new() };
        let mut run = Run::new(script, Arc::clone(&self.catalogue), Environment::default());
        let mut found = Vec::new();
        let mut answer = Answer::Go;
        loop {
            answer = match run.step(answer) {
                Need::Invoke(call) => match invoke_silently(&self.deployment, call).await {
                    Ok(objects) => Answer::Objects(objects),
                    Err(fault) => Answer::Failed(fault.into()),
                },
                Need::Emit(objects) => {
                    found.extend(objects.into_iter().flat_map(flat).map(|it| it.to_string()));
                    Answer::Go
                }
                // Whoever lists values needs nothing else.
                _ => return found,
            };
        }
    }

    /// The files that begin like `typed`; a folder ends with the sign that goes on.
    fn files(&self, typed: &str) -> Vec<String> {
        let cut = typed.rfind(['/', '\\']).map_or(0, |at| at + 1);
        let (before, rest) = typed.split_at(cut);
        let Some(folder) = self.folder(before) else { return Vec::new() };
        let sign = if before.contains('\\') { '\\' } else { '/' };
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut found: Vec<String> = entries
            .filter_map(Result::ok)
            .filter_map(|it| Some((it.file_name().into_string().ok()?, it.path().is_dir())))
            .filter(|(name, _)| {
                name.starts_with(rest) && (!rest.is_empty() || !name.starts_with('.'))
            })
            .map(|(name, folder)| (format!("{before}{name}"), folder))
            .map(|(name, folder)| if folder { format!("{name}{sign}") } else { name })
            .collect();
        found.sort();
        found.truncate(MAX_OFFERED);
        found.iter().map(|it| shell::argument(it)).collect()
    }

    /// The folder that `before` (all up to the last sign between names) means.
    fn folder(&self, before: &str) -> Option<PathBuf> {
        match windows_parts(&format!("{before}x")) {
            Ok(Some(parts)) => {
                let folders = &parts[..parts.len().saturating_sub(1)];
                Some(
                    folders
                        .iter()
                        .fold(self.exchange.folder().to_owned(), |it, part| it.join(part)),
                )
            }
            Ok(None) if before.is_empty() => Some(Path::new(".").to_owned()),
            Ok(None) => Some(PathBuf::from(before)),
            Err(_) => None,
        }
    }
}

/// The values of a list, or the value itself.
fn flat(value: Value) -> Vec<Value> {
    match value {
        Value::List(items) => items.into_iter().flat_map(flat).collect(),
        other => vec![other],
    }
}

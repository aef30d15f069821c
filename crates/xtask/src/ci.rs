//! What a reviewer would check: every stage runs, also after a failure, and a summary closes.

use crate::{docs, interop, run, setup, test, tidy};
use anyhow::{Context as _, bail};
use std::time::{Duration, Instant};

/// A stage answers with a remark for the summary.
type Stage = (&'static str, fn() -> anyhow::Result<String>);

/// In this order, the cheap ones first.
const STAGES: &[Stage] = &[
    ("set up", || quietly(setup::run(setup::For::Tests))),
    ("formatting", || quietly(formatting())),
    ("tidy", || quietly(tidy::run())),
    ("lints", || quietly(lints())),
    ("tests", tests),
    ("generated pages", || quietly(docs::check())),
    ("other people's clients", || quietly(interop::run(None))),
    ("licences and sources", supply),
];

struct Outcome {
    stage: &'static str,
    took: Duration,
    result: anyhow::Result<String>,
}

/// Runs every stage and fails when one of them failed.
pub(crate) fn run() -> anyhow::Result<()> {
    let start = Instant::now();
    let mut outcomes = Vec::new();
    for (stage, check) in STAGES {
        println!("\n==== {stage}");
        let begun = Instant::now();
        let result = check();
        if let Err(error) = &result {
            println!("==== {stage} failed: {error:#}");
        }
        outcomes.push(Outcome { stage, took: begun.elapsed(), result });
    }
    println!("\n==== summary");
    for outcome in &outcomes {
        println!("{}", outcome.line());
    }
    let failed = outcomes.iter().filter(|it| it.result.is_err()).count();
    println!("{} stages in {} s, {failed} failed", outcomes.len(), start.elapsed().as_secs());
    if failed > 0 {
        bail!("{failed} of {} stages failed", outcomes.len());
    }
    Ok(())
}

impl Outcome {
    fn line(&self) -> String {
        let (verdict, remark) = match &self.result {
            Ok(remark) => ("ok", remark.clone()),
            Err(error) => ("FAILED", error.to_string()),
        };
        let seconds = self.took.as_secs();
        format!("{verdict:<7}{seconds:>5} s  {:<24}{remark}", self.stage).trim_end().to_owned()
    }
}

fn quietly(result: anyhow::Result<()>) -> anyhow::Result<String> {
    result.map(|()| String::new())
}

fn formatting() -> anyhow::Result<()> {
    run::succeed(run::cargo().args(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")
}

fn lints() -> anyhow::Result<()> {
    let mut command = run::cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]);
    run::succeed(&mut command)
}

fn tests() -> anyhow::Result<String> {
    let counts = test::Counts::default();
    test::run_tests(&[], &counts).map(|()| counts.sentence()).with_context(|| counts.sentence())
}

fn supply() -> anyhow::Result<String> {
    if !run::succeeds(run::cargo().args(["deny", "--version"])) {
        return Ok("not checked: cargo-deny is not installed".to_owned());
    }
    run::succeed(run::cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    Ok(String::new())
}

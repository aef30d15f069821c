//! Runs every test, and counts them.

use crate::{run, setup, tidy};
use anyhow::Context as _;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// What the runner said.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    passed: AtomicU32,
    failed: AtomicU32,
    skipped: AtomicU32,
}

/// Sets the machine up, tidies, and runs all tests; nothing is left out.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    setup::run(setup::For::Tests)?;
    tidy::run()?;
    let counts = Counts::default();
    let done = run_tests(arguments, &counts);
    println!("{}", counts.sentence());
    done
}

/// Runs the tests with `nextest` where it is installed, otherwise with cargo's own runner.
pub(crate) fn run_tests(arguments: &[String], counts: &Counts) -> anyhow::Result<()> {
    // Tests start these as processes of their own.
    run::succeed(run::cargo().args(["build", "--workspace", "--bins"])).context("build")?;
    if !run::succeeds(run::cargo().args(["nextest", "--version"])) {
        let mut command = run::cargo();
        command.args(["test", "--workspace", "--no-fail-fast"]);
        return hear(command.args(arguments), counts).context("run the tests");
    }
    let mut command = run::cargo();
    command.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    let tests = hear(command.args(arguments), counts).context("run the tests");
    let mut command = run::cargo();
    command.args(["test", "--workspace", "--doc", "--no-fail-fast", "--quiet"]);
    let examples = hear(&mut command, counts).context("run the examples in the documentation");
    tests.and(examples)
}

fn hear(command: &mut Command, counts: &Counts) -> anyhow::Result<()> {
    run::succeed_hearing(command, |line| counts.hear(line))
}

impl Counts {
    /// Understands the closing lines of both runners.
    fn hear(&self, line: &str) {
        let line = line.trim_end();
        // What a failed test had said is shown indented, and has a closing line of its own.
        if !line.trim_start().starts_with("Summary [") && !line.starts_with("test result:") {
            return;
        }
        // "2 passed (1 slow), 1 timed out, 0 skipped", and "2 passed; 0 failed; 0 ignored".
        let words: Vec<&str> = line.split([' ', ',', ';', '(', ')', ':']).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse() else { continue };
            let counter = match pair[1] {
                "passed" => &self.passed,
                "failed" | "timed" => &self.failed,
                "skipped" | "ignored" => &self.skipped,
                _ => continue,
            };
            counter.fetch_add(number, Ordering::Relaxed);
        }
    }

    pub(crate) fn sentence(&self) -> String {
        let [passed, failed, skipped] =
            [&self.passed, &self.failed, &self.skipped].map(|it| it.load(Ordering::Relaxed));
        format!("{passed} tests passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], sentence: &str) {
        let counts = Counts::default();
        for line in lines {
            counts.hear(line);
        }
        assert_eq!(counts.sentence(), sentence);
    }

    #[test]
    fn counts_what_nextest_ran() {
        let line = "     Summary [   1.001s] 8 tests run: 5 passed (2 slow), 2 failed, \
                    1 timed out, 4 skipped\n";
        let quoted = "    test result: FAILED. 0 passed; 1 failed; 0 ignored; finished in 15.24s\n";
        check(&[quoted, line], "5 tests passed, 3 failed, 4 skipped");
    }

    #[test]
    fn adds_up_what_cargo_ran() {
        let lines = [
            "running 3 tests\n",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
            "test result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out\n",
        ];
        check(&lines, "4 tests passed, 1 failed, 2 skipped");
    }
}

//! What the audience reads: plain, short, and with the time since the story began.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How wide a heading is.
const WIDTH: usize = 78;

/// How often a long step shows on a terminal that it goes on, and how often elsewhere.
const LIVELY: Duration = Duration::from_millis(200);
const SELDOM: Duration = Duration::from_secs(5);

/// Tells the story.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Narration {
    begun: Instant,
    on_terminal: bool,
    acts: u32,
}

impl Narration {
    pub(crate) fn begin() -> Self {
        let on_terminal = std::io::stdout().is_terminal();
        Self { begun: Instant::now(), on_terminal, acts: 0 }
    }

    /// A new act.
    pub(crate) fn act(&mut self, title: &str) {
        self.acts += 1;
        println!("\n{}", heading(self.acts, title, self.begun.elapsed()));
    }

    /// How long the story has taken.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// One sentence.
    pub(crate) fn say(self, text: impl AsRef<str>) {
        self.rub_out();
        for line in text.as_ref().lines() {
            println!("   {line}");
        }
    }

    /// What an administrator types.
    pub(crate) fn typed(self, command: &str) {
        self.rub_out();
        println!("   $ {command}");
    }

    /// What the product answers.
    pub(crate) fn heard(self, line: &str) {
        self.rub_out();
        println!("   | {line}");
    }

    /// Shows that something goes on while it goes on.
    pub(crate) async fn during<T>(self, what: &str, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let every = if self.on_terminal { LIVELY } else { SELDOM };
        let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => {
                    self.rub_out();
                    return done;
                }
                _ = tick.tick() => self.progress(what, begun.elapsed()),
            }
        }
    }

    fn progress(self, what: &str, elapsed: Duration) {
        if self.on_terminal {
            print!("\r\x1b[2K   ... {what}: {:.1} s", elapsed.as_secs_f64());
            // It is shown again in a moment.
            std::io::stdout().flush().ok();
        } else {
            println!("   ... {what}: {} s", elapsed.as_secs());
        }
    }

    fn rub_out(self) {
        if self.on_terminal {
            print!("\r\x1b[2K");
        }
    }
}

fn heading(number: u32, title: &str, elapsed: Duration) -> String {
    let start = format!("-- {number}. {title} ");
    let end = format!(" {:.1} s --", elapsed.as_secs_f64());
    let rule = WIDTH.saturating_sub(start.chars().count() + end.len());
    format!("{start}{}{end}", "-".repeat(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_of_one_width() {
        let heading = heading(3, "People talk", Duration::from_millis(12_340));
        assert_eq!(heading.chars().count(), WIDTH);
        assert!(heading.starts_with("-- 3. People talk ---"), "{heading}");
        assert!(heading.ends_with("--- 12.3 s --"), "{heading}");
    }
}

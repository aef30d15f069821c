//! Waiting for a condition, with a deadline.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until `look` answers `Ok`, and returns what it found.
///
/// `Err` carries what was seen instead. Panics at the deadline with the last observation; a look
/// that hangs is ended by the deadline, too.
pub async fn eventually<T, O: Debug>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, O>,
) -> T {
    let end = Instant::now() + deadline;
    let mut last = None;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(seen) = tokio::time::timeout(left, look()).await else {
            panic!("{what}: not within {deadline:?}; the last look hung; before: {last:?}");
        };
        match seen {
            Ok(found) => return found,
            Err(seen) => last = Some(seen),
        }
        assert!(Instant::now() < end, "{what}: not within {deadline:?}; seen last: {last:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn returns_what_was_found_in_the_end() {
        let mut looks = 0;
        let found = eventually(Duration::from_secs(10), "the third look", async || {
            looks += 1;
            if looks == 3 { Ok(looks) } else { Err(looks) }
        })
        .await;
        assert_eq!(found, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "seen last: Some(\"nothing\")")]
    async fn tells_what_it_saw_last() {
        let deadline = Duration::from_millis(50);
        eventually(deadline, "something", async || Err::<(), _>("nothing")).await;
    }
}

//! What the story cost: outages, exposure, and every acknowledged post accounted for.

use crate::watch::Look;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::checker::{AfterFailover, Rooms, Verdict};
use testkit::ledger::{Entry, Event};

/// The story shows nothing unless so many acknowledged posts had not been shipped.
pub(crate) const UNSHIPPED_MIN: usize = 100;

/// A time without acknowledgements.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Outage {
    pub(crate) what: &'static str,
    /// From what caused it to the next acknowledged post.
    pub(crate) lasted: Duration,
    /// From the administrator's command to the next acknowledged post, where one was needed.
    pub(crate) since_command: Option<Duration>,
    /// How long the new primary acknowledged posts alone.
    pub(crate) exposed: Duration,
}

/// How far behind the backup site was when home was last heard, in the product's words.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Behind {
    pub(crate) bytes: Option<u64>,
    pub(crate) time: Option<String>,
    pub(crate) heard_at: Option<String>,
}

/// Everything that was measured on the way.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) outages: Vec<Outage>,
    pub(crate) behind: Option<Behind>,
    /// When the home site was lost.
    pub(crate) lost_at: Option<Instant>,
    pub(crate) losses: Vec<AfterFailover>,
    /// Acknowledged before the primary instance was killed, and not there after the switchover.
    pub(crate) lost_in_site: usize,
}

/// The longest time without an acknowledgement between `from` and `until`: when it began, and the
/// acknowledgement that ended it.
///
/// The first acknowledgement after a kill does not end the outage: it may have been on its way.
pub(crate) fn silence(
    acknowledgements: &[Instant],
    from: Instant,
    until: Instant,
) -> Option<(Instant, Instant)> {
    let mut before = from;
    let mut longest: Option<(Instant, Instant)> = None;
    for at in acknowledgements.iter().filter(|at| **at > from && **at <= until) {
        if longest.is_none_or(|(begun, ended)| *at - before > ended - begun) {
            longest = Some((before, *at));
        }
        before = *at;
    }
    longest
}

/// How long there was no mirror in sync in a term other than `former`, from `since` on; none when
/// it has not been seen in sync yet. As exact as we look often.
pub(crate) fn exposure(looks: &[Look], former: Option<&str>, since: Instant) -> Option<Duration> {
    let in_sync = |look: &&Look| look.seen.term.as_deref() != former && look.seen.is_in_sync();
    let first = looks.iter().find(in_sync)?;
    Some(first.heard.saturating_duration_since(since))
}

/// How many posts that were acknowledged in `entries` do not stand in the rooms.
pub(crate) fn missing(entries: &[Entry], standing: &Rooms) -> usize {
    let there: BTreeSet<(&str, &str)> = standing
        .values()
        .flatten()
        .map(|post| (post.room.as_str(), post.archive_id.as_str()))
        .collect();
    let acknowledged: BTreeSet<(&str, &str)> = entries
        .iter()
        .filter_map(|entry| match &entry.what {
            Event::Acknowledged(post) => Some((post.room.as_str(), post.archive_id.as_str())),
            _ => None,
        })
        .collect();
    acknowledged.difference(&there).count()
}

/// Everything that is not as it was promised, in sentences.
pub(crate) fn complaints(account: &Account, verdict: &Verdict) -> Vec<String> {
    let mut complaints = Vec::new();
    let Verdict { acknowledged, present, unshipped, recovered, .. } = verdict;
    if account.lost_in_site > 0 {
        let lost = account.lost_in_site;
        complaints.push(format!("{lost} acknowledged posts were lost inside the home site"));
    }
    if present != acknowledged {
        complaints.push(format!("{present} of {acknowledged} acknowledged posts are there"));
    }
    if *unshipped < UNSHIPPED_MIN {
        complaints.push(format!(
            "only {unshipped} acknowledged posts had not been shipped, fewer than {UNSHIPPED_MIN}"
        ));
    }
    if recovered != unshipped {
        complaints.push(format!("{recovered} of {unshipped} unshipped posts were recovered"));
    }
    for (posts, what) in [
        (&verdict.lost, "were acknowledged and are lost"),
        (&verdict.vanished, "were seen and are not there"),
        (&verdict.duplicated, "are there more than once"),
        (&verdict.altered, "are not as they were sent"),
        (&verdict.invented, "are there though nobody sent them"),
        (&verdict.reordered, "stand in another order than they were committed in"),
    ] {
        if let Some(first) = posts.first() {
            complaints.push(format!("{} posts {what}, such as {first}", posts.len()));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protection::Protection;
    use testkit::client::Post;

    fn at(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_longest_silence_begins_at_the_earliest_with_its_cause() {
        let start = Instant::now();
        let times = [80, 104, 110, 600, 650, 9_000].map(|it| at(start, it));
        let cause = at(start, 100);
        let expected = Some((at(start, 110), at(start, 600)));
        assert_eq!(silence(&times, cause, at(start, 700)), expected);
        let none_on_its_way = at(start, 110);
        assert_eq!(silence(&times, none_on_its_way, at(start, 700)), expected);
        assert_eq!(silence(&times, at(start, 9_000), at(start, 9_500)), None);
    }

    fn look(start: Instant, milliseconds: u64, term: &str, mirror: &str) -> Look {
        let (term, mirror) = (Some(term.to_owned()), Some(mirror.to_owned()));
        let heard = at(start, milliseconds);
        let seen = Protection { term, mirror, ..Protection::default() };
        Look { asked: heard, heard, seen }
    }

    #[test]
    fn a_mirror_of_the_former_term_protects_nobody() {
        let start = Instant::now();
        let mut looks =
            vec![look(start, 10, "(1, 1)", "synchronized"), look(start, 20, "(1, 2)", "suspended")];
        assert_eq!(exposure(&looks, Some("(1, 1)"), start), None);
        looks.push(look(start, 900, "(1, 2)", "synchronized"));
        assert_eq!(exposure(&looks, Some("(1, 1)"), start), Some(Duration::from_millis(900)));
        let late = at(start, 1_000);
        assert_eq!(exposure(&looks, Some("(1, 1)"), late), Some(Duration::ZERO));
    }

    fn acknowledged(archive_id: &str) -> Post {
        Post {
            room: "ward@rooms".to_owned(),
            nick: "ann".to_owned(),
            archive_id: archive_id.to_owned(),
            origin_id: None,
            body: "hello".to_owned(),
            stamp: None,
            recovered: false,
        }
    }

    #[test]
    fn missing_posts_are_those_that_were_acknowledged() {
        let entry = |post: Post| Entry {
            at: Instant::now(),
            who: "ann".to_owned(),
            what: Event::Acknowledged(post),
        };
        let entries = [entry(acknowledged("1")), entry(acknowledged("2"))];
        let standing = Rooms::from([("ward@rooms".to_owned(), vec![acknowledged("1")])]);
        assert_eq!(missing(&entries, &standing), 1);
        assert_eq!(missing(&entries[..1], &standing), 0);
    }

    #[test]
    fn each_broken_promise_is_a_complaint() {
        let good = Verdict {
            acknowledged: 500,
            present: 500,
            unshipped: 100,
            recovered: 100,
            ..Verdict::default()
        };
        let account = Account::default();
        assert_eq!(complaints(&account, &good), Vec::<String>::new());
        let one = || vec!["ward 1".to_owned()];
        for bad in [
            Verdict { present: 499, ..good.clone() },
            Verdict { unshipped: 99, recovered: 99, ..good.clone() },
            Verdict { recovered: 99, ..good.clone() },
            Verdict { lost: one(), ..good.clone() },
            Verdict { vanished: one(), ..good.clone() },
            Verdict { duplicated: one(), ..good.clone() },
            Verdict { altered: one(), ..good.clone() },
            Verdict { invented: one(), ..good.clone() },
            Verdict { reordered: one(), ..good.clone() },
        ] {
            assert_eq!(complaints(&account, &bad).len(), 1, "{bad:?}");
        }
        let account = Account { lost_in_site: 1, ..Account::default() };
        assert_eq!(complaints(&account, &good).len(), 1);
    }
}

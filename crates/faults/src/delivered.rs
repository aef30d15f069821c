//! Was delivered what stands in the rooms, to the last post?
//!
//! Stricter than the [checker](testkit::checker), and only right when it is quiet: everybody has
//! been answered and is in all rooms.

use std::collections::{BTreeMap, BTreeSet};
use testkit::checker::Rooms;
use testkit::ledger::{Entry, Event};

/// What somebody saw of a room, in the order in which it was seen.
type Seen<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a str>>;

/// Everything that was delivered and does not stand, that stands and was not delivered, or that
/// was delivered in another order, from the first post on that each saw in each room.
pub fn complaints(entries: &[Entry], standing: &Rooms) -> Vec<String> {
    let mut seen = Seen::new();
    for entry in entries {
        if let Event::Seen(post) = &entry.what {
            let line = seen.entry((&entry.who, &post.room)).or_default();
            line.push(&post.archive_id);
        }
    }
    let mut complaints = Vec::new();
    for ((who, room), delivered) in seen {
        let stand = standing.get(room).map(Vec::as_slice).unwrap_or_default();
        let archived = stand.iter().map(|post| post.archive_id.as_str());
        let archived: Vec<&str> =
            archived.skip_while(|it| delivered.first().is_some_and(|first| first != it)).collect();
        complaints
            .extend(compare(&delivered, &archived).map(|it| format!("{who} in {room}: {it}")));
    }
    complaints
}

/// Waiting for the last posts: who has not seen the last post of which room.
pub fn missing_the_last(entries: &[Entry], standing: &Rooms, who: &[String]) -> Vec<String> {
    let mut saw = BTreeSet::new();
    for entry in entries {
        if let Event::Seen(post) = &entry.what {
            saw.insert((entry.who.as_str(), post.archive_id.as_str()));
        }
    }
    let lasts = standing.iter().filter_map(|(room, posts)| Some((room, posts.last()?)));
    let late = lasts.flat_map(|(room, last)| {
        let late = who.iter().filter(|it| !saw.contains(&(it.as_str(), last.archive_id.as_str())));
        late.map(move |it| format!("{it} has not seen {} of {room}", last.archive_id))
    });
    late.collect()
}

fn compare(delivered: &[&str], archived: &[&str]) -> Option<String> {
    if delivered == archived {
        return None;
    }
    let (had, stand): (BTreeSet<_>, BTreeSet<_>) =
        (delivered.iter().collect(), archived.iter().collect());
    let not_delivered: Vec<_> = archived.iter().filter(|it| !had.contains(it)).collect();
    let not_archived: Vec<_> = delivered.iter().filter(|it| !stand.contains(it)).collect();
    Some(match (not_delivered.first(), not_archived.first()) {
        (None, None) => "delivered in another order than archived, or twice".to_owned(),
        (first, other) => format!(
            "{} archived and not delivered (first {first:?}), {} delivered and not archived \
             (first {other:?})",
            not_delivered.len(),
            not_archived.len()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use testkit::client::Post;

    fn post(archive_id: &str) -> Post {
        Post {
            room: "ward@rooms".to_owned(),
            nick: "ann".to_owned(),
            archive_id: archive_id.to_owned(),
            origin_id: None,
            body: String::new(),
            stamp: None,
            recovered: false,
        }
    }

    fn check(delivered: &[&str], complaint: Option<&str>) {
        let archived = ["1", "2", "3", "4"].map(post).to_vec();
        let standing = Rooms::from([("ward@rooms".to_owned(), archived)]);
        let entry = |id: &&str| Entry {
            at: Instant::now(),
            who: "bob".to_owned(),
            what: Event::Seen(post(id)),
        };
        let entries: Vec<Entry> = delivered.iter().map(entry).collect();
        let found = complaints(&entries, &standing);
        match (complaint, found.as_slice()) {
            (None, []) => {}
            (Some(wanted), [found]) => assert!(found.contains(wanted), "{found}"),
            (wanted, found) => panic!("{found:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn everything_from_the_first_seen_on_must_have_been_seen_in_order() {
        check(&["1", "2", "3", "4"], None);
        check(&["3", "4"], None);
        check(&["2", "4"], Some("1 archived and not delivered"));
        check(&["2", "3"], Some("1 archived and not delivered"));
        check(&["2", "3", "4", "5"], Some("1 delivered and not archived"));
        check(&["1", "3", "2", "4"], Some("another order"));
        check(&["1", "2", "2", "3", "4"], Some("twice"));
        check(&["9"], Some("1 delivered and not archived"));
    }

    #[test]
    fn who_has_not_seen_the_last_post_is_named() {
        let standing = Rooms::from([("ward@rooms".to_owned(), vec![post("1"), post("2")])]);
        let who = ["bob".to_owned()];
        assert_eq!(missing_the_last(&[], &standing, &who).len(), 1);
        let at = Instant::now();
        let saw = Entry { at, who: who[0].clone(), what: Event::Seen(post("2")) };
        assert!(missing_the_last(&[saw], &standing, &who).is_empty());
    }
}

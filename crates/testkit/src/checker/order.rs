//! Do posts stand in the order in which they were told?

use super::{AfterFailover, Key, Rooms, key, name};
use crate::client::Post;
use crate::ledger::{Entry, Event};
use std::collections::{BTreeMap, BTreeSet};

/// Where a post stands in the end. Recovered posts keep their order among themselves only.
#[derive(Clone, Copy)]
struct Place {
    position: usize,
    recovered: bool,
}

/// Every post that stands where it should not, and why.
pub(super) fn complaints(
    entries: &[Entry],
    losses: &[AfterFailover],
    standing: &Rooms,
) -> Vec<String> {
    let mut places = BTreeMap::new();
    for post in standing.values().flatten() {
        let place = Place { position: places.len(), recovered: post.recovered };
        places.entry(key(post)).or_insert(place);
    }
    let mut found = BTreeSet::new();
    as_seen(entries, &places, &mut found);
    as_answered(entries, &places, &mut found);
    recovered_last(losses, standing, &places, &mut found);
    found.into_iter().collect()
}

/// Everybody saw the posts of a room in the order in which they stand.
fn as_seen(entries: &[Entry], places: &BTreeMap<Key, Place>, found: &mut BTreeSet<String>) {
    let mut last: BTreeMap<(&str, &str, bool), (usize, &Post)> = BTreeMap::new();
    for entry in entries {
        let Event::Seen(post) = &entry.what else { continue };
        let Some(place) = places.get(&key(post)) else { continue };
        let line = (entry.who.as_str(), post.room.as_str(), place.recovered);
        if let Some((before, earlier)) = last.get(&line)
            && *before > place.position
        {
            found.insert(format!("{} seen after {}", name(post), name(earlier)));
            continue;
        }
        last.insert(line, (place.position, post));
    }
}

/// What was sent after another post of the room had been acknowledged stands behind it.
fn as_answered(entries: &[Entry], places: &BTreeMap<Key, Place>, found: &mut BTreeSet<String>) {
    // Of each post, the furthest acknowledged one of its room when it was first sent.
    let mut furthest: BTreeMap<&str, usize> = BTreeMap::new();
    let mut behind: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in entries {
        match &entry.what {
            Event::Asked { room, origin_id, .. } => {
                if let Some(position) = furthest.get(room.as_str()) {
                    behind.insert(origin_id, *position);
                }
            }
            Event::Acknowledged(post) => {
                let Some(place) = places.get(&key(post)).filter(|it| !it.recovered) else {
                    continue;
                };
                let far = furthest.entry(&post.room).or_default();
                *far = (*far).max(place.position);
                let origin_id = post.origin_id.as_deref().unwrap_or_default();
                if behind.get(origin_id).is_some_and(|it| *it > place.position) {
                    found.insert(format!("{} before one acknowledged earlier", name(post)));
                }
            }
            _ => {}
        }
    }
}

/// What was put back stands behind everything that stood there after the failover.
fn recovered_last(
    losses: &[AfterFailover],
    standing: &Rooms,
    places: &BTreeMap<Key, Place>,
    found: &mut BTreeSet<String>,
) {
    for loss in losses {
        for (room, posts) in &loss.standing {
            let stood: BTreeSet<Key> = posts.iter().map(key).collect();
            let last = stood.iter().filter_map(|it| places.get(it)).map(|it| it.position).max();
            for post in standing.get(room).into_iter().flatten() {
                let Some(place) = places.get(&key(post)) else { continue };
                let came_back = post.recovered && !stood.contains(&key(post));
                if came_back && last.is_some_and(|last| place.position < last) {
                    found.insert(format!("{} recovered, but not put last", name(post)));
                }
            }
        }
    }
}

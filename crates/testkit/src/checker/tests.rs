//! The checker finds every kind of wrong, and nothing where all is well.

use super::*;

const ROOM: &str = "ward@rooms.example.org";

/// A post that `number` names.
fn post(number: u32) -> Post {
    Post {
        room: ROOM.to_owned(),
        nick: "ann".to_owned(),
        archive_id: format!("archive-{number}"),
        origin_id: Some(format!("origin-{number}")),
        body: format!("line {number}"),
        stamp: None,
        recovered: false,
    }
}

fn back(number: u32) -> Post {
    Post { recovered: true, ..post(number) }
}

fn rooms(posts: &[Post]) -> Rooms {
    [(ROOM.to_owned(), posts.to_vec())].into()
}

fn ask(ledger: &Ledger, number: u32) {
    let Post { room, origin_id, body, .. } = post(number);
    ledger.write("ann", Event::Asked { room, origin_id: origin_id.unwrap(), body });
}

/// Ann says each line when the one before has been acknowledged, and Bob listens.
fn conversation(numbers: impl IntoIterator<Item = u32>) -> Ledger {
    let ledger = Ledger::default();
    go_on(&ledger, numbers);
    ledger
}

fn go_on(ledger: &Ledger, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        ask(ledger, number);
        ledger.write("ann", Event::Acknowledged(post(number)));
        ledger.write("ann", Event::Seen(post(number)));
        ledger.write("bob", Event::Seen(post(number)));
    }
}

fn verdict(ledger: &Ledger, standing: &[Post]) -> Verdict {
    Verdict::reach(ledger, &[], &rooms(standing))
}

#[test]
fn all_is_well() {
    let found = verdict(&conversation(1..=3), &[post(1), post(2), post(3)]);
    assert_eq!(found, Verdict { acknowledged: 3, present: 3, ..Verdict::default() });
    assert!(found.is_good());
}

#[test]
fn an_acknowledged_post_that_is_not_there_is_lost() {
    let found = verdict(&conversation(1..=3), &[post(1), post(3)]);
    assert_eq!((found.lost.len(), found.present, found.vanished.len()), (1, 2, 1));
    assert!(!found.is_good());
    assert!(found.to_string().contains("lost: ward@rooms.example.org origin-2 archive-2"));
}

#[test]
fn a_post_that_was_only_seen_may_not_vanish() {
    let ledger = conversation(1..=1);
    ask(&ledger, 2);
    ledger.write("bob", Event::Seen(post(2)));
    let found = verdict(&ledger, &[post(1)]);
    assert_eq!((found.lost.len(), found.vanished.len()), (0, 1));
}

/// Home showed it and was lost before its sender had the receipt; the sender repeated it elsewhere.
#[test]
fn a_post_that_was_seen_may_stand_as_its_senders_repetition() {
    let ledger = conversation(1..=1);
    ask(&ledger, 2);
    ledger.write("bob", Event::Seen(post(2)));
    let repeated = Post { archive_id: "archive-again".to_owned(), ..post(2) };
    ledger.write("ann", Event::Acknowledged(repeated.clone()));
    assert!(verdict(&ledger, &[post(1), repeated.clone()]).is_good());
    let another = Post { body: "another line".to_owned(), ..repeated };
    assert!(!verdict(&ledger, &[post(1), another]).vanished.is_empty());
}

#[test]
fn a_post_that_stands_twice_is_found_by_its_origin_id() {
    let again = Post { archive_id: "another".to_owned(), ..post(1) };
    assert_eq!(verdict(&conversation(1..=1), &[post(1), again]).duplicated.len(), 1);
    assert_eq!(verdict(&conversation(1..=1), &[post(1), post(1)]).duplicated.len(), 1);
}

#[test]
fn changed_and_invented_posts_are_found() {
    let changed = Post { body: "something else".to_owned(), ..post(1) };
    assert!(!verdict(&conversation(1..=1), &[changed]).altered.is_empty());
    assert_eq!(verdict(&conversation(1..=1), &[post(1), post(2)]).invented.len(), 1);
}

#[test]
fn a_post_that_nobody_answered_may_stand_or_not() {
    let ledger = conversation(1..=1);
    ask(&ledger, 2);
    assert!(verdict(&ledger, &[post(1)]).is_good());
    assert!(verdict(&ledger, &[post(1), post(2)]).is_good());
}

#[test]
fn order_is_what_was_seen_and_what_was_answered() {
    let found = verdict(&conversation(1..=2), &[post(2), post(1)]);
    assert!(!found.reordered.is_empty());

    // Sent at the same time, nobody saw: either order will do.
    let ledger = Ledger::default();
    ask(&ledger, 1);
    ask(&ledger, 2);
    for number in [1, 2] {
        ledger.write("ann", Event::Acknowledged(post(number)));
    }
    assert!(verdict(&ledger, &[post(2), post(1)]).is_good());
    // But the third was sent after both had been acknowledged.
    ask(&ledger, 3);
    ledger.write("ann", Event::Acknowledged(post(3)));
    assert_eq!(verdict(&ledger, &[post(2), post(3), post(1)]).reordered.len(), 1);
}

/// Lines 1 to 4 at home, of which 3 and 4 were not shipped; 5 and 6 at the backup site.
fn lost_site() -> (Ledger, AfterFailover) {
    let ledger = conversation(1..=4);
    let entries = ledger.entries().len();
    go_on(&ledger, 5..=6);
    let standing = rooms(&[post(1), post(2), post(5), post(6)]);
    (ledger, AfterFailover::new(standing, entries))
}

#[test]
fn unshipped_posts_come_back_at_the_end() {
    let (ledger, loss) = lost_site();
    let standing = rooms(&[post(1), post(2), post(5), post(6), back(3), back(4)]);
    let found = Verdict::reach(&ledger, &[loss], &standing);
    assert_eq!((found.unshipped, found.recovered), (2, 2));
    assert!(found.is_good(), "{found}");
}

#[test]
fn unshipped_posts_that_do_not_come_back_are_lost() {
    let (ledger, loss) = lost_site();
    let standing = rooms(&[post(1), post(2), post(5), post(6), back(3)]);
    let found = Verdict::reach(&ledger, &[loss], &standing);
    assert_eq!((found.unshipped, found.recovered, found.lost.len()), (2, 1, 1));
}

#[test]
fn recovered_posts_keep_their_former_order_and_stand_last() {
    let (ledger, loss) = lost_site();
    let swapped = rooms(&[post(1), post(2), post(5), post(6), back(4), back(3)]);
    let found = Verdict::reach(&ledger, std::slice::from_ref(&loss), &swapped);
    assert!(!found.reordered.is_empty());
    let early = rooms(&[post(1), post(2), back(3), back(4), post(5), post(6)]);
    assert_eq!(Verdict::reach(&ledger, &[loss], &early).reordered.len(), 2);
}

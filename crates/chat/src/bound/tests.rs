//! Which of two streams with one address goes on.

use super::*;
use crate::peers::{PeerAnswer, PeerLost, PeerQuestion};
use std::pin::Pin;

/// What one server tells the others, kept until the test carries it there.
#[derive(Debug)]
struct Lane {
    me: &'static str,
    told: Mutex<Vec<(String, u64)>>,
}

impl Peers for Lane {
    fn me(&self) -> &str {
        self.me
    }

    fn live(&self) -> Vec<String> {
        ["one", "two"].map(str::to_owned).into()
    }

    fn tell(&self, _: &str, message: PeerMessage) {
        if let PeerMessage::Bound { address, number } = message {
            self.told.lock().unwrap().push((address, number));
        }
    }

    fn ask(
        &self,
        server: &str,
        _: PeerQuestion,
    ) -> Pin<Box<dyn Future<Output = Result<PeerAnswer, PeerLost>> + Send + '_>> {
        let lost = PeerLost { server: server.to_owned(), why: "nobody asks here".to_owned() };
        Box::pin(async { Err(lost) })
    }
}

struct Server {
    lane: Arc<Lane>,
    bound: Bound,
}

fn server(me: &'static str) -> Server {
    let lane = Arc::new(Lane { me, told: Mutex::default() });
    let bound = Bound::new(Arc::clone(&lane) as Arc<dyn Peers>);
    Server { lane, bound }
}

/// Carries what was told, both ways, until nobody says anything more.
fn carry(one: &Server, two: &Server) {
    loop {
        let take = |server: &Server| std::mem::take(&mut *server.lane.told.lock().unwrap());
        let (of_one, of_two) = (take(one), take(two));
        if of_one.is_empty() && of_two.is_empty() {
            return;
        }
        for (address, number) in of_one {
            two.bound.heard("one", &address, number);
        }
        for (address, number) in of_two {
            one.bound.heard("two", &address, number);
        }
    }
}

fn address() -> FullJid {
    FullJid::new("a@example.org/1").unwrap()
}

async fn take(server: &Server) -> Taken {
    server.bound.take(&address(), 1, Duration::ZERO).await.unwrap()
}

fn goes_on(taken: &Taken) -> bool {
    !taken.entry.replaced.is_cancelled()
}

#[tokio::test]
async fn a_newer_stream_waits_until_the_older_has_ended() {
    let (bound, address) = (server("one").bound, address());
    let older = bound.take(&address, 1, Duration::ZERO).await.unwrap();
    let refused = bound.take(&address, 1, Duration::ZERO).await.unwrap_err();
    assert_eq!(refused, NotTaken::InUse, "it has not ended");
    let (newer, ()) = tokio::join!(bound.take(&address, 1, Duration::from_secs(30)), async {
        older.replaced().await;
        drop(older);
    });
    assert_eq!(newer.unwrap().address(), &address);
    assert_eq!(bound.len(), 0);
}

#[tokio::test]
async fn the_newer_of_two_servers_goes_on_however_wrong_the_clocks_are() {
    let (one, two) = (server("one"), server("two"));
    // The first server's clock is a year ahead.
    one.bound.lock().highest = now() + 365 * 24 * 3600 * 1_000_000;
    let older = take(&one).await;
    carry(&one, &two);
    let newer = take(&two).await;
    carry(&one, &two);
    assert!(!goes_on(&older) && goes_on(&newer));
}

#[tokio::test]
async fn of_two_at_once_exactly_one_goes_on() {
    for ahead in [0, 1_000_000] {
        let (one, two) = (server("one"), server("two"));
        one.bound.lock().highest = now() + ahead;
        let (at_one, at_two) = (take(&one).await, take(&two).await);
        carry(&one, &two);
        assert!(goes_on(&at_one) != goes_on(&at_two));
    }
}

#[tokio::test]
async fn a_server_that_was_not_told_hears_it_from_the_one_with_the_newer_stream() {
    let (one, two) = (server("one"), server("two"));
    let older = take(&two).await;
    let newer = take(&one).await;
    // What the first server says is lost on the way.
    one.lane.told.lock().unwrap().clear();
    carry(&one, &two);
    assert!(!goes_on(&older) && goes_on(&newer));
}

#[tokio::test]
async fn a_user_has_so_many_streams_and_another_user_as_many() {
    let Server { bound, .. } = server("one");
    let take =
        async |address: &str| bound.take(&FullJid::new(address).unwrap(), 2, Duration::ZERO).await;
    let first = take("a@example.org/1").await.unwrap();
    let _second = take("a@example.org/2").await.unwrap();
    assert_eq!(take("a@example.org/3").await.unwrap_err(), NotTaken::TooMany);
    let other = take("b@example.org/1").await.unwrap();
    drop(first);
    let _third = take("a@example.org/3").await.unwrap();
    drop(other);
    assert_eq!(bound.lock().users.len(), 1, "nothing is kept of who has gone");
}

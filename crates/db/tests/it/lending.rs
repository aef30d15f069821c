//! Connections that are lent in turn: few, sound, and of the present primary.

use crate::connections::{login, primary, with_term};
use db::{ConnectError, Connections, Lending, Lent, NotLent};
use std::time::Duration;
use testkit::postgres::Options;
use tokio::sync::watch;

/// How long one is waited for: short, because a test waits for its end.
const WAIT: Duration = Duration::from_millis(200);

async fn backend(lent: &Lent) -> i32 {
    lent.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_is_given_back_is_lent_again_while_it_is_of_the_present_primary() {
    let postgres = with_term(Options::default()).await;
    let (tell, told) = watch::channel(None);
    let lending = Lending::new(Connections::new(login(), told), "postgres", 2, WAIT);
    let none = lending.take().await;
    assert!(matches!(none, Err(NotLent::Connect(ConnectError::NoPrimary))), "{none:?}");
    tell.send(Some(primary(&postgres, 1, 1))).unwrap();
    let (one, two) = (lending.take().await.unwrap(), lending.take().await.unwrap());
    let (first, second) = (backend(&one).await, backend(&two).await);
    assert_ne!(first, second);
    let busy = lending.take().await;
    assert!(matches!(busy, Err(NotLent::Busy(WAIT))), "{busy:?}");

    one.give_back();
    let again = lending.take().await.unwrap();
    assert_eq!(backend(&again).await, first);
    // What is dropped ends, and makes room.
    drop(two);
    let third = lending.take().await.unwrap();
    assert_ne!(backend(&third).await, second);

    again.give_back();
    third.give_back();
    let client = postgres.connect("postgres").await;
    client.batch_execute("update recovery.term set turn = 2").await.unwrap();
    tell.send(Some(primary(&postgres, 1, 2))).unwrap();
    let lent = lending.take().await.unwrap();
    assert_eq!(lent.term(), (1, 2), "what is of an old term is not lent");
}

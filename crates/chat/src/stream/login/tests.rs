//! Whatever a stranger says in SASL, the library below is never made to panic.

use std::sync::LazyLock;

use proptest::prelude::*;
use rsasl::prelude::SASLClient;

use super::*;

const DOMAIN: &str = "example.org";

static ANNS_KEYS: LazyLock<ScramKeys> =
    LazyLock::new(|| ScramKeys::of_password("secret").expect("it is a password"));

fn candidate(local: &str) -> Candidate {
    let exists = local == "ann";
    let keys = if exists { ANNS_KEYS.clone() } else { likely_keys(b"s", local) };
    Candidate { local: local.to_owned(), keys, exists, domain: DOMAIN.to_owned() }
}

fn login(
    mechanism: &str,
    name: &str,
    password: &str,
    authzid: Option<&str>,
) -> Result<String, Failure> {
    let config = SASLConfig::with_credentials(
        authzid.map(str::to_owned),
        name.to_owned(),
        password.to_owned(),
    );
    let offered = Mechname::parse(mechanism.as_bytes()).unwrap();
    let mut client = SASLClient::new(config.unwrap()).start_suggested(&[offered]).unwrap();
    let mut message = Cursor::new(Vec::new());
    client.step(None, &mut message).unwrap();
    let claimed = claimed(mechanism, message.get_ref())?.unwrap_or_default();
    let mut exchange = Exchange::new(mechanism, candidate(&claimed))?;
    loop {
        match exchange.step(message.get_ref())? {
            Next::Challenge(challenge) => {
                message = Cursor::new(Vec::new());
                client.step(Some(&challenge), &mut message).unwrap();
            }
            Next::Known { local, last } => {
                if let Some(last) = last {
                    client
                        .step(Some(&last), &mut Cursor::new(Vec::new()))
                        .expect("we know the keys");
                }
                return Ok(local);
            }
        }
    }
}

#[test]
fn the_right_password_logs_in() {
    for mechanism in MECHANISMS {
        assert_eq!(login(mechanism, "ann", "secret", None), Ok("ann".to_owned()), "{mechanism}");
        assert_eq!(login(mechanism, "Ann", "secret", None), Ok("ann".to_owned()), "{mechanism}");
        let own = login(mechanism, "ann", "secret", Some("ann@example.org"));
        assert_eq!(own, Ok("ann".to_owned()), "{mechanism}");
    }
}

#[test]
fn a_wrong_password_and_a_wrong_name_are_refused_alike() {
    for mechanism in MECHANISMS {
        for (name, password) in
            [("ann", "wrong"), ("bob", "secret"), ("a@b", "secret"), ("=,", "x")]
        {
            let refused = login(mechanism, name, password, None);
            assert_eq!(refused, Err(Failure::NotAuthorized), "{mechanism} {name}");
        }
        let other = login(mechanism, "ann", "secret", Some("bob@example.org"));
        assert_eq!(other, Err(Failure::InvalidAuthzid), "{mechanism}");
    }
}

#[test]
fn a_name_that_does_not_exist_has_always_the_same_salt() {
    let keys = |name| likely_keys(b"secret", name);
    assert_eq!(keys("bob").salt, keys("bob").salt);
    assert_ne!(keys("bob").salt, keys("eve").salt);
    assert_ne!(keys("bob").salt, likely_keys(b"other", "bob").salt);
}

#[test]
fn names_are_unescaped() {
    assert_eq!(unescape("a=2Cb=3Dc"), Ok("a,b=c".to_owned()));
    for bad in ["a=", "a=2", "a=2c", "=ä"] {
        assert_eq!(unescape(bad), Err(Failure::MalformedRequest), "{bad}");
    }
}

#[test]
fn short_messages_do_not_reach_the_library() {
    for message in ["", "n", "n,", "n,,", "n,a,n=x,r=y", "n,,x", "n,,n=a,", "n,,n=a,r", "y,,,"] {
        let mut exchange = Exchange::new(SCRAM, candidate("ann")).unwrap();
        assert!(exchange.step(message.as_bytes()).is_err(), "{message}");
    }
    for message in ["", "c=", "c=biws,r=1,p=1,", "c=biws,r=,x", "c=biws,r=1,p", ",", "c=,r=,p="] {
        let mut exchange = Exchange::new(SCRAM, candidate("ann")).unwrap();
        exchange.step(b"n,,n=ann,r=abc").unwrap();
        assert!(exchange.step(message.as_bytes()).is_err(), "{message}");
    }
}

proptest! {
    #[test]
    fn no_message_brings_us_down(
        first in "[nyp]?,?(a=)?[a-z]{0,2},?(n=)?[ -~]{0,8},?(r=)?[ -~]{0,8}(,[ -~]{0,4})?",
        second in "(c=)?[ -~]{0,8},?(r=)?[ -~]{0,8},?(p=)?[ -~]{0,50}(,[ -~]{0,4})?",
        plain in prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..12),
    ) {
        drop(claimed(SCRAM, first.as_bytes()));
        let mut exchange = Exchange::new(SCRAM, candidate("ann")).unwrap();
        if exchange.step(first.as_bytes()).is_ok() {
            prop_assert!(exchange.step(second.as_bytes()).is_err());
        }
        let mut exchange = Exchange::new(SCRAM, candidate("ann")).unwrap();
        exchange.step(b"n,,n=ann,r=abc").unwrap();
        prop_assert!(exchange.step(second.as_bytes()).is_err());
        let mut bob = candidate("bob");
        bob.keys.iterations = 1;
        let mut exchange = Exchange::new(PLAIN, bob).unwrap();
        prop_assert!(exchange.step(&plain).is_err());
        drop(claimed(PLAIN, &plain));
    }
}

//! Spellings of identities.

use admin::identity::{Identity, pool, pools_like, room, user};
use expect_test::expect_file;

fn two() -> Vec<String> {
    vec!["a.contoso.com".to_owned(), "applicationserver1.contoso.com".to_owned()]
}

#[test]
fn an_identity_is_taken_apart_whatever_its_spelling() {
    let mut all = String::new();
    for text in [
        "service:ApplicationServer:primary.contoso.com",
        "service:ApplicationServer: primary.contoso.com",
        "service:ApplicationServerprimary.contoso.com",
        "ApplicationServer:backup.contoso.com",
        "applicationserver1.contoso.com",
        "service:applicationserver1.contoso.com",
        "ApplicationServerapplicationserver1.contoso.com",
        "service:ApplicationServer:a.contoso.com/27b4b4e1-2e5a-4b0f-8b56-0e9fd5f0a9b1",
        "service",
        "serviceman.contoso.com",
        "",
    ] {
        let identity = Identity::read(text, &two());
        let how = identity.tolerated.join(", ");
        all += &identity.normalised("PersistentChatServer");
        all += if how.is_empty() { "" } else { "   in spite of " };
        all += &how;
        all += "\n";
    }
    expect_file!["../expected/spellings.txt"].assert_eq(&all);
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_there_is() {
    let refusals = [
        pool(None, &two()),
        pool(Some("global"), &two()),
        pool(Some("b.contoso.com"), &two()),
        pool(Some("Registrar:a.contoso.com"), &two()),
        pool(None, &[]),
        pool(Some("x"), &[]),
    ];
    let mut all = String::new();
    for refusal in refusals {
        all += &refusal.unwrap_err().to_string();
        all += "\n";
    }
    expect_file!["../expected/refusals.txt"].assert_eq(&all);
}

#[test]
fn filters_see_every_spelling() {
    assert_eq!(pools_like("*", &two()).len(), 2);
    assert_eq!(pools_like("service:PersistentChatServer:a*", &two()), two());
    assert_eq!(pools_like("PersistentChatServer:a.*", &two()), ["a.contoso.com"]);
}

#[test]
fn users_and_rooms_have_one_spelling_in_the_end() {
    let domain = "contoso.com";
    for given in ["alice", "Alice@contoso.com", "sip:alice@contoso.com", "xmpp:alice@CONTOSO.com"] {
        assert_eq!(user(given, domain).unwrap(), "alice@contoso.com", "{given}");
    }
    for given in ["", "a b", "a/b", "alice@other.com", "a@b@contoso.com", "<alice>"] {
        assert!(user(given, domain).is_err(), "{given}");
    }
    let one = ["a.contoso.com".to_owned()];
    assert_eq!(room("ops", &one).unwrap(), (one[0].clone(), "ops".to_owned()));
    assert_eq!(room("A.contoso.com\\night shift", &two()).unwrap().1, "night shift");
    assert!(room("ops", &two()).is_err());
    assert!(room("a.contoso.com\\ ", &two()).is_err());
}

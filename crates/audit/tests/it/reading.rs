//! The trail is read as one object for each invocation, the newest first.

use audit::{Entry, Phase, Query};
use jiff::SignedDuration;

use crate::stage::{Stage, ended, entry};

#[tokio::test]
async fn each_invocation_is_read_once_with_its_end() {
    let stage = Stage::new().await;
    let (audit, trail) = (stage.audit(), stage.trail());
    let first = entry("first");
    let later = |seconds| first.at + SignedDuration::from_secs(seconds);
    let (who, cmdlet) = ("Bob".to_owned(), "Set-CsState".to_owned());
    let second = Entry { at: later(1), who, cmdlet, ..entry("second") };
    let message = "the role may not".to_owned();
    let refusal = Phase::Refused { code: "forbidden".to_owned(), message };
    let third = Entry { at: later(2), phase: refusal.clone(), ..entry("third") };
    let why = Phase::Failed { code: "away".to_owned(), message: "nobody answers".to_owned() };
    let lines = [first.clone(), second.clone(), ended(&first, why.clone()), third.clone()];
    for line in lines {
        audit.append(line).await.unwrap();
    }
    trail.copy(&audit).await.unwrap();

    let read = async |query: Query| trail.read(&Query { limit: 9, ..query }).await.unwrap();
    let all = read(Query::default()).await;
    let shown: Vec<_> = all.iter().map(|it| (&*it.asked.line, it.ended.clone())).collect();
    assert_eq!(shown[0].0, "third");
    assert_eq!(shown[0].1.as_ref().unwrap().1, refusal);
    assert_eq!(shown[1], ("second", None), "how it ended is not known");
    assert_eq!(shown[2].0, "first");
    assert_eq!(shown[2].1.as_ref().unwrap().1, why);
    assert_eq!((&*all[2].asked.from, &*all[2].asked.role), ("127.0.0.1:5000", "CsAdministrator"));

    let lines = async |query: Query| -> Vec<String> {
        read(query).await.into_iter().map(|it| it.asked.line).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(lines(Query { who: text("b?B"), ..Query::default() }).await, ["second"]);
    assert_eq!(lines(Query { who: text("b%"), ..Query::default() }).await, [""; 0]);
    assert_eq!(
        lines(Query { cmdlet: text("get-*"), ..Query::default() }).await,
        ["third", "first"]
    );
    let after = Query { after: Some(second.at), ..Query::default() };
    assert_eq!(lines(after).await.len(), 2);
    let before = Query { before: Some(second.at), ..Query::default() };
    assert_eq!(lines(before).await, ["first"]);
    let newest = trail.read(&Query { limit: 1, ..Query::default() }).await.unwrap();
    assert_eq!(newest.len(), 1);
    assert_eq!(newest[0].asked.line, "third");
}

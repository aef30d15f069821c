//! The trail as the cmdlet tells it.

use std::sync::Arc;

use admin::deployment::AuditTrail;
use admin::{Door, Invocation as Asked, Request, Role, Told, Watch};
use audit::{Audit, Entry, Invocation, Phase, Query};
use jiff::Timestamp;
use shell::Value;
use uuid::Uuid;

use crate::nowhere::Nowhere;
use crate::temporary::Temporary;

/// What the databases of the deployment tell: as many as are wanted, and there are three.
pub(crate) fn told(pool: Option<&str>, query: &Query) -> AuditTrail {
    let at = |second| Timestamp::from_second(1_800_000_000 + second).unwrap();
    let fault = ("away".to_owned(), "nobody answers".to_owned());
    let phases = [
        Some(Phase::Done { objects: 2 }),
        None,
        Some(Phase::Failed { code: fault.0, message: fault.1 }),
    ];
    let invocation = |(second, phase): (i64, Option<Phase>)| Invocation {
        asked: Entry {
            id: Uuid::nil(),
            at: at(second),
            host: "home1".to_owned(),
            who: query.who.clone().unwrap_or_else(|| "ada".to_owned()),
            role: "CsAdministrator".to_owned(),
            from: "127.0.0.1".to_owned(),
            cmdlet: query.cmdlet.clone().unwrap_or_default(),
            line: query.after.map(|it| it.to_string()).unwrap_or_default(),
            phase: Phase::Asked,
        },
        ended: phase.map(|phase| (at(second + 5), phase)),
    };
    let invocations = (0..).zip(phases).map(invocation).take(query.limit).collect();
    let silent = pool.map(|it| (it.to_owned(), "it is away".to_owned()));
    AuditTrail { invocations, has_more: query.limit < 3, silent: silent.into_iter().collect() }
}

async fn ask(parameters: &[(&str, Value)]) -> (Vec<Value>, Vec<Told>) {
    let directory = Temporary::new();
    let audit = Audit::open(&directory.0, "home1").unwrap();
    let parameters = parameters.iter().map(|(name, it)| ((*name).to_owned(), it.clone()));
    let request =
        Request { cmdlet: "Get-CsAuditTrail".to_owned(), parameters: parameters.collect() };
    let (watch, mut heard) = Watch::new();
    let (who, from) = ("ada".to_owned(), "127.0.0.1".to_owned());
    let asked = Asked { request, who, role: Role::CsViewOnlyAdministrator, from };
    let objects = Door::new(Arc::new(Nowhere), audit).invoke(asked, &watch).await.unwrap();
    drop(watch);
    let mut told = Vec::new();
    while let Some(it) = heard.recv().await {
        told.push(it);
    }
    (objects, told)
}

fn shown(object: &Value, property: &str) -> String {
    let Value::Object(object) = object else { panic!("no object: {object}") };
    object.get(property).unwrap().to_string()
}

#[tokio::test]
async fn each_invocation_is_an_object_with_its_result() {
    let (objects, told) = ask(&[]).await;
    assert!(told.is_empty(), "{told:?}");
    let results: Vec<_> = objects.iter().map(|it| shown(it, "Result")).collect();
    assert_eq!(results, ["Done", "Asked", "Failed"]);
    assert_eq!(shown(&objects[0], "Message"), "2 objects");
    assert_eq!(shown(&objects[1], "Ended"), "");
    assert_eq!(shown(&objects[2], "Message"), "nobody answers");
}

#[tokio::test]
async fn what_is_cut_or_could_not_be_asked_is_said() {
    let (objects, told) = ask(&[
        ("PoolFqdn", "service:ApplicationServer:backup.contoso.com".into()),
        ("Who", "b*".into()),
        ("After", "2026-03-29T14:00:00Z".into()),
        ("First", Value::Int(1)),
    ])
    .await;
    assert_eq!(objects.len(), 1);
    assert_eq!(shown(&objects[0], "Who"), "b*");
    assert!(shown(&objects[0], "Line").starts_with("2026-03-29T14:00:00"));
    let said: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(said[0].starts_with("warning: backup.contoso.com could not be asked"), "{said:?}");
    assert!(said[1].starts_with("Only the newest 1 are shown"), "{said:?}");
}

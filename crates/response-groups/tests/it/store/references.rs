//! References: nothing unknown is referred to, and nothing goes that is referred to.

use response_groups::model::{
    ActionKind, Answer, CallAction, HolidaySet, HoursOfBusiness, Kind, Prompt, Question, Queue,
    Workflow,
};
use response_groups::store::RgsError;

use super::world::{BACKUP, PRIMARY, World, group, id, plays, queue, to_queue, workflow};
use response_groups::model::{AgentGroup, AudioRef, Holiday, ServiceSettings};

pub(crate) fn hours(number: u128, custom: bool) -> HoursOfBusiness {
    HoursOfBusiness { custom, ..HoursOfBusiness::new(id(number), PRIMARY, format!("h{number}")) }
}

fn holidays(number: u128) -> HolidaySet {
    let day = |it| jiff::civil::date(2026, 12, it).at(0, 0, 0, 0);
    let holiday = Holiday { name: None, start_date: day(24), end_date: day(27) };
    let (owner, name) = (PRIMARY.to_owned(), format!("d{number}"));
    HolidaySet { id: id(number), owner, name, holiday_list: vec![holiday] }
}

/// A question with one answer.
fn asks(prompt: Prompt, then: CallAction) -> CallAction {
    let answer = Answer {
        name: None,
        action: then,
        dtmf_response: Some("1".to_owned()),
        voice_response_list: Vec::new(),
    };
    let question = Question {
        name: None,
        prompt,
        invalid_answer_prompt: None,
        no_answer_prompt: None,
        answer_list: vec![answer],
    };
    let question = Some(Box::new(question));
    CallAction { question, ..CallAction::new(ActionKind::TransferToQuestion) }
}

fn spoken(text: &str) -> Prompt {
    Prompt { text_to_speech_prompt: Some(text.to_owned()), audio_file_prompt: None }
}

fn field(result: &Result<(), RgsError>) -> &'static str {
    match result {
        Err(RgsError::Refused(complaints)) if complaints.len() == 1 => complaints[0].field,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_unknown_is_referred_to() {
    let world = World::new().await;
    assert_eq!(field(&world.add(queue(1, "q", &[7])).await), "AgentGroupIDList");
    assert_eq!(field(&world.add(workflow(1, "w", Some(7))).await), "QueueID");
    let deep = asks(spoken("?"), asks(spoken("??"), to_queue(7)));
    let unknown = Workflow { default_action: Some(deep), ..workflow(1, "w", None) };
    assert_eq!(field(&world.add(unknown).await), "QueueID");
    let unknown = Workflow { business_hours: Some(id(7)), ..workflow(1, "w", None) };
    assert_eq!(field(&world.add(unknown).await), "BusinessHoursID");
    let unknown = Workflow { holiday_sets: vec![id(7)], ..workflow(1, "w", None) };
    assert_eq!(field(&world.add(unknown).await), "HolidaySetIDList");
    let music = AudioRef { id: id(7), original_file_name: "a.wav".to_owned() };
    let action = asks(plays(&music), CallAction::new(ActionKind::Terminate));
    let unknown = Workflow { default_action: Some(action), ..workflow(1, "w", None) };
    assert_eq!(field(&world.add(unknown).await), "AudioFile");
    let settings =
        ServiceSettings { default_music_on_hold_file: Some(music), ..ServiceSettings::default() };
    assert_eq!(field(&world.hosting.set_settings(PRIMARY, &settings).await), "AudioFile");
    // What belongs to another owner is as good as unknown.
    world.hosting.claim(BACKUP, 1).await.unwrap();
    let theirs = AgentGroup { owner: BACKUP.to_owned(), ..group(7, "theirs") };
    world.add(theirs).await.unwrap();
    assert_eq!(field(&world.add(queue(1, "q", &[7])).await), "AgentGroupIDList");
    assert_eq!(world.named().await, ["theirs"]);
}

#[tokio::test]
async fn nothing_goes_that_is_referred_to() {
    let world = World::new().await;
    world.add(group(1, "g")).await.unwrap();
    world.add(queue(2, "q", &[1])).await.unwrap();
    // Queues may send callers to each other, and to themselves.
    let both = Queue {
        timeout_action: Some(to_queue(2)),
        overflow_action: Some(to_queue(2)),
        ..queue(3, "r", &[])
    };
    world.add(both).await.unwrap();
    let back = Queue {
        timeout_action: Some(to_queue(3)),
        overflow_action: Some(to_queue(2)),
        ..queue(2, "q", &[1])
    };
    world.change(back).await.unwrap();
    world.add(hours(4, false)).await.unwrap();
    world.add(holidays(5)).await.unwrap();
    let whole = Workflow {
        business_hours: Some(id(4)),
        holiday_sets: vec![id(5)],
        default_action: Some(asks(spoken("?"), to_queue(2))),
        ..workflow(6, "w", None)
    };
    world.add(whole.clone()).await.unwrap();
    let used = [
        (Kind::AgentGroup, 1, "the queue \"q\""),
        (Kind::Queue, 2, "the queue \"r\", the workflow \"w\""),
        (Kind::HoursOfBusiness, 4, "the workflow \"w\""),
        (Kind::HolidaySet, 5, "the workflow \"w\""),
    ];
    for (kind, number, users) in used {
        let refused = world.hosting.remove(kind, id(number)).await;
        let Err(RgsError::InUse { by, .. }) = &refused else { panic!("{kind}: {refused:?}") };
        assert_eq!(by.join(", "), users);
        // The database itself would not let it go, either.
        let table = ["agent_group", "queue", "hours_of_business", "holiday_set"]
            [[1, 2, 4, 5].iter().position(|it| *it == number).unwrap()];
        let sql = format!("delete from rgs.{table} where id = '{}'", id(number));
        assert!(world.sql().await.batch_execute(&sql).await.is_err(), "{sql}");
    }
    let read = world.hosting.get(Kind::Workflow, id(6)).await.unwrap();
    assert_eq!(read, whole.into());
    world.hosting.remove(Kind::Workflow, id(6)).await.unwrap();
    world.hosting.remove(Kind::HolidaySet, id(5)).await.unwrap();
    world.hosting.remove(Kind::HoursOfBusiness, id(4)).await.unwrap();
    world.change(queue(3, "r", &[])).await.unwrap();
    world.change(queue(2, "q", &[])).await.unwrap();
    for (kind, number) in [(Kind::Queue, 2), (Kind::Queue, 3), (Kind::AgentGroup, 1)] {
        world.hosting.remove(kind, id(number)).await.unwrap();
    }
    assert!(world.named().await.is_empty());
}

#[tokio::test]
async fn private_hours_belong_to_one_workflow() {
    let world = World::new().await;
    world.add(hours(1, true)).await.unwrap();
    world.add(hours(2, false)).await.unwrap();
    let with = |number: u128, hours: u128| Workflow {
        business_hours: Some(id(hours)),
        ..workflow(number, &format!("w{number}"), None)
    };
    world.add(with(1, 1)).await.unwrap();
    world.change(with(1, 1)).await.unwrap();
    assert_eq!(field(&world.add(with(2, 1)).await), "BusinessHoursID");
    world.add(with(2, 2)).await.unwrap();
    world.add(with(3, 2)).await.unwrap();
    assert_eq!(field(&world.change(hours(2, true)).await), "BusinessHoursID");
    let make_private = "update rgs.hours_of_business set custom = true";
    assert!(world.sql().await.batch_execute(make_private).await.is_err());
    world.change(hours(1, false)).await.unwrap();
    world.change(with(3, 1)).await.unwrap();
}

#[tokio::test]
async fn a_managed_workflow_shares_neither_queues_nor_agent_groups() {
    let world = World::new().await;
    for number in [1, 2] {
        world.add(group(number, &format!("g{number}"))).await.unwrap();
        world.add(queue(number, &format!("q{number}"), &[number])).await.unwrap();
    }
    let managed = Workflow {
        active: true,
        managed: true,
        managers_by_uri: vec!["sip:ana@contoso.com".to_owned()],
        ..workflow(1, "managed", Some(1))
    };
    world.add(managed).await.unwrap();
    world.add(workflow(2, "other", Some(2))).await.unwrap();
    assert_eq!(field(&world.change(workflow(2, "other", Some(1))).await), "Managed");
    assert_eq!(field(&world.change(queue(2, "q2", &[2, 1])).await), "Managed");
    let timeout_action = Some(to_queue(1));
    let onward = Queue { timeout_action, ..queue(2, "q2", &[2]) };
    assert_eq!(field(&world.change(onward).await), "Managed");
    // It may send callers to where others are served; that place is not its own.
    let onward = Queue { timeout_action: Some(to_queue(2)), ..queue(1, "q1", &[1]) };
    world.change(onward).await.unwrap();
}

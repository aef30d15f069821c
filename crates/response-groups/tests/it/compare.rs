//! What is here against an export file.

use proptest::prelude::*;
use response_groups::compare::{Compared, Found, What, compare};
use response_groups::configuration::Configuration;
use response_groups::model::{
    ActionKind, Answer, CallAction, Kind, Object, Prompt, Question, ServiceSettings,
};

use crate::testing::{Dice, Size, cases, made};

const OWNER: &str = "primary.contoso.com";

fn whole() -> Configuration {
    let mut dice = Dice::new(33);
    let size = Size { workflows: 2, queues: 2, agent_groups: 2, ..Size::upto(2, &mut dice) };
    made(&mut dice, &[OWNER], size).0
}

fn index_of(kind: Kind, whole: &Configuration) -> usize {
    whole.objects.iter().position(|it| it.kind() == kind).unwrap()
}

fn different(here: &Configuration, there: &Configuration) -> Vec<Compared> {
    let mut all = compare(here, there);
    all.retain(|it| it.found != Found::Same);
    all
}

#[test]
fn what_is_only_on_one_side_is_told() {
    let (here, mut there) = (whole(), whole());
    let gone = there.objects.remove(index_of(Kind::Workflow, &there));
    let [only_here] = &different(&here, &there)[..] else { panic!("one thing is different") };
    assert_eq!(only_here.found, Found::OnlyHere);
    assert_eq!((only_here.what, only_here.id), (What::Object(Kind::Workflow), Some(gone.id())));
    assert_eq!((only_here.name.as_str(), only_here.owner.as_str()), (gone.name(), OWNER));
    let [only_there] = &different(&there, &here)[..] else { panic!("one thing is different") };
    assert_eq!(only_there.found, Found::OnlyThere);
    assert_eq!(only_there.name, gone.name());
}

#[test]
fn a_renamed_object_is_the_same_object() {
    let (here, mut there) = (whole(), whole());
    let index = index_of(Kind::Queue, &there);
    "Support (2)".clone_into(there.objects[index].owner_and_name().1);
    let [renamed] = &different(&here, &there)[..] else { panic!("one thing is different") };
    assert_eq!(renamed.name, here.objects[index].name());
    assert_eq!(renamed.renamed_to.as_deref(), Some("Support (2)"));
    assert_eq!(renamed.found, Found::Differs(vec!["Name".to_owned()]));
}

#[test]
fn fields_that_differ_are_named_by_their_paths() {
    let (mut here, mut there) = (whole(), whole());
    let ask = |text: &str, key: &str| {
        let prompt = Prompt { text_to_speech_prompt: Some(text.to_owned()), ..Prompt::default() };
        let end = CallAction {
            action: ActionKind::Terminate,
            prompt: None,
            question: None,
            queue: None,
            uri: None,
        };
        let answer = Answer {
            name: None,
            action: end.clone(),
            dtmf_response: Some(key.to_owned()),
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
        CallAction { action: ActionKind::TransferToQuestion, question, ..end }
    };
    let index = index_of(Kind::Workflow, &here);
    let change = |whole: &mut Configuration, action, anonymous| {
        let Object::Workflow(it) = &mut whole.objects[index] else { unreachable!() };
        (it.default_action, it.anonymous) = (Some(action), anonymous);
        it.managers_by_uri.clear();
    };
    change(&mut here, ask("Hello", "1"), true);
    change(&mut there, ask("Welcome", "2"), false);
    if let Object::Workflow(it) = &mut there.objects[index] {
        it.managers_by_uri = vec!["sip:a@example.com".to_owned()];
    }
    let [differs] = &different(&here, &there)[..] else { panic!("one thing is different") };
    let fields = [
        "Anonymous",
        "DefaultAction.Question.AnswerList[0].DtmfResponse",
        "DefaultAction.Question.Prompt.TextToSpeechPrompt",
        "ManagersByUri",
    ];
    assert_eq!(differs.found, Found::Differs(fields.map(str::to_owned).to_vec()));
}

#[test]
fn settings_are_compared_by_their_owner() {
    let (mut here, mut there) = (whole(), whole());
    let settings = ServiceSettings::default();
    here.settings.insert(OWNER.to_owned(), settings.clone());
    let other = ServiceSettings { disable_call_context: true, ..settings.clone() };
    there.settings.insert(OWNER.to_owned(), other);
    there.settings.insert("backup.contoso.com".to_owned(), settings);
    let [backup, primary] = &different(&here, &there)[..] else { panic!("two are different") };
    assert_eq!((backup.what, backup.id), (What::Settings, None));
    assert_eq!(backup.found, Found::OnlyThere);
    assert_eq!(primary.found, Found::Differs(vec!["DisableCallContext".to_owned()]));
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn everything_is_compared_once_and_alike_from_both_sides(a: u64, b: u64) {
        let make = |seed| {
            let mut dice = Dice::new(seed);
            let size = Size::upto(4, &mut dice);
            made(&mut dice, &[OWNER], size).0
        };
        let (here, there) = (make(a), make(b));
        let same = compare(&here, &here);
        prop_assert!(same.iter().all(|it| it.found == Found::Same && it.renamed_to.is_none()));
        let count = |it: &Configuration| it.objects.len() + it.audio.len() + it.settings.len();
        prop_assert_eq!(same.len(), count(&here));
        let (forth, back) = (compare(&here, &there), compare(&there, &here));
        prop_assert_eq!(forth.len(), back.len());
        let only = |all: &[Compared], found| all.iter().filter(|it| it.found == found).count();
        prop_assert_eq!(only(&forth, Found::OnlyHere), only(&back, Found::OnlyThere));
    }
}

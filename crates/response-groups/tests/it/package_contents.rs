//! Files whose ZIP is sound and whose contents are not: each refused with its own sentence.

use serde_json::{Value, json};

use crate::testing::{parts, refused, sha256};

#[test]
fn json_that_is_no_text_or_has_the_wrong_shape_is_refused() {
    let with = |content: &[u8]| parts().with("Workflows.json", content).agreed().zipped();
    let sentence = "`Workflows.json` has a wrong content";
    refused(&with(b"[\"\xff\"]"), sentence);
    let deep = "[".repeat(100_000);
    for text in ["", "null", "{}", "[1]", "[{}]", "[] []", "[{\"ID\": 7}]", deep.as_str()] {
        refused(&with(text.as_bytes()), sentence);
    }
    let settings = parts().with("Settings.json", "{\"a.example\": {}}").agreed().zipped();
    refused(&settings, "`Settings.json` has a wrong content");
    let field = parts().json("Queues.json", |it| it[0]["TimeoutActoin"] = json!({}));
    refused(&field.agreed().zipped(), "the field `TimeoutActoin` is not known");
    let field = parts().json("Workflows.json", |it| it[0]["DefaultAction"]["Promt"] = json!("x"));
    refused(&field.agreed().zipped(), "the field `DefaultAction.Promt` is not known");
    let manifest = parts().json("manifest.json", |it| it["Surprise"] = json!(1));
    refused(&manifest.zipped(), "`manifest.json` has a wrong content");
}

#[test]
fn what_is_no_sound_is_refused() {
    let name = parts().0.last().unwrap().0.clone();
    let noise = b"#!/bin/sh";
    let parts = parts().with(&name, noise).json("AudioFiles.json", |it| {
        let entry = it.as_array_mut().unwrap().last_mut().unwrap();
        entry["Bytes"] = json!(noise.len());
        entry["Sha256"] = json!(sha256(noise));
    });
    refused(&parts.agreed().zipped(), "it is neither WAV nor WMA");
}

#[test]
fn questions_without_end_are_refused() {
    let parts = parts().json("Workflows.json", |it| {
        let queue = json!({ "Action": "Terminate" });
        let ask = |below: Value| {
            json!({
                "Action": "TransferToQuestion",
                "Question": {
                    "Prompt": { "TextToSpeechPrompt": "?" },
                    "AnswerList": [{ "Action": below, "DtmfResponse": "1" }],
                },
            })
        };
        it[0]["DefaultAction"] = (0..20).fold(queue, |below, _| ask(below));
    });
    refused(&parts.agreed().zipped(), "its questions go too deep");
}

#[test]
fn what_does_not_hold_together_is_refused() {
    let change = |name: &str, change: fn(&mut Value)| parts().json(name, change).agreed().zipped();
    let file = change("Queues.json", |it| it[1]["ID"] = it[0]["ID"].clone());
    refused(&file, "is that of one queue and one more queue");
    let file = change("Workflows.json", |it| {
        it[0]["BusinessHoursID"] = json!("00000000-0000-0000-0000-000000000001");
    });
    refused(&file, "00000000-0000-0000-0000-000000000001, which is not there");
    let file = change("Workflows.json", |it| it[0]["HolidaySetIDList"] = json!([it[0]["ID"]]));
    refused(&file, "as its holiday set, and that is the identity of one workflow");
    let file = change("Queues.json", |it| it[0]["Owner"] = json!("Not A Pool"));
    refused(&file, "is not the name of a pool");
    let file = change("Queues.json", |it| it[0]["OverflowThreshold"] = json!(5000));
    refused(&file, "OverflowThreshold: 5000 calls cannot be the limit");
    let file = change("AgentGroups.json", |it| {
        let mut another = it[0].clone();
        another["ID"] = json!("00000000-0000-0000-0000-000000000002");
        it.as_array_mut().unwrap().push(another);
    });
    refused(&file, "the manifest counts something else");
    let file = change("manifest.json", |it| it["Counts"]["Queues"] = json!(7));
    refused(&file, "the manifest counts something else");
    let file = change("manifest.json", |it| it["Owner"] = json!("backup.contoso.com"));
    refused(&file, "something of primary.contoso.com is in an export of what belongs to backup");
    let file = change("SignIns.json", |it| {
        *it = json!([{
            "AgentGroupID": "00000000-0000-0000-0000-000000000001",
            "Agent": "sip:a@example.com",
            "Since": "2026-01-01T00:00:00Z",
        }]);
    });
    refused(&file, "who is signed in, names the agent group");
}

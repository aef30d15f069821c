//! Files that travel: whose they are, that parts are counted once, and what follows when.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use admin::files::{Arrived, Delivery, Part, Spool, Wanted, digest, limits};
use admin::{Fault, Watch};
use shell::{Object, Value};
use uuid::Uuid;

/// A directory that goes with the test.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("standfast-spool-{}", Uuid::new_v4())))
    }

    fn files(&self) -> usize {
        std::fs::read_dir(&self.0).unwrap().count()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn sha256(bytes: &[u8]) -> String {
    let place = Place::new();
    std::fs::create_dir_all(&place.0).unwrap();
    let path = place.0.join("file");
    std::fs::write(&path, bytes).unwrap();
    digest(&mut std::fs::File::open(path).unwrap()).unwrap().1
}

fn part(token: Uuid, whole: &[u8], offset: usize, length: usize) -> Part {
    Part {
        token,
        name: "C:\\Welcome.wav".to_owned(),
        bytes: whole.len() as u64,
        sha256: sha256(whole),
        offset: offset as u64,
        data: whole[offset..offset + length].into(),
    }
}

fn upload(token: Uuid) -> Value {
    Object::new("Upload").with("Token", token.to_string()).into()
}

#[tokio::test]
async fn a_file_arrives_in_parts_each_counted_once_and_belongs_to_who_sent_it() {
    let place = Place::new();
    let spool = Spool::open(&place.0).unwrap();
    let (token, whole) = (Uuid::new_v4(), b"RIFF and more".as_slice());
    assert_eq!(spool.receive("ada", part(token, whole, 0, 4)).await, Ok(4));
    assert_eq!(spool.receive("ada", part(token, whole, 0, 4)).await, Ok(4));
    assert_eq!(spool.receive("ada", part(token, whole, 6, 2)).await.unwrap_err().code, "bad-part");
    assert!(spool.receive("bob", part(token, whole, 4, 9)).await.is_err());
    assert!(spool.take(&upload(token), "ada").is_err(), "it is not complete");
    assert_eq!(spool.receive("ada", part(token, whole, 4, 9)).await, Ok(13));
    assert_eq!(spool.receive("ada", part(token, whole, 4, 9)).await, Ok(13));
    assert_eq!(spool.take(&upload(token), "bob").unwrap_err().code, "unknown-file");
    let mut taken = spool.take(&upload(token), "ada").unwrap();
    let mut text = Vec::new();
    taken.file.read_to_end(&mut text).unwrap();
    assert_eq!((text.as_slice(), taken.name.as_str()), (whole, "C:\\Welcome.wav"));
    spool.discard(taken.token);
    assert_eq!(place.files(), 0);
}

#[tokio::test]
async fn what_is_not_what_was_sent_is_refused_and_removed() {
    let place = Place::new();
    let spool = Spool::open(&place.0).unwrap();
    let mut wrong = part(Uuid::new_v4(), b"RIFF", 0, 4);
    wrong.sha256 = sha256(b"RIFX");
    let fault = spool.receive("ada", wrong).await.unwrap_err();
    assert!(fault.message.contains("not what was sent"), "{fault}");
    assert_eq!(place.files(), 0);
    let mut large = part(Uuid::new_v4(), b"RIFF", 0, 4);
    large.bytes = limits::MAX_FILE_BYTES + 1;
    assert_eq!(spool.receive("ada", large).await.unwrap_err().code, "spool-full");
}

#[tokio::test]
async fn an_earlier_life_leaves_nothing() {
    let place = Place::new();
    let spool = Spool::open(&place.0).unwrap();
    spool.receive("ada", part(Uuid::new_v4(), b"RIFF", 0, 4)).await.unwrap();
    assert_eq!(place.files(), 1);
    spool.sweep();
    assert_eq!(place.files(), 1, "it is too young to go");
    Spool::open(&place.0).unwrap();
    assert_eq!(place.files(), 0);
}

async fn offered(spool: &Spool) -> Delivery {
    let write = |file: &mut std::fs::File| {
        file.write_all(b"PK").map_err(|it| Fault::misspoken(it.to_string(), ""))
    };
    spool.offer("ada", "C:\\RgsExportPrimary.zip", write).await.unwrap()
}

fn property(delivery: &Value, name: &str) -> String {
    let Value::Object(object) = delivery else { panic!("a delivery is an object") };
    object.get(name).unwrap().to_string()
}

#[tokio::test]
async fn what_follows_a_delivery_waits_for_the_word_that_it_is_safe_and_happens_once() {
    let place = Place::new();
    let spool = Spool::open(&place.0).unwrap();
    let (done_tx, mut done_rx) = tokio::sync::mpsc::channel(8);
    let delivery = offered(&spool).await.note("2 workflows").on_delivered(move |_| async move {
        done_tx.send(()).await.unwrap();
        Ok(vec![Value::from("removed")])
    });
    let delivery = Value::from(delivery);
    let token: Uuid = property(&delivery, "Token").parse().unwrap();
    assert_eq!(property(&delivery, "Acknowledge"), "True");
    let fetched = spool.fetch("ada", Wanted { token, offset: 0 }).await.unwrap();
    assert_eq!(fetched.as_slice(), b"PK");
    let end = spool.fetch("ada", Wanted { token, offset: 2 }).await.unwrap();
    assert!(end.as_slice().is_empty());
    assert!(spool.fetch("bob", Wanted { token, offset: 0 }).await.is_err());

    let (watch, _told) = Watch::new();
    let wrong = Arrived { token, sha256: sha256(b"PX") };
    assert!(spool.arrived("ada", &wrong, &watch).await.is_err());
    let right = Arrived { token, sha256: sha256(b"PK") };
    assert!(spool.arrived("bob", &right, &watch).await.is_err());
    assert!(done_rx.try_recv().is_err(), "nothing has followed yet");
    for _ in 0..2 {
        let told = spool.arrived("ada", &right, &watch).await.unwrap();
        assert_eq!(told, [Value::from("removed")]);
    }
    assert!(done_rx.try_recv().is_ok() && done_rx.try_recv().is_err(), "it follows once");
}

#[tokio::test]
async fn a_delivery_that_cannot_be_made_leaves_nothing() {
    let place = Place::new();
    let spool = Spool::open(&place.0).unwrap();
    let made = spool.offer("ada", "x.zip", |_| Err(Fault::misspoken("no such owner", ""))).await;
    assert_eq!(made.unwrap_err().message, "no such owner");
    assert_eq!(place.files(), 0);
    let delivery = Value::from(offered(&spool).await);
    assert_eq!(property(&delivery, "Acknowledge"), "False");
}

#[tokio::test]
async fn files_that_were_served_make_room_for_others() {
    let place = Place::new();
    let spool = Spool::open(&place.0).unwrap();
    for _ in 0..limits::MAX_FILES + 2 {
        let token = Uuid::new_v4();
        spool.receive("ada", part(token, b"RIFF", 0, 4)).await.unwrap();
        spool.take(&upload(token), "ada").unwrap();
    }
    for _ in 0..limits::MAX_FILES + 2 {
        let delivery = Value::from(offered(&spool).await);
        let token = property(&delivery, "Token").parse().unwrap();
        spool.fetch("ada", Wanted { token, offset: 0 }).await.unwrap();
    }
    assert_eq!(place.files(), limits::MAX_FILES);

    // One that nobody has asked for yet is not given up for another.
    for _ in 0..limits::MAX_FILES {
        spool.receive("ada", part(Uuid::new_v4(), b"RIFF", 0, 4)).await.unwrap();
    }
    let full = spool.receive("ada", part(Uuid::new_v4(), b"RIFF", 0, 4)).await.unwrap_err();
    assert_eq!(full.code, "spool-full");
    assert_eq!(place.files(), limits::MAX_FILES);
}

//! A pool's database, and objects to put into it.

use std::time::Duration;

use db::{Connections, Login, Primary, Tls};
use response_groups::configuration::Configuration;
use response_groups::import::{Existing, Named, Plan};
use response_groups::model::{
    ActionKind, AgentGroup, AudioFile, AudioRef, CallAction, Object, Prompt, Queue, Workflow,
};
use response_groups::schema::{self, DATABASE, ROLE};
use response_groups::store::{Hosting, ImportError, OwnerFilter, RgsError, Save};
use testkit::postgres::Postgres;
use tokio::sync::watch;
use uuid::Uuid;

use crate::testing::Contents;

/// For everything that must happen, on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

pub(crate) const PRIMARY: &str = "primary.contoso.com";
pub(crate) const BACKUP: &str = "backup.contoso.com";

/// A pool that hosts Response Groups.
pub(crate) struct World {
    pub(crate) hosting: Hosting,
    pub(crate) postgres: Postgres,
    pub(crate) primary: watch::Sender<Option<Primary>>,
}

impl World {
    /// The pool `PRIMARY` with an empty database, used with the rights that servers have.
    pub(crate) async fn new() -> Self {
        Self::of(PRIMARY).await
    }

    pub(crate) async fn of(parent: &str) -> Self {
        let postgres = testkit::postgres::start().await;
        let client = postgres.connect("postgres").await;
        client.batch_execute(&format!("create role {ROLE} login")).await.unwrap();
        client.batch_execute(&format!("create database {DATABASE}")).await.unwrap();
        let client = postgres.connect(DATABASE).await;
        client
            .batch_execute(
                "create schema recovery;
                 create table recovery.term (reign bigint not null, turn bigint not null);
                 insert into recovery.term values (1, 1)",
            )
            .await
            .unwrap();
        schema::prepare(&client).await.unwrap();
        // At each start of a primary, again.
        schema::prepare(&client).await.unwrap();
        let address = postgres.address();
        let told = Primary { store: "home".to_owned(), address, reign: 1, turn: 1 };
        let primary = watch::Sender::new(Some(told));
        let (user, application) = (ROLE.to_owned(), "test".to_owned());
        let login = Login { user, application, tls: Tls::Off };
        let hosting = Hosting::new(parent, Connections::new(login, primary.subscribe()));
        Self { hosting, postgres, primary }
    }

    pub(crate) async fn sql(&self) -> tokio_postgres::Client {
        self.postgres.connect(DATABASE).await
    }

    pub(crate) async fn add(&self, object: impl Into<Object>) -> Result<(), RgsError> {
        self.hosting.save(&object.into(), Save::New).await
    }

    pub(crate) async fn change(&self, object: impl Into<Object>) -> Result<(), RgsError> {
        self.hosting.save(&object.into(), Save::Change).await
    }

    /// Everything that is there, of whatever owner.
    pub(crate) async fn all(&self) -> Configuration {
        self.hosting.export(&OwnerFilter::All).await.unwrap().end().await.0
    }

    /// Everything by its name.
    pub(crate) async fn named(&self) -> Vec<String> {
        self.hosting.names().await.unwrap().into_iter().map(|Named { name, .. }| name).collect()
    }

    /// Writes a configuration as it is.
    pub(crate) async fn import(
        &self,
        whole: &Configuration,
        contents: &mut Contents,
    ) -> Result<(), ImportError<NoPlan>> {
        let make = |_: &Existing| Ok(plan(whole));
        self.hosting.import(Vec::new(), make, contents).await.map(drop)
    }
}

/// No plan can be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no plan")]
pub(crate) struct NoPlan;

/// A plan that writes everything as it is.
pub(crate) fn plan(whole: &Configuration) -> Plan {
    Plan {
        write: whole.objects.clone(),
        audio: whole.audio.clone(),
        settings: whole.settings.clone().into_iter().collect(),
        sign_ins: whole.sign_ins.clone(),
        ..Plan::default()
    }
}

/// An identity that says which it is.
pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn group(number: u128, name: &str) -> AgentGroup {
    AgentGroup::new(id(number), PRIMARY, name)
}

pub(crate) fn queue(number: u128, name: &str, groups: &[u128]) -> Queue {
    let agent_groups = groups.iter().copied().map(id).collect();
    Queue { agent_groups, ..Queue::new(id(number), PRIMARY, name) }
}

pub(crate) fn to_queue(number: u128) -> CallAction {
    CallAction { queue: Some(id(number)), ..CallAction::new(ActionKind::TransferToQueue) }
}

pub(crate) fn workflow(number: u128, name: &str, queue: Option<u128>) -> Workflow {
    let uri = format!("sip:workflow{number}@contoso.com");
    let workflow = Workflow::new(id(number), PRIMARY, name, uri, "en-US");
    Workflow { default_action: queue.map(to_queue), ..workflow }
}

pub(crate) fn plays(audio: &AudioRef) -> Prompt {
    Prompt { text_to_speech_prompt: None, audio_file_prompt: Some(audio.clone()) }
}

/// An acceptable audio file with some sound.
pub(crate) fn audio_file(number: u128, sound: &[u8]) -> AudioFile {
    let mut content = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\
                        \x10\0data"
        .to_vec();
    content.extend(u32::try_from(sound.len()).unwrap().to_le_bytes());
    content.extend(sound);
    let (owner, original_file_name) = (PRIMARY.to_owned(), format!("{number}.wav"));
    AudioFile { id: id(number), owner, original_file_name, content }
}

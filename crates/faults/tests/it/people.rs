//! People on all chat servers, who talk and come back after every loss; and what became of it.

use crate::ground::{Ground, LONG, SERVERS};
use faults::delivered;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::checker::{Rooms, Verdict, read_rooms};
use testkit::client::{Client, Lost};
use testkit::deployment::Bootstrap;
use testkit::ledger::{Entry, Event, Ledger};
use testkit::{Character, Person, Repeat, eventually};
use xmpp::muc::HistoryWanted;

const CAST: [&str; 8] = ["ann", "bob", "cyd", "dan", "eve", "fay", "gus", "hal"];
/// Who reads the rooms for the checker.
const AUDITOR: &str = "auditor";
/// Clients that do one thing only, see [`crate::sender`].
pub(crate) const SENDERS: [&str; 4] = ["sender1", "sender2", "sender3", "sender4"];

pub(crate) const ROOMS: [&str; 3] = ["operations", "ward", "hotline"];
const ROOMS_DOMAIN: &str = "rooms.example.org";

/// Each person says something so often.
const EVERY: Duration = Duration::from_millis(120);
/// After how long without a word a client looks for another server.
const PATIENCE: Duration = Duration::from_secs(3);

/// Everybody who may log in.
pub(crate) fn everybody() -> Vec<&'static str> {
    CAST.into_iter().chain(SENDERS).chain([AUDITOR]).collect()
}

/// The address of a room.
pub(crate) fn room(name: &str) -> String {
    format!("{name}@{ROOMS_DOMAIN}")
}

/// Everybody, and what they were told.
pub(crate) struct People {
    persons: Vec<Person>,
    pub(crate) ledger: Arc<Ledger>,
    rooms: Vec<String>,
}

/// A moment, and what was asked since.
pub(crate) struct Since {
    moment: Instant,
    entries: usize,
}

impl People {
    /// Lets everybody come and talk; half of them look into the archive before they repeat
    /// anything, half leave that to the server. There are people on all servers.
    pub(crate) async fn come(ground: &Ground) -> Self {
        let rooms: Vec<String> = ROOMS.map(room).to_vec();
        let ledger = Arc::<Ledger>::default();
        let mut persons = Vec::new();
        for (index, name) in CAST.iter().enumerate() {
            let mut login = ground.deployment.login(name, &Bootstrap::password(name));
            // Somebody whose server is silent finds it first again, and wants to get on.
            login.patience = PATIENCE;
            let repeat = match index % 2 {
                0 => Repeat::EverythingUnanswered,
                _ => Repeat::WhatIsMissing,
            };
            let rooms = rooms.clone();
            let character = Character { login, rooms, repeat, patience: PATIENCE };
            let person = Person::arrive(character, &ledger);
            // One by one: each gets the next server.
            person.is_in(LONG).await.unwrap();
            persons.push(person);
        }
        let people = Self { persons, ledger, rooms };
        let places = people.places(ground);
        let servers: BTreeSet<&str> = places.values().map(String::as_str).collect();
        assert_eq!(servers.into_iter().collect::<Vec<_>>(), SERVERS, "{places:?}");
        for person in &people.persons {
            person.talk(EVERY).await;
        }
        people
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.persons.iter().map(|it| it.name().to_owned()).collect()
    }

    /// The server that each person connected to last.
    pub(crate) fn places(&self, ground: &Ground) -> BTreeMap<String, String> {
        let mut at: BTreeMap<String, IpAddr> = BTreeMap::new();
        for entry in self.ledger.entries() {
            if let Event::Connected(address) = entry.what {
                at.insert(entry.who, address.ip());
            }
        }
        let server = |address| {
            let of = |it: &&&str| ground.client_address(it).ip() == address;
            SERVERS.iter().find(of).map_or("elsewhere", |it| it).to_owned()
        };
        at.into_iter().map(|(who, address)| (who, server(address))).collect()
    }

    /// Remembers this moment.
    pub(crate) fn now(&self) -> Since {
        Since { moment: Instant::now(), entries: self.ledger.count() }
    }

    /// Waits until so many more posts, whoever's, have been acknowledged.
    pub(crate) async fn acknowledged(&self, more: usize) {
        let wanted = self.ledger.acknowledged() + more;
        eventually(LONG, "posts are acknowledged", async || {
            let now = self.ledger.acknowledged();
            if now >= wanted { Ok(()) } else { Err(format!("{now} of {wanted}")) }
        })
        .await;
    }

    /// Waits until each of `who` has said so many things since, and been acknowledged. Tells how
    /// long after the moment each got the first of those acknowledgements.
    pub(crate) async fn go_on(
        &self,
        since: &Since,
        posts: usize,
        who: &[String],
        when: &str,
    ) -> BTreeMap<String, Duration> {
        let what = format!("everybody goes on: {when}");
        eventually(LONG, &what, async || {
            let (counts, firsts) = since.answered(&self.ledger.entries_from(since.entries));
            let late = |it: &&String| counts.get(*it).copied().unwrap_or_default() < posts;
            let late: Vec<_> = who.iter().filter(late).collect();
            if late.is_empty() { Ok(firsts) } else { Err(self.troubles(since, &late)) }
        })
        .await
    }

    fn troubles(&self, since: &Since, late: &[&String]) -> BTreeMap<String, String> {
        let mut last: BTreeMap<_, _> =
            late.iter().map(|it| ((*it).clone(), "nothing was heard".to_owned())).collect();
        for entry in self.ledger.entries_from(since.entries) {
            let Some(last) = last.get_mut(&entry.who) else { continue };
            match entry.what {
                Event::Connected(address) => *last = format!("connected to {address}"),
                Event::Lost(why) => *last = why,
                Event::Refused { refusal, .. } => *last = refusal.to_string(),
                _ => {}
            }
        }
        last
    }

    /// Who lost a connection since, and why.
    pub(crate) fn losses(&self, since: &Since) -> Vec<(String, String)> {
        let lost = |entry: Entry| match entry.what {
            Event::Lost(why) => Some((entry.who, why)),
            _ => None,
        };
        self.ledger.entries_from(since.entries).into_iter().filter_map(lost).collect()
    }

    pub(crate) async fn talk(&self) {
        for person in &self.persons {
            person.talk(EVERY).await;
        }
    }

    /// Nobody says anything new; everything said is answered, and everybody is in.
    pub(crate) async fn hush(&self) {
        for person in &self.persons {
            person.hush().await;
        }
        for person in &self.persons {
            person.is_answered(LONG).await.unwrap();
            person.is_in(LONG).await.unwrap();
        }
    }

    /// Hushes everybody and compares what they were told with what stands in the rooms: nothing
    /// acknowledged is lost, nothing stands twice, all of it in order and seen by everybody.
    pub(crate) async fn check(&self, ground: &Ground, when: &str) -> Verdict {
        self.hush().await;
        let standing = self.read_rooms(ground).await;
        let names = self.names();
        eventually(LONG, "everybody has seen the last posts", async || {
            let late = delivered::missing_the_last(&self.ledger.entries(), &standing, &names);
            if late.is_empty() { Ok(()) } else { Err(late) }
        })
        .await;
        let entries = self.ledger.entries();
        let verdict = Verdict::reach(&self.ledger, &[], &standing);
        assert!(verdict.is_good(), "{when}: {verdict}");
        assert_eq!(verdict.unshipped, 0);
        let refused = |it: &&Entry| matches!(it.what, Event::Refused { .. });
        let refused: Vec<_> = entries.iter().filter(refused).collect();
        assert!(refused.is_empty(), "{when}: {refused:?}");
        let complaints = delivered::complaints(&entries, &standing);
        assert!(complaints.is_empty(), "{when}: {complaints:#?}");
        verdict
    }

    /// Reads all rooms as an ordinary client, by whichever server lets it in.
    async fn read_rooms(&self, ground: &Ground) -> Rooms {
        let login = ground.deployment.login(AUDITOR, &Bootstrap::password(AUDITOR));
        eventually(LONG, "the rooms are read", async || {
            let mut client = Client::connect(&login).await?;
            for room in &self.rooms {
                let nothing = HistoryWanted { max_stanzas: Some(0), ..HistoryWanted::default() };
                client.join(room, AUDITOR, nothing).await?;
                self.ring(&mut client, room).await?;
            }
            let rooms = read_rooms(&mut client, &self.rooms).await?;
            client.close().await?;
            Ok::<_, Lost>(rooms)
        })
        .await
    }

    /// Says something in a room and hears it. A server shows no more than it has heard of yet, and
    /// it has heard of all that stands before this.
    async fn ring(&self, client: &mut Client, room: &str) -> Result<(), Lost> {
        let origin_id = format!("{AUDITOR}-{}-{}", std::process::id(), self.ledger.count());
        let (room, body) = (room.to_owned(), format!("{AUDITOR} reads {room}"));
        let post = client.say(&room, &origin_id, &body);
        self.ledger.write(
            AUDITOR,
            Event::Asked { room: room.clone(), origin_id: origin_id.clone(), body: body.clone() },
        );
        self.ledger.write(AUDITOR, Event::Acknowledged(post.await?));
        Ok(())
    }
}

impl Since {
    /// The same moment, but only what is asked from now on counts.
    pub(crate) fn asked_from_now(self, people: &People) -> Self {
        Self { entries: people.ledger.count(), ..self }
    }

    /// How long ago it was.
    pub(crate) fn elapsed(&self) -> Duration {
        self.moment.elapsed()
    }

    /// Of what was first said after the moment: how much of it was acknowledged to each, and how
    /// long after the moment the first of it.
    fn answered(&self, entries: &[Entry]) -> (BTreeMap<String, usize>, BTreeMap<String, Duration>) {
        let mut asked = BTreeSet::new();
        let mut counts = BTreeMap::<String, usize>::new();
        let mut firsts = BTreeMap::new();
        for entry in entries {
            match &entry.what {
                Event::Asked { origin_id, .. } => drop(asked.insert(origin_id.as_str())),
                Event::Acknowledged(post)
                    if post.origin_id.as_deref().is_some_and(|it| asked.contains(it)) =>
                {
                    *counts.entry(entry.who.clone()).or_default() += 1;
                    firsts.entry(entry.who.clone()).or_insert(entry.at - self.moment);
                }
                _ => {}
            }
        }
        (counts, firsts)
    }
}

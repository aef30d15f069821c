//! The people of the story: two offices, each of which finds its own servers first.

use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::checker::{Rooms, read_rooms};
use testkit::client::{Client, Login};
use testkit::deployment::{Bootstrap, Deployment};
use testkit::dns::{Dns, Service};
use testkit::ledger::{Event, Ledger};
use testkit::{Character, Person, Repeat};
use topology::{Pool, Topology};
use xmpp::muc::HistoryWanted;

/// Who talks, and in which office.
const CAST: [(&str, Office); 8] = [
    ("ann", Office::North),
    ("bob", Office::North),
    ("cyd", Office::North),
    ("dan", Office::North),
    ("eve", Office::South),
    ("fay", Office::South),
    ("gus", Office::South),
    ("hal", Office::South),
];

/// Who reads the rooms for the accounting, and who is free for the audience.
const AUDITOR: &str = "auditor";
pub(crate) const VISITOR: &str = "visitor";

const ROOMS: [&str; 3] = ["operations", "ward", "hotline"];

/// How busily everybody talks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pace {
    /// Until home is lost: a load.
    Busy,
    /// Afterwards, so that there is time for copies.
    Calm,
}

impl Pace {
    /// Between two posts of one person.
    fn every(self) -> Duration {
        match self {
            Self::Busy => Duration::from_millis(80),
            Self::Calm => Duration::from_millis(240),
        }
    }

    /// How many posts the people's clients send in a second at most, all together.
    pub(crate) fn posts_per_second(self) -> u128 {
        CAST.len() as u128 * 1000 / self.every().as_millis()
    }
}

/// Once the story is told, two people go on now and then.
const NOW_AND_THEN: Duration = Duration::from_secs(3);

/// After how long without a word a client looks for another server.
const PATIENCE: Duration = Duration::from_secs(3);

/// Between two looks into the ledger.
const PAUSE: Duration = Duration::from_millis(20);

/// Where the name server of the south office listens, within the deployment's network.
const SOUTH_NAMES: (u8, u8) = (0, 54);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Office {
    North,
    South,
}

/// Everybody, and what they were told.
#[derive(Debug)]
pub(crate) struct People {
    persons: Vec<Person>,
    pub(crate) ledger: Arc<Ledger>,
    auditor: Login,
    rooms: Vec<String>,
    names: Dns,
}

/// The password of a user; nobody should choose it so outside of a demo.
pub(crate) fn password(user: &str) -> String {
    format!("{user}-secret")
}

/// Users and rooms to begin with.
pub(crate) fn bootstrap() -> Bootstrap {
    let cast = CAST.iter().map(|(name, _)| *name).chain([AUDITOR, VISITOR]);
    Bootstrap {
        users: cast.map(|name| (name.to_owned(), password(name))).collect(),
        rooms: ROOMS.map(str::to_owned).to_vec(),
    }
}

/// The addresses of the rooms.
pub(crate) fn rooms(pool: &Pool) -> Vec<String> {
    let domain = pool.chat().map(|chat| chat.rooms.as_str()).unwrap_or_default();
    ROOMS.iter().map(|room| format!("{room}@{domain}")).collect()
}

impl People {
    /// Gets everything ready; nobody is there yet.
    pub(crate) async fn prepare(deployment: &Deployment) -> anyhow::Result<Self> {
        let topology = deployment.topology();
        let pool = topology.chat_pools().next().context("the topology has a chat pool")?;
        let names = south_names(topology, pool).await?;
        let auditor = deployment.login(AUDITOR, &password(AUDITOR));
        let (persons, ledger) = (Vec::new(), Arc::default());
        Ok(Self { persons, ledger, auditor, rooms: rooms(pool), names })
    }

    /// Lets everybody come, and waits until they are in all rooms.
    pub(crate) async fn come(
        &mut self,
        deployment: &Deployment,
        deadline: Duration,
    ) -> anyhow::Result<()> {
        let person = |(name, office): &(&str, Office)| {
            let mut login = deployment.login(name, &password(name));
            if *office == Office::South {
                login.dns = self.names.address();
            }
            let repeat = Repeat::EverythingUnanswered;
            let rooms = self.rooms.clone();
            Person::arrive(Character { login, rooms, repeat, patience: PATIENCE }, &self.ledger)
        };
        self.persons = CAST.iter().map(person).collect();
        for person in &self.persons {
            person.is_in(deadline).await?;
        }
        Ok(())
    }

    pub(crate) async fn talk(&self, pace: Pace) {
        for person in &self.persons {
            person.talk(pace.every()).await;
        }
    }

    /// Two go on talking, so that somebody who comes hears something.
    pub(crate) async fn chat_now_and_then(&self) {
        for person in self.persons.iter().take(2) {
            person.talk(NOW_AND_THEN).await;
        }
    }

    /// Nobody says anything new, and everything said has been answered.
    pub(crate) async fn hush(&self, deadline: Duration) -> anyhow::Result<()> {
        for person in &self.persons {
            person.hush().await;
        }
        for person in &self.persons {
            person.is_answered(deadline).await?;
            person.is_in(deadline).await?;
        }
        Ok(())
    }

    /// Waits until so many more posts have been acknowledged.
    pub(crate) async fn acknowledged(&self, more: usize, deadline: Duration) -> anyhow::Result<()> {
        let before = self.ledger.acknowledged();
        let end = Instant::now() + deadline;
        loop {
            let now = self.ledger.acknowledged();
            if now >= before + more {
                return Ok(());
            }
            if Instant::now() > end {
                bail!(
                    "only {} of {more} posts were acknowledged within {} s{}",
                    now - before,
                    deadline.as_secs(),
                    self.troubles()
                );
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What each client saw last when it lost its connection.
    fn troubles(&self) -> String {
        let mut last = BTreeMap::new();
        for entry in self.ledger.entries() {
            match entry.what {
                Event::Lost(why) => drop(last.insert(entry.who, why)),
                Event::Refused { refusal, .. } => {
                    last.insert(entry.who, refusal.to_string());
                }
                _ => {}
            }
        }
        let words: Vec<String> =
            last.into_iter().map(|(who, why)| format!("; {who}: {why}")).collect();
        words.concat()
    }

    /// Who is connected where, as `server: names`.
    pub(crate) fn places(&self, topology: &Topology) -> Vec<String> {
        let mut at: BTreeMap<String, IpAddr> = BTreeMap::new();
        for entry in self.ledger.entries() {
            if let Event::Connected(address) = entry.what {
                at.insert(entry.who, address.ip());
            }
        }
        let mut by_server: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (who, address) in &at {
            let host = topology.hosts.iter().find(|it| it.address == *address);
            let server = host.map_or("elsewhere", |it| it.name.as_str());
            by_server.entry(server).or_default().push(who);
        }
        by_server.iter().map(|(server, who)| format!("{server}: {}", who.join(", "))).collect()
    }

    /// Reads all rooms from beginning to end, as an ordinary client.
    pub(crate) async fn read_rooms(&self) -> anyhow::Result<Rooms> {
        let mut client = Client::connect(&self.auditor).await.context("let the auditor in")?;
        for room in &self.rooms {
            let nothing = HistoryWanted { max_stanzas: Some(0), ..HistoryWanted::default() };
            client.join(room, AUDITOR, nothing).await.context("let the auditor into a room")?;
        }
        let rooms = read_rooms(&mut client, &self.rooms).await.context("read the rooms")?;
        client.close().await.context("let the auditor out")?;
        Ok(rooms)
    }
}

fn south_address(topology: &Topology) -> Ipv4Addr {
    let (third, fourth) = SOUTH_NAMES;
    match topology.hosts.first().map(|it| it.address) {
        Some(IpAddr::V4(address)) => {
            let [first, second, ..] = address.octets();
            Ipv4Addr::new(first, second, third, fourth)
        }
        _ => Ipv4Addr::LOCALHOST,
    }
}

/// The same names as everywhere, but the servers of the backup site come first.
async fn south_names(topology: &Topology, pool: &Pool) -> anyhow::Result<Dns> {
    let dns = Dns::start(south_address(topology))
        .await
        .context("start the name server of the south office")?;
    let domain = &topology.domain;
    let home = topology.home_site(pool).map(|it| &it.name);
    for host in &topology.hosts {
        dns.set_address(&format!("{}.{domain}", host.name), host.address);
    }
    let chat = pool.chat().context("it is a chat pool")?;
    for (service, port) in
        [("_xmpp-client._tcp", chat.client_port), ("_xmpps-client._tcp", chat.client_tls_port)]
    {
        let record = |server: &String| {
            let is_home = topology.site_of_host(server).map(|it| &it.name) == home;
            let target = format!("{server}.{domain}");
            Service { priority: if is_home { 20 } else { 10 }, weight: 0, target, port }
        };
        let records: Vec<Service> = pool.servers.iter().map(record).collect();
        dns.set_services(&format!("{service}.{domain}"), &records);
    }
    Ok(dns)
}

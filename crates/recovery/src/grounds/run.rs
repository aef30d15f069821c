//! One run of a procedure, whatever it is about: its name, its lock, its lines in the journals.

use std::sync::OnceLock;

use super::Grounds;
use super::journals::{self, Copies};
use super::lock::{Held, holder};
use crate::engine::Stopped;
use crate::journal::{Entry, What};
use crate::store::LeaseState;
use crate::world::Lock;

/// One run of a procedure upon one pool.
#[derive(Debug)]
pub struct Run {
    grounds: Grounds,
    pool: String,
    who: String,
    name: String,
    held: Option<Held>,
    /// Begun with the first line.
    copies: OnceLock<Copies>,
}

/// Who holds the lock of a pool, as a run sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockSeen {
    /// Who.
    pub lock: Lock,
    /// The other run in words, if it is another's; else empty.
    pub other: String,
}

impl Run {
    /// A run of `procedure` upon `pool`, which `who` asks for. Nothing is locked or noted yet.
    pub fn new(grounds: Grounds, pool: &str, who: &str, procedure: &str) -> Self {
        let (pool, who, name) = (pool.to_owned(), who.to_owned(), name_of(procedure));
        Self { grounds, pool, who, name, held: None, copies: OnceLock::new() }
    }

    /// Its name, which sorts by time.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it needs of this host.
    pub fn grounds(&self) -> &Grounds {
        &self.grounds
    }

    /// Takes the pool's lock at every site that answers.
    pub async fn lock(&mut self) -> Result<(), String> {
        self.held = Some(self.grounds.lock(&self.pool, &self.name).await?);
        Ok(())
    }

    /// Gives the lock back, if it is held.
    pub async fn release(&mut self) -> Result<(), String> {
        if let Some(held) = self.held.take() {
            held.give_up().await;
        }
        Ok(())
    }

    /// Who holds the lock, by all stores that answer now.
    pub async fn look_at_lock(&self) -> LockSeen {
        let states = self.grounds.lock_states(&self.pool).await;
        self.lock_in(states.iter()).await
    }

    /// Who holds the lock, by what the stores said of its lease.
    pub async fn lock_in<'s>(&self, states: impl Iterator<Item = &'s LeaseState>) -> LockSeen {
        match holder(states, &self.name) {
            None => LockSeen { lock: Lock::Free, other: String::new() },
            Some(ours) if ours == self.name => LockSeen { lock: Lock::Ours, other: String::new() },
            Some(other) => {
                LockSeen { lock: Lock::Others, other: self.grounds.tell_of(other).await }
            }
        }
    }

    /// Writes a line into this host's journal, durably, and then wherever a host answers.
    pub async fn note(&self, what: What) -> Result<(), String> {
        let entry = Entry {
            run: self.name.clone(),
            pool: self.pool.clone(),
            host: self.grounds.host.clone(),
            who: self.who.clone(),
            at: crate::now_utc(),
            what,
        };
        journals::keep(&self.grounds.journal, entry.clone()).await?;
        self.copies.get_or_init(|| Copies::new(&self.grounds)).append(&entry).await;
        Ok(())
    }

    /// Gives the lock back, and notes how the run ended.
    pub async fn end(mut self, outcome: &Result<(), Stopped>) -> Result<(), String> {
        self.release().await?;
        let how = match outcome {
            Ok(()) => What::Finished,
            Err(stopped) => What::Ended { stopped: stopped.to_string() },
        };
        self.note(how).await?;
        if let Some(copies) = self.copies.take() {
            copies.end().await;
        }
        Ok(())
    }
}

fn name_of(procedure: &str) -> String {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.3f");
    format!("{now}-{procedure}-{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use control::authority::Authority;
    use control::{Client, Credentials};
    use topology::Topology;

    use super::{Lock, Run, What};
    use crate::engine::{Line, Mark};
    use crate::grounds::Grounds;
    use crate::journal::Journal;
    use crate::store::{Embedded, Records};

    /// Nobody else is there to be told.
    const TOPOLOGY: &str = r#"
domain = "example.org"
site = [{ name = "north", witness = "north-witness" }]
host = [
    { name = "north-witness", site = "north", address = "127.0.62.23" },
    { name = "north-db1", site = "north", address = "127.0.62.21" },
]
store = [{ name = "north-rgs", host = "north-db1" }]

[[front_end_pool]]
fqdn = "primary.example.org"
stores = { home = "north-rgs" }
"#;

    fn grounds(directory: &Path) -> Grounds {
        let host = "north-witness";
        let topology = Topology::parse("topology.toml", TOPOLOGY).unwrap().topology;
        let address = topology.host(host).unwrap().address;
        let authority = Authority::create(&directory.join("authority")).unwrap();
        let tls = directory.join("tls");
        authority.issue_host(host, &[host.to_owned()], &[address], &tls).unwrap();
        let store = |site: &str| {
            let store = Embedded::open(&directory.join(site), Duration::from_mins(1)).unwrap();
            (site.to_owned(), Records::new(Arc::new(store)))
        };
        Grounds {
            host: host.to_owned(),
            topology: Arc::new(topology),
            stores: vec![store("north"), store("south")],
            client: Client::new(&Credentials::load(&tls).unwrap()),
            journal: Journal::open(&directory.join("journal")).unwrap(),
            salvager: Arc::new(|_, _| Box::pin(async { Err("nothing is salvaged".to_owned()) })),
        }
    }

    #[tokio::test]
    async fn a_run_that_cannot_lock_one_site_locks_none() {
        let directory =
            std::env::temp_dir().join(format!("standfast-grounds-none-{}", std::process::id()));
        let grounds = grounds(&directory);
        let pool = "primary.example.org";
        let mut first = Run::new(
            Grounds { stores: grounds.stores[1..].into(), ..grounds.clone() },
            pool,
            "alice",
            "pool-fail-over",
        );
        first.lock().await.unwrap();
        let mut second = Run::new(grounds.clone(), pool, "bob", "pool-fail-back");
        second.lock().await.unwrap_err();
        let here =
            Run::new(Grounds { stores: grounds.stores[..1].into(), ..grounds }, pool, "", "look");
        assert_eq!(here.look_at_lock().await.lock, Lock::Free);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[tokio::test]
    async fn a_run_is_told_who_has_the_pool_and_how_far_that_is() {
        let directory =
            std::env::temp_dir().join(format!("standfast-grounds-{}", std::process::id()));
        let grounds = grounds(&directory);
        let pool = "primary.example.org";
        let mut first = Run::new(grounds.clone(), pool, "alice", "pool-fail-over");
        let mut second = Run::new(grounds, pool, "bob", "pool-fail-back");
        assert_eq!(second.look_at_lock().await.lock, Lock::Free);
        let procedure = "pool-fail-over".to_owned();
        let began = What::Began { procedure, attested: false, accepted: None, also: Vec::new() };
        first.note(began).await.unwrap();
        first.lock().await.unwrap();
        let (procedure, number) = ("pool-fail-over".to_owned(), "3".to_owned());
        let (text, mark) = ("Import them.".to_owned(), Mark::Started);
        first.note(What::Row(Line { procedure, number, text, mark })).await.unwrap();

        assert_eq!(first.look_at_lock().await.lock, Lock::Ours);
        let seen = second.look_at_lock().await;
        assert_eq!(seen.lock, Lock::Others);
        let known = ["pool-fail-over, which alice began at ", " on north-witness (", first.name()];
        for part in known.into_iter().chain(["at step 3: Import them."]) {
            assert!(seen.other.contains(part), "{}", seen.other);
        }
        let refused = second.lock().await.unwrap_err();
        assert!(refused.ends_with(&seen.other), "{refused}");

        first.end(&Ok(())).await.unwrap();
        second.lock().await.unwrap();
        second.release().await.unwrap();
        std::fs::remove_dir_all(directory).unwrap();
    }
}

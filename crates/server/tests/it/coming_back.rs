//! A former primary comes back as the mirror, by the shortest way that its end allows.

use std::time::Instant;

use crate::ground::{Ground, LONG};
use crate::load::Load;

/// A fifth of a gigabyte, in rows of a kilobyte each.
const BALLAST: &str = "
    create table public.ballast (id bigint primary key, body text not null);
    insert into public.ballast
        select number, repeat(md5(number::text), 30) from generate_series(1, 200000) as number;";

/// Three more: the pool has had them for long, and nobody keeps their WAL any more.
const COPIES: [&str; 3] = ["one", "two", "three"];

/// More than all of that.
const MUCH: u64 = 1 << 32;

/// What a keeper says in its trace.
const REWOUND: &str = "taken back to where it parted";
const COPYING: &str = "keeper::standby: copying";

/// One pool with a database that takes its time to be copied, four ends of its primary.
#[tokio::test]
async fn a_former_primary_is_copied_only_if_nothing_else_helps() {
    let mut ground = Ground::stand(28).await;
    let (_, primary) = ground.primary().await;
    ground.sql(&primary, "postgres", "create database ballast").await;
    ground.sql(&primary, "ballast", BALLAST).await;
    for copy in COPIES {
        let sql = format!("create database {copy} template ballast strategy file_copy");
        ground.sql(&primary, "postgres", &sql).await;
    }
    let load = Load::begin(&ground);
    load.goes_on("the pool has some weight").await;
    one_that_fell_is_rewound(&mut ground, &load).await;
    one_with_more_wal_than_data_is_copied(&mut ground, &load).await;
    one_that_ended_in_order_follows(&mut ground, &load).await;
    one_that_cannot_be_rewound_is_copied(&mut ground, &load).await;
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

async fn one_that_fell_is_rewound(ground: &mut Ground, load: &Load) {
    let (host, store) = ground.primary().await;
    let before = Said::by(ground, &host);
    ground.kill_postmaster(&store);
    comes_back(ground, load, "fell").await;
    let said = Said::by(ground, &host);
    assert_eq!(said, Said { rewound: before.rewound + 1, ..before });
}

/// A rewind would fetch all of it.
async fn one_with_more_wal_than_data_is_copied(ground: &mut Ground, load: &Load) {
    let (host, store) = ground.primary().await;
    let before = Said::by(ground, &host);
    let data = ground.host(&host).plan().directory.join("instances").join(&store);
    let much = std::fs::File::create(data.join("pg_wal/much")).unwrap();
    much.set_len(MUCH).unwrap();
    ground.kill_postmaster(&store);
    comes_back(ground, load, "fell, with more WAL than data").await;
    assert_eq!(Said::by(ground, &host), Said { copied: before.copied + 1, ..before });
}

async fn one_that_ended_in_order_follows(ground: &mut Ground, load: &Load) {
    let (host, _) = ground.primary().await;
    let before = Said::by(ground, &host);
    ground.host(&host).terminate(LONG).await.unwrap();
    load.goes_on("the mirror has taken over").await;
    ground.host(&host).start().await.unwrap();
    comes_back(ground, load, "ended in order").await;
    assert_eq!(Said::by(ground, &host), before);
}

/// Without its own WAL nobody can tell what it wrote since it parted.
async fn one_that_cannot_be_rewound_is_copied(ground: &mut Ground, load: &Load) {
    let (host, store) = ground.primary().await;
    let before = Said::by(ground, &host);
    ground.host(&host).kill_host().await.unwrap();
    load.goes_on("the mirror has taken over").await;
    let wal = ground.host(&host).plan().directory.join("instances").join(store).join("pg_wal");
    for segment in std::fs::read_dir(wal).unwrap() {
        let segment = segment.unwrap();
        if segment.file_type().unwrap().is_file() {
            std::fs::remove_file(segment.path()).unwrap();
        }
    }
    ground.host(&host).start().await.unwrap();
    comes_back(ground, load, "fell, without its WAL").await;
    let said = Said::by(ground, &host);
    assert_eq!(said, Said { copied: before.copied + 1, ..before });
}

async fn comes_back(ground: &Ground, load: &Load, how: &str) {
    let since = Instant::now();
    load.goes_on(how).await;
    let alone = since.elapsed();
    ground.is_well(how).await;
    println!("{how}: posts again after {alone:?}, mirror in sync after {:?}", since.elapsed());
}

/// How often a keeper has done what, as its trace tells.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    rewound: usize,
    copied: usize,
}

impl Said {
    fn by(ground: &mut Ground, host: &str) -> Self {
        let trace = std::fs::read_to_string(&ground.host(host).plan().log).unwrap();
        let times = |words| trace.matches(words).count();
        Self { rewound: times(REWOUND), copied: times(COPYING) }
    }
}

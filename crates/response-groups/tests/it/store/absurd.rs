//! Whatever an export file holds that is taken, the database takes as well, or refuses with a
//! sentence that an administrator can use.

use std::io::Cursor;

use response_groups::import::{Existing, Incoming, plan};
use response_groups::package::Package;
use response_groups::store::{ImportError, OwnerFilter, RgsError};

use super::world::{BACKUP, World};
use crate::testing::{Dice, TAKING, absurd, signed_in};

/// How many files are tried.
const FILES: u64 = 500;

/// How many of them the reader takes, at least.
const TAKEN: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn the_database_does_not_stumble_over_what_the_reader_takes() {
    let world = World::of(BACKUP).await;
    let sound = signed_in("sip:ken@contoso.com", "2026-01-01T00:00:00Z");
    let mut taken = 0;
    for seed in 0..FILES {
        let mut dice = Dice::new(seed);
        let file = absurd(&mut dice, &sound);
        let Ok(mut package) = Package::open(Cursor::new(&file)) else { continue };
        taken += 1;
        let whole = package.configuration().clone();
        let said = package.manifest().clone();
        let incoming = Incoming {
            configuration: &whole,
            source: &said.source,
            owner: said.owner.as_deref(),
            reigns: package.incoming().reigns,
            given: [].into(),
        };
        let options = dice.one(&TAKING);
        let make = |existing: &Existing| plan(existing, &incoming, options);
        match world.hosting.import(Vec::new(), make, &mut package).await {
            Ok(_)
            | Err(
                ImportError::Plan(_)
                | ImportError::Store(
                    RgsError::Refused(_) | RgsError::Broken(_) | RgsError::Audio { .. },
                ),
            ) => {}
            Err(ImportError::Store(error)) => panic!("{seed}: {error:?}"),
        }
        world.hosting.export(&OwnerFilter::All).await.unwrap().end().await;
    }
    assert!(taken >= TAKEN, "only {taken} files were taken");
}

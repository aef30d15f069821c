//! Listing: whose objects are shown, and how many are not.

use std::collections::BTreeMap;

use response_groups::configuration::Configuration;
use response_groups::model::{Kind, Object};
use response_groups::store::{Filter, Listing, OwnerFilter};

use super::world::{BACKUP, PRIMARY, World, group, id, queue};
use crate::testing::Contents;

fn names(listing: &Listing) -> Vec<&str> {
    listing.objects.iter().map(Object::name).collect()
}

#[tokio::test]
async fn a_listing_shows_the_owners_asked_for_and_counts_the_others() {
    let world = World::new().await;
    for (number, name) in [(1, "Desk"), (2, "Support")] {
        world.add(group(number, name)).await.unwrap();
    }
    let visiting = ["Billing", "Sales", "Travel"].into_iter().zip(11..).map(|(name, number)| {
        let mut it = Object::from(group(number, name));
        BACKUP.clone_into(it.owner_and_name().0);
        it
    });
    let whole = Configuration { objects: visiting.collect(), ..Configuration::default() };
    world.import(&whole, &mut Contents::default()).await.unwrap();
    world.add(queue(1, "Support", &[2])).await.unwrap();

    let list = async |id, name: Option<&str>, owner| {
        let filter = Filter { id, name: name.map(str::to_owned), owner };
        world.hosting.list(Kind::AgentGroup, &filter).await.unwrap()
    };
    let hidden = |count: usize, owner: &str| BTreeMap::from([(owner.to_owned(), count)]);

    let own = list(None, None, OwnerFilter::Parent).await;
    assert_eq!((names(&own), own.hidden.clone()), (vec!["Desk", "Support"], hidden(3, BACKUP)));
    let theirs = list(None, None, OwnerFilter::Of(BACKUP.to_owned())).await;
    assert_eq!(names(&theirs), ["Billing", "Sales", "Travel"]);
    assert_eq!(theirs.hidden, hidden(2, PRIMARY));
    let all = list(None, None, OwnerFilter::All).await;
    assert_eq!(names(&all), ["Billing", "Desk", "Sales", "Support", "Travel"]);
    assert_eq!(all.hidden, BTreeMap::new());
    let one = list(None, Some("DESK"), OwnerFilter::Parent).await;
    assert_eq!((names(&one), one.hidden.len()), (vec!["Desk"], 0));
    let none = list(None, Some("sales"), OwnerFilter::Parent).await;
    assert_eq!((names(&none), none.hidden.clone()), (vec![], hidden(1, BACKUP)));
    let one = list(Some(id(11)), None, OwnerFilter::All).await;
    assert_eq!(names(&one), ["Billing"]);
}

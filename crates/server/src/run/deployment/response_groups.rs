//! Response Groups, asked of the pools that host them.

use std::collections::BTreeMap;

use admin::deployment::Reply;
use admin::deployment::response_groups::{
    FrontEndPool, Listing, ResponseGroups, Save, SignedIn, Which,
};
use admin::{Fault, Watch};
use response_groups::model::{AudioFile, AudioRef, Kind, ServiceSettings};
use uuid::Uuid;

use super::Reached;

fn nowhere<'a, T: Send + 'a>(parent: &str) -> Reply<'a, T> {
    let message = format!("there is no pool `{parent}` that hosts Response Groups");
    Box::pin(async { Err(Fault::missing(message, "declare it in the topology")) })
}

impl ResponseGroups for Reached {
    fn front_end_pools(&self) -> Reply<'_, Vec<FrontEndPool>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn list(&self, parent: String, _: Kind, _: Which) -> Reply<'_, Listing> {
        nowhere(&parent)
    }

    fn save<'a>(&'a self, parent: String, _: Save, _: &'a Watch) -> Reply<'a, ()> {
        nowhere(&parent)
    }

    fn remove(&self, parent: String, _: Kind, _: Uuid) -> Reply<'_, ()> {
        nowhere(&parent)
    }

    fn add_audio(&self, parent: String, _: AudioFile) -> Reply<'_, AudioRef> {
        nowhere(&parent)
    }

    fn settings(&self, parent: String) -> Reply<'_, BTreeMap<String, ServiceSettings>> {
        nowhere(&parent)
    }

    fn set_settings(&self, parent: String, _: ServiceSettings) -> Reply<'_, ()> {
        nowhere(&parent)
    }

    fn sign_ins(&self, parent: String) -> Reply<'_, Vec<SignedIn>> {
        nowhere(&parent)
    }

    fn sign_in(&self, parent: String, _: Uuid, _: String, _: bool) -> Reply<'_, ()> {
        nowhere(&parent)
    }
}

//! A configuration as it is carried: everything that one export, one received revision or one
//! import holds, the bytes of audio files aside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{Object, ServiceSettings, SignIn};

/// Objects, settings, and who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Every object, in the order of [`crate::model::Kind::ALL`], by name within a kind.
    pub objects: Vec<Object>,
    /// The audio files that objects and settings name, by identity.
    pub audio: Vec<AudioEntry>,
    /// The application-level settings, by owner.
    pub settings: BTreeMap<String, ServiceSettings>,
    /// Formal agents who are signed in.
    pub sign_ins: Vec<SignIn>,
}

/// An audio file without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AudioEntry {
    /// Made once; the same in every copy.
    #[serde(rename = "ID")]
    pub id: Uuid,
    /// The pool that it belongs to.
    pub owner: String,
    /// The name that its file had.
    pub original_file_name: String,
    /// How many bytes its content has.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

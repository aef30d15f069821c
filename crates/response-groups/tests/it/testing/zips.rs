//! Export files taken apart, changed, and put together as somebody with bad intentions would.

use std::io::{Cursor, Read as _, Write as _};

use response_groups::package::Package;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Dice, Size, exported, header, made, sha256};

/// The entries of an export file.
#[derive(Clone, Debug)]
pub(crate) struct Parts(pub(crate) Vec<(String, Vec<u8>)>);

impl Parts {
    pub(crate) fn of(file: &[u8]) -> Self {
        let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
        let parts = (0..archive.len()).map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (name, content)
        });
        Self(parts.collect())
    }

    pub(crate) fn get(&self, name: &str) -> &[u8] {
        &self.0.iter().find(|(it, _)| it == name).unwrap().1
    }

    pub(crate) fn with(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref().to_vec();
        match self.0.iter_mut().find(|(it, _)| it == name) {
            Some((_, old)) => *old = content,
            None => self.0.push((name.to_owned(), content)),
        }
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(it, _)| it != name);
        self
    }

    /// One entry of JSON, changed.
    pub(crate) fn json(self, name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let mut value: Value = serde_json::from_slice(self.get(name)).unwrap();
        change(&mut value);
        self.with(name, serde_json::to_vec_pretty(&value).unwrap())
    }

    /// With a manifest that agrees with the other entries, counts aside.
    pub(crate) fn agreed(self) -> Self {
        let others = self.0.iter().filter(|(name, _)| name != "manifest.json");
        let entries: Vec<_> = others
            .map(|(name, content)| {
                json!({ "Name": name, "Bytes": content.len(), "Sha256": sha256(content) })
            })
            .collect();
        self.json("manifest.json", |it| it["Entries"] = Value::Array(entries))
    }

    pub(crate) fn zipped(&self) -> Vec<u8> {
        self.zipped_as(SimpleFileOptions::default())
    }

    pub(crate) fn zipped_as(&self, options: SimpleFileOptions) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.0 {
            let deflated = options.compression_method(CompressionMethod::Deflated);
            zip.start_file(name.as_str(), deflated).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}

/// The file with every occurrence of some bytes replaced by as many others.
pub(crate) fn patched(mut file: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let places: Vec<_> =
        (0..=file.len() - old.len()).filter(|at| file[*at..].starts_with(old)).collect();
    assert!(!places.is_empty(), "nothing to replace");
    for at in places {
        file[at..at + old.len()].copy_from_slice(new);
    }
    file
}

/// A sound export file of everything that there is.
pub(crate) fn good() -> Vec<u8> {
    let mut dice = Dice::new(11);
    let size = Size {
        workflows: 3,
        queues: 2,
        agent_groups: 2,
        agents: 4,
        hours: 1,
        holiday_sets: 1,
        audio: 2,
        audio_bytes: 50,
    };
    let source = "primary.contoso.com";
    let (whole, contents) = made(&mut dice, &[source], size);
    exported(&header(source, &whole), &whole, &contents)
}

/// Its entries.
pub(crate) fn parts() -> Parts {
    Parts::of(&good())
}

#[track_caller]
pub(crate) fn refused(file: &[u8], sentence: &str) {
    let error = Package::open(Cursor::new(file)).expect_err("the file was taken").to_string();
    assert!(error.contains(sentence), "{error}");
}

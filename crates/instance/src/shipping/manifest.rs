//! The manifest of a folder: one line of JSON per closed file, only ever appended to.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Reign;
use super::durable;
use super::error::{ShippingError, at};
use super::segment::{Segment, WalFile};
use crate::{Lsn, SEGMENT_BYTES};

/// A closed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestLine {
    /// `PostgreSQL`'s name; the file is `NAME.zst`.
    pub name: String,
    /// Bytes before compression.
    pub size: u64,
    /// Of the bytes before compression, in hexadecimal.
    pub sha256: String,
    /// Bytes of the compressed file.
    pub compressed: u64,
    #[serde(with = "as_text")]
    pub system_identifier: u64,
    pub timeline: u32,
    /// The position of the first byte; of a history, where its timeline begins.
    pub start: Lsn,
    /// The position after the last byte.
    pub end: Lsn,
    pub reign: Reign,
    pub closed_at: Timestamp,
}

impl ManifestLine {
    /// The segment, if this is a complete one.
    pub fn segment(&self) -> Option<Segment> {
        match WalFile::parse(&self.name) {
            Some(WalFile::Segment(segment)) => Some(segment),
            _ => None,
        }
    }

    /// The fields must fit each other: a flipped bit in one of them shows.
    fn check(&self) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{what} does not fit the name {}", self.name));
        let Some(file) = WalFile::parse(&self.name) else {
            return Err(format!("\"{}\" is no WAL file", self.name));
        };
        if file.timeline() != self.timeline {
            return wrong("the timeline");
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|it| it.is_ascii_hexdigit()) {
            return wrong("the checksum");
        }
        if let WalFile::Segment(segment) | WalFile::Partial(segment) = file {
            if self.size != SEGMENT_BYTES {
                return wrong("the size");
            }
            let full = self.end == segment.end();
            let part = matches!(file, WalFile::Partial(_)) && self.end <= segment.end();
            if self.start != segment.start() || !(full || part) {
                return wrong("the range");
            }
        }
        Ok(())
    }
}

/// What a folder's manifest says.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    lines: Vec<ManifestLine>,
    by_name: HashMap<String, usize>,
}

impl Manifest {
    /// Reads a manifest; an absent one is empty. The last line may be in the middle of being
    /// written and is then not there yet.
    pub fn read(path: &Path) -> Result<Self, ShippingError> {
        let bytes = durable::read(path)?.unwrap_or_default();
        Self::parse(path, whole_lines(&bytes))
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ShippingError> {
        let mut manifest = Self::default();
        for (index, line) in bytes.split(|it| *it == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let corrupt = |why| ShippingError::CorruptManifest {
                path: path.to_owned(),
                line: index + 1,
                why,
            };
            let line: ManifestLine =
                serde_json::from_slice(line).map_err(|error| corrupt(error.to_string()))?;
            line.check().map_err(corrupt)?;
            if manifest.get(&line.name).is_some() {
                return Err(corrupt(format!("{} stands in it twice", line.name)));
            }
            manifest.add(line);
        }
        Ok(manifest)
    }

    pub fn lines(&self) -> &[ManifestLine] {
        &self.lines
    }

    pub fn get(&self, name: &str) -> Option<&ManifestLine> {
        self.by_name.get(name).map(|index| &self.lines[*index])
    }

    fn add(&mut self, line: ManifestLine) {
        self.by_name.insert(line.name.clone(), self.lines.len());
        self.lines.push(line);
    }
}

/// The manifest in the hands of the share's one writer.
#[derive(Debug)]
pub(super) struct ManifestWriter {
    path: PathBuf,
    file: File,
    manifest: Manifest,
}

impl ManifestWriter {
    /// Opens the manifest and cuts off a last line that a crash tore.
    pub(super) fn open(path: PathBuf) -> Result<Self, ShippingError> {
        let file = open_to_append(&path)?;
        let bytes = durable::read(&path)?.unwrap_or_default();
        let whole = whole_lines(&bytes);
        if whole.len() < bytes.len() {
            tracing::warn!(path = %path.display(), bytes = bytes.len() - whole.len(),
                "cut off a torn line of the manifest");
            let cut = file.set_len(whole.len() as u64).and_then(|()| file.sync_all());
            cut.map_err(at("cut", &path))?;
        }
        let manifest = Manifest::parse(&path, whole)?;
        durable::sync_directory_of(&path)?;
        Ok(Self { path, file, manifest })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Adds a line durably.
    pub(super) fn append(&mut self, line: ManifestLine) -> Result<(), ShippingError> {
        let length = self.file.metadata().map_err(at("read", &self.path))?.len();
        let mut text = serde_json::to_vec(&line).expect("a line is JSON");
        text.push(b'\n');
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line in the middle would be worse than none.
            self.file.set_len(length).map_err(at("cut", &self.path))?;
            return Err(at("write", &self.path)(error));
        }
        self.manifest.add(line);
        Ok(())
    }

    /// Keeps only the lines that `keep` chooses; readers see the old or the new manifest.
    pub(super) fn retain(
        &mut self,
        keep: impl Fn(&ManifestLine) -> bool,
    ) -> Result<(), ShippingError> {
        let mut kept = Manifest::default();
        let mut text = Vec::new();
        for line in self.manifest.lines.iter().filter(|it| keep(it)) {
            serde_json::to_writer(&mut text, line).expect("a line is JSON");
            text.push(b'\n');
            kept.add(line.clone());
        }
        durable::replace(&self.path, &text)?;
        self.file = open_to_append(&self.path)?;
        self.manifest = kept;
        Ok(())
    }
}

fn open_to_append(path: &Path) -> Result<File, ShippingError> {
    File::options().append(true).create(true).open(path).map_err(at("open", path))
}

/// All but a last line without an end.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
    &bytes[..end]
}

/// A number of 64 bits as text, because many readers of JSON round it.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
    pub(super) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;

//! Writing an export file, one audio file at a time.

use std::collections::VecDeque;
use std::fmt;
use std::io::{Cursor, Seek, Write};

use uuid::Uuid;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::error::Unwritten;
use super::layout::{MANIFEST, Part, audio_entry};
use super::limits::{ENTRIES_MAX, FILE_BYTES_MAX, RATIO_FROM_BYTES, TOTAL_BYTES_MAX, is_bomb};
use super::manifest::{Entry, Header, Manifest, hexadecimal};
use super::whole::{self, in_order};
use super::{contents, envelope};
use crate::checks::check_audio;
use crate::configuration::{AudioEntry, Configuration};
use crate::import::AudioSource;

/// An export file of which everything but the audio files is written. It is no export file before
/// [`Writer::finish`].
pub struct Writer<W: Write + Seek> {
    zip: ZipWriter<W>,
    expected: VecDeque<AudioEntry>,
}

impl<W: Write + Seek> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("expected", &self.expected).finish_non_exhaustive()
    }
}

impl<W: Write + Seek> Writer<W> {
    /// Writes the manifest and everything but the audio files.
    pub fn begin(out: W, header: &Header, whole: &Configuration) -> Result<Self, Unwritten> {
        whole::check(whole, &header.source, header.owner.as_deref()).map_err(Unwritten::Whole)?;
        let whole = in_order(whole.clone());
        let parts: Vec<_> =
            Part::ALL.into_iter().map(|it| (it.entry(), contents::json(it, &whole))).collect();
        let mut entries: Vec<_> = parts
            .iter()
            .map(|(name, json)| Entry {
                name: (*name).to_owned(),
                bytes: json.len() as u64,
                sha256: hexadecimal(json),
            })
            .collect();
        entries.extend(whole.audio.iter().map(|it| Entry {
            name: audio_entry(it),
            bytes: it.bytes,
            sha256: it.sha256.clone(),
        }));
        let manifest = Manifest::new(header, &whole, entries);
        manifest.check_numbers().map_err(Unwritten::Whole)?;
        let mut json = serde_json::to_vec_pretty(&manifest)
            .expect("a manifest has text for keys, and a vector takes what is written");
        json.push(b'\n');
        check_sizes(&manifest, json.len() as u64)?;
        let mut zip = ZipWriter::new(out);
        add(&mut zip, MANIFEST, &json, method(&json)?)?;
        for (name, json) in &parts {
            add(&mut zip, name, json, method(json)?)?;
        }
        Ok(Self { zip, expected: whole.audio.into() })
    }

    /// The audio file that is expected next.
    pub fn next_audio(&self) -> Option<&AudioEntry> {
        self.expected.front()
    }

    /// Writes the audio file that is expected next. It is stored as it is: sound hardly becomes
    /// smaller, and silence would look like a bomb.
    pub fn audio(&mut self, id: Uuid, content: &[u8]) -> Result<(), Unwritten> {
        let audio = self.expected.pop_front().ok_or(Unwritten::OutOfOrder(id))?;
        if audio.id != id {
            return Err(Unwritten::OutOfOrder(id));
        }
        if audio.bytes != content.len() as u64 || audio.sha256 != hexadecimal(content) {
            return Err(Unwritten::WrongAudio(id));
        }
        let complaints = check_audio(&audio.original_file_name, content);
        let problem = whole::complain(&audio_entry(&audio), complaints);
        problem.map_err(Unwritten::Whole)?;
        add(&mut self.zip, &audio_entry(&audio), content, CompressionMethod::Stored)
    }

    /// Writes the end, and gives back where everything was written to. It is not flushed.
    pub fn finish(self) -> Result<W, Unwritten> {
        if let Some(audio) = self.expected.front() {
            return Err(Unwritten::OutOfOrder(audio.id));
        }
        self.zip.finish().map_err(Unwritten::from_zip)
    }
}

/// Writes a whole export file.
pub fn write<W: Write + Seek>(
    out: W,
    header: &Header,
    whole: &Configuration,
    audio: &mut impl AudioSource,
) -> Result<W, Unwritten> {
    let mut writer = Writer::begin(out, header, whole)?;
    while let Some(id) = writer.next_audio().map(|it| it.id) {
        let content = audio.content(id).map_err(|problem| Unwritten::Audio { id, problem })?;
        writer.audio(id, &content)?;
    }
    writer.finish()
}

/// Nothing is written that would not be read.
fn check_sizes(manifest: &Manifest, manifest_bytes: u64) -> Result<(), Unwritten> {
    let too_large =
        |what: &str, limit: String| Err(Unwritten::TooLarge { what: what.to_owned(), limit });
    if manifest.entries.len() >= ENTRIES_MAX {
        return too_large("the number of entries", format!("{ENTRIES_MAX} entries"));
    }
    let own = [(MANIFEST, manifest_bytes)];
    let others = manifest.entries.iter().map(|it| (it.name.as_str(), it.bytes));
    let mut total = 0_u64;
    for (name, bytes) in own.into_iter().chain(others) {
        let limit = envelope::limit(name);
        if bytes > limit {
            return too_large(&format!("`{name}`"), envelope::bytes(limit));
        }
        total = total.saturating_add(bytes);
    }
    let limit = TOTAL_BYTES_MAX.min(FILE_BYTES_MAX);
    if total > limit - (limit >> 6) {
        return too_large("the file", envelope::bytes(limit));
    }
    Ok(())
}

/// Deflated, unless that makes something so small that it would look like a bomb.
fn method(json: &[u8]) -> Result<CompressionMethod, Unwritten> {
    let bytes = json.len() as u64;
    if bytes <= RATIO_FROM_BYTES {
        return Ok(CompressionMethod::Deflated);
    }
    let mut trial = ZipWriter::new(Cursor::new(Vec::new()));
    add(&mut trial, TRIAL, json, CompressionMethod::Deflated)?;
    let packed = trial.finish().map_err(Unwritten::from_zip)?.into_inner().len() as u64;
    let packed = packed.saturating_sub(AROUND_BYTES);
    Ok(if is_bomb(packed, bytes) { CompressionMethod::Stored } else { CompressionMethod::Deflated })
}

/// The name of the one entry of a ZIP file made to see how small something becomes.
const TRIAL: &str = "x";

/// What that file has around the entry's content: two headers with the name, and the end.
const AROUND_BYTES: u64 = 30 + 1 + 46 + 1 + 22;

fn add<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    name: &str,
    content: &[u8],
    method: CompressionMethod,
) -> Result<(), Unwritten> {
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o600);
    zip.start_file(name, options).map_err(Unwritten::from_zip)?;
    zip.write_all(content).map_err(Unwritten::Output)
}

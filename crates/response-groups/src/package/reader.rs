//! Reading an export file: everything is looked at before anything is given.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{Read, Seek};

use uuid::Uuid;
use zip::ZipArchive;

use super::error::{EntryProblem, Refused};
use super::layout::{MANIFEST, Part, audio_entry};
use super::manifest::{Header, Manifest, counts, hexadecimal};
use super::whole::{self, in_order};
use super::{contents, envelope};
use crate::checks::check_audio;
use crate::configuration::{AudioEntry, Configuration};
use crate::import::{AudioSource, Incoming};

/// An export file that was read and found whole.
pub struct Package<R> {
    archive: ZipArchive<R>,
    manifest: Manifest,
    configuration: Configuration,
}

impl<R> fmt::Debug for Package<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Package").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

impl<R: Read + Seek> Package<R> {
    /// Reads the whole file, audio included, and gives it if nothing is wrong with it.
    pub fn open(reader: R) -> Result<Self, Refused> {
        let (mut archive, packed) = envelope::open(reader)?;
        let manifest = read_manifest(&mut archive)?;
        check_names(&manifest, &packed)?;
        let mut configuration = Configuration::default();
        let expected: BTreeMap<_, _> =
            manifest.entries.iter().map(|it| (it.name.as_str(), it)).collect();
        for part in Part::ALL {
            let json = envelope::read(&mut archive, part.entry())?;
            if let Some(entry) = expected.get(part.entry()) {
                check_content(&entry.name, &json, entry.bytes, &entry.sha256)?;
            }
            contents::take(part, &json, &mut configuration)?;
        }
        let configuration = in_order(configuration);
        check_configuration(&manifest, &configuration)?;
        let audio = check_audio_names(&manifest, &configuration)?;
        let mut package = Self { archive, manifest, configuration };
        for it in &audio {
            let content = package.read_audio(it)?;
            let complaints = check_audio(&it.original_file_name, &content);
            whole::complain(&audio_entry(it), complaints).map_err(Refused::Whole)?;
        }
        Ok(package)
    }

    /// What the file says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the file holds, the contents of audio files aside.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// What comes in with the file, for an import to be planned.
    pub fn incoming(&self) -> Incoming<'_> {
        let Manifest { source, owner, owners, .. } = &self.manifest;
        Incoming {
            configuration: &self.configuration,
            source,
            owner: owner.as_deref(),
            reigns: owners.iter().map(|(owner, it)| (owner.clone(), it.reign)).collect(),
            given: BTreeSet::new(),
        }
    }

    /// The content of an audio file.
    pub fn audio(&mut self, id: Uuid) -> Result<Vec<u8>, Refused> {
        let mut audio = self.configuration.audio.iter();
        let found = audio.find(|it| it.id == id).ok_or(Refused::NoSuchAudio(id))?.clone();
        self.read_audio(&found)
    }

    /// The size and checksum are looked at every time: the file may have changed since.
    fn read_audio(&mut self, audio: &AudioEntry) -> Result<Vec<u8>, Refused> {
        let name = audio_entry(audio);
        let content = envelope::read(&mut self.archive, &name)?;
        check_content(&name, &content, audio.bytes, &audio.sha256)?;
        Ok(content)
    }
}

impl<R: Read + Seek> AudioSource for Package<R> {
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String> {
        self.audio(id).map_err(|it| it.to_string())
    }
}

/// What a file says of itself. The rest of the file is not read.
pub fn manifest_of(reader: impl Read + Seek) -> Result<Manifest, Refused> {
    let (mut archive, _) = envelope::open(reader)?;
    read_manifest(&mut archive)
}

/// Reads a file back, everything in it, and compares it with what was to be written.
pub fn verify(
    reader: impl Read + Seek,
    header: &Header,
    configuration: &Configuration,
) -> Result<(), Refused> {
    let package = Package::open(reader)?;
    let differs = |what: &str| Err(Refused::Whole(format!("{what} is not what was written")));
    if package.manifest.header() != *header {
        return differs("its manifest");
    }
    if package.configuration != in_order(configuration.clone()) {
        return differs("something in it");
    }
    Ok(())
}

fn read_manifest<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Manifest, Refused> {
    Manifest::parse(&envelope::read(archive, MANIFEST)?)
}

/// The entries are those of the manifest, and each is there once.
fn check_names(manifest: &Manifest, packed: &[envelope::Packed]) -> Result<(), Refused> {
    let mut there: BTreeMap<_, _> = packed.iter().map(|it| (it.name.as_str(), it.bytes)).collect();
    there.remove(MANIFEST);
    for entry in &manifest.entries {
        let problem = match there.remove(entry.name.as_str()) {
            Some(bytes) if bytes == entry.bytes => continue,
            Some(_) => EntryProblem::Size,
            None if packed.iter().any(|it| it.name == entry.name) => EntryProblem::Repeated,
            None => EntryProblem::Missing,
        };
        return Err(Refused::entry(&entry.name.escape_debug().to_string(), problem));
    }
    if let Some(name) = there.into_keys().next() {
        return Err(Refused::entry(name, EntryProblem::Extra));
    }
    let named: BTreeSet<_> = manifest.entries.iter().map(|it| it.name.as_str()).collect();
    let missing = Part::ALL.into_iter().map(Part::entry).find(|it| !named.contains(it));
    missing.map_or(Ok(()), |it| Err(Refused::entry(it, EntryProblem::Missing)))
}

fn check_content(name: &str, content: &[u8], bytes: u64, sha256: &str) -> Result<(), Refused> {
    if content.len() as u64 != bytes {
        return Err(Refused::entry(name, EntryProblem::Size));
    }
    if hexadecimal(content) != sha256 {
        return Err(Refused::entry(name, EntryProblem::Checksum));
    }
    Ok(())
}

fn check_configuration(manifest: &Manifest, whole: &Configuration) -> Result<(), Refused> {
    let Manifest { source, owner, .. } = manifest;
    whole::check(whole, source, owner.as_deref()).map_err(Refused::Whole)?;
    if counts(whole) != manifest.counts {
        return Err(Refused::Whole("the manifest counts something else".to_owned()));
    }
    Ok(())
}

/// `AudioFiles.json` and the manifest name the same audio files, of the same sizes and checksums.
fn check_audio_names(
    manifest: &Manifest,
    whole: &Configuration,
) -> Result<Vec<AudioEntry>, Refused> {
    let parts = Part::ALL.map(Part::entry);
    let mut listed: BTreeMap<_, _> = manifest
        .entries
        .iter()
        .filter(|it| !parts.contains(&it.name.as_str()))
        .map(|it| (it.name.clone(), it))
        .collect();
    for audio in &whole.audio {
        let name = audio_entry(audio);
        let entry = listed.remove(&name);
        let entry = entry.ok_or_else(|| Refused::entry(&name, EntryProblem::Missing))?;
        if entry.bytes != audio.bytes {
            return Err(Refused::entry(&name, EntryProblem::Size));
        }
        if entry.sha256 != audio.sha256 {
            return Err(Refused::entry(&name, EntryProblem::Checksum));
        }
    }
    if let Some(name) = listed.into_keys().next() {
        return Err(Refused::entry(&name, EntryProblem::Extra));
    }
    Ok(whole.audio.clone())
}

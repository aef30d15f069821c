//! What an export file holds, under which names and in which order.

use uuid::Uuid;

use crate::configuration::{AudioEntry, Configuration};
use crate::model::Kind;

/// The name of the format, which the manifest begins with.
pub const FORMAT: &str = "Standfast Response Group configuration";

/// The version that is written, and the only one that is read.
pub const VERSION: u64 = 1;

/// The entry that names all others.
pub(super) const MANIFEST: &str = "manifest.json";

/// The directory of the audio files.
const AUDIO_DIRECTORY: &str = "Audio/";

/// An entry of JSON, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Objects(Kind),
    AudioFiles,
    Settings,
    SignIns,
}

impl Part {
    pub(super) const ALL: [Self; 8] = [
        Self::Objects(Kind::Workflow),
        Self::Objects(Kind::Queue),
        Self::Objects(Kind::AgentGroup),
        Self::Objects(Kind::HoursOfBusiness),
        Self::Objects(Kind::HolidaySet),
        Self::Settings,
        Self::SignIns,
        Self::AudioFiles,
    ];

    /// Its name in the file.
    pub(super) fn entry(self) -> &'static str {
        match self {
            Self::Objects(Kind::Workflow) => "Workflows.json",
            Self::Objects(Kind::Queue) => "Queues.json",
            Self::Objects(Kind::AgentGroup) => "AgentGroups.json",
            Self::Objects(Kind::HoursOfBusiness) => "HoursOfBusiness.json",
            Self::Objects(Kind::HolidaySet) => "HolidaySets.json",
            Self::Settings => "Settings.json",
            Self::SignIns => "SignIns.json",
            Self::AudioFiles => "AudioFiles.json",
        }
    }

    /// Its name among the manifest's counts.
    pub(super) fn count_name(self) -> &'static str {
        self.entry().trim_end_matches(".json")
    }

    /// How many of it a configuration has.
    pub(super) fn count(self, configuration: &Configuration) -> u64 {
        let count = match self {
            Self::Objects(kind) => {
                configuration.objects.iter().filter(|it| it.kind() == kind).count()
            }
            Self::AudioFiles => configuration.audio.len(),
            Self::Settings => configuration.settings.len(),
            Self::SignIns => configuration.sign_ins.len(),
        };
        count as u64
    }
}

/// Where an audio file lies: under its identity, with the ending that its file had. The name that
/// its file had is no name of an entry, because an administrator may choose it freely.
pub fn audio_entry(audio: &AudioEntry) -> String {
    let AudioEntry { id, original_file_name, .. } = audio;
    format!("{AUDIO_DIRECTORY}{}.{}", Uuid::hyphenated(*id), ending(original_file_name))
}

/// Whether an entry lies where audio files lie.
pub fn is_audio_name(entry: &str) -> bool {
    entry.starts_with(AUDIO_DIRECTORY)
}

fn ending(file_name: &str) -> &'static str {
    match file_name.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase()).as_deref() {
        Some("wav") => "wav",
        Some("wma") => "wma",
        _ => "audio",
    }
}

/// Whether an entry's name stays inside of the directory into which it is unpacked, on any system.
pub(super) fn is_safe(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_graphic() && !"\\:*?\"<>|".contains(letter);
    let is_step = |step: &str| !step.is_empty() && step != "." && step != "..";
    name.chars().all(is_plain) && name.split('/').all(is_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_not_safe() {
        for name in ["manifest.json", "Audio/a.wav", "a/b/c"] {
            assert!(is_safe(name), "{name}");
        }
        let unsafe_names = [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "C:\\a",
            "C:a",
            "a\\..\\b",
            "\\\\host\\share",
            "a\0b",
            "a\nb",
            "ä",
            "a b",
        ];
        for name in unsafe_names {
            assert!(!is_safe(name), "{name}");
        }
    }

    #[test]
    fn an_audio_file_lies_under_its_identity_whatever_its_name_was() {
        let mut audio = AudioEntry {
            id: Uuid::nil(),
            owner: String::new(),
            original_file_name: "../../Welcome.WAV".to_owned(),
            bytes: 0,
            sha256: String::new(),
        };
        assert_eq!(audio_entry(&audio), "Audio/00000000-0000-0000-0000-000000000000.wav");
        audio.original_file_name = "music.wma/../../x".to_owned();
        assert_eq!(audio_entry(&audio), "Audio/00000000-0000-0000-0000-000000000000.audio");
        assert!(is_safe(&audio_entry(&audio)));
    }
}

//! What makes an audio file acceptable: WAV with 8 or 16 bits, as LPCM, A-law or µ-law, mono or
//! stereo; or WMA. Only the head is looked at, not the sound.

use super::{AUDIO_BYTES_MAX, Complaint, Complaints, text};

/// How a WMA file begins: the GUID of an ASF header.
const ASF: [u8; 16] = [
    0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9, 0x00, 0xAA, 0x00, 0x62, 0xCE, 0x6C,
];

/// Formats of a WAV file: the codes of its `fmt ` chunk.
const LPCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// The format stands further behind, as the first bytes of a GUID.
const EXTENSIBLE: u16 = 0xFFFE;
const EXTENSIBLE_FORMAT_AT: usize = 24;

const FIELD: &str = "Content";

/// Whatever is wrong with an audio file.
pub fn check_audio(name: &str, content: &[u8]) -> Vec<Complaint> {
    let mut found = Complaints::default();
    text::file_name(&mut found, "FileName", name);
    let bytes = content.len();
    if bytes > AUDIO_BYTES_MAX {
        let most = AUDIO_BYTES_MAX / 1024 / 1024;
        found.add(FIELD, format!("it has {bytes} bytes"), format!("use at most {most} MB"));
    }
    if content.starts_with(&ASF) {
        return found.0;
    }
    if content.get(..4) != Some(b"RIFF") || content.get(8..12) != Some(b"WAVE") {
        found.add(FIELD, "it is neither WAV nor WMA", "convert it to WAV, 16 kHz, mono, 16 bits");
        return found.0;
    }
    check_wave(&mut found, &content[12..]);
    found.0
}

/// Looks at the chunks of a WAV file.
fn check_wave(found: &mut Complaints, mut rest: &[u8]) {
    let (mut format, mut data) = (None, false);
    while let Some((head, body)) = rest.split_at_checked(8) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Some(chunk) = body.get(..size) else {
            found.add(FIELD, "the WAV file ends too early", "copy or convert it again");
            return;
        };
        match &head[..4] {
            b"fmt " => format = Some(chunk),
            b"data" => data = true,
            _ => {}
        }
        // Chunks begin at even places.
        rest = body.get(size + size % 2..).unwrap_or_default();
    }
    match format {
        Some(format) if data => check_format(found, format),
        _ => found.add(FIELD, "the WAV file has no sound", "convert it again"),
    }
}

fn check_format(found: &mut Complaints, chunk: &[u8]) {
    let number = |at: usize| Some(u16::from_le_bytes([*chunk.get(at)?, *chunk.get(at + 1)?]));
    let tag = number(0).and_then(|it| match it {
        EXTENSIBLE => number(EXTENSIBLE_FORMAT_AT),
        it => Some(it),
    });
    let (Some(tag), Some(channels), Some(bits)) = (tag, number(2), number(14)) else {
        found.add(FIELD, "the WAV file does not say its format", "convert it again");
        return;
    };
    let remedy = "convert it to LPCM, A-law or µ-law, 8 or 16 bits, mono or stereo";
    if !matches!(tag, LPCM | A_LAW | MU_LAW) {
        found.add(FIELD, format!("the WAV file has the format {tag}"), remedy);
    }
    if !matches!(channels, 1 | 2) {
        found.add(FIELD, format!("the WAV file has {channels} channels"), remedy);
    }
    if !matches!(bits, 8 | 16) {
        found.add(FIELD, format!("the WAV file has samples of {bits} bits"), remedy);
    }
}

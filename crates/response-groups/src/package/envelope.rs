//! The ZIP around the entries. Stricter than ZIP: what the writer never writes is refused, so that
//! no two readers see two different things in one file.
//!
//! There is no comment, no extra field, no gap between entries, nothing before the first one and
//! nothing after the end; every entry is a plain file, stored or deflated.

use std::io::{Read, Seek, SeekFrom};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::error::{EntryProblem, Refused, is_of_content};
use super::layout::{self, MANIFEST, is_audio_name};
use super::limits::{
    AUDIO_BYTES_MAX, ENTRIES_MAX, FILE_BYTES_MAX, JSON_BYTES_MAX, MANIFEST_BYTES_MAX,
    NAME_BYTES_MAX, TOTAL_BYTES_MAX, is_bomb,
};

/// The size of a local header, of a header in the directory, and of the end, names aside.
const LOCAL_BYTES: u64 = 30;
const CENTRAL_BYTES: u64 = 46;
const END_BYTES: u64 = 22;

const LOCAL_SIGN: &[u8] = b"PK\x03\x04";
const END_SIGN: &[u8] = b"PK\x05\x06";

/// An entry as the directory has it.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// The end of a ZIP file.
struct End {
    entries: usize,
    directory_bytes: u64,
    directory_start: u64,
}

/// Opens a ZIP file in which nothing is hidden, and lists its entries in their order.
pub(super) fn open<R: Read + Seek>(mut reader: R) -> Result<(ZipArchive<R>, Vec<Packed>), Refused> {
    let end = end(&mut reader)?;
    reader.rewind().map_err(Refused::Unreadable)?;
    let mut archive = ZipArchive::new(reader).map_err(of_structure)?;
    if archive.index_for_name_raw(MANIFEST.as_bytes()).is_none() {
        return Err(Refused::Foreign);
    }
    if archive.has_duplicate_names() || archive.len() != end.entries {
        return Err(repeated(&archive));
    }
    let mut entries = Vec::with_capacity(archive.len());
    let mut spans = Vec::with_capacity(archive.len());
    let (mut names, mut total) = (0, 0_u64);
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(of_structure)?;
        let name = check_name(file.name_raw())?;
        let refuse = |problem| Err(Refused::entry(&name, problem));
        let (packed, bytes) = (file.compressed_size(), file.size());
        if file.encrypted() {
            return refuse(EntryProblem::Encrypted);
        }
        if !matches!(file.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return refuse(EntryProblem::Compression);
        }
        if file.unix_mode().is_some_and(|it| !is_plain(it)) {
            return refuse(EntryProblem::NotAFile);
        }
        check_size(&name, packed, bytes)?;
        total = total.saturating_add(bytes);
        let data = file.data_start().unwrap_or_default();
        if data.checked_sub(file.header_start()) != Some(LOCAL_BYTES + name.len() as u64) {
            return Err(Refused::Structure(format!("`{name}` has more than a name before it")));
        }
        names += name.len() as u64;
        spans.push((file.header_start(), data.saturating_add(packed)));
        entries.push(Packed { name, bytes });
    }
    if total > TOTAL_BYTES_MAX {
        return Err(too_large("what the file holds", TOTAL_BYTES_MAX));
    }
    if end.directory_bytes != CENTRAL_BYTES * entries.len() as u64 + names {
        return Err(Refused::Structure("its directory has more than names".to_owned()));
    }
    check_spans(&mut spans, &end)?;
    archive.validate_header_consistency().map_err(of_structure)?;
    Ok((archive, entries))
}

/// Reads one entry, and never more than it may have.
pub(super) fn read<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    name: &str,
) -> Result<Vec<u8>, Refused> {
    let index = archive
        .index_for_name_raw(name.as_bytes())
        .ok_or_else(|| Refused::entry(name, EntryProblem::Missing))?;
    let file = archive.by_index(index).map_err(|it| Refused::while_reading(name, it.into()))?;
    let bytes = file.size();
    let mut content = Vec::with_capacity(usize::try_from(bytes.min(limit(name))).unwrap_or(0));
    file.take(bytes.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|it| Refused::while_reading(name, it))?;
    if content.len() as u64 != bytes {
        return Err(Refused::entry(name, EntryProblem::Size));
    }
    Ok(content)
}

/// How large an entry may be.
pub(super) fn limit(name: &str) -> u64 {
    match name {
        MANIFEST => MANIFEST_BYTES_MAX,
        _ if is_audio_name(name) => AUDIO_BYTES_MAX,
        _ => JSON_BYTES_MAX,
    }
}

fn end<R: Read + Seek>(reader: &mut R) -> Result<End, Refused> {
    let bytes = reader.seek(SeekFrom::End(0)).map_err(Refused::Unreadable)?;
    if bytes > FILE_BYTES_MAX {
        return Err(too_large("the file", FILE_BYTES_MAX));
    }
    reader.rewind().map_err(Refused::Unreadable)?;
    let mut sign = Vec::with_capacity(LOCAL_SIGN.len());
    let begin = LOCAL_SIGN.len() as u64;
    reader.by_ref().take(begin).read_to_end(&mut sign).map_err(Refused::Unreadable)?;
    if sign != LOCAL_SIGN && !(sign == END_SIGN && bytes == END_BYTES) {
        return Err(Refused::NotAZip);
    }
    let Some(at) = bytes.checked_sub(END_BYTES) else { return Err(Refused::CutOff) };
    let mut end = [0; 22];
    reader.seek(SeekFrom::Start(at)).map_err(Refused::Unreadable)?;
    reader.read_exact(&mut end).map_err(Refused::Unreadable)?;
    let short = |at: usize| u16::from_le_bytes([end[at], end[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([end[at], end[at + 1], end[at + 2], end[at + 3]]);
    if !end.starts_with(END_SIGN) || short(20) != 0 {
        return Err(Refused::CutOff);
    }
    if short(4) != 0 || short(6) != 0 || short(8) != short(10) {
        return Err(Refused::Structure("it is one of several parts".to_owned()));
    }
    let end = End {
        entries: short(10).into(),
        directory_bytes: long(12).into(),
        directory_start: long(16).into(),
    };
    if end.entries > ENTRIES_MAX {
        let limit = format!("{ENTRIES_MAX} entries");
        return Err(Refused::TooLarge { what: "the number of entries".to_owned(), limit });
    }
    if end.directory_start.checked_add(end.directory_bytes) != Some(at) {
        return Err(Refused::Structure("its directory is not where it should be".to_owned()));
    }
    Ok(end)
}

fn check_name(name: &[u8]) -> Result<String, Refused> {
    let shown = String::from_utf8_lossy(name);
    if name.len() > NAME_BYTES_MAX || !layout::is_safe(&shown) {
        let shown: String = shown.escape_debug().take(NAME_BYTES_MAX).collect();
        return Err(Refused::entry(&shown, EntryProblem::UnsafeName));
    }
    Ok(shown.into_owned())
}

/// Whether a mode of Unix says that this is a file, or nothing.
fn is_plain(mode: u32) -> bool {
    const TYPE: u32 = 0o170_000;
    const FILE: u32 = 0o100_000;
    mode & TYPE == FILE || mode & TYPE == 0
}

fn check_size(name: &str, packed: u64, bytes: u64) -> Result<(), Refused> {
    if bytes > limit(name) {
        return Err(too_large(&format!("`{name}`"), limit(name)));
    }
    if is_bomb(packed, bytes) {
        return Err(Refused::Bomb { entry: name.to_owned() });
    }
    Ok(())
}

/// One entry follows the other, from the file's beginning to its directory.
fn check_spans(spans: &mut [(u64, u64)], end: &End) -> Result<(), Refused> {
    spans.sort_unstable();
    let mut at = 0;
    for (from, to) in spans {
        if *from != at {
            let problem = "its entries overlap, or something lies between them";
            return Err(Refused::Structure(problem.to_owned()));
        }
        at = *to;
    }
    if at != end.directory_start {
        return Err(Refused::Structure("something lies behind its last entry".to_owned()));
    }
    Ok(())
}

/// Which entry is there more than once cannot be asked any more: the directory was made a map.
fn repeated<R: Read + Seek>(archive: &ZipArchive<R>) -> Refused {
    let kept = archive.len();
    let entry = format!("one of the {kept} entries");
    Refused::Entry { entry, problem: EntryProblem::Repeated }
}

fn too_large(what: &str, limit: u64) -> Refused {
    Refused::TooLarge { what: what.to_owned(), limit: bytes(limit) }
}

/// A limit as people read it; all of them are whole numbers of mebibytes.
pub(super) fn bytes(limit: u64) -> String {
    format!("{} MiB", limit >> 20)
}

fn of_structure(error: ZipError) -> Refused {
    match error {
        ZipError::Io(error) if !is_of_content(error.kind()) => Refused::Unreadable(error),
        error => Refused::Structure(error.to_string()),
    }
}

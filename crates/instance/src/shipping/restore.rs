//! The body of `PostgreSQL`'s `restore_command`: one file out of the share, proven, or a clear no.
//!
//! `PostgreSQL` reads exit codes: 0 is "here it is", 1 to 125 is "not there" (so the end of WAL,
//! for now), more than 125 stops the server. A file that fails its checksum must be the last kind:
//! as "not there" it would silently shorten the database at its promotion.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::Share;
use super::compress::decompress;
use super::drain::Consent;
use super::durable::{self, beside};
use super::error::{ShippingError, at};
use super::segment::{PAGE_BYTES, PageHeader, Segment, WalFile};
use super::share::Folder;
use super::view::{Held, View, open_received};
use crate::{Lsn, SEGMENT_BYTES};

/// Below this, `PostgreSQL` takes an exit code for "not there".
const STOPS_THE_SERVER: u8 = 200;

/// How much of two files is compared at once.
const COMPARED_BYTES: usize = 64 * 1024;

/// How often to look again when a file was closed under our eyes.
const LOOKS: usize = 3;

/// What came of a request.
#[derive(Debug)]
pub enum Restored {
    /// The file stands at its target.
    Given,
    /// It is not there (yet); why, for whoever reads the log.
    NotThere(String),
}

/// The value of `PostgreSQL`'s setting `restore_command` for a share.
///
/// `program` is the binary that calls [`run`] for the argument `wal-restore`.
pub fn restore_command(program: &Path, share: &Path) -> String {
    let quote = |path: &Path| {
        let path = path.display().to_string().replace('\'', r"'\''").replace('%', "%%");
        format!("'{path}'")
    };
    format!("{} wal-restore --share {} \"%f\" \"%p\"", quote(program), quote(share))
}

/// Runs `--share DIRECTORY FILE TARGET` and answers the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let outcome = match arguments.as_slice() {
        [flag, share, file, target] if flag == "--share" => Share::open(Path::new(share))
            .and_then(|share| restore(&share, &file.to_string_lossy(), Path::new(target))),
        _ => {
            say("wal-restore: usage: --share DIRECTORY FILE TARGET");
            return STOPS_THE_SERVER;
        }
    };
    match outcome {
        Ok(Restored::Given) => 0,
        Ok(Restored::NotThere(_)) => 1,
        Err(error) => {
            say(&format!("wal-restore: {error}"));
            exit_code(&error)
        }
    }
}

/// A share that cannot be read may come back, so `PostgreSQL` waits; everything else stops it.
fn exit_code(error: &ShippingError) -> u8 {
    match error {
        ShippingError::Io { .. } | ShippingError::Full { .. } => 1,
        _ => STOPS_THE_SERVER,
    }
}

fn say(text: &str) {
    // PostgreSQL's log takes our standard error; there is nobody to tell if it does not.
    writeln!(std::io::stderr(), "{text}").ok();
}

/// Puts `file` (`PostgreSQL`'s `%f`) at `target` (`%p`) if the share holds it on its one branch,
/// without a hole before it, and the proof of its content fits.
pub fn restore(share: &Share, file: &str, target: &Path) -> Result<Restored, ShippingError> {
    for _ in 0..LOOKS {
        let view = View::read(share)?;
        let no = |why: String| Ok(Restored::NotThere(why));
        let segment = match WalFile::parse(file) {
            Some(WalFile::Segment(segment)) => segment,
            Some(WalFile::History(timeline)) => {
                return match view.history_text(timeline) {
                    Some(text) => give(target, |to| {
                        to.write_all(text.as_bytes()).map_err(at("write", target))
                    }),
                    None => no(format!("{file} is not on the share's branch")),
                };
            }
            Some(WalFile::Partial(_)) | None => return no(format!("{file} is not shipped")),
        };
        let Some(held) = view.segment(segment) else {
            return no(format!("{file} is not in the share"));
        };
        if let Some(missing) = hole_before(&view, segment, target) {
            return no(format!("segment {missing} before {file} is missing"));
        }
        match held {
            Held::Closed { line, path } => {
                let given = give(target, |to| decompress(path, line, to));
                return match given {
                    Err(ShippingError::Damaged { .. }) if given_up(share, segment)? => {
                        no(format!("{file} is damaged and was given up"))
                    }
                    given => given,
                };
            }
            Held::Open { folder, limit } => {
                if let Some(restored) = give_open(share, folder, segment, *limit, target)? {
                    return Ok(restored);
                }
            }
        }
    }
    Ok(Restored::NotThere(format!("{file} is being closed")))
}

/// The number of the segment before, if neither the share nor the asking instance has it.
fn hole_before(view: &View, segment: Segment, target: &Path) -> Option<u64> {
    let (first, _) = view.numbers()?;
    let before = segment.number.checked_sub(1)?;
    if segment.number <= first || view.number(before).is_some() {
        return None;
    }
    // A base backup taken after the hole brings the segments that it begins with.
    let local = target.parent().unwrap_or(Path::new("."));
    let history = view.history()?;
    let mut timelines: Vec<u32> = history.ancestors().iter().map(|it| it.timeline).collect();
    timelines.push(history.timeline());
    let there = timelines
        .into_iter()
        .any(|timeline| local.join(Segment { number: before, timeline }.name()).exists());
    (!there).then_some(before)
}

fn given_up(share: &Share, segment: Segment) -> Result<bool, ShippingError> {
    Ok(Consent::read(share)?.is_some_and(|it| it.covers(segment)))
}

/// Gives the open segment up to `limit`, zeros after it. `None` if it was closed meanwhile.
fn give_open(
    share: &Share,
    folder: &Folder,
    segment: Segment,
    limit: Lsn,
    target: &Path,
) -> Result<Option<Restored>, ShippingError> {
    let Some(file) = open_received(folder, segment)? else { return Ok(None) };
    let valid = limit.bytes_since(segment.start());
    let name = segment.name();
    let mut page = [0; PAGE_BYTES];
    file.read_exact_at(&mut page, 0).map_err(at("read", folder.path()))?;
    match PageHeader::parse(&page).and_then(|it| it.long.map(|long| (it.address, long))) {
        Some((address, long)) if address == segment.start() => {
            share.check_system(&name, long.system_identifier)?;
        }
        // The file has been made for a new timeline, and nothing was received into it yet.
        _ if page.iter().all(|byte| *byte == 0) => {
            return Ok(Some(Restored::NotThere(format!("{name} holds nothing yet"))));
        }
        _ => {
            let why = "its first page is not that of its name".to_owned();
            return Err(ShippingError::Damaged { name, why });
        }
    }
    if valid < SEGMENT_BYTES && was_given(&file, target, segment, valid) {
        return Ok(Some(Restored::NotThere(format!("{name} holds nothing new"))));
    }
    give(target, |to| {
        let mut from = FromStart { file: &file, left: valid, offset: 0 };
        std::io::copy(&mut from, to).map_err(at("copy", folder.path()))?;
        to.set_len(SEGMENT_BYTES).map_err(at("write", target))
    })
    .map(Some)
}

/// `PostgreSQL` keeps what it restored under the segment's own name and reads it again when we say
/// "not there". If that copy already begins with the same bytes, giving it again is idle work. All
/// are compared, the last ones first: a segment that was damaged came once more.
fn was_given(file: &File, target: &Path, segment: Segment, valid: u64) -> bool {
    let kept = target.with_file_name(segment.name());
    let Ok(kept) = File::open(kept) else { return false };
    let (mut ours, mut theirs) = (vec![0; COMPARED_BYTES], vec![0; COMPARED_BYTES]);
    let mut end = valid;
    while end > 0 {
        let from = (end - 1) / COMPARED_BYTES as u64 * COMPARED_BYTES as u64;
        let count = usize::try_from(end - from).expect("a part is small");
        let read = file
            .read_exact_at(&mut ours[..count], from)
            .and_then(|()| kept.read_exact_at(&mut theirs[..count], from));
        if read.is_err() || ours[..count] != theirs[..count] {
            return false;
        }
        end = from;
    }
    true
}

/// Lets `fill` write a file aside and gives it the target's name.
fn give(
    target: &Path,
    fill: impl FnOnce(&mut File) -> Result<(), ShippingError>,
) -> Result<Restored, ShippingError> {
    let temporary: PathBuf = beside(target);
    let filled = File::create(&temporary).map_err(at("make", &temporary)).and_then(|mut file| {
        fill(&mut file)?;
        // PostgreSQL flushes the file itself before it gives it its final name.
        fs::rename(&temporary, target).map_err(at("name", target))
    });
    if let Err(error) = filled {
        durable::remove(&temporary)?;
        return Err(error);
    }
    Ok(Restored::Given)
}

/// The first bytes of a file, read without moving its position.
struct FromStart<'a> {
    file: &'a File,
    left: u64,
    offset: u64,
}

impl std::io::Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..most], self.offset)?;
        self.left -= count as u64;
        self.offset += count as u64;
        Ok(count)
    }
}

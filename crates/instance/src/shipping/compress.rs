//! Closed files, compressed and proven by their checksum.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::ManifestLine;
use super::error::{ShippingError, at};

/// zstd's level: 1 to 3 cost about 0.1 s per segment and keep a tenth of it.
const LEVEL: i32 = 2;

/// How much is held in memory at once.
const CHUNK_BYTES: usize = 128 * 1024;

/// What was compressed.
#[derive(Debug)]
pub(super) struct Compressed {
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) file_bytes: u64,
}

/// Compresses `plain` into the new file `to` and flushes that.
pub(super) fn compress(
    plain: &mut File,
    from: &Path,
    to: &Path,
) -> Result<Compressed, ShippingError> {
    let done = (|| {
        let file = File::create(to)?;
        let mut encoder = zstd::Encoder::new(file, LEVEL)?;
        let (size, sha256) = pump(plain, &mut encoder)?;
        let file = encoder.finish()?;
        file.sync_all()?;
        Ok(Compressed { size, sha256, file_bytes: file.metadata()?.len() })
    })();
    done.map_err(|error| {
        // What is left of it would keep the room that the next attempt needs.
        std::fs::remove_file(to).ok();
        at("compress", from)(error)
    })
}

/// The checksum of a whole file.
pub(super) fn checksum(plain: &mut File, path: &Path) -> Result<(u64, String), ShippingError> {
    pump(plain, &mut io::sink()).map_err(at("read", path))
}

/// Decompresses a closed file into `to` and proves that it is the one of the manifest's line.
pub(super) fn decompress(
    path: &Path,
    line: &ManifestLine,
    to: &mut impl Write,
) -> Result<(), ShippingError> {
    let damaged = |why: String| ShippingError::Damaged { name: line.name.clone(), why };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(damaged(format!("{} is gone", path.display())));
        }
        opened => opened.map_err(at("open", path))?,
    };
    let found = file.metadata().map_err(at("read", path))?.len();
    if found != line.compressed {
        let expected = line.compressed;
        return Err(damaged(format!("{found} bytes are there, {expected} were written")));
    }
    // A damaged file may unfold to anything; one byte too many is enough to know.
    let mut decoder = zstd::Decoder::new(file).map_err(at("read", path))?.take(line.size + 1);
    let mut writer = Keeping { inner: to, failed: None };
    let pumped = pump(&mut decoder, &mut writer);
    let (size, sha256) = pumped.map_err(|error| match writer.failed {
        Some(error) => at("decompress", path)(error),
        None => damaged(error.to_string()),
    })?;
    if size != line.size || sha256 != line.sha256 {
        return Err(damaged("its checksum is not the manifest's".to_owned()));
    }
    Ok(())
}

fn pump(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = from.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        hash.update(&chunk[..count]);
        to.write_all(&chunk[..count])?;
        size += count as u64;
    }
    Ok((size, hexadecimal(&hash.finalize())))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

/// Tells an error of writing from one of reading.
struct Keeping<'a, W> {
    inner: &'a mut W,
    failed: Option<io::Error>,
}

impl<W: Write> Write for Keeping<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes).map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

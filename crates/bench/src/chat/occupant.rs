//! One who is in the room: finds the times in what comes, and counts.

use super::entry::Stream;
use memchr::memchr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Stands before a time in a post's body, and nowhere else.
const MARK: u8 = b'~';

/// So many hexadecimal digits follow.
const DIGITS: usize = 16;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// More often than a server asks whether a silent client is there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// What an occupant has received.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// All bytes so far.
    pub(super) bytes: AtomicU64,
    /// All posts so far.
    pub(super) posts: AtomicU64,
    /// How long each post took since these were last taken, in microseconds.
    delays: Mutex<Vec<u32>>,
}

/// One who is in the room, until dropped.
#[derive(Debug)]
pub(super) struct Occupant {
    pub(super) received: Arc<Received>,
    /// One more with every post that is received.
    pub(super) echoes: Arc<Semaphore>,
    writing: Arc<tokio::sync::Mutex<WriteHalf<Stream>>>,
    _tasks: JoinSet<()>,
}

impl Occupant {
    /// Listens. Times in posts count from `begin`.
    pub(super) fn listen(stream: Stream, begin: Instant) -> Self {
        let received = Arc::new(Received::default());
        let echoes = Arc::new(Semaphore::new(0));
        let (reading, writing) = tokio::io::split(stream);
        let writing = Arc::new(tokio::sync::Mutex::new(writing));
        let mut tasks = JoinSet::new();
        tasks.spawn(read(reading, begin, Arc::clone(&received), Arc::clone(&echoes)));
        tasks.spawn(stay(Arc::clone(&writing)));
        Self { received, echoes, writing, _tasks: tasks }
    }

    /// Posts a body of a usual length, with the time in it.
    pub(super) async fn post(&self, room: &str, number: u64, begin: Instant) -> anyhow::Result<()> {
        let now = u64::try_from(begin.elapsed().as_nanos())?;
        let stanza = format!(
            "<message to='{room}' type='groupchat' id='{number}'><body>{mark}{now:0DIGITS$x} the \
             quick brown fox jumps over the lazy dog, and over it again</body>\
             <origin-id xmlns='urn:xmpp:sid:0' id='{now:x}-{number}'/></message>",
            mark = char::from(MARK),
        );
        let mut writing = self.writing.lock().await;
        writing.write_all(stanza.as_bytes()).await?;
        Ok(writing.flush().await?)
    }
}

impl Received {
    /// Takes the delays since they were last taken, in microseconds.
    pub(super) fn take_delays(&self) -> Vec<u32> {
        std::mem::take(&mut self.delays.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads until the stream ends.
async fn read(
    mut reading: ReadHalf<Stream>,
    begin: Instant,
    received: Arc<Received>,
    echoes: Arc<Semaphore>,
) {
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut delays = Vec::new();
    while let Ok(length @ 1..) = reading.read_buf(&mut chunk).await {
        let now = begin.elapsed();
        let rest = find_times(&chunk, |time| {
            let delay = now.saturating_sub(Duration::from_nanos(time));
            delays.push(u32::try_from(delay.as_micros()).unwrap_or(u32::MAX));
        });
        chunk.drain(..rest);
        let posts = delays.len();
        received.delays.lock().unwrap_or_else(PoisonError::into_inner).append(&mut delays);
        received.bytes.fetch_add(length as u64, Ordering::Relaxed);
        received.posts.fetch_add(posts as u64, Ordering::Relaxed);
        echoes.add_permits(posts);
    }
}

/// Finds every time in `bytes`, and tells how many bytes are done with.
fn find_times(bytes: &[u8], mut found: impl FnMut(u64)) -> usize {
    let mut at = 0;
    while let Some(mark) = memchr(MARK, &bytes[at..]) {
        let digits = at + mark + 1;
        let Some(text) = bytes.get(digits..digits + DIGITS) else { return at + mark };
        let text = std::str::from_utf8(text).unwrap_or_default();
        if let Ok(time) = u64::from_str_radix(text, 16) {
            found(time);
        }
        at = digits + DIGITS;
    }
    bytes.len()
}

/// Shows now and then that somebody is there.
async fn stay(writing: Arc<tokio::sync::Mutex<WriteHalf<Stream>>>) {
    loop {
        tokio::time::sleep(KEEP_ALIVE).await;
        let mut writing = writing.lock().await;
        if writing.write_all(b" ").await.is_err() || writing.flush().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_found_once_however_the_bytes_come() {
        let text = b"<body>~00000000000000ff x</body><body>~0000000000000100 y</body>";
        for cut in 0..text.len() {
            let mut found = Vec::new();
            let mut bytes = text[..cut].to_vec();
            let done = find_times(&bytes, |time| found.push(time));
            bytes.drain(..done);
            bytes.extend_from_slice(&text[cut..]);
            find_times(&bytes, |time| found.push(time));
            assert_eq!(found, [255, 256], "cut at {cut}");
        }
    }
}

//! What a command says: its answer on standard output, everything else on standard error.

use std::io::{self, Write as _};

/// Prints a part of the answer.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints a line of the answer.
pub(crate) fn answer(line: &str) -> io::Result<()> {
    print(&format!("{line}\n"))
}

/// What is good to know.
pub(crate) fn remark(text: &str) {
    ask(&format!("{text}\n"));
}

/// What went wrong.
pub(crate) fn complain(text: &str) {
    remark(text.trim_end());
}

/// A question: what is said without an end of line.
pub(crate) fn ask(text: &str) {
    let mut beside = io::stderr().lock();
    // If nobody listens there, there is nobody to tell.
    beside.write_all(text.as_bytes()).and_then(|()| beside.flush()).ok();
}

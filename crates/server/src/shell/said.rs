//! What is said beside the answer: on standard error.

/// What is good to know.
#[allow(clippy::print_stderr, reason = "progress is not part of the answer")]
pub(super) fn remark(text: &str) {
    eprintln!("{text}");
}

/// What went wrong.
#[allow(clippy::print_stderr, reason = "an error is not part of the answer")]
pub(super) fn complain(text: &str) {
    eprintln!("{}", text.trim_end());
}

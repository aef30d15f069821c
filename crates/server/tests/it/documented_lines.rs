//! The command lines of the documents, from the list that the reference shows.

const LIST: &str = include_str!("../../../../docs/reference/documented-lines.txt");

/// Each line's number and text, in the list's order. A number may stand for several lines.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIST.lines().filter(|it| !it.starts_with('#')).filter_map(|line| {
        let mut parts = line.splitn(3, '\t');
        Some((parts.next()?, parts.nth(1)?))
    })
}

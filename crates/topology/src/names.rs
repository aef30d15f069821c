//! Names: which are good, and which known one was probably meant.

/// The longest label of a name in the DNS, in bytes (RFC 1035, section 2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// The longest name in the DNS, in bytes of its text (RFC 1035, section 2.3.4, less the root).
const MAX_FQDN_BYTES: usize = 253;

/// What is wrong with `name` as the name of a site, a host or a store.
///
/// Such a name becomes a directory, a certificate's subject and a label in the DNS.
pub(crate) fn fault_of_name(name: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() {
        Some("is empty")
    } else if name.len() > MAX_LABEL_BYTES {
        Some("is longer than 63 characters")
    } else if !name.chars().all(good) {
        Some("has other characters than small letters, digits and hyphens")
    } else if name.starts_with('-') || name.ends_with('-') {
        Some("begins or ends with a hyphen")
    } else {
        None
    }
}

/// What is wrong with `name` as a fully qualified domain name (RFC 1123, section 2.1).
pub(crate) fn fault_of_fqdn(name: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let labels: Vec<&str> = name.split('.').collect();
    if name.is_empty() {
        Some("is empty")
    } else if name.parse::<std::net::IpAddr>().is_ok() {
        Some("is an address")
    } else if name.len() > MAX_FQDN_BYTES {
        Some("is longer than 253 characters")
    } else if !name.is_ascii() {
        Some("has letters outside ASCII, which the DNS writes in their `xn--` form")
    } else if labels.iter().any(|label| label.is_empty()) {
        Some("has an empty label: a dot at its beginning or end, or two in a row")
    } else if labels.len() < 2 {
        Some("has no dot in it")
    } else if labels.iter().any(|label| label.len() > MAX_LABEL_BYTES) {
        Some("has a label longer than 63 characters")
    } else if !labels.iter().all(|label| label.chars().all(good)) {
        Some("has other characters than letters, digits, hyphens and dots")
    } else if labels.iter().any(|label| label.starts_with('-') || label.ends_with('-')) {
        Some("has a label that begins or ends with a hyphen")
    } else if labels.last().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit())) {
        Some("ends in a number, which no domain does")
    } else {
        None
    }
}

/// The one of `known` that was probably meant by `word`, if one is near.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let change = above[j] + usize::from(a[i] != b[j]);
            let mut best = change.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

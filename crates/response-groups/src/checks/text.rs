//! Names, addresses and other texts.

use super::{
    Complaints, DESCRIPTION_MAX, DIGITS, FILE_NAME_MAX, INNER_NAME_MAX, NAME_MAX, URI_MAX,
};
use crate::model::AudioRef;

/// The longest name in the DNS.
const FQDN_MAX: usize = 253;

/// The name of a pool.
pub(super) fn owner(found: &mut Complaints, owner: &str) {
    let is_label = |label: &str| {
        let inner = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
        !label.is_empty() && label.chars().all(inner)
    };
    if owner.len() > FQDN_MAX || !owner.split('.').all(is_label) {
        let what = format!("{owner:?} is not the name of a pool");
        found.add("OwnerPool", what, "give its FQDN in lower case");
    }
}

/// The name of an object.
pub(super) fn name(found: &mut Complaints, name: &str) {
    if name.trim().is_empty() {
        found.add("Name", "it is empty", "give a name");
        return;
    }
    line(found, "Name", name, NAME_MAX);
    if name.trim() != name {
        found.add("Name", format!("{name:?} begins or ends with a blank"), "remove it");
    }
    if name.contains(['<', '>']) {
        found.add("Name", format!("{name:?} has < or > in it"), "leave them out");
    }
}

/// The name of a part of an object.
pub(super) fn inner_name(found: &mut Complaints, name: Option<&str>) {
    if let Some(name) = name {
        line(found, "Name", name, INNER_NAME_MAX);
    }
}

/// What describes an object.
pub(super) fn description(found: &mut Complaints, description: Option<&str>) {
    if let Some(description) = description {
        text(found, "Description", description, DESCRIPTION_MAX);
    }
}

/// A text without line ends.
pub(super) fn line(found: &mut Complaints, field: &'static str, line: &str, max: usize) {
    length(found, field, line, max);
    if line.contains(char::is_control) {
        found.add(field, "it has a control character in it", "leave it out");
    }
}

/// A text that may have several lines.
pub(super) fn text(found: &mut Complaints, field: &'static str, text: &str, max: usize) {
    length(found, field, text, max);
    if text.contains(|it: char| it.is_control() && !matches!(it, '\n' | '\r' | '\t')) {
        found.add(field, "it has a control character in it", "leave it out");
    }
}

fn length(found: &mut Complaints, field: &'static str, text: &str, max: usize) {
    let chars = text.chars().count();
    if chars > max {
        found.add(field, format!("it has {chars} characters"), format!("use at most {max}"));
    }
}

/// A SIP address: `sip:name@domain`.
pub(super) fn sip(found: &mut Complaints, field: &'static str, uri: &str) {
    if !is_sip(uri) {
        let what = format!("{} is not a SIP address", shown(uri));
        found.add(field, what, "write it as sip:name@domain");
    }
}

/// A list of different SIP addresses.
pub(super) fn sip_list(found: &mut Complaints, field: &'static str, uris: &[String], max: usize) {
    if count(found, field, uris.len(), max) {
        for uri in uris {
            sip(found, field, uri);
        }
        once(found, field, uris.iter().map(|it| it.to_ascii_lowercase()));
    }
}

/// Complains if there are too many; tells whether there are not.
pub(super) fn count(found: &mut Complaints, field: &'static str, count: usize, max: usize) -> bool {
    if count > max {
        found.add(field, format!("it has {count} entries"), format!("use at most {max}"));
    }
    count <= max
}

/// Complains of each value that comes twice.
pub(super) fn once<T: Ord + std::fmt::Display>(
    found: &mut Complaints,
    field: &'static str,
    values: impl Iterator<Item = T>,
) {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    let twice = values.array_windows().find(|[one, two]| one == two);
    if let Some([one, _]) = twice {
        found.add(field, format!("{one} is there twice"), "name each only once");
    }
}

/// Whether this is `sip:name@domain`.
pub(super) fn is_sip(uri: &str) -> bool {
    let Some(address) = after_scheme(uri, "sip:") else { return false };
    is_address(address)
}

/// Whether this is `name@domain`.
pub(super) fn is_address(address: &str) -> bool {
    let Some((name, domain)) = address.split_once('@') else { return false };
    let in_name = |it: char| it.is_ascii_graphic() && !"<>\"@:/\\".contains(it);
    let in_label = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    let is_label = |label: &str| !label.is_empty() && label.chars().all(in_label);
    address.len() <= URI_MAX
        && !name.is_empty()
        && name.chars().all(in_name)
        && domain.split('.').all(is_label)
}

/// Whether this is `tel:+` and digits.
pub(super) fn is_tel(uri: &str) -> bool {
    after_scheme(uri, "tel:+").is_some_and(are_digits)
}

/// Whether this is `sip:+`, digits, and a domain.
pub(super) fn is_sip_number(uri: &str) -> bool {
    let number = after_scheme(uri, "sip:+").and_then(|it| it.split_once('@'));
    is_sip(uri) && number.is_some_and(|(number, _)| are_digits(number))
}

fn are_digits(text: &str) -> bool {
    DIGITS.contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit())
}

fn after_scheme<'a>(uri: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = uri.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// A text as a complaint shows it: not at any length.
pub(super) fn shown(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// A reference to an audio file.
pub(super) fn audio_ref(found: &mut Complaints, field: &'static str, audio: Option<&AudioRef>) {
    if let Some(audio) = audio {
        file_name(found, field, &audio.original_file_name);
    }
}

/// The name of an audio file.
pub(super) fn file_name(found: &mut Complaints, field: &'static str, name: &str) {
    line(found, field, name, FILE_NAME_MAX);
    if name.trim().is_empty() || name.contains(['/', '\\', ':']) {
        let what = format!("{} is not the name of a file", shown(name));
        found.add(field, what, "give the name alone, without its folder");
    }
}

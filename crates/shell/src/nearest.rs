//! The name that somebody may have meant.

/// How many letters may be wrong in a name for which another is suggested.
const MISPRINTS: usize = 3;

/// The name that differs least from `wanted`, if it differs little.
pub(crate) fn nearest(wanted: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().take(80).collect();
    let allowed = MISPRINTS.min(wanted.len() / 2);
    names
        .map(|name| {
            let letters: Vec<char> = name.to_lowercase().chars().collect();
            (distance(&wanted, &letters), name)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out or changed to make `b` of `a`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

//! Which front-end pools are paired, one with one, and whether one of a pair outlives the other.

use std::collections::{BTreeMap, BTreeSet};

use super::index::{Index, meant};
use crate::findings::Findings;
use crate::meaning::lower;
use crate::said::SaidFrontEndPool;
use crate::table::Said;

/// One pool that names another as its backup pool.
struct Pairing {
    from: String,
    to: String,
    line: usize,
}

impl Pairing {
    fn has(&self, fqdn: &str) -> bool {
        self.from == fqdn || self.to == fqdn
    }

    /// Whether both say the same, from whichever side.
    fn is(&self, other: &Self) -> bool {
        self.has(&other.from) && self.has(&other.to)
    }
}

type Known<'s> = BTreeMap<String, &'s SaidFrontEndPool>;

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    let known = known(index);
    let mut pairings: Vec<Pairing> = Vec::new();
    for (from, pool) in &known {
        if let Some(other) = &pool.backup_pool
            && let Some(to) = refer(from, other, &known, index, findings)
        {
            pairings.push(Pairing { from: from.clone(), to, line: other.line });
        }
    }
    pairings.sort_by_key(|pairing| pairing.line);
    one_with_one(&pairings, findings);
    for (position, pairing) in pairings.iter().enumerate() {
        let said_before = pairings[..position].iter().any(|earlier| earlier.is(pairing));
        if !said_before {
            together(pairing, &known, index, findings);
        }
    }
}

/// Warns of pools that are paired with no other.
pub(super) fn unpaired(index: &Index<'_>, findings: &mut Findings) {
    let known = known(index);
    let others = known.values().filter_map(|pool| lower(pool.backup_pool.as_ref()));
    let named: BTreeSet<String> = others.collect();
    for (fqdn, pool) in known {
        if pool.backup_pool.is_none() && !named.contains(&fqdn) {
            let what = format!(
                "front-end pool `{fqdn}` is paired with no other: when its site is lost, its \
                 Response Groups are away until the site returns"
            );
            let to_do = "name a front-end pool of the other site as `backup_pool`";
            findings.warn(pool.line, what, to_do);
        }
    }
}

/// Every front-end pool by its name. Of two of one name the first counts.
fn known<'s>(index: &Index<'s>) -> Known<'s> {
    let mut known = Known::new();
    for pool in &index.said.front_end_pools {
        if let Some(fqdn) = lower(pool.fqdn.as_ref()) {
            known.entry(fqdn).or_insert(pool);
        }
    }
    known
}

/// The front-end pool that `other` names, in its one spelling, if there is one to be paired with.
fn refer(
    from: &str,
    other: &Said<String>,
    known: &Known<'_>,
    index: &Index<'_>,
    findings: &mut Findings,
) -> Option<String> {
    let Said { line, value } = other;
    let to = value.to_ascii_lowercase();
    if to == from {
        let what = format!("`backup_pool` of `{from}` names the pool itself");
        let to_do = "name a front-end pool of the other site, or remove the line";
        findings.error(*line, what, to_do);
        return None;
    }
    if known.contains_key(&to) {
        return Some(to);
    }
    let mut chat = index.said.pools.iter().filter_map(|pool| lower(pool.fqdn.as_ref()));
    if chat.any(|fqdn| fqdn == to) {
        let what = format!(
            "`backup_pool` names `{value}`, which is a chat pool and hosts no Response Groups"
        );
        findings.error(*line, what, "name a pool that is declared under a line [[front_end_pool]]");
        return None;
    }
    let names = known.keys().map(String::as_str).filter(|name| *name != from);
    let to_do = meant("front_end_pool", &to, names);
    let what = format!("`backup_pool` names `{value}`, and no front-end pool has that name");
    findings.error(*line, what, to_do);
    None
}

/// A pairing holds from both sides, so nobody may be in two.
fn one_with_one(pairings: &[Pairing], findings: &mut Findings) {
    for (position, pairing) in pairings.iter().enumerate() {
        let contradicts = |other: &&Pairing| {
            !other.is(pairing) && (other.has(&pairing.from) || other.has(&pairing.to))
        };
        if let Some(earlier) = pairings[..position].iter().find(contradicts) {
            let what = format!(
                "`{}` cannot be paired with `{}`: `{}` is paired with `{}` (line {}), and a pool \
                 is paired with one other",
                pairing.from, pairing.to, earlier.from, earlier.to, earlier.line
            );
            findings.error(pairing.line, what, "keep one of the two pairs");
        }
    }
}

/// Warns of a pair whose pools are lost together.
fn together(pairing: &Pairing, known: &Known<'_>, index: &Index<'_>, findings: &mut Findings) {
    let site_of = |fqdn: &str| index.home_site(&known.get(fqdn)?.places);
    if let (Some(site), Some(other)) = (site_of(&pairing.from), site_of(&pairing.to))
        && site == other
    {
        let what = format!(
            "the backup pool `{}` stands in site `{site}`, as `{}` does: both are lost with it",
            pairing.to, pairing.from
        );
        findings.warn(pairing.line, what, "pair the pool with one of the other site");
    }
}

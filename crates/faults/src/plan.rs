//! What is killed when. Every kind is hit, and never more at once than the promise covers.
//!
//! The promise: while primary and mirror are in sync, the loss of any one process or host loses no
//! acknowledged post. So of the parts that the promise stands on only one is hit at a time, and
//! the next one when the pool is protected again. Other parts may be hit together with it.

use crate::chance::Chance;
use std::fmt;

/// In so many rounds every kind is hit once.
const ROUNDS: usize = 5;

/// A strike comes at the latest after so many posts.
const POSTS_MAX: usize = 60;

/// And so many microseconds after that: posts are in flight in every state.
const MICROSECONDS_MAX: usize = 30_000;

/// A kind of process or host.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    PrimaryPostmaster,
    MirrorPostmaster,
    /// The host's own process; the database beside it lives on.
    PrimaryKeeper,
    MirrorKeeper,
    /// Keeper, database, and all else that runs there.
    PrimaryHost,
    MirrorHost,
    /// The host of the home site's management store.
    Witness,
    /// The host of the backup database, of the receiver and of the share.
    BackupHost,
    /// The child that receives WAL for the share.
    Receiver,
    ChatServer,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::PrimaryPostmaster,
        Self::MirrorPostmaster,
        Self::PrimaryKeeper,
        Self::MirrorKeeper,
        Self::PrimaryHost,
        Self::MirrorHost,
        Self::Witness,
        Self::BackupHost,
        Self::Receiver,
        Self::ChatServer,
    ];

    /// Is it one of those that protect an acknowledged post inside the site?
    pub fn protects(self) -> bool {
        match self {
            Self::PrimaryPostmaster
            | Self::MirrorPostmaster
            | Self::PrimaryKeeper
            | Self::MirrorKeeper
            | Self::PrimaryHost
            | Self::MirrorHost
            | Self::Witness => true,
            Self::BackupHost | Self::Receiver | Self::ChatServer => false,
        }
    }

    /// Does the promise hold when both are hit at once?
    pub fn may_fall_with(self, other: Self) -> bool {
        let both_protect = self.protects() && other.protects();
        // The receiver lives on the backup host: there is nothing left to hit.
        let same = matches!(
            (self, other),
            (Self::BackupHost | Self::Receiver, Self::BackupHost | Self::Receiver)
        );
        !both_protect && !same
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrimaryPostmaster => "primary's postmaster",
            Self::MirrorPostmaster => "mirror's postmaster",
            Self::PrimaryKeeper => "primary's keeper",
            Self::MirrorKeeper => "mirror's keeper",
            Self::PrimaryHost => "primary's host",
            Self::MirrorHost => "mirror's host",
            Self::Witness => "witness",
            Self::BackupHost => "backup host",
            Self::Receiver => "receiver",
            Self::ChatServer => "chat server",
        })
    }
}

/// When what was killed and does not come back by itself is started again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Return {
    AtOnce,
    /// When everybody has been acknowledged without it.
    Later,
}

/// Some kinds that are killed at the same time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Strike {
    pub kinds: Vec<Kind>,
    pub returns: Return,
    /// How many posts are acknowledged first, and how many microseconds pass then.
    pub after: (usize, usize),
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.kinds.iter().map(Kind::to_string).collect();
        let returns = match self.returns {
            Return::AtOnce => "back at once",
            Return::Later => "back later",
        };
        write!(f, "{}, {returns}", kinds.join(" and "))
    }
}

/// So many rounds of strikes. In every five rounds, and in all of fewer, every kind is hit.
pub fn rounds(count: usize, chance: &mut Chance) -> Vec<Vec<Strike>> {
    let mut rounds = Vec::new();
    while rounds.len() < count {
        let together = ROUNDS.min(count - rounds.len());
        let mut kinds = Kind::ALL;
        chance.shuffle(&mut kinds);
        let mut hands = vec![Vec::new(); together];
        for (index, kind) in kinds.into_iter().enumerate() {
            hands[index % together].push(kind);
        }
        rounds.extend(hands.into_iter().map(|kinds| strikes(&kinds, chance)));
    }
    rounds
}

/// One strike for each kind, some of them put together where the promise allows it.
fn strikes(kinds: &[Kind], chance: &mut Chance) -> Vec<Strike> {
    let mut strikes: Vec<Strike> = Vec::new();
    for kind in kinds {
        if let Some(last) = strikes.last_mut()
            && last.kinds.iter().all(|other| kind.may_fall_with(*other))
            && chance.toss()
        {
            last.kinds.push(*kind);
            continue;
        }
        let returns = if chance.toss() { Return::AtOnce } else { Return::Later };
        let after = (chance.below(POSTS_MAX), chance.below(MICROSECONDS_MAX));
        strikes.push(Strike { kinds: vec![*kind], returns, after });
    }
    strikes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_five_rounds_hit_every_kind() {
        for seed in 0..500 {
            for count in 1..=12 {
                let rounds = rounds(count, &mut Chance::new(seed));
                assert_eq!(rounds.len(), count);
                for some in rounds.chunks(ROUNDS) {
                    let hit = some.iter().flatten().flat_map(|it| it.kinds.iter());
                    assert_eq!(hit.collect::<BTreeSet<_>>().len(), Kind::ALL.len());
                    assert!(some.iter().all(|strikes| !strikes.is_empty()));
                }
            }
        }
    }

    #[test]
    fn no_strike_hits_more_than_the_promise_covers() {
        let mut together = BTreeSet::new();
        for seed in 0..500 {
            for strike in rounds(5, &mut Chance::new(seed)).iter().flatten() {
                assert!(strike.kinds.iter().filter(|it| it.protects()).count() <= 1, "{strike}");
                if let [one, other, ..] = strike.kinds.as_slice() {
                    together.insert((*one).min(*other));
                }
            }
        }
        assert!(together.len() >= 7, "strikes fall together: {together:?}");
    }
}

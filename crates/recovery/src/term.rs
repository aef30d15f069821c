//! A term: who may be primary, as a number that only grows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The right to be primary, compared by reign and then by turn.
///
/// Only an administrator's move between sites raises the reign; an automatic switchover inside a
/// site raises only the turn. So the stores of two sites that cannot hear each other can issue the
/// same term only if two administrators act at once.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Term {
    /// Raised by failover and failback.
    pub reign: u64,
    /// Raised by switchover; starts again at zero with each reign.
    pub turn: u64,
}

impl Term {
    /// The term in which a new pool begins.
    pub const FIRST: Self = Self { reign: 1, turn: 0 };

    /// The term after a switchover to the mirror.
    pub const fn next_turn(self) -> Self {
        Self { reign: self.reign, turn: self.turn + 1 }
    }

    /// The term after a move to the other site.
    pub const fn next_reign(self) -> Self {
        Self { reign: self.reign + 1, turn: 0 }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.reign, self.turn)
    }
}

#[cfg(test)]
mod tests {
    use super::Term;

    #[test]
    fn a_reign_outranks_any_number_of_turns() {
        let mut turned = Term::FIRST;
        for _ in 0..1000 {
            turned = turned.next_turn();
        }
        assert!(turned < Term::FIRST.next_reign());
        assert!(Term::FIRST < turned);
        assert_eq!(turned.next_reign().to_string(), "2.0");
    }
}

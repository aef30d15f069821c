//! Chance that can be had again: a seed makes the same choices every time.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A source of choices (`SplitMix64`: small, and even enough to break things with).
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Makes the choices that belong to `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A seed that nobody has chosen.
    pub fn seed() -> u64 {
        RandomState::new().build_hasher().finish()
    }

    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a machine has no more than 64 bits");
        usize::try_from(self.draw() % bound).expect("it is below a usize")
    }

    /// One of two.
    pub fn toss(&mut self) -> bool {
        self.below(2) == 0
    }

    /// One of several, of which there is at least one.
    pub fn choose<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Puts them into any order.
    pub fn shuffle<T>(&mut self, cards: &mut [T]) {
        for last in (1..cards.len()).rev() {
            cards.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_choices_and_another_seed_others() {
        let choices = |seed| {
            let mut chance = Chance::new(seed);
            (0..20).map(|_| chance.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
    }

    #[test]
    fn shuffling_keeps_every_card() {
        let mut cards: Vec<usize> = (0..50).collect();
        Chance::new(3).shuffle(&mut cards);
        assert_ne!(cards, (0..50).collect::<Vec<_>>());
        cards.sort_unstable();
        assert_eq!(cards, (0..50).collect::<Vec<_>>());
    }
}

//! Chance that can be had again: a seed makes the same rolls every time.

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice with the seed that `STANDFAST_SEED` gives, or with another one; it is printed.
    pub(crate) fn shown() -> Self {
        let seed = number("STANDFAST_SEED").unwrap_or_else(|| u64::from(std::process::id()));
        println!("STANDFAST_SEED={seed}");
        Self(seed)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (it ^ (it >> 31)) % sides
    }

    /// One of several, of which there is at least one.
    pub(crate) fn choose<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }

    /// Puts them into any order.
    pub(crate) fn shuffle<T>(&mut self, cards: &mut [T]) {
        for last in (1..cards.len()).rev() {
            cards.swap(last, usize::try_from(self.roll(last as u64 + 1)).unwrap());
        }
    }
}

/// How many rounds `STANDFAST_ROUNDS` asks for, or as many as usual.
pub(crate) fn rounds(usual: u64) -> u64 {
    let rounds = number("STANDFAST_ROUNDS").unwrap_or(usual);
    println!("STANDFAST_ROUNDS={rounds}");
    rounds
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text}")))
}

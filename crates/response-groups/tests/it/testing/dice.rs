//! Dice that fall the same way for the same seed.

use uuid::Uuid;

/// Random numbers from a seed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let it = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + usize::try_from(self.number() % (high - low + 1) as u64).unwrap()
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.number().is_multiple_of(2)
    }

    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.between(0, of.len() - 1)].clone()
    }

    /// Some of them, in their order.
    pub(crate) fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().filter(|_| self.number().is_multiple_of(3)).cloned().collect()
    }

    pub(crate) fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| make(self))
    }

    pub(crate) fn id(&mut self) -> Uuid {
        let bytes = (u128::from(self.number()) << 64) | u128::from(self.number());
        uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            (0..count.div_ceil(8)).flat_map(|_| self.number().to_le_bytes()).collect();
        bytes.truncate(count);
        bytes
    }

    /// Text as people write it, with what computers stumble over.
    pub(crate) fn text(&mut self, words: usize) -> String {
        const WORDS: [&str; 14] = [
            "Support",
            "Süd",
            "日本語",
            "O'Neill",
            "\"quoted\"",
            "a\\b",
            "100%",
            "Ελλάδα",
            "🙂",
            "it's",
            "null",
            "x;y",
            "{}",
            "İstanbul",
        ];
        let words = self.between(1, words);
        (0..words).map(|_| self.one(&WORDS)).collect::<Vec<_>>().join(" ")
    }
}

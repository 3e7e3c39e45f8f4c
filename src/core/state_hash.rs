//! The rolling state hash: 64 bits over decoded inputs with their stamps, decisions, orders, fills
//! and balances.
//!
//! Not cryptographic: it finds divergence between two runs, it does not resist an adversary. Each
//! step multiplies the state with its input into 128 bits and folds the halves (the "mum" step of
//! wyhash, Wang Yi), so that order matters and every input bit reaches every state bit. The same
//! on every machine: integer arithmetic only.

use super::market::TimedTrade;
use serde::{Deserialize, Serialize};

/// Odd 64-bit constants: the fractional digits of pi.
const KEYS: [u64; 8] = [
    0x243F_6A88_85A3_08D3,
    0x1319_8A2E_0370_7345,
    0xA409_3822_299F_31D1,
    0x082E_FA98_EC4E_6C89,
    0x4528_21E6_38D0_1377,
    0xBE54_66CF_34E9_0C6D,
    0xC0AC_29B7_C97C_50DD,
    0x3F84_D5B5_B547_0917,
];

/// What kind of thing is absorbed; keeps a fill from hashing like a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    Trade = 1,
    Candle,
    Quiet,
    Command,
    Answer,
    Decision,
    Order,
    Fill,
    Balance,
    Text,
    Other,
    History,
    Feed,
    Partial,
    OrderNews,
    Account,
    Reconciled,
    Listing,
    Whole,
    Quote,
    Ahead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateHash(u64);

impl Default for StateHash {
    fn default() -> Self {
        Self(KEYS[7])
    }
}

impl StateHash {
    pub const fn value(self) -> u64 {
        self.0
    }

    #[inline]
    fn step(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(KEYS[0]);
        self.0 = (product as u64) ^ ((product >> 64) as u64) ^ word.rotate_left(32);
    }

    /// Absorbs one trade; the words are mixed beside each other and enter in one step, because
    /// this runs for every trade.
    #[inline]
    pub fn trade(&mut self, row: &TimedTrade) {
        let t = &row.trade;
        let kind = (Tag::Trade as u64) << 32 | u64::from(t.symbol.0) << 8 | t.aggressor as u64;
        // Each line is invertible in each of its words, also where the three times are the same
        // (1 + x^21 + x^42 and x^64 + 1 have no common factor).
        let times = row.stamp.mono as u64
            ^ (row.stamp.wall.0 as u64).rotate_left(21)
            ^ (t.time.0 as u64).rotate_left(42);
        let value = t.price.0 as u64 ^ (t.quantity.0 as u64).rotate_left(32);
        let origin = t.id ^ kind.rotate_left(40);
        let word = times
            .wrapping_mul(KEYS[1])
            .wrapping_add(value.wrapping_mul(KEYS[2]))
            .wrapping_add(origin.wrapping_mul(KEYS[3]));
        self.step(word);
    }

    /// Absorbs a tagged list of words.
    pub fn words(&mut self, tag: Tag, words: &[i128]) {
        self.step((tag as u64) << 32 | words.len() as u64);
        for word in words {
            self.step(*word as u64);
            let high = (*word >> 64) as u64;
            if high != 0 && high != u64::MAX {
                self.step(high);
            }
        }
    }

    /// Absorbs a text.
    pub fn text(&mut self, text: &str) {
        self.step((Tag::Text as u64) << 32 | text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.step(u64::from_le_bytes(word));
        }
    }
}

impl std::fmt::Display for StateHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_tag_matter() {
        let hash = |tags: &[(Tag, i128)]| {
            let mut h = StateHash::default();
            for (tag, word) in tags {
                h.words(*tag, &[*word]);
            }
            h.value()
        };
        let a = hash(&[(Tag::Fill, 1), (Tag::Fill, 2)]);
        assert_ne!(a, hash(&[(Tag::Fill, 2), (Tag::Fill, 1)]));
        assert_ne!(a, hash(&[(Tag::Order, 1), (Tag::Fill, 2)]));
        assert_ne!(hash(&[(Tag::Fill, 1)]), hash(&[(Tag::Fill, 1 + (1 << 64))]));
    }
}

//! State hashes at candle closes, packed: one row per 1,024 of them.
//!
//! A block's `packed` holds 8 bytes a candle close, little endian, in the order of the closes; the
//! row beside it says how many there are, and the input number and time of the first and last. To
//! find where two runs part, compare their hashes in order: the first difference names the close,
//! and the block its inputs. `unpack` reads a block; in SQL, hash number n (from 0) of a block is
//! `hex(substr(packed, 8 * n + 1, 8))`, least significant byte first.

use crate::core::effect::Checkpoint;
use crate::core::units::Timestamp;

/// Candle closes in a full block.
pub const BLOCK_HASHES: usize = 1024;

/// Consecutive state hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashBlock {
    /// Inputs handled up to the first and the last hash.
    pub first_input: u64,
    pub last_input: u64,
    pub first_time: Timestamp,
    pub last_time: Timestamp,
    /// 8 bytes a hash, little endian.
    pub packed: Vec<u8>,
}

impl HashBlock {
    /// Number of hashes.
    pub fn len(&self) -> usize {
        self.packed.len() / 8
    }

    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }
}

/// The hashes of a block's bytes; bytes beyond a multiple of 8 are not a hash and are left out.
pub fn unpack(packed: &[u8]) -> impl Iterator<Item = u64> + '_ {
    packed
        .as_chunks::<8>()
        .0
        .iter()
        .map(|b| u64::from_le_bytes(*b))
}

/// Collects hashes into blocks; one allocation a block.
#[derive(Clone, Debug, Default)]
pub struct HashPacker {
    open: Option<HashBlock>,
}

impl HashPacker {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a checkpoint (those that are not at a candle close are ignored); a block when it is
    /// the last of one.
    pub fn push(&mut self, checkpoint: &Checkpoint) -> Option<HashBlock> {
        if !checkpoint.candle {
            return None;
        }
        let block = self.open.get_or_insert_with(|| HashBlock {
            first_input: checkpoint.inputs,
            last_input: checkpoint.inputs,
            first_time: checkpoint.time,
            last_time: checkpoint.time,
            packed: Vec::with_capacity(BLOCK_HASHES * 8),
        });
        block.last_input = checkpoint.inputs;
        block.last_time = checkpoint.time;
        block
            .packed
            .extend_from_slice(&checkpoint.hash.to_le_bytes());
        if block.len() == BLOCK_HASHES {
            self.open.take()
        } else {
            None
        }
    }

    /// What is left at the end of a run.
    pub fn finish(&mut self) -> Option<HashBlock> {
        self.open.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_candle_hash_comes_back_in_order(hashes in prop::collection::vec((any::<u64>(), any::<bool>()), 0..3000)) {
            let mut packer = HashPacker::new();
            let mut blocks = Vec::new();
            for (index, (hash, candle)) in hashes.iter().enumerate() {
                blocks.extend(packer.push(&Checkpoint { inputs: index as u64, time: Timestamp(index as i64), hash: *hash, candle: *candle }));
            }
            blocks.extend(packer.finish());
            let back: Vec<u64> = blocks.iter().flat_map(|b| unpack(&b.packed)).collect();
            let expected: Vec<u64> = hashes.iter().filter(|h| h.1).map(|h| h.0).collect();
            prop_assert_eq!(back, expected);
            prop_assert!(blocks.iter().rev().skip(1).all(|b| b.len() == BLOCK_HASHES));
            prop_assert!(blocks.iter().all(|b| b.first_input <= b.last_input && !b.is_empty()));
        }
    }
}

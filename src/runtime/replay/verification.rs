//! State hashes of a recorded session against those that come again.
//!
//! A recorded checkpoint is compared where it stands. Those at candle closes are made while an input
//! is handled and stand in the recording behind it, so the core's wait in a queue until then. One
//! input closes at most about a thousand candles a symbol; a queue that grows beyond its bound means
//! that the recording says nothing of candles that close here.

use crate::core::Core;
use crate::core::effect::{Checkpoint, Effect};
use std::collections::VecDeque;

/// Checkpoints at candle closes that wait for the recorded ones: twenty symbols that close a
/// thousand silent candles each, with room to spare.
pub const WAITING_MAX: usize = 32_768;

/// Compares one recording.
#[derive(Debug, Default)]
pub(super) struct Verification {
    /// Of the core, oldest first.
    at_candles: VecDeque<Checkpoint>,
    checked: u64,
}

impl Verification {
    /// Checkpoints that were found equal.
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// Keeps what the core said at candle closes.
    ///
    /// # Errors
    /// In words: more candles closed than the recording can still speak of.
    pub fn note(&mut self, effects: &[Effect]) -> Result<(), String> {
        for effect in effects {
            let Effect::Checkpoint(checkpoint) = effect else {
                continue;
            };
            if !checkpoint.candle {
                continue;
            }
            if self.at_candles.len() >= WAITING_MAX {
                return Err(format!(
                    "differs from the recording after input {} ({}): {WAITING_MAX} candles closed \
                     that the recording says nothing of",
                    checkpoint.inputs, checkpoint.time
                ));
            }
            self.at_candles.push_back(*checkpoint);
        }
        Ok(())
    }

    /// Compares a recorded checkpoint with the core.
    ///
    /// # Errors
    /// In words: the first difference.
    pub fn compare(&mut self, expected: &Checkpoint, core: &Core) -> Result<(), String> {
        let hash = if expected.candle {
            self.at_candles
                .pop_front()
                .map(|checkpoint| checkpoint.hash)
        } else {
            (expected.inputs == core.inputs()).then(|| core.state_hash().value())
        };
        let place = format_args!(
            "differs from the recording after input {} ({})",
            expected.inputs, expected.time
        );
        match hash {
            None => Err(format!("{place}: no candle closed there")),
            Some(hash) if hash != expected.hash => Err(format!(
                "{place}: state hash {hash:016x}, recorded {:016x}",
                expected.hash
            )),
            Some(_) => {
                self.checked += 1;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Timestamp;

    #[test]
    fn candles_that_the_recording_never_speaks_of_end_with_a_clear_difference() {
        let mut verification = Verification::default();
        let candle = |inputs| {
            Effect::Checkpoint(Checkpoint {
                inputs,
                time: Timestamp(0),
                hash: inputs,
                candle: true,
            })
        };
        for inputs in 0..WAITING_MAX as u64 {
            assert_eq!(verification.note(&[candle(inputs)]), Ok(()));
        }
        let text = verification.note(&[candle(77)]).unwrap_err();
        assert!(
            text.starts_with("differs from the recording after input 77"),
            "{text}"
        );
        assert!(text.contains("32768 candles closed"), "{text}");
        assert_eq!(verification.at_candles.len(), WAITING_MAX);
    }
}

//! What a replay answers to a model's question: nothing was recorded. With a bound, because an answer
//! may lead to another question.

use crate::core::input::Answer;

/// Answers to answers that one input may lead to; its candles bound them, too.
pub const ANSWERS_IN_A_ROW: u32 = 16;

/// The answer to every question.
pub fn not_recorded() -> Answer {
    Answer::Failed {
        text: "no recorded answer".to_owned(),
    }
}

//! Both ciphers weighed against each other: one signal with one confidence.
//!
//! S = (signal_a conf_a + signal_b conf_b)/(conf_a + conf_b), 0 where both are 0; the combined signal
//! is the sign of S where |S| > 0.5. Every value is rounded half-even to 9 decimals.

use super::score_b::ScoreB;
use super::{Score, round9};
use serde::{Deserialize, Serialize};

/// Closed candles without which nothing is combined.
pub const MIN_CANDLES: usize = 100;

/// Weight of a signal that stands alone, and of a contradiction.
const ALONE: f64 = 0.7;
/// |S| beyond which there is a combined signal.
const MAJORITY: f64 = 0.5;

/// S x C in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Sentiment {
    StrongBearish = -2,
    Bearish = -1,
    Neutral = 0,
    Bullish = 1,
    StrongBullish = 2,
}

impl Sentiment {
    fn of(value: f64) -> Self {
        match value {
            v if v > 0.6 => Self::StrongBullish,
            v if v > 0.3 => Self::Bullish,
            v if v >= -0.3 => Self::Neutral,
            v if v >= -0.6 => Self::Bearish,
            _ => Self::StrongBearish,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Combined {
    pub a: Score,
    pub b: ScoreB,
    /// S: -1..=1.
    pub balance: f64,
    /// 1 = bullish, -1 = bearish, 0 = neither.
    pub signal: i8,
    /// Both say the same, and not nothing.
    pub agreement: bool,
    /// C: 0..=1.
    pub confidence: f64,
    pub sentiment: Sentiment,
}

/// Weighs both scores of a bar.
pub fn combine(a: Score, b: ScoreB) -> Combined {
    let (side_a, side_b) = (f64::from(a.signal), f64::from(b.score.signal));
    let (conf_a, conf_b) = (a.confidence, b.score.confidence);
    let weight = conf_a + conf_b;
    let balance = if weight > 0.0 {
        round9((side_a * conf_a + side_b * conf_b) / weight)
    } else {
        0.0
    };
    let agreement = a.signal == b.score.signal && a.signal != 0;
    let confidence = round9(match (a.signal, b.score.signal) {
        (0, 0) => 0.0,
        (_, 0) => ALONE * conf_a,
        (0, _) if b.stands_alone => conf_b,
        (0, _) => ALONE * conf_b,
        _ if agreement => (conf_a + conf_b) / 2.0,
        _ => ALONE * balance.abs() * conf_a.max(conf_b),
    });
    let signal = if balance.abs() > MAJORITY {
        balance.signum() as i8
    } else {
        0
    };
    Combined {
        a,
        b,
        balance,
        signal,
        agreement,
        confidence,
        sentiment: Sentiment::of(round9(balance * confidence)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn combined(a: (i8, f64), b: (i8, f64), stands_alone: bool) -> Combined {
        let score = |(signal, confidence)| Score { signal, confidence };
        combine(
            score(a),
            ScoreB {
                score: score(b),
                stands_alone,
            },
        )
    }

    #[test]
    fn every_row_of_the_table() {
        // (a, b, stands alone) -> (S, combined, agreement, C)
        let rows = [
            (((0, 0.0), (0, 0.0), false), (0.0, 0, false, 0.0)),
            (((1, 0.8), (1, 0.6), false), (1.0, 1, true, 0.7)),
            (((-1, 0.5), (-1, 0.9), true), (-1.0, -1, true, 0.7)),
            // One alone, on either side.
            (((1, 0.8), (0, 0.0), false), (1.0, 1, false, 0.56)),
            (((0, 0.0), (-1, 0.8), false), (-1.0, -1, false, 0.56)),
            // Gold and divergence alone keep their confidence.
            (((0, 0.0), (1, 0.95), true), (1.0, 1, false, 0.95)),
            (((0, 0.0), (-1, 0.9), true), (-1.0, -1, false, 0.9)),
            // Contradictions: S decides, C is small.
            (
                ((1, 1.0), (-1, 0.3), false),
                (0.538461538, 1, false, 0.376923077),
            ),
            (
                ((-1, 1.0), (1, 0.3), false),
                (-0.538461538, -1, false, 0.376923077),
            ),
            (((1, 0.6), (-1, 0.6), false), (0.0, 0, false, 0.0)),
            // |S| of exactly 0.5 is no majority.
            (((1, 0.9), (-1, 0.3), false), (0.5, 0, false, 0.315)),
        ];
        for ((a, b, alone), (balance, signal, agreement, confidence)) in rows {
            let got = combined(a, b, alone);
            assert_eq!(
                (got.balance, got.signal, got.agreement, got.confidence),
                (balance, signal, agreement, confidence),
                "{a:?} {b:?}"
            );
        }
    }

    #[test]
    fn sentiment_has_its_limits_on_the_neutral_side() {
        let of = Sentiment::of;
        assert_eq!(of(0.600000001), Sentiment::StrongBullish);
        assert_eq!(of(0.6), Sentiment::Bullish);
        assert_eq!(of(0.300000001), Sentiment::Bullish);
        assert_eq!(of(0.3), Sentiment::Neutral);
        assert_eq!(of(-0.3), Sentiment::Neutral);
        assert_eq!(of(-0.300000001), Sentiment::Bearish);
        assert_eq!(of(-0.6), Sentiment::Bearish);
        assert_eq!(of(-0.600000001), Sentiment::StrongBearish);
    }

    #[test]
    fn a_confidence_that_rounds_to_its_limit_is_its_limit() {
        // 0.7 x 0.857142857... in doubles lies beside 0.6.
        let got = combined((1, 0.857142857), (0, 0.0), false);
        assert_eq!(got.confidence, 0.6);
    }
}

//! Score of cipher B: the side of its most trusted signal.
//!
//! Gold buy 0.95, regular divergence 0.90, circle 0.80, Sommi diamond 0.75, Sommi flag 0.70, small
//! cross 0.60 with the money flow on its side and 0.30 without. Equal on both sides: no signal.

use super::Score;
use super::clause::Clause;
use super::signal::{Signal, Signals};
use crate::indicators::Reading;
use crate::indicators::Relation::{Above, Below};
use serde::{Deserialize, Serialize};

const GOLD: f64 = 0.95;
const DIVERGENCE: f64 = 0.90;
const CIRCLE: f64 = 0.80;
const SOMMI_DIAMOND: f64 = 0.75;
const SOMMI_FLAG: f64 = 0.70;
const SMALL_WITH_FLOW: f64 = 0.60;
const SMALL_ALONE: f64 = 0.30;

/// Cipher B's verdict on one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreB {
    pub score: Score,
    /// It comes of a gold buy or a divergence, which keep their confidence without cipher A.
    pub stands_alone: bool,
}

/// Confidence of one side, 0 where it has no signal.
fn confidence(fired: Signals, rows: &[(Signal, f64)]) -> f64 {
    let found = rows.iter().find(|row| fired.has(row.0));
    found.map_or(0.0, |row| row.1)
}

/// The side of the highest confidence. A flagged money flow is on both sides.
pub fn score(fired: Signals, money_flow: Option<Reading>) -> ScoreB {
    if fired.is_empty() {
        return ScoreB::default();
    }
    let small = |relation| {
        if Clause::flow("", money_flow, relation, 0.0).met {
            SMALL_WITH_FLOW
        } else {
            SMALL_ALONE
        }
    };
    // From the highest confidence down: the first that fired is its side's.
    let buy = confidence(
        fired,
        &[
            (Signal::GoldBuy, GOLD),
            (Signal::BuyDivergence, DIVERGENCE),
            (Signal::BuyCircle, CIRCLE),
            (Signal::SommiDiamondBull, SOMMI_DIAMOND),
            (Signal::SommiFlagBull, SOMMI_FLAG),
            (Signal::SmallBuy, small(Above)),
        ],
    );
    let sell = confidence(
        fired,
        &[
            (Signal::SellDivergence, DIVERGENCE),
            (Signal::SellCircle, CIRCLE),
            (Signal::SommiDiamondBear, SOMMI_DIAMOND),
            (Signal::SommiFlagBear, SOMMI_FLAG),
            (Signal::SmallSell, small(Below)),
        ],
    );
    if buy == sell {
        return ScoreB::default();
    }
    let confidence = buy.max(sell);
    ScoreB {
        score: Score {
            signal: if buy > sell { 1 } else { -1 },
            confidence,
        },
        stands_alone: confidence >= DIVERGENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::Signal::*;
    use super::*;

    fn scored(signals: &[Signal], flow: Option<Reading>) -> (i8, f64, bool) {
        let scored = score(Signals::of(signals), flow);
        let Score { signal, confidence } = scored.score;
        (signal, confidence, scored.stands_alone)
    }

    #[test]
    fn every_confidence_on_both_sides() {
        let rows = [
            (BuyDivergence, SellDivergence, 0.90, true),
            (BuyCircle, SellCircle, 0.80, false),
            (SommiDiamondBull, SommiDiamondBear, 0.75, false),
            (SommiFlagBull, SommiFlagBear, 0.70, false),
            (SmallBuy, SmallSell, 0.30, false),
        ];
        for (buy, sell, confidence, alone) in rows {
            assert_eq!(scored(&[buy], None), (1, confidence, alone), "{buy:?}");
            assert_eq!(scored(&[sell], None), (-1, confidence, alone), "{sell:?}");
        }
        assert_eq!(scored(&[GoldBuy], None), (1, 0.95, true));
    }

    #[test]
    fn the_highest_on_either_side_decides() {
        let all = [GoldBuy, BuyDivergence, BuyCircle, SmallBuy];
        assert_eq!(scored(&all, None), (1, 0.95, true));
        assert_eq!(scored(&[SmallBuy, SellCircle], None), (-1, 0.80, false));
        assert_eq!(scored(&[GoldBuy, SellDivergence], None), (1, 0.95, true));
    }

    #[test]
    fn equal_highest_on_both_sides_is_no_signal() {
        let none = (0, 0.0, false);
        assert_eq!(scored(&[BuyDivergence, SellDivergence], None), none);
        assert_eq!(
            scored(&[BuyDivergence, SellDivergence, SmallBuy], None),
            none
        );
        assert_eq!(scored(&[BuyCircle, SellCircle], None), none);
        assert_eq!(scored(&[], None), none);
    }

    #[test]
    fn a_small_cross_is_trusted_more_with_the_money_flow_on_its_side() {
        let flow = |value| Some(Reading::of(value));
        assert_eq!(scored(&[SmallBuy], flow(0.1)), (1, 0.60, false));
        assert_eq!(scored(&[SmallBuy], flow(0.0)), (1, 0.30, false));
        assert_eq!(scored(&[SmallSell], flow(-0.1)), (-1, 0.60, false));
        assert_eq!(scored(&[SmallSell], flow(0.0)), (-1, 0.30, false));
        // Of a market that does not move the flow is no argument against either side.
        let flat = Some(Reading::flat(-2.5));
        assert_eq!(scored(&[SmallBuy], flat), (1, 0.60, false));
        assert_eq!(scored(&[SmallSell], flat), (-1, 0.60, false));
    }

    #[test]
    fn hidden_divergences_count_for_nothing() {
        assert_eq!(scored(&[HiddenBullDivergenceWt], None), (0, 0.0, false));
    }
}

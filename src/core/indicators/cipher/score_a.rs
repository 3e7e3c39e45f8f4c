//! Score of cipher A: the weights of its signals, netted.
//!
//! A yellow cross replaces its diamond; moon and blood replace their diamond and their cross; where a
//! yellow cross and blood (or moon) fall on one bar, the yellow cross and the ribbon's cross count
//! and blood (moon) does not.

use super::presets::WaveLevels;
use super::signal::{Signal, Signals};
use super::{Score, round9};
use crate::indicators::Reading;
use crate::indicators::compare::{PERCENT, above, below};

const YELLOW: f64 = 3.0;
const MOON_OR_BLOOD: f64 = 2.5;
const DIAMOND: f64 = 2.0;
const CANDLE: f64 = 1.5;
const LONG_OR_SHORT_EMA: f64 = 1.5;
const CROSS: f64 = 1.0;
const TRIANGLE: f64 = 1.0;

/// |net| from which there is a signal.
const SIGNAL_FROM: f64 = 2.0;
/// |net| of full confidence.
const FULL: f64 = 5.0;
/// Added to the confidence of a signal that comes where the wave is stretched.
const STRETCHED: f64 = 0.2;

/// Weights of the bullish signals minus those of the bearish ones.
pub fn net(fired: Signals) -> f64 {
    let bull = [
        (Signal::YellowCrossUp, YELLOW),
        (Signal::BullCandle, CANDLE),
        (Signal::LongEma, LONG_OR_SHORT_EMA),
        (Signal::BlueTriangleUp, TRIANGLE),
    ];
    let bear = [
        (Signal::YellowCrossDown, YELLOW),
        (Signal::BearCandle, CANDLE),
        (Signal::ShortEma, LONG_OR_SHORT_EMA),
        (Signal::BlueTriangleDown, TRIANGLE),
    ];
    let sum = |rows: [(Signal, f64); 4]| -> f64 {
        let counted = rows.iter().filter(|row| fired.has(row.0));
        counted.map(|row| row.1).sum()
    };
    let turns = |yellow, both, diamond, cross| -> f64 {
        let yellow = fired.has(yellow);
        let both = fired.has(both) && !yellow;
        let weight = |counts: bool, weight: f64| if counts { weight } else { 0.0 };
        weight(both, MOON_OR_BLOOD)
            + weight(fired.has(diamond) && !yellow && !both, DIAMOND)
            + weight(fired.has(cross) && !both, CROSS)
    };
    // A yellow cross stands on the other side of the diamond that it replaces.
    let up = turns(
        Signal::YellowCrossDown,
        Signal::MoonDiamond,
        Signal::GreenDiamond,
        Signal::GreenCross,
    );
    let down = turns(
        Signal::YellowCrossUp,
        Signal::BloodDiamond,
        Signal::RedDiamond,
        Signal::RedCross,
    );
    sum(bull) + up - sum(bear) - down
}

/// sign(net) where |net| is at least 2, with min(1, |net|/5 + 0.2 where wt2 is beyond its second
/// level on the side that the signal leaves).
pub fn score(fired: Signals, wt2: Option<Reading>, levels: &WaveLevels) -> Score {
    if fired.is_empty() {
        return Score::default();
    }
    let net = net(fired);
    if net.abs() < SIGNAL_FROM {
        return Score::default();
    }
    let stretched = wt2.and_then(Reading::meaningful).is_some_and(|wt2| {
        if net > 0.0 {
            !above(wt2, levels.oversold[1], PERCENT)
        } else {
            !below(wt2, levels.overbought[1], PERCENT)
        }
    });
    let extra = if stretched { STRETCHED } else { 0.0 };
    Score {
        signal: net.signum() as i8,
        confidence: round9((net.abs() / FULL + extra).min(1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::Signal::*;
    use super::*;
    use crate::indicators::cipher::presets::CipherASettings;

    fn net_of(signals: &[Signal]) -> f64 {
        net(Signals::of(signals))
    }

    #[test]
    fn every_weight_and_its_mirror() {
        let rows = [
            (YellowCrossUp, YellowCrossDown, 3.0),
            (MoonDiamond, BloodDiamond, 2.5),
            (GreenDiamond, RedDiamond, 2.0),
            (BullCandle, BearCandle, 1.5),
            (LongEma, ShortEma, 1.5),
            (GreenCross, RedCross, 1.0),
            (BlueTriangleUp, BlueTriangleDown, 1.0),
        ];
        for (bull, bear, weight) in rows {
            assert_eq!(net_of(&[bull]), weight, "{bull:?}");
            assert_eq!(net_of(&[bear]), -weight, "{bear:?}");
            assert_eq!(net_of(&[bull, bear]), 0.0, "{bull:?}");
        }
        assert_eq!(net_of(&[WtCross]), 0.0);
    }

    #[test]
    fn a_yellow_cross_replaces_its_diamond() {
        assert_eq!(net_of(&[YellowCrossUp, RedDiamond]), 3.0);
        assert_eq!(net_of(&[YellowCrossDown, GreenDiamond]), -3.0);
    }

    #[test]
    fn moon_and_blood_replace_their_diamond_and_their_cross() {
        assert_eq!(net_of(&[MoonDiamond, GreenDiamond, GreenCross]), 2.5);
        assert_eq!(net_of(&[BloodDiamond, RedDiamond, RedCross]), -2.5);
    }

    #[test]
    fn yellow_and_blood_on_one_bar_count_as_yellow_and_the_ribbons_cross() {
        let blood = [YellowCrossUp, BloodDiamond, RedDiamond, RedCross];
        assert_eq!(net_of(&blood), 3.0 - 1.0);
        let moon = [YellowCrossDown, MoonDiamond, GreenDiamond, GreenCross];
        assert_eq!(net_of(&moon), 1.0 - 3.0);
    }

    fn scored(signals: &[Signal], wt2: Reading) -> (i8, f64) {
        let levels = CipherASettings::standard().levels;
        let score = score(Signals::of(signals), Some(wt2), &levels);
        (score.signal, score.confidence)
    }

    #[test]
    fn a_signal_needs_a_net_of_two() {
        let wt2 = Reading::of(0.0);
        assert_eq!(scored(&[BullCandle], wt2), (0, 0.0));
        assert_eq!(scored(&[GreenDiamond], wt2), (1, 0.4));
        assert_eq!(scored(&[BearCandle, RedCross], wt2), (-1, 0.5));
        assert_eq!(scored(&[GreenDiamond, RedCross], wt2), (0, 0.0));
    }

    #[test]
    fn confidence_grows_where_the_wave_is_stretched_and_ends_at_one() {
        let at = |signals: &[Signal], wt2| scored(signals, Reading::of(wt2));
        assert_eq!(at(&[GreenDiamond], -59.9), (1, 0.4));
        assert_eq!(at(&[GreenDiamond], -60.0), (1, 0.6));
        assert_eq!(at(&[GreenDiamond], 60.0), (1, 0.4));
        assert_eq!(at(&[RedDiamond], 60.0), (-1, 0.6));
        assert_eq!(at(&[RedDiamond], 59.9), (-1, 0.4));
        assert_eq!(at(&[RedDiamond], -60.0), (-1, 0.4));
        let many = [YellowCrossUp, BullCandle, LongEma];
        assert_eq!(at(&many, 0.0), (1, 1.0));
        assert_eq!(at(&[YellowCrossUp, BullCandle], -60.0), (1, 1.0));
        // A flagged wave raises nothing.
        assert_eq!(scored(&[GreenDiamond], Reading::flat(-60.0)), (1, 0.4));
    }
}

//! The names of all signals, the side that each speaks for, and a set of them.

use crate::units::Side;
use serde::{Deserialize, Serialize};

/// A named signal of cipher A (the first fifteen) or B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Signal {
    WtCross,
    GreenDiamond,
    RedDiamond,
    YellowCrossUp,
    YellowCrossDown,
    GreenCross,
    RedCross,
    MoonDiamond,
    BloodDiamond,
    BullCandle,
    BearCandle,
    LongEma,
    ShortEma,
    BlueTriangleUp,
    BlueTriangleDown,
    SmallBuy,
    SmallSell,
    BuyCircle,
    SellCircle,
    BullDivergenceWt,
    BearDivergenceWt,
    BullDivergenceWtSecond,
    BearDivergenceWtSecond,
    BullDivergenceRsi,
    BearDivergenceRsi,
    BullDivergenceStoch,
    BearDivergenceStoch,
    HiddenBullDivergenceWt,
    HiddenBearDivergenceWt,
    HiddenBullDivergenceRsi,
    HiddenBearDivergenceRsi,
    HiddenBullDivergenceStoch,
    HiddenBearDivergenceStoch,
    BuyDivergence,
    SellDivergence,
    GoldBuy,
    SommiFlagBull,
    SommiFlagBear,
    SommiDiamondBull,
    SommiDiamondBear,
}

use Signal::*;

const BULL: Option<Side> = Some(Side::Buy);
const BEAR: Option<Side> = Some(Side::Sell);

/// Every signal with its name and side, in the order of the enum.
const TABLE: [(Signal, &str, Option<Side>); 40] = [
    (WtCross, "wt_cross", None),
    (GreenDiamond, "green_diamond", BULL),
    (RedDiamond, "red_diamond", BEAR),
    // Up and down say where the wave is: a washed-out sell is bullish.
    (YellowCrossUp, "yellow_cross_up", BULL),
    (YellowCrossDown, "yellow_cross_down", BEAR),
    (GreenCross, "green_cross", BULL),
    (RedCross, "red_cross", BEAR),
    (MoonDiamond, "moon_diamond", BULL),
    (BloodDiamond, "blood_diamond", BEAR),
    (BullCandle, "bull_candle", BULL),
    (BearCandle, "bear_candle", BEAR),
    (LongEma, "long_ema", BULL),
    (ShortEma, "short_ema", BEAR),
    (BlueTriangleUp, "blue_triangle_up", BULL),
    (BlueTriangleDown, "blue_triangle_down", BEAR),
    (SmallBuy, "small_buy", BULL),
    (SmallSell, "small_sell", BEAR),
    (BuyCircle, "buy_circle", BULL),
    (SellCircle, "sell_circle", BEAR),
    (BullDivergenceWt, "bull_divergence_wt", BULL),
    (BearDivergenceWt, "bear_divergence_wt", BEAR),
    (BullDivergenceWtSecond, "bull_divergence_wt_second", BULL),
    (BearDivergenceWtSecond, "bear_divergence_wt_second", BEAR),
    (BullDivergenceRsi, "bull_divergence_rsi", BULL),
    (BearDivergenceRsi, "bear_divergence_rsi", BEAR),
    (BullDivergenceStoch, "bull_divergence_stoch", BULL),
    (BearDivergenceStoch, "bear_divergence_stoch", BEAR),
    (HiddenBullDivergenceWt, "hidden_bull_divergence_wt", BULL),
    (HiddenBearDivergenceWt, "hidden_bear_divergence_wt", BEAR),
    (HiddenBullDivergenceRsi, "hidden_bull_divergence_rsi", BULL),
    (HiddenBearDivergenceRsi, "hidden_bear_divergence_rsi", BEAR),
    (
        HiddenBullDivergenceStoch,
        "hidden_bull_divergence_stoch",
        BULL,
    ),
    (
        HiddenBearDivergenceStoch,
        "hidden_bear_divergence_stoch",
        BEAR,
    ),
    (BuyDivergence, "buy_divergence", BULL),
    (SellDivergence, "sell_divergence", BEAR),
    (GoldBuy, "gold_buy", BULL),
    (SommiFlagBull, "sommi_flag_bull", BULL),
    (SommiFlagBear, "sommi_flag_bear", BEAR),
    (SommiDiamondBull, "sommi_diamond_bull", BULL),
    (SommiDiamondBear, "sommi_diamond_bear", BEAR),
];

impl Signal {
    /// Every signal, those of cipher A first.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    pub const fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The side that it speaks for; a cross as such speaks for none.
    pub const fn side(self) -> Option<Side> {
        TABLE[self as usize].2
    }
}

/// The signals of one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signals(u64);

impl Signals {
    pub const fn of(signals: &[Signal]) -> Self {
        let mut set = Self(0);
        let mut index = 0;
        while index < signals.len() {
            set.0 |= 1 << signals[index] as u8;
            index += 1;
        }
        set
    }

    /// Adds a signal where it fired.
    #[inline(always)]
    pub const fn note(&mut self, signal: Signal, fired: bool) {
        self.0 |= (fired as u64) << signal as u8;
    }

    pub const fn has(self, signal: Signal) -> bool {
        self.0 >> signal as u8 & 1 == 1
    }

    pub const fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of the enum.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::all().filter(move |signal| self.has(*signal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_signal_stands_at_its_own_place_under_its_own_name() {
        let mut names = BTreeSet::new();
        for (index, signal) in Signal::all().enumerate() {
            assert_eq!(signal as usize, index);
            assert!(names.insert(signal.name()), "{}", signal.name());
        }
        assert_eq!(names.len(), 40);
    }

    #[test]
    fn a_set_holds_what_was_noted() {
        let mut set = Signals::default();
        set.note(Signal::GoldBuy, true);
        set.note(Signal::RedCross, false);
        assert!(set.has(Signal::GoldBuy) && !set.has(Signal::RedCross));
        assert_eq!(set, Signals::of(&[Signal::GoldBuy]));
        assert_eq!(set.iter().collect::<Vec<_>>(), [Signal::GoldBuy]);
        assert!(set.has_any(Signals::of(&[Signal::RedCross, Signal::GoldBuy])));
    }
}

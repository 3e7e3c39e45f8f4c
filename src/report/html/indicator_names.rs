//! What an indicator's name says of it: a value of the decision itself, a value, or a mark that only
//! is or is not; and which is shown where room is short.
//!
//! A mark (a signal, or the flag of a value without meaning) is told only on the candles where it is,
//! so that a line of it must be drawn as 0 everywhere else.

use super::indicator_series::IndicatorSeries;
use crate::core::indicators::cipher::Signal;
use crate::core::units::Side;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What an indicator is for; the first ones are shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What the strategy decides by.
    Decision,
    /// What that was weighed from.
    Score,
    Value,
    Signal,
    Flag,
}

impl Kind {
    /// By the name alone.
    pub fn of(name: &str) -> Self {
        match name {
            "combined" | "combined_balance" | "combined_confidence" | "sentiment" => Self::Decision,
            "signal_a" | "signal_b" | "confidence_a" | "confidence_b" => Self::Score,
            _ if name.ends_with("_flat") => Self::Flag,
            _ if Signal::all().any(|signal| signal.name() == name) => Self::Signal,
            _ => Self::Value,
        }
    }

    /// Whether it only is or is not.
    pub const fn is_mark(self) -> bool {
        matches!(self, Self::Signal | Self::Flag)
    }

    /// Name of the group that all of its kind share; values group by their names.
    pub const fn group(self) -> Option<&'static str> {
        match self {
            Self::Decision => Some("decision"),
            Self::Score => Some("scores"),
            Self::Value => None,
            Self::Signal => Some("signals"),
            Self::Flag => Some("flags"),
        }
    }
}

/// Place of a signal among all, and that of the first of its pair: bull and bear counterparts are one.
fn place(name: &str) -> Option<(usize, usize)> {
    let all: Vec<Signal> = Signal::all().collect();
    let place = all.iter().position(|signal| signal.name() == name)?;
    let side = |place: usize| all.get(place).and_then(|signal| signal.side());
    let second = place
        .checked_sub(1)
        .filter(|first| side(*first) == Some(Side::Buy) && side(place) == Some(Side::Sell));
    Some((place, second.unwrap_or(place)))
}

/// Puts series into the order in which they are shown where room is short: by kind; values stay in
/// theirs. Marks by how often they were on candles that were acted on, then by how often they were at
/// all, bull and bear counterparts together, by the busier one of them.
pub fn in_order(series: &mut [IndicatorSeries]) {
    let pair_of = |one: &IndicatorSeries| {
        place(&one.name).map_or_else(
            || (usize::MAX, one.name.clone()),
            |(_, first)| (first, String::new()),
        )
    };
    let mut busiest: BTreeMap<(usize, String), (u64, u64)> = BTreeMap::new();
    for one in series.iter().filter(|one| one.told.is_some()) {
        let known = busiest.entry(pair_of(one)).or_default();
        *known = (*known).max((one.acted, one.told.unwrap_or(0)));
    }
    series.sort_by_cached_key(|one| {
        let kind = Kind::of(&one.name);
        let marked = kind.is_mark().then(|| {
            let pair = pair_of(one);
            let busy = busiest.get(&pair).copied().unwrap_or_default();
            (Reverse(busy), pair, place(&one.name))
        });
        (kind, marked)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_comes_before_values_and_these_before_marks() {
        let mut names = ["stc_flat", "gold_buy", "rsi14", "confidence_b", "sentiment"];
        names.sort_by_key(|name| Kind::of(name));
        assert_eq!(
            names,
            ["sentiment", "confidence_b", "rsi14", "gold_buy", "stc_flat"]
        );
        assert!(Kind::of("gold_buy").is_mark() && Kind::of("z_flat").is_mark());
        assert!(!Kind::of("trend_dot").is_mark());
    }

    #[test]
    fn signals_come_by_what_was_acted_on_then_by_how_often_they_were_and_in_pairs() {
        let one = |name: &str, told: u64, acted: u64| IndicatorSeries {
            name: name.to_owned(),
            points: Vec::new(),
            near_price: false,
            told: Kind::of(name).is_mark().then_some(told),
            acted,
        };
        let mut series = vec![
            one("rsi14", 0, 0),
            one("stc_flat", 900, 90),
            one("red_cross", 40, 0),
            one("bear_candle", 500, 0),
            one("gold_buy", 3, 2),
            one("atr14", 0, 0),
            one("green_cross", 700, 0),
            one("small_sell", 5, 4),
            one("small_buy", 2, 0),
        ];
        in_order(&mut series);
        let names: Vec<&str> = series.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "rsi14",
                "atr14",
                "small_buy",
                "small_sell",
                "gold_buy",
                "green_cross",
                "red_cross",
                "bear_candle",
                "stc_flat"
            ]
        );
    }
}

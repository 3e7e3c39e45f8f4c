//! Turning points of an oscillator, and how they diverge from the price.
//!
//! At bar t the centre is t-2. A top is higher than the two values before and the two after it, a
//! bottom lower, all strictly; it is known at t. With limits a top counts only from its limit
//! upwards, a bottom only from its limit downwards. Each turning point is paired with the last one
//! of the same kind and limits; a pair further apart than 60 bars says nothing. Memory and work are
//! constant.

use super::compare::{PERCENT, above, below};
use super::reading::Reading;
use serde::{Deserialize, Serialize};

/// Greatest distance of two paired centres, bars.
pub const PAIR_MAX_BARS: u64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    Top,
    Bottom,
}

/// Finds turning points in one series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Fractals {
    /// The last five values, newest last.
    window: [f64; 5],
    /// Values in a row that are defined and not flagged, up to five.
    run: u8,
}

impl Fractals {
    /// Takes up a bar's value; a turning point needs five in a row that are present and not flagged.
    pub fn update(&mut self, reading: Option<Reading>) -> Option<Turn> {
        let Some(Reading { value, flat: false }) = reading else {
            self.run = 0;
            return None;
        };
        self.window.rotate_left(1);
        self.window[4] = value;
        self.run = (self.run + 1).min(5);
        if self.run < 5 {
            return None;
        }
        let [a, b, centre, d, e] = self.window;
        if [a, b, d, e].iter().all(|x| above(centre, *x, PERCENT)) {
            Some(Turn::Top)
        } else if [a, b, d, e].iter().all(|x| below(centre, *x, PERCENT)) {
            Some(Turn::Bottom)
        } else {
            None
        }
    }

    /// The value two bars before the newest.
    pub fn centre(&self) -> f64 {
        self.window[2]
    }
}

/// From where on turning points count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Lowest top.
    pub top: f64,
    /// Highest bottom.
    pub bottom: f64,
}

/// What stands at a turning point's centre.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Centre {
    /// Number of the bar.
    pub bar: u64,
    pub high: f64,
    pub low: f64,
    /// Of the oscillator.
    pub value: f64,
}

/// A turning point beside the last one of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub turn: Turn,
    /// High (tops) or low (bottoms) at the centre and at the previous one.
    pub price: f64,
    pub previous_price: f64,
    /// The oscillator there.
    pub value: f64,
    pub previous_value: f64,
    /// Bars between the centres.
    pub bars: u64,
    /// Close of the bar on which it became known: the scale of its prices.
    pub close: f64,
}

/// Pairs the turning points of one series under one set of limits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pairing {
    limits: Option<Limits>,
    top: Option<Centre>,
    bottom: Option<Centre>,
}

impl Pairing {
    pub const fn new(limits: Option<Limits>) -> Self {
        Self {
            limits,
            top: None,
            bottom: None,
        }
    }

    /// Takes up a turning point; returns the pair that it makes, if it counts and is not the first.
    ///
    /// The last one of the same kind became known at least two bars ago: the centres of two tops
    /// cannot be neighbours, because each would have to be above the other.
    pub fn update(&mut self, turn: Turn, centre: &Centre, close: f64) -> Option<Pair> {
        if !self.counts(turn, centre.value) {
            return None;
        }
        let previous = match turn {
            Turn::Top => self.top.replace(*centre),
            Turn::Bottom => self.bottom.replace(*centre),
        }?;
        let price = |centre: &Centre| match turn {
            Turn::Top => centre.high,
            Turn::Bottom => centre.low,
        };
        Some(Pair {
            turn,
            price: price(centre),
            previous_price: price(&previous),
            value: centre.value,
            previous_value: previous.value,
            bars: centre.bar - previous.bar,
            close,
        })
    }

    /// Whether a turning point lies beyond its limit.
    pub fn counts(&self, turn: Turn, value: f64) -> bool {
        self.limits.is_none_or(|limits| match turn {
            Turn::Top => !below(value, limits.top, PERCENT),
            Turn::Bottom => !above(value, limits.bottom, PERCENT),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(values: &[f64]) -> Vec<Option<Turn>> {
        let mut fractals = Fractals::default();
        let read = |value| Some(Reading { value, flat: false });
        values.iter().map(|v| fractals.update(read(*v))).collect()
    }

    #[test]
    fn a_turning_point_is_strict_on_all_four_sides() {
        let last = |values: &[f64]| *turns(values).last().unwrap();
        assert_eq!(last(&[1.0, 2.0, 3.0, 2.0, 1.0]), Some(Turn::Top));
        assert_eq!(last(&[3.0, 2.0, 1.0, 2.0, 3.0]), Some(Turn::Bottom));
        for index in [0, 1, 3, 4] {
            let mut tops = [1.0, 2.0, 3.0, 2.0, 1.0];
            // Equal within the tolerance is not higher.
            tops[index] = 3.0 - 0.9e-7;
            assert_eq!(last(&tops), None, "top beside {index}");
            tops[index] = 3.0 - 1.1e-7;
            assert_eq!(last(&tops), Some(Turn::Top), "top beside {index}");
            let bottoms = tops.map(|x| -x);
            assert_eq!(last(&bottoms), Some(Turn::Bottom), "bottom beside {index}");
        }
    }

    #[test]
    fn it_needs_five_unflagged_bars() {
        let values = [1.0, 2.0, 3.0, 2.0, 1.0];
        for flagged in 0..5 {
            let mut fractals = Fractals::default();
            for (index, value) in values.into_iter().enumerate() {
                let flat = index == flagged;
                assert_eq!(fractals.update(Some(Reading { value, flat })), None);
            }
        }
        let mut fractals = Fractals::default();
        for value in [1.0, 2.0, 3.0, 2.0] {
            fractals.update(Some(Reading { value, flat: false }));
        }
        assert_eq!(fractals.update(None), None);
    }

    fn centre(bar: u64, value: f64) -> Centre {
        Centre {
            bar,
            high: 10.0,
            low: 9.0,
            value,
        }
    }

    #[test]
    fn a_turning_point_short_of_its_limit_is_passed_over() {
        let limits = Limits {
            top: 45.0,
            bottom: -65.0,
        };
        let mut pairing = Pairing::new(Some(limits));
        let mut take = |turn, bar, value| {
            let counts = pairing.counts(turn, value);
            let pair = pairing.update(turn, &centre(bar, value), 10.0);
            (counts, pair.map(|pair| pair.bars))
        };
        assert_eq!(take(Turn::Top, 10, 45.0), (true, None));
        assert_eq!(take(Turn::Top, 20, 44.9), (false, None));
        assert_eq!(take(Turn::Top, 30, 45.1), (true, Some(20)));
        assert_eq!(take(Turn::Bottom, 40, -65.0), (true, None));
        assert_eq!(take(Turn::Bottom, 50, -64.9), (false, None));
        assert_eq!(take(Turn::Bottom, 60, -65.1), (true, Some(20)));
    }

    #[test]
    fn tops_take_highs_and_bottoms_take_lows() {
        let mut pairing = Pairing::new(None);
        let mut price = |turn| {
            let pairs = [1, 9].map(|bar| pairing.update(turn, &centre(bar, 5.0), 10.0));
            assert_eq!(pairs[0], None);
            pairs[1].map(|pair| (pair.price, pair.previous_price))
        };
        assert_eq!(price(Turn::Top), Some((10.0, 10.0)));
        assert_eq!(price(Turn::Bottom), Some((9.0, 9.0)));
    }
}

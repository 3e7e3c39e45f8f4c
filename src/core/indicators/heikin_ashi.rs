//! Heikin-Ashi candles: whether the averaged candle rose or fell.
//!
//! close = (o+h+l+c)/4; open = mean of the previous averaged open and close, for the first candle
//! (o+c)/2; green when close >= open, else red. First value at the first candle.

use super::compare::below;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Colour {
    Green,
    Red,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HeikinAshi {
    /// Averaged open and close of the last candle.
    last: Option<(f64, f64)>,
}

impl HeikinAshi {
    /// Takes up a closed candle.
    pub fn update(&mut self, open: f64, high: f64, low: f64, close: f64) -> Colour {
        let average = (open + high + low + close) / 4.0;
        let start = match self.last {
            Some((open, close)) => (open + close) / 2.0,
            None => (open + close) / 2.0,
        };
        self.last = Some((start, average));
        if below(average, start, close) {
            Colour::Red
        } else {
            Colour::Green
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_open_is_the_mean_of_open_and_close() {
        // Averaged close 10.5, averaged open 11: red.
        let mut candles = HeikinAshi::default();
        assert_eq!(candles.update(10.0, 12.0, 8.0, 12.0), Colour::Red);
        // Averaged open (11 + 10.5)/2 = 10.75, averaged close 11: green.
        assert_eq!(candles.update(11.0, 12.0, 10.0, 11.0), Colour::Green);
        // Averaged open (10.75 + 11)/2 = 10.875, averaged close 10.75: red.
        assert_eq!(candles.update(11.0, 11.0, 10.0, 11.0), Colour::Red);
    }

    #[test]
    fn equal_counts_as_green() {
        let mut candles = HeikinAshi::default();
        assert_eq!(candles.update(5.0, 5.0, 5.0, 5.0), Colour::Green);
    }
}

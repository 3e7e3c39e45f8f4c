//! Candles of a longer frame, put together from a strategy's own closed candles, and before these
//! from a venue's longer ones.
//!
//! Frames are aligned to the Unix epoch in UTC. A longer candle that ends with this candle is closed
//! with it; one that was not covered from its start without a hole is left out. Where the frame is
//! shorter than the candles, or not a multiple of them, there is none.

use crate::indicators::CandleView;
use crate::market::Interval;
use crate::units::stamp::SECOND;
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A closed candle of the longer frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameCandle {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HigherFrame {
    frame: Span,
    interval: Span,
    /// Start of the frame's bucket that the last candle lies in.
    bucket: Timestamp,
    /// Open time that the next candle of an unbroken series has.
    next: Timestamp,
    /// What the bucket holds, as long as it is covered from its start.
    building: Option<FrameCandle>,
}

impl HigherFrame {
    /// A frame of so many minutes over candles of `interval`; `None` where they do not add up to it.
    pub fn new(minutes: i64, interval: Interval) -> Option<Self> {
        let (frame, interval) = (Span(minutes * 60 * SECOND), interval.span());
        (frame.0 > 0 && frame.0 % interval.0 == 0).then_some(Self {
            frame,
            interval,
            bucket: Timestamp(i64::MIN),
            next: Timestamp(i64::MIN),
            building: None,
        })
    }

    /// Takes up a closed candle of the strategy's own; returns the longer one that closed with it.
    pub fn update(&mut self, candle: &CandleView) -> Option<FrameCandle> {
        self.take(candle, self.interval)
    }

    /// Takes up a closed candle of another length from before the strategy's own, or from when these
    /// were not known; of no use where the frame is not made of whole ones.
    pub fn warm_up(&mut self, candle: &CandleView, length: Span) -> Option<FrameCandle> {
        let fits = length.0 > 0 && self.frame.0 % length.0 == 0;
        fits.then(|| self.take(candle, length)).flatten()
    }

    fn take(&mut self, candle: &CandleView, length: Span) -> Option<FrameCandle> {
        let time = candle.open_time;
        if time < self.next {
            // Part of a longer candle that was taken up.
            return None;
        }
        let within = time >= self.bucket && time.since(self.bucket) < self.frame;
        if !within {
            self.bucket = Timestamp(time.0.saturating_sub(time.0.rem_euclid(self.frame.0)));
        }
        if time == self.bucket {
            self.building = Some(FrameCandle {
                open: candle.open,
                high: candle.high,
                low: candle.low,
                close: candle.close,
            });
        } else if let Some(building) = &mut self.building
            && within
            && time == self.next
        {
            building.high = building.high.max(candle.high);
            building.low = building.low.min(candle.low);
            building.close = candle.close;
        } else {
            self.building = None;
        }
        self.next = time + length;
        if self.next >= self.bucket + self.frame {
            self.building.take()
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(minute: i64, price: f64) -> CandleView {
        CandleView {
            open_time: Timestamp(minute * 60 * SECOND),
            open: price,
            high: price + 1.0,
            low: price - 1.0,
            close: price + 0.5,
            volume: 1.0,
        }
    }

    fn hour() -> HigherFrame {
        HigherFrame::new(60, Interval::parse("15m").unwrap()).unwrap()
    }

    #[test]
    fn a_longer_candle_closes_with_its_last_part() {
        let mut hour = hour();
        assert_eq!(hour.update(&candle(60, 10.0)), None);
        assert_eq!(hour.update(&candle(75, 14.0)), None);
        assert_eq!(hour.update(&candle(90, 7.0)), None);
        let closed = FrameCandle {
            open: 10.0,
            high: 15.0,
            low: 6.0,
            close: 9.5,
        };
        assert_eq!(hour.update(&candle(105, 9.0)), Some(closed));
        assert_eq!(hour.update(&candle(120, 9.0)), None);
    }

    #[test]
    fn one_that_is_not_covered_from_its_start_is_left_out() {
        let mut hour = hour();
        for minute in [75, 90, 105] {
            assert_eq!(hour.update(&candle(minute, 10.0)), None);
        }
        // The next one is whole.
        for minute in [120, 135, 150] {
            assert_eq!(hour.update(&candle(minute, 10.0)), None);
        }
        assert!(hour.update(&candle(165, 10.0)).is_some());
    }

    #[test]
    fn one_with_a_hole_is_left_out() {
        let mut hour = hour();
        for minute in [60, 90, 105] {
            assert_eq!(hour.update(&candle(minute, 10.0)), None);
        }
        // A hole over the boundary, then a start in the middle.
        for minute in [120, 195, 210, 225] {
            assert_eq!(hour.update(&candle(minute, 10.0)), None);
        }
    }

    #[test]
    fn longer_candles_go_before_and_what_they_cover_counts_once() {
        let hour = Span(3600 * SECOND);
        let mut four = HigherFrame::new(240, Interval::parse("15m").unwrap()).unwrap();
        // Two whole frames but for the last hour, which the own candles bring.
        let closed: Vec<_> = (0..7)
            .map(|n| four.warm_up(&candle(n * 60, 10.0 + n as f64), hour))
            .collect();
        assert_eq!(closed.iter().flatten().count(), 1);
        // Own candles of an hour that is known already, then of the missing one.
        let own: Vec<_> = (24..32)
            .filter_map(|n| four.update(&candle(n * 15, 2.0 * n as f64)))
            .collect();
        let expected = FrameCandle {
            open: 14.0,
            high: 63.0,
            low: 13.0,
            close: 62.5,
        };
        assert_eq!(own, [expected]);
        assert_eq!(four.warm_up(&candle(480, 1.0), Span(7 * SECOND)), None);
    }

    #[test]
    fn frames_are_aligned_to_midnight() {
        let mut half_day = HigherFrame::new(720, Interval::parse("4h").unwrap()).unwrap();
        let closed: Vec<bool> = (0..9)
            .map(|n| half_day.update(&candle(n * 240, 10.0)).is_some())
            .collect();
        let expected = [2, 5, 8];
        for (index, closed) in closed.iter().enumerate() {
            assert_eq!(*closed, expected.contains(&index), "{index}");
        }
    }

    #[test]
    fn a_frame_as_long_as_the_candles_is_the_candles() {
        let mut same = HigherFrame::new(60, Interval::parse("1h").unwrap()).unwrap();
        assert!(same.update(&candle(60, 10.0)).is_some());
        assert!(same.update(&candle(180, 10.0)).is_some());
    }

    #[test]
    fn there_is_none_for_longer_candles_or_odd_ones() {
        let of = |minutes, name| HigherFrame::new(minutes, Interval::parse(name).unwrap());
        assert!(of(60, "2h").is_none());
        assert!(of(240, "6h").is_none());
        assert!(of(720, "1d").is_none());
        assert!(of(720, "6h").is_some());
        assert!(of(60, "1s").is_some());
    }
}

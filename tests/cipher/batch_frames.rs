//! Longer frames over whole series, written down a second time: candles are grouped by their frame,
//! and a group counts where it is whole.

use super::batch::{greater, wave};
use minnow::core::market::Interval;
use minnow::core::strategy::decision::CandleView;

/// A whole longer candle, and the index of the candle that closes it.
struct Whole {
    closed_at: usize,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
}

fn frames(candles: &[CandleView], interval: Interval, minutes: i64) -> Vec<Whole> {
    let (frame, span) = (minutes * 60 * 1_000_000_000, interval.span().0);
    if frame % span != 0 {
        return Vec::new();
    }
    let parts = (frame / span) as usize;
    let bucket = |index: usize| candles[index].open_time.0.div_euclid(frame);
    (0..candles.len())
        .filter_map(|last| {
            // All parts lie in one frame: then they are whole, and the last one ends it.
            let first = (last + 1).checked_sub(parts)?;
            let whole = bucket(first) == bucket(last)
                && candles[first].open_time.0 == bucket(first) * frame
                && candles[last].open_time.0 + span == (bucket(first) + 1) * frame;
            let group = &candles[first..=last];
            whole.then(|| Whole {
                closed_at: last,
                open: group[0].open,
                high: group.iter().map(|c| c.high).fold(f64::MIN, f64::max),
                low: group.iter().map(|c| c.low).fold(f64::MAX, f64::min),
                close: group[parts - 1].close,
            })
        })
        .collect()
}

/// What the last closed longer candle says at every candle.
fn spread<T: Copy>(length: usize, whole: &[Whole], values: &[Option<T>]) -> Vec<Option<T>> {
    (0..length)
        .map(|index| {
            let last = whole.iter().rposition(|w| w.closed_at <= index)?;
            values[last]
        })
        .collect()
}

/// wt1 - wt2 of 720-minute candles with its flag.
pub fn vwap(candles: &[CandleView], interval: Interval) -> Vec<Option<(f64, bool)>> {
    let whole = frames(candles, interval, 720);
    let bars: Vec<_> = whole.iter().map(|w| (w.high, w.low, w.close)).collect();
    let wave = wave(&bars, 9, 12, 3);
    let values: Vec<_> = (0..bars.len())
        .map(|index| Some((wave.wt1[index]? - wave.wt2[index]?, wave.flat[index])))
        .collect();
    spread(candles.len(), &whole, &values)
}

/// Whether the averaged candle of a frame is green.
pub fn green(candles: &[CandleView], interval: Interval, minutes: i64) -> Vec<Option<bool>> {
    let whole = frames(candles, interval, minutes);
    let mut averaged: Vec<(f64, f64)> = Vec::new();
    let values: Vec<_> = whole
        .iter()
        .map(|w| {
            let close = (w.open + w.high + w.low + w.close) / 4.0;
            let open = match averaged.last() {
                Some((open, close)) => (open + close) / 2.0,
                None => (w.open + w.close) / 2.0,
            };
            averaged.push((open, close));
            Some(!greater(open, close, w.close))
        })
        .collect();
    spread(candles.len(), &whole, &values)
}

//! The formulas over whole series, written down a second time and without regard to cost.

use minnow::core::strategy::decision::CandleView;

/// One value a bar, absent until warm.
pub type Column = Vec<Option<f64>>;

pub fn greater(a: f64, b: f64, scale: f64) -> bool {
    a - b > 1e-9 * scale
}

/// Mean of the first n defined values, then alpha of the distance to each further one.
fn smoothed(column: &Column, n: usize, alpha: f64) -> Column {
    let head = column.iter().take_while(|v| v.is_none()).count();
    let mut all = vec![None; column.len()];
    if head + n > column.len() {
        return all;
    }
    let values: Vec<f64> = column[head..].iter().map(|v| v.unwrap()).collect();
    let mut state = values[..n].iter().sum::<f64>() / n as f64;
    all[head + n - 1] = Some(state);
    for (index, value) in values.iter().enumerate().skip(n) {
        state += alpha * (value - state);
        all[head + index] = Some(state);
    }
    all
}

pub fn ema(column: &Column, n: usize) -> Column {
    smoothed(column, n, 2.0 / (n as f64 + 1.0))
}

fn rma(column: &Column, n: usize) -> Column {
    smoothed(column, n, 1.0 / n as f64)
}

/// The last n values, where all are defined.
fn window(column: &Column, index: usize, n: usize) -> Option<Vec<f64>> {
    let start = (index + 1).checked_sub(n)?;
    column[start..=index].iter().copied().collect()
}

fn sma(column: &Column, n: usize) -> Column {
    (0..column.len())
        .map(|index| window(column, index, n).map(|w| w.iter().sum::<f64>() / n as f64))
        .collect()
}

pub fn closes(candles: &[CandleView]) -> Column {
    candles.iter().map(|c| Some(c.close)).collect()
}

pub struct Wave {
    pub wt1: Column,
    pub wt2: Column,
    pub flat: Vec<bool>,
}

/// Of (high, low, close).
pub fn wave(bars: &[(f64, f64, f64)], channel: usize, average: usize, ma: usize) -> Wave {
    let source: Column = bars
        .iter()
        .map(|(h, l, c)| Some((h + l + c) / 3.0))
        .collect();
    let esa = ema(&source, channel);
    let distance: Column = source
        .iter()
        .zip(&esa)
        .map(|(x, e)| Some(x.unwrap() - (*e)?))
        .collect();
    let usual = ema(&distance.iter().map(|d| d.map(f64::abs)).collect(), channel);
    let is_flat =
        |index: usize| usual[index].is_some_and(|d| d.abs() <= 1e-12 * source[index].unwrap());
    let ci: Column = (0..bars.len())
        .map(|index| {
            let (x, d) = (distance[index]?, usual[index]?);
            Some(if is_flat(index) { 0.0 } else { x / (0.015 * d) })
        })
        .collect();
    let wt1 = ema(&ci, average);
    Wave {
        wt2: sma(&wt1, ma),
        wt1,
        flat: (0..bars.len()).map(is_flat).collect(),
    }
}

/// RSI of a series, and where it is flat; `scale` is that of the series at a bar.
pub fn rsi(series: &Column, n: usize, scale: impl Fn(usize) -> f64) -> (Column, Vec<bool>) {
    let change = |index: usize| {
        let before = index.checked_sub(1)?;
        Some(series[index]? - series[before]?)
    };
    let side = |sign: f64| -> Column {
        (0..series.len())
            .map(|index| change(index).map(|d| (sign * d).max(0.0)))
            .collect()
    };
    let (gain, loss) = (rma(&side(1.0), n), rma(&side(-1.0), n));
    let mut flat = vec![false; series.len()];
    let values = (0..series.len())
        .map(|index| {
            let sum = gain[index]? + loss[index]?;
            flat[index] = sum <= 1e-12 * scale(index);
            Some(if flat[index] {
                0.0
            } else {
                100.0 * gain[index]? / sum
            })
        })
        .collect();
    (values, flat)
}

/// K of the stochastic RSI of the logarithm of the close.
pub fn stoch_k(candles: &[CandleView], n: usize, window_length: usize, k: usize) -> Column {
    let logs: Column = candles.iter().map(|c| Some(libm::log(c.close))).collect();
    let (rsi, _) = rsi(&logs, n, |_| 1.0);
    let raw = (0..candles.len())
        .map(|index| {
            let values = window(&rsi, index, window_length)?;
            let high = values.iter().copied().fold(f64::MIN, f64::max);
            let low = values.iter().copied().fold(f64::MAX, f64::min);
            let range = high - low;
            Some(if range <= 1e-10 {
                50.0
            } else {
                100.0 * (rsi[index]? - low) / range
            })
        })
        .collect();
    sma(&raw, k)
}

/// Money flow, and where it is flat.
pub fn money_flow(candles: &[CandleView], n: usize, offset: f64) -> (Column, Vec<bool>) {
    let mut flat = vec![false; candles.len()];
    let values = (0..candles.len())
        .map(|index| {
            let start = (index + 1).checked_sub(n)?;
            let terms: Vec<f64> = candles[start..=index]
                .iter()
                .filter(|c| c.high - c.low > 1e-12 * c.close)
                .map(|c| 150.0 * (c.close - c.open) / (c.high - c.low))
                .collect();
            flat[index] = terms.len() * 2 < n;
            let mean = terms.iter().sum::<f64>() / terms.len().max(1) as f64;
            Some(mean - offset)
        })
        .collect();
    (values, flat)
}

/// The eight lines, where all are defined.
pub fn ribbon(candles: &[CandleView], lengths: [usize; 8]) -> Vec<Option<[f64; 8]>> {
    let closes = closes(candles);
    let lines = lengths.map(|n| ema(&closes, n));
    (0..candles.len())
        .map(|index| {
            let mut all = [0.0; 8];
            for (slot, line) in all.iter_mut().zip(&lines) {
                *slot = line[index]?;
            }
            Some(all)
        })
        .collect()
}

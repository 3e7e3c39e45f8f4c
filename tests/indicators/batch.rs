//! The standard set once more, as plain formulas over whole series: slow, and without any state.

use crate::bars::Bar;
use minnow::core::indicators::Reading;
use minnow::core::units::calendar::DAY;

type Column = Vec<Option<f64>>;
type Readings = Vec<Option<Reading>>;

fn column(bars: &[Bar], of: impl Fn(&Bar) -> f64) -> Vec<f64> {
    bars.iter().map(of).collect()
}

/// `of` each window of n values.
fn windows(values: &[f64], n: usize, of: impl Fn(&[f64]) -> f64) -> Column {
    (0..values.len())
        .map(|t| (t + 1 >= n).then(|| of(&values[t + 1 - n..=t])))
        .collect()
}

/// Applies `of` to the defined tail of a column and puts the result back in its place.
fn tail(values: &Column, of: impl Fn(&[f64]) -> Column) -> Column {
    let defined: Vec<f64> = values.iter().copied().flatten().collect();
    let head = values.len() - defined.len();
    let mut all = vec![None; head];
    all.extend(of(&defined));
    all
}

fn mean(window: &[f64]) -> f64 {
    // From the first value, so that a small spread keeps its digits.
    window[0] + window.iter().map(|v| v - window[0]).sum::<f64>() / window.len() as f64
}

fn sma(values: &[f64], n: usize) -> Column {
    windows(values, n, mean)
}

fn wma(values: &[f64], n: usize) -> Column {
    windows(values, n, |window| {
        let weighted: f64 = window.iter().zip(1..).map(|(v, i)| v * f64::from(i)).sum();
        weighted / (n * (n + 1) / 2) as f64
    })
}

fn highest(values: &[f64], n: usize) -> Column {
    windows(values, n, |w| {
        w.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    })
}

fn lowest(values: &[f64], n: usize) -> Column {
    windows(values, n, |w| {
        w.iter().copied().fold(f64::INFINITY, f64::min)
    })
}

/// Seeded with the mean of the first n, then e + alpha (x - e).
fn recursive(values: &[f64], n: usize, alpha: f64) -> Column {
    let mut all = vec![None; values.len()];
    if values.len() >= n {
        let mut e = values[..n].iter().sum::<f64>() / n as f64;
        all[n - 1] = Some(e);
        for t in n..values.len() {
            e += alpha * (values[t] - e);
            all[t] = Some(e);
        }
    }
    all
}

fn ema(values: &[f64], n: usize) -> Column {
    recursive(values, n, 2.0 / (n as f64 + 1.0))
}

fn rma(values: &[f64], n: usize) -> Column {
    recursive(values, n, 1.0 / n as f64)
}

/// 100 numerator/denominator, or the flat value.
fn quotient(numerator: f64, denominator: f64, scale: f64, flat: f64) -> Reading {
    if denominator.abs() <= 1e-12 * scale {
        Reading {
            value: flat,
            flat: true,
        }
    } else {
        Reading {
            value: 100.0 * (numerator / denominator),
            flat: false,
        }
    }
}

/// Differences to the value before; index 0 stands for bar 1.
fn changes(values: &[f64]) -> Vec<f64> {
    values.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// A column that begins at bar 1.
fn from_bar_1<T: Clone>(values: Vec<Option<T>>) -> Vec<Option<T>> {
    let mut all = vec![None];
    all.extend(values);
    all
}

fn rsi(values: &[f64], scale: impl Fn(usize) -> f64) -> Readings {
    let steps = changes(values);
    let gains: Vec<f64> = steps.iter().map(|d| d.max(0.0)).collect();
    let losses: Vec<f64> = steps.iter().map(|d| (-d).max(0.0)).collect();
    let both = rma(&gains, 14)
        .into_iter()
        .zip(rma(&losses, 14))
        .enumerate();
    from_bar_1(
        both.map(|(t, pair)| {
            let (gain, loss) = (pair.0?, pair.1?);
            Some(quotient(gain, gain + loss, scale(t + 1), 0.0))
        })
        .collect(),
    )
}

/// Plain line, or the aligned one; each with signal and histogram.
fn macd(closes: &[f64], aligned: bool) -> [Column; 3] {
    let fast = if aligned && closes.len() >= 14 {
        let mut all = vec![None; 14];
        all.extend(ema(&closes[14..], 12));
        all
    } else {
        ema(closes, 12)
    };
    let slow = ema(closes, 26);
    let line: Column = fast
        .iter()
        .zip(&slow)
        .map(|(f, s)| Some((*f)? - (*s)?))
        .collect();
    let signal = tail(&line, |line| ema(line, 9));
    let histogram = line
        .iter()
        .zip(&signal)
        .map(|(l, s)| Some((*l)? - (*s)?))
        .collect();
    let line = if aligned {
        line.iter().zip(&signal).map(|(l, s)| s.and(*l)).collect()
    } else {
        line
    };
    [line, signal, histogram]
}

fn deviation(window: &[f64]) -> f64 {
    let mean = mean(window);
    let squares: f64 = window.iter().map(|v| (v - mean) * (v - mean)).sum();
    (squares / window.len() as f64).sqrt()
}

/// True range, +DM and -DM from bar 1 on.
fn movements(bars: &[Bar]) -> [Vec<f64>; 3] {
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    for pair in bars.windows(2) {
        let (before, now) = (&pair[0], &pair[1]);
        let (up, down) = (now.high - before.high, before.low - now.low);
        let least = 1e-9 * now.close;
        all[0].push(f64::max(now.high, before.close) - f64::min(now.low, before.close));
        all[1].push(if up - down > least && up > least {
            up
        } else {
            0.0
        });
        all[2].push(if down - up > least && down > least {
            down
        } else {
            0.0
        });
    }
    all
}

fn wilder_sum(values: &[f64]) -> Column {
    let mut all = vec![None; values.len()];
    let mut sum: f64 = values.iter().take(13).sum();
    for t in 13..values.len() {
        sum = sum - sum / 14.0 + values[t];
        all[t] = Some(sum);
    }
    all
}

/// +DI, -DI, DX and ADX.
fn directional(bars: &[Bar]) -> [Readings; 4] {
    let [range, plus, minus] = movements(bars);
    let range = wilder_sum(&range);
    let share = |sums: Column| -> Readings {
        let shares = sums
            .iter()
            .zip(&range)
            .enumerate()
            .map(|(t, (sum, range))| Some(quotient((*sum)?, (*range)?, bars[t + 1].close, 0.0)));
        shares.collect()
    };
    let (plus, minus) = (share(wilder_sum(&plus)), share(wilder_sum(&minus)));
    let dx: Readings = plus
        .iter()
        .zip(&minus)
        .map(|(p, m)| {
            let (p, m) = ((*p)?.value, (*m)?.value);
            Some(quotient((p - m).abs(), p + m, 100.0, 0.0))
        })
        .collect();
    let adx = tail(&values(&dx), |dx| rma(dx, 14));
    [plus, minus, dx, readings(adx)].map(from_bar_1)
}

/// Raw, K and D over a window of 14.
fn stochastic(
    values: &[f64],
    highs: &[f64],
    lows: &[f64],
    scale: impl Fn(usize) -> f64,
    flat: f64,
) -> [Readings; 3] {
    let extremes = highest(highs, 14).into_iter().zip(lowest(lows, 14));
    let raw: Readings = extremes
        .enumerate()
        .map(|(t, (high, low))| {
            let (high, low) = (high?, low?);
            Some(quotient(values[t] - low, high - low, scale(t), flat))
        })
        .collect();
    let k = tail(&self::values(&raw), |raw| sma(raw, 3));
    let d = tail(&k, |k| sma(k, 3));
    [raw, readings(k), readings(d)]
}

fn stochastic_rsi(rsi: &Readings) -> [Readings; 3] {
    let defined: Vec<f64> = values(rsi).into_iter().flatten().collect();
    let head = rsi.len() - defined.len();
    stochastic(&defined, &defined, &defined, |_| 100.0, 50.0).map(|column| {
        let mut all = vec![None; head];
        all.extend(column);
        all
    })
}

fn mfi(bars: &[Bar]) -> Readings {
    let flows: Vec<f64> = bars
        .windows(2)
        .map(|pair| {
            let (before, now) = (typical(&pair[0]), typical(&pair[1]));
            let least = 1e-9 * pair[1].close;
            if now - before > least {
                now * pair[1].volume
            } else if before - now > least {
                -now * pair[1].volume
            } else {
                0.0
            }
        })
        .collect();
    let readings = (0..flows.len()).map(|t| {
        (t >= 13).then(|| {
            let window = &flows[t - 13..=t];
            let positive: f64 = window.iter().filter(|f| **f > 0.0).sum();
            let negative: f64 = window.iter().filter(|f| **f < 0.0).map(|f| -f).sum();
            quotient(positive, positive + negative, 0.0, 0.0)
        })
    });
    from_bar_1(readings.collect())
}

fn obv(bars: &[Bar]) -> Column {
    (0..bars.len())
        .map(|t| {
            let signed = |pair: &[Bar]| {
                let change = pair[1].close - pair[0].close;
                let counts = change.abs() > 1e-9 * pair[1].close;
                if counts {
                    pair[1].volume * change.signum()
                } else {
                    0.0
                }
            };
            let first = bars[0].volume;
            Some(
                bars[..=t]
                    .windows(2)
                    .map(signed)
                    .fold(first, |sum, v| sum + v),
            )
        })
        .collect()
}

fn vwap(bars: &[Bar]) -> Column {
    (0..bars.len())
        .map(|t| {
            let day = |bar: &&Bar| bar.open_time.0 / DAY == bars[t].open_time.0 / DAY;
            let of_day: Vec<&Bar> = bars[..=t].iter().rev().take_while(day).collect();
            let volume: f64 = of_day.iter().map(|b| b.volume).sum();
            let value: f64 = of_day.iter().map(|b| typical(b) * b.volume).sum();
            (volume > 0.0).then(|| value / volume)
        })
        .collect()
}

fn cci(bars: &[Bar]) -> Readings {
    let prices = column(bars, typical);
    (0..bars.len())
        .map(|t| {
            (t >= 19).then(|| {
                // Distances from the oldest: prices hold too few digits for a small deviation.
                let window = prices[t - 19..=t].iter().map(|p| p - prices[t - 19]);
                let window: Vec<f64> = window.collect();
                let mean = window.iter().sum::<f64>() / 20.0;
                let deviation = window.iter().map(|p| (p - mean).abs()).sum::<f64>() / 20.0;
                let mut reading = quotient(window[19] - mean, deviation, bars[t].close, 0.0);
                reading.value /= 100.0 * 0.015;
                reading
            })
        })
        .collect()
}

fn williams(bars: &[Bar]) -> Readings {
    let (high, low) = (column(bars, |b| b.high), column(bars, |b| b.low));
    let extremes = highest(&high, 14).into_iter().zip(lowest(&low, 14));
    extremes
        .zip(bars)
        .map(|((high, low), bar)| {
            let (high, low) = (high?, low?);
            let mut reading = quotient(high - bar.close, high - low, bar.close, 0.0);
            reading.value = -reading.value;
            Some(reading)
        })
        .collect()
}

fn roc(closes: &[f64]) -> Readings {
    let changes = (0..closes.len()).map(|t| {
        (t >= 10).then(|| quotient(closes[t] - closes[t - 10], closes[t - 10], closes[t], 0.0))
    });
    changes.collect()
}

/// One stage; the flag says that its window had no range.
fn stage(values: &[f64], scale: impl Fn(usize) -> f64) -> Readings {
    let mut all = vec![None; values.len()];
    let (high, low) = (highest(values, 10), lowest(values, 10));
    let (mut quotient_before, mut smooth) = (0.0, None);
    for t in 9..values.len() {
        let (high, low) = (high[t].unwrap(), low[t].unwrap());
        let reading = quotient(values[t] - low, high - low, scale(t), quotient_before);
        quotient_before = reading.value;
        let s = smooth.map_or(reading.value, |s: f64| s + 0.5 * (reading.value - s));
        smooth = Some(s);
        all[t] = Some(Reading {
            value: s,
            flat: reading.flat,
        });
    }
    all
}

fn stc(closes: &[f64]) -> Readings {
    let (fast, slow) = (ema(closes, 23), ema(closes, 50));
    let both = fast.into_iter().zip(slow);
    let distance: Vec<f64> = both.filter_map(|(f, s)| Some(f? - s?)).collect();
    let head = closes.len() - distance.len();
    let first = stage(&distance, |t| closes[head + t]);
    let second_head = first.iter().take_while(|r| r.is_none()).count();
    let defined: Vec<Reading> = first.into_iter().flatten().collect();
    let inner: Vec<f64> = defined.iter().map(|r| r.value).collect();
    let mut all = vec![None; head + second_head];
    all.extend(
        stage(&inner, |_| 100.0)
            .into_iter()
            .zip(&defined)
            .map(|(second, first)| {
                second.map(|second| Reading {
                    flat: second.flat || first.flat,
                    ..second
                })
            }),
    );
    all
}

fn typical(bar: &Bar) -> f64 {
    (bar.high + bar.low + bar.close) / 3.0
}

fn readings(column: Column) -> Readings {
    column.into_iter().map(|v| v.map(Reading::of)).collect()
}

fn values(readings: &Readings) -> Column {
    readings.iter().map(|r| r.map(|r| r.value)).collect()
}

/// Every output in the order of `OUTPUTS`.
pub fn all(bars: &[Bar]) -> Vec<Readings> {
    let closes = column(bars, |b| b.close);
    let (highs, lows) = (column(bars, |b| b.high), column(bars, |b| b.low));
    let logs: Vec<f64> = closes.iter().map(|c| libm::log(*c)).collect();
    let [range, plus, minus] = movements(bars);
    let spread = windows(&closes, 20, deviation);
    let band = |factor: f64| -> Column {
        let both = sma(&closes, 20).into_iter().zip(&spread);
        both.map(|(m, d)| Some(m? + factor * (*d)?)).collect()
    };
    let mut all = vec![sma(&closes, 20), wma(&closes, 20)];
    all.extend([9, 11, 20, 34, 50].map(|n| ema(&closes, n)));
    all.extend([rma(&closes, 14), highest(&highs, 20), lowest(&lows, 20)]);
    let mut all: Vec<Readings> = all.into_iter().map(readings).collect();
    let plain_rsi = rsi(&closes, |t| closes[t]);
    all.push(plain_rsi.clone());
    all.extend(macd(&closes, false).map(readings));
    all.extend(macd(&closes, true).map(readings));
    all.extend([band(2.0), band(0.0), band(-2.0), spread.clone()].map(readings));
    let some = |values: &Vec<f64>| readings(values.iter().copied().map(Some).collect());
    all.push(from_bar_1(some(&range)));
    all.push(from_bar_1(readings(rma(&range, 14))));
    all.extend([plus, minus].map(|movement| from_bar_1(some(&movement))));
    all.extend(directional(bars));
    all.extend(stochastic(&closes, &highs, &lows, |t| closes[t], 0.0));
    all.extend(stochastic_rsi(&plain_rsi));
    all.extend(stochastic_rsi(&rsi(&logs, |_| 1.0)));
    all.extend([mfi(bars), readings(obv(bars)), readings(vwap(bars))]);
    all.extend([cci(bars), williams(bars), roc(&closes), stc(&closes)]);
    all
}

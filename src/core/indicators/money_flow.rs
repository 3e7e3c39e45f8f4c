//! Money flow of VuManChu's ciphers (rsimfi): where closes lie in their bars, on average.
//!
//! mean over the last n bars of 150 (close-open)/(high-low), minus an offset. Bars without a range
//! have no term; a window in which fewer than half of the bars have one is flagged flat (for 60 bars:
//! fewer than 30). First value at n-1; all terms lie within -150..=150.

use super::compare::is_zero;
use super::reading::Reading;
use super::window::Window;
use serde::{Deserialize, Serialize};

const FACTOR: f64 = 150.0;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MoneyFlow {
    length: usize,
    offset: f64,
    /// Of the terms; a bar without range adds nothing.
    sum: Window<f64>,
    /// Bars that have a term.
    terms: Window<f64>,
}

impl MoneyFlow {
    /// # Panics
    /// If `length` is 0 (a programming error; configuration allows at least 1).
    pub fn new(length: usize, offset: f64) -> Self {
        Self {
            length,
            offset,
            sum: Window::new(length),
            terms: Window::new(length),
        }
    }

    /// Takes up a closed bar.
    pub fn update(&mut self, open: f64, high: f64, low: f64, close: f64) -> Option<Reading> {
        let range = high - low;
        let term = (!is_zero(range, close)).then(|| FACTOR * (close - open) / range);
        self.sum.update(term.unwrap_or(0.0));
        self.terms.update(f64::from(u8::from(term.is_some())));
        self.value()
    }

    /// The value of the bar taken up last.
    pub fn value(&self) -> Option<Reading> {
        let (sum, terms) = self.sum.value().zip(self.terms.value())?;
        Some(Reading {
            value: if terms == 0.0 {
                -self.offset
            } else {
                sum / terms - self.offset
            },
            flat: 2.0 * terms < self.length as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flat_bars(flow: &mut MoneyFlow, count: usize) -> Option<Reading> {
        (0..count)
            .map(|_| flow.update(5.0, 5.0, 5.0, 5.0))
            .last()
            .flatten()
    }

    #[test]
    fn a_dead_market_reads_minus_the_offset_and_is_flagged() {
        let mut flow = MoneyFlow::new(60, 2.5);
        assert_eq!(flat_bars(&mut flow, 59), None);
        let reading = flat_bars(&mut flow, 1);
        assert_eq!(
            reading,
            Some(Reading {
                value: -2.5,
                flat: true
            })
        );
    }

    #[test]
    fn the_mean_is_taken_over_bars_with_a_range_and_needs_half_of_the_window() {
        let mut flow = MoneyFlow::new(60, 2.5);
        flat_bars(&mut flow, 60);
        let mut bar = || flow.update(10.0, 12.0, 10.0, 11.0).unwrap();
        for _ in 0..28 {
            bar();
        }
        let (twenty_nine, thirty) = (bar(), bar());
        assert!(twenty_nine.flat && !thirty.flat);
        assert!((twenty_nine.value - 72.5).abs() < 1e-12, "{twenty_nine:?}");
        assert!((thirty.value - 72.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn it_equals_the_mean_of_its_window(
            bars in prop::collection::vec((0u8..4, -100i32..=100), 1..2500), length in 1usize..70,
        ) {
            let mut flow = MoneyFlow::new(length, 2.5);
            // A quarter of the bars has no range; else the body is a hundredth part of it.
            let bars: Vec<(f64, f64, f64)> = bars.iter().map(|(kind, body)| {
                let range = f64::from(u8::from(*kind > 0));
                (range, f64::from(*body) / 100.0 * range, 100.0)
            }).collect();
            for (index, (range, body, base)) in bars.iter().enumerate() {
                let reading = flow.update(*base, base + range, *base, base + body);
                prop_assert_eq!(reading.is_some(), index + 1 >= length);
                if let Some(reading) = reading {
                    let window = &bars[index + 1 - length..=index];
                    let terms: Vec<f64> = window.iter().filter(|b| b.0 > 0.0)
                        .map(|(range, body, base)| 150.0 * (base + body - base) / (base + range - base)).collect();
                    let mean = if terms.is_empty() { 0.0 } else { terms.iter().sum::<f64>() / terms.len() as f64 };
                    prop_assert!((reading.value - (mean - 2.5)).abs() <= 1e-9 * 100.0);
                    prop_assert_eq!(reading.flat, 2 * terms.len() < length);
                }
            }
        }
    }
}

//! The returns of a run by period: equity at the last candle close of a period over that of the
//! period before.
//!
//! Periods are multiples of their length since 1970; those without a candle have the return 0.
//! Equity before the window is only what the first return counts from. Undefined from the moment on
//! that a return would count from an equity that is not positive.

use crate::core::effect::Effect;
use crate::core::records::{EquityKind, EquityPoint};
use crate::core::units::{Decimal, Span, Timestamp};
use crate::runtime::journal::Observer;
use crate::store::sweep_results::Moments;

/// Follows a run; a fixed number of values.
#[derive(Clone, Debug)]
pub struct PeriodReturns {
    period: i64,
    counted_from: Option<Timestamp>,
    /// Equity that the open period's return counts from.
    before: Decimal,
    /// The open period and its last equity.
    open: Option<(i64, Decimal)>,
    moments: Moments,
    is_broken: bool,
}

impl PeriodReturns {
    /// `start` is the starting equity.
    pub fn new(start: Decimal, period: Span, counted_from: Option<Timestamp>) -> Self {
        Self {
            period: period.0.max(1),
            counted_from,
            before: start,
            open: None,
            moments: Moments::default(),
            is_broken: false,
        }
    }

    fn point(&mut self, point: &EquityPoint) {
        if point.kind != EquityKind::Candle {
            return;
        }
        if self.counted_from.is_some_and(|from| point.time < from) {
            self.before = point.equity;
            return;
        }
        let number = point.time.0.div_euclid(self.period);
        match self.open {
            // A candle of another symbol may close after the next period began.
            Some((open, _)) if number <= open => self.open = Some((open, point.equity)),
            Some((open, _)) => {
                self.close();
                let empty = u64::try_from(number - open - 1).unwrap_or(0);
                self.moments.add(&Moments::of_equal(empty, 0.0));
                self.open = Some((number, point.equity));
            }
            None => self.open = Some((number, point.equity)),
        }
    }

    fn close(&mut self) {
        let Some((_, equity)) = self.open.take() else {
            return;
        };
        match equity.checked_sub(self.before) {
            Some(change) if self.before.is_positive() => {
                self.moments.push(change.to_f64() / self.before.to_f64());
            }
            _ => self.is_broken = true,
        }
        self.before = equity;
    }

    /// The moments of all returns; `None` when one of them is undefined.
    pub fn finish(mut self) -> Option<Moments> {
        self.close();
        (!self.is_broken).then_some(self.moments)
    }
}

impl Observer for PeriodReturns {
    fn effect(&mut self, effect: &Effect) {
        if let Effect::Equity(point) = effect {
            self.point(point);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: i64, equity: i64) -> EquityPoint {
        EquityPoint {
            time: Timestamp(second * 1_000_000_000),
            kind: EquityKind::Candle,
            equity: Decimal::from_int(equity),
            cash: Decimal::ZERO,
            unrealised: Decimal::ZERO,
            margin_used: Decimal::ZERO,
        }
    }

    fn moments(from: Option<i64>, points: &[(i64, i64)]) -> Option<Moments> {
        let from = from.map(|second| Timestamp(second * 1_000_000_000));
        let mut returns = PeriodReturns::new(Decimal::from_int(100), Span::from_secs(60), from);
        for (second, equity) in points {
            returns.effect(&Effect::Equity(point(*second, *equity)));
        }
        returns.finish()
    }

    #[test]
    fn the_last_equity_of_each_period_counts_and_empty_ones_are_zero() {
        // Periods 2 (110), 3 and 4 empty, 5 (99): +10 %, 0, 0, -10 %.
        let found = moments(None, &[(125, 105), (179, 110), (300, 99)]).unwrap();
        assert_eq!(found.n, 4);
        assert!(found.mean.abs() < 1e-17);
        assert!((found.m2 - 0.02).abs() < 1e-15);
        // A late candle belongs to the period that is open.
        let late = moments(None, &[(125, 105), (179, 110), (170, 110), (300, 99)]).unwrap();
        assert_eq!(late, found);
    }

    #[test]
    fn what_comes_before_the_window_only_sets_the_start() {
        let found = moments(Some(120), &[(0, 100), (60, 200), (120, 220)]).unwrap();
        assert_eq!((found.n, found.m2), (1, 0.0));
        assert!((found.mean - 0.1).abs() < 1e-15);
    }

    #[test]
    fn an_account_that_is_used_up_has_no_returns() {
        assert_eq!(moments(None, &[(0, 50), (60, 0), (120, 10)]), None);
        assert!(moments(None, &[(0, 50), (60, 0)]).is_some());
        assert_eq!(moments(None, &[]).unwrap().n, 0);
    }
}

//! Equity thinned for the ledger: the last candle point of each span (an hour), and the last of all.
//!
//! Points at fills are left out; a candle's point carries the same account a moment later. Spans
//! start at multiples of their length since the epoch.

use crate::core::records::{EquityKind, EquityPoint};
use crate::core::units::Span;

/// Pure; holds one point.
#[derive(Clone, Debug)]
pub struct EquityThinner {
    span: i64,
    /// Start of the pending point's span.
    start: i64,
    pending: Option<EquityPoint>,
}

impl EquityThinner {
    /// One row an hour.
    pub fn hourly() -> Self {
        Self::new(Span::from_secs(3600))
    }

    /// # Panics
    /// If `span` is not positive (a programming error).
    pub fn new(span: Span) -> Self {
        assert!(span.0 > 0, "a thinning span is positive");
        Self {
            span: span.0,
            start: 0,
            pending: None,
        }
    }

    /// Takes a point; returns the last one of the span that this one leaves behind.
    #[inline]
    pub fn push(&mut self, point: &EquityPoint) -> Option<EquityPoint> {
        if point.kind == EquityKind::Fill {
            return None;
        }
        if let Some(pending) = &mut self.pending
            && (0..self.span).contains(&point.time.0.saturating_sub(self.start))
        {
            pending.clone_from(point);
            return None;
        }
        self.start = point
            .time
            .0
            .saturating_sub(point.time.0.rem_euclid(self.span));
        self.pending.replace(point.clone())
    }

    /// The last candle point of the run.
    pub fn finish(&mut self) -> Option<EquityPoint> {
        self.pending.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::{Decimal, Timestamp};
    use proptest::prelude::*;

    fn point(minute: i64, kind: EquityKind) -> EquityPoint {
        EquityPoint {
            time: Timestamp::from_millis(minute * 60_000),
            kind,
            equity: Decimal::from_int(minute),
            cash: Decimal::ZERO,
            unrealised: Decimal::ZERO,
            margin_used: Decimal::ZERO,
        }
    }

    #[test]
    fn keeps_the_last_candle_of_each_hour_and_the_last_of_all() {
        let mut thinner = EquityThinner::hourly();
        let mut kept = Vec::new();
        for minute in 0..150 {
            kept.extend(thinner.push(&point(minute, EquityKind::Candle)));
            kept.extend(thinner.push(&point(minute, EquityKind::Fill)));
        }
        kept.extend(thinner.finish());
        let minutes: Vec<_> = kept.iter().map(|p| p.time.as_millis() / 60_000).collect();
        assert_eq!(minutes, [59, 119, 149]);
        assert!(kept.iter().all(|p| p.kind == EquityKind::Candle));
    }

    proptest! {
        #[test]
        fn one_row_a_span_and_never_the_wrong_last(steps in prop::collection::vec(0i64..200, 1..300)) {
            let mut thinner = EquityThinner::hourly();
            let (mut minute, mut kept) = (0, Vec::new());
            for step in steps {
                minute += step;
                kept.extend(thinner.push(&point(minute, EquityKind::Candle)));
            }
            kept.extend(thinner.finish());
            let hours: Vec<_> = kept.iter().map(|p| p.time.as_millis() / 3_600_000).collect();
            prop_assert!(hours.windows(2).all(|w| w[0] < w[1]));
            prop_assert_eq!(kept.last().unwrap().time, Timestamp::from_millis(minute * 60_000));
        }
    }
}

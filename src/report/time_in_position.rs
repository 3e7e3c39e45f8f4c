//! How long any position was open, from the fills.
//!
//! Fills come in order of time. Overlapping positions of several symbols count once.

use crate::core::records::Fill;
use crate::core::units::{Span, Timestamp};

/// Pure; one number a symbol.
#[derive(Clone, Debug, Default)]
pub struct TimeInPosition {
    /// Signed lots by symbol number.
    positions: Vec<i128>,
    open: usize,
    since: Timestamp,
    total: i64,
}

impl TimeInPosition {
    pub fn fill(&mut self, fill: &Fill) {
        let index = fill.symbol.index();
        if self.positions.len() <= index {
            self.positions.resize(index + 1, 0);
        }
        let before = self.positions[index];
        let after = before + i128::from(fill.quantity.0) * i128::from(fill.side.sign());
        self.positions[index] = after;
        match (before == 0, after == 0) {
            (true, false) => {
                if self.open == 0 {
                    self.since = fill.time;
                }
                self.open += 1;
            }
            (false, true) => {
                self.open -= 1;
                if self.open == 0 {
                    self.total += fill.time.since(self.since).0.max(0);
                }
            }
            _ => {}
        }
    }

    /// The time until `end`, what is still open included.
    pub fn until(&self, end: Timestamp) -> Span {
        let open = if self.open > 0 {
            end.since(self.since).0.max(0)
        } else {
            0
        };
        Span(self.total.saturating_add(open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::SymbolId;
    use crate::core::units::{Decimal, Price, Quantity, Side};

    fn fill(symbol: u16, side: Side, quantity: i64, time: i64) -> Fill {
        Fill {
            id: 0,
            order: 0,
            symbol: SymbolId(symbol),
            side,
            price: Price(1),
            quantity: Quantity(quantity),
            fee: Decimal::ZERO,
            maker: false,
            reference: Price(1),
            time: Timestamp(time),
            venue_id: None,
        }
    }

    #[test]
    fn overlapping_positions_count_once_and_open_ones_until_the_end() {
        let mut time = TimeInPosition::default();
        time.fill(&fill(0, Side::Buy, 5, 10));
        time.fill(&fill(1, Side::Sell, 5, 15));
        time.fill(&fill(0, Side::Sell, 5, 20));
        assert_eq!(time.until(Timestamp(22)), Span(12));
        time.fill(&fill(1, Side::Buy, 5, 30));
        assert_eq!(time.until(Timestamp(99)), Span(20));
        // A flip goes through flat without leaving a position.
        time.fill(&fill(0, Side::Buy, 2, 40));
        time.fill(&fill(0, Side::Sell, 4, 50));
        time.fill(&fill(0, Side::Buy, 2, 70));
        assert_eq!(time.until(Timestamp(99)), Span(50));
    }
}

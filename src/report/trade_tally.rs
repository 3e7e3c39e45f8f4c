//! Sums over closed trades: what win rate, profit factor, expectancy and their like are made of.
//!
//! A trade that nets exactly 0 is neither a win nor a loss; it neither lengthens nor ends a losing
//! run.

use super::metrics::{finite, mean};
use crate::core::records::ClosedTrade;
use crate::core::units::Decimal;

/// Pure; a fixed number of values.
#[derive(Clone, Debug, Default)]
pub struct TradeTally {
    pub trades: u64,
    pub wins: u64,
    pub losses: u64,
    pub net: Decimal,
    pub net_wins: Decimal,
    /// Negative or 0.
    pub net_losses: Decimal,
    pub largest_win: Option<Decimal>,
    pub largest_loss: Option<Decimal>,
    pub longest_losing_run: u64,
    pub funding: Decimal,
    pub insurance: Decimal,
    losing_run: u64,
    held_ns: i128,
    /// Sum of 100 net / margin over the trades that have a margin.
    margin_pcts: f64,
    with_margin: u64,
}

impl TradeTally {
    pub fn add(&mut self, trade: &ClosedTrade) {
        let net = trade.net;
        self.trades += 1;
        self.net += net;
        self.funding += trade.funding;
        self.insurance += trade.insurance;
        self.held_ns += i128::from(trade.exit_time.since(trade.entry_time).0);
        if trade.margin.is_positive() {
            self.margin_pcts += 100.0 * net.to_f64() / trade.margin.to_f64();
            self.with_margin += 1;
        }
        if net.is_positive() {
            self.wins += 1;
            self.net_wins += net;
            self.largest_win = self.largest_win.max(Some(net));
            self.losing_run = 0;
        } else if net.is_negative() {
            self.losses += 1;
            self.net_losses += net;
            self.largest_loss = Some(self.largest_loss.map_or(net, |worst| worst.min(net)));
            self.losing_run += 1;
            self.longest_losing_run = self.longest_losing_run.max(self.losing_run);
        }
    }

    /// Mean net profit a trade.
    pub fn expectancy(&self) -> Option<Decimal> {
        mean(self.net, self.trades)
    }

    /// Mean over the trades of net profit in percent of their margin.
    pub fn expectancy_margin_pct(&self) -> Option<f64> {
        if self.with_margin == 0 {
            return None;
        }
        finite(self.margin_pcts / self.with_margin as f64)
    }

    pub fn average_win(&self) -> Option<Decimal> {
        mean(self.net_wins, self.wins)
    }

    pub fn average_loss(&self) -> Option<Decimal> {
        mean(self.net_losses, self.losses)
    }

    pub fn average_minutes(&self) -> Option<f64> {
        if self.trades == 0 {
            return None;
        }
        finite(self.held_ns as f64 / self.trades as f64 / 6e10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::SymbolId;
    use crate::core::records::ExitReason;
    use crate::core::units::{Quantity, Side, Timestamp};

    pub fn trade(net: i64, minutes: i64) -> ClosedTrade {
        ClosedTrade {
            id: 1,
            symbol: SymbolId(0),
            side: Side::Buy,
            quantity: Quantity(1),
            entry_time: Timestamp(0),
            exit_time: Timestamp::from_millis(minutes * 60_000),
            entry_vwap: Decimal::ONE,
            exit_vwap: Decimal::ONE,
            leverage: 1,
            margin: Decimal::from_int(200),
            gross: Decimal::from_int(net + 2),
            fees: Decimal::from_int(2),
            funding: Decimal::new(-5, 1),
            insurance: Decimal::new(1, 1),
            net: Decimal::from_int(net),
            slippage: Decimal::ZERO,
            mfe: Decimal::ZERO,
            mae: Decimal::ZERO,
            reason: ExitReason::Strategy,
            entry_decision: 1,
        }
    }

    #[test]
    fn sums_averages_and_extremes() {
        let mut tally = TradeTally::default();
        for (net, minutes) in [(30, 10), (-10, 20), (0, 30), (-20, 40), (10, 50)] {
            tally.add(&trade(net, minutes));
        }
        let int = Decimal::from_int;
        assert_eq!((tally.trades, tally.wins, tally.losses), (5, 2, 2));
        assert_eq!((tally.net_wins, tally.net_losses), (int(40), int(-30)));
        assert_eq!(tally.expectancy(), Some(int(2)));
        // 15 - 5 + 0 - 10 + 5 percent of 200 each, over 5.
        assert_eq!(tally.expectancy_margin_pct(), Some(1.0));
        assert_eq!(tally.average_win(), Some(int(20)));
        assert_eq!(tally.average_loss(), Some(int(-15)));
        assert_eq!(tally.largest_win, Some(int(30)));
        assert_eq!(tally.largest_loss, Some(int(-20)));
        assert_eq!(tally.average_minutes(), Some(30.0));
        // The trade that nets 0 lies between two losses and does not part them.
        assert_eq!(tally.longest_losing_run, 2);
        assert_eq!(tally.funding, Decimal::new(-25, 1));
        assert_eq!(tally.insurance, Decimal::new(5, 1));
    }

    #[test]
    fn without_trades_everything_is_undefined() {
        let tally = TradeTally::default();
        assert_eq!(tally.expectancy(), None);
        assert_eq!(tally.expectancy_margin_pct(), None);
        assert_eq!(tally.average_win(), None);
        assert_eq!(tally.average_loss(), None);
        assert_eq!(tally.average_minutes(), None);
        assert_eq!(tally.largest_loss, None);
    }

    #[test]
    fn trades_that_net_nothing_are_no_wins() {
        let mut tally = TradeTally::default();
        tally.add(&trade(0, 1));
        assert_eq!((tally.wins, tally.losses), (0, 0));
        assert_eq!(tally.expectancy(), Some(Decimal::ZERO));
    }
}

//! The trades of a symbol that its price chart draws: all of them, or from the whole run those that
//! gained or lost most.
//!
//! Of many trades, as many neighbours in the order of their exits as the room demands give one mark:
//! that of the largest gain or loss, of equal ones the first. Bounded whatever the run's length.

use super::chart::TradeMark;
use super::palette::Role;
use crate::core::units::{Decimal, Side};
use crate::report::decimation::{Decimated, Member};
use crate::store::ledger::{LedgerError, Reader, StoredTrade};

/// What is drawn of one symbol's trades.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrawnTrades {
    /// In the order of the exits.
    pub marks: Vec<TradeMark>,
    /// How many trades the run closed.
    pub total: u64,
    /// How many trades a mark stands for, at most.
    pub each: u64,
}

#[derive(Clone, Copy, Debug)]
struct Drawn {
    mark: TradeMark,
    net: Decimal,
    trades: u64,
}

impl Member for Drawn {
    fn count(&self) -> u64 {
        self.trades
    }

    fn absorb(&mut self, later: &Self) {
        let trades = self.trades + later.trades;
        if later.net.abs() > self.net.abs() {
            *self = *later;
        }
        self.trades = trades;
    }
}

impl DrawnTrades {
    /// At most `room` of a symbol's trades, and at least half of that where there are as many.
    ///
    /// # Errors
    /// A ledger that cannot be read.
    pub fn read(
        reader: &Reader,
        session: i64,
        symbol: &str,
        room: usize,
    ) -> Result<Self, LedgerError> {
        let mut drawn = Decimated::new(room);
        let (mut after, mut total) = (0, 0);
        loop {
            let page = reader.trades_of(session, symbol, after)?;
            let Some(last) = page.last() else {
                break;
            };
            after = last.id;
            total += page.len() as u64;
            for trade in &page {
                drawn.push(Drawn {
                    mark: mark(trade),
                    net: trade.net,
                    trades: 1,
                });
            }
        }
        let members = drawn.into_members();
        Ok(Self {
            marks: members.iter().map(|member| member.mark).collect(),
            total,
            each: members.iter().map(|m| m.trades).max().unwrap_or(0),
        })
    }
}

fn mark(trade: &StoredTrade) -> TradeMark {
    TradeMark {
        entry: (trade.entry_time, trade.entry_vwap.to_f64()),
        exit: (trade.exit_time, trade.exit_vwap.to_f64()),
        side: match trade.side {
            Side::Buy => Role::Long,
            Side::Sell => Role::Short,
        },
        outcome: if trade.net.is_positive() {
            Role::Win
        } else {
            Role::Loss
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Side::Buy;
    use crate::report::tests::scene::{Scene, at};

    /// Trades a minute apart that gain a cent or as many as `gains` says of one of them.
    fn drawn(name: &str, trades: i64, gains: &[(i64, i64)], room: usize) -> DrawnTrades {
        let mut scene = Scene::new(name);
        for number in 0..trades {
            let gain = gains.iter().find(|g| g.0 == number).map_or(1, |g| g.1);
            let start = 60 * number;
            scene.round_trip(Buy, 10_000, 10_000 + gain, start, start + 30);
        }
        let reader = scene.write(None, None);
        let session = reader.latest_session().unwrap().unwrap();
        DrawnTrades::read(&reader, session.id, "BTC-USD", room).unwrap()
    }

    #[test]
    fn few_trades_are_all_drawn() {
        let all = drawn("drawn-few", 8, &[], 8);
        assert_eq!((all.marks.len(), all.total, all.each), (8, 8, 1));
        assert_eq!(all.marks[3].exit.0, at(210));
        assert_eq!(drawn("drawn-none", 0, &[], 8), DrawnTrades::default());
    }

    #[test]
    fn of_many_trades_the_largest_of_every_stretch_of_the_run_are_drawn() {
        let gains = [(500, -9000), (501, 9000), (997, 8000)];
        let some = drawn("drawn-many", 1000, &gains, 10);
        assert_eq!((some.marks.len(), some.total, some.each), (8, 1000, 128));
        let minutes: Vec<i64> = some
            .marks
            .iter()
            .map(|mark| mark.entry.0.since(at(0)).0 / 60_000_000_000)
            .collect();
        // 128 trades each; of equal results the first, of all signs the largest.
        assert_eq!(minutes, [0, 128, 256, 500, 512, 640, 768, 997]);
        assert_eq!(some.marks[3].outcome, Role::Loss);
    }
}

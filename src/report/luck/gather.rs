//! The returns of a run's closed trades, and what random runs keep of each.
//!
//! At most [`TRADES_MAX`] trades; a run with more has no luck to speak of and would take minutes to
//! resample. A trade without margin has no return and is left out.

use super::TRADES_MIN;
use super::random_runs::{Course, Placed};
use crate::core::units::{Decimal, Timestamp};
use crate::report::metrics::finite;
use crate::report::tape::{SymbolTape, Tape};
use crate::store::ledger::{LedgerError, Reader, StoredSession, StoredTrade};

/// Trades whose returns are kept.
pub const TRADES_MAX: usize = 100_000;

/// Of one trade beside its return.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    /// Index among the session's instruments.
    symbol: usize,
    sign: f64,
    leverage: f64,
    fees_pct: f64,
    entered: Timestamp,
    left: Timestamp,
}

/// The closed trades of a session in the order in which they closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TradeReturns {
    /// Net profit in percent of margin; finite.
    values: Vec<f64>,
    held: Vec<Held>,
    /// Sum of what slippage cost each, percent of margin.
    slippage_pct: f64,
    /// There are more trades than are kept.
    too_many: bool,
}

impl TradeReturns {
    /// Reads them page by page.
    ///
    /// # Errors
    /// A ledger that cannot be read.
    pub fn read(reader: &Reader, session: &StoredSession) -> Result<Self, LedgerError> {
        let (mut returns, mut after) = (Self::default(), 0);
        loop {
            let page = reader.trades_after(session.id, after)?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for trade in &page {
                let symbol = session
                    .instruments
                    .iter()
                    .position(|i| i.symbol == trade.symbol);
                if let Some(symbol) = symbol {
                    returns.push(trade, symbol);
                }
            }
            if returns.too_many {
                break;
            }
        }
        Ok(returns)
    }

    /// Takes a trade of the instrument with this index.
    pub fn push(&mut self, trade: &StoredTrade, symbol: usize) {
        if !trade.margin.is_positive() {
            return;
        }
        if self.values.len() == TRADES_MAX {
            self.too_many = true;
            return;
        }
        let margin = trade.margin.to_f64();
        let pct = |money: Decimal| finite(100.0 * money.to_f64() / margin);
        let (Some(value), Some(fees_pct), Some(slippage)) =
            (pct(trade.net), pct(trade.fees), pct(trade.slippage))
        else {
            return;
        };
        self.slippage_pct += slippage;
        self.values.push(value);
        self.held.push(Held {
            symbol,
            sign: trade.side.sign() as f64,
            leverage: f64::from(trade.leverage),
            fees_pct,
            entered: trade.entry_time,
            left: trade.exit_time,
        });
    }

    /// Net return of each trade, percent of margin.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// What slippage cost a trade on the mean, percent of margin; undefined without trades.
    pub fn mean_slippage_pct(&self) -> Option<f64> {
        if self.values.is_empty() {
            return None;
        }
        finite(self.slippage_pct / self.values.len() as f64)
    }

    /// Whether there are as many trades as a bootstrap wants; the text says what is wrong.
    pub fn suffice(&self) -> Result<(), String> {
        if self.too_many {
            Err(format!("more than {TRADES_MAX} trades to resample"))
        } else if self.values.len() < TRADES_MIN {
            Err(format!(
                "fewer than {TRADES_MIN} closed trades with a margin"
            ))
        } else {
            Ok(())
        }
    }

    /// Whether the holding times find room beside each other on the closes.
    pub fn fit(&self, tape: &Tape) -> bool {
        let courses = self.courses(tape);
        !courses.is_empty() && courses.iter().all(|course| course.slack().is_some())
    }

    /// The trades of each symbol on its closes. A holding time is counted in candles that there were,
    /// rounded to whole steps of the closes, half up, and is at least one: a gap of days in which
    /// nothing closed lasts no candle.
    pub fn courses<'a>(&self, tape: &'a Tape) -> Vec<Course<'a>> {
        let mut courses: Vec<Course<'a>> = tape
            .symbols
            .iter()
            .map(|symbol| Course {
                trades: Vec::new(),
                closes: &symbol.closes,
            })
            .collect();
        for held in &self.held {
            let (Some(course), Some(symbol)) =
                (courses.get_mut(held.symbol), tape.symbols.get(held.symbol))
            else {
                continue;
            };
            let step = i128::from(tape.interval.span().0) * i128::from(symbol.closes_stride);
            let place = |time| place(symbol, step, time);
            let steps = (2 * (place(held.left) - place(held.entered)) + step) / (2 * step);
            course.trades.push(Placed {
                sign: held.sign,
                leverage: held.leverage,
                fees_pct: held.fees_pct,
                steps: u64::try_from(steps).unwrap_or(0).max(1),
            });
        }
        courses.retain(|course| !course.trades.is_empty());
        courses
    }
}

/// Where a time lies among the closes, in nanoseconds of candles that there were: a step of the closes
/// takes `step`, what lies before its candles opened is a gap and takes nothing.
fn place(symbol: &SymbolTape, step: i128, time: Timestamp) -> i128 {
    let times = &symbol.close_times;
    let closed = times.partition_point(|end| *end <= time);
    let into = match (times.get(closed), times.last()) {
        (Some(end), _) => i128::from(time.0) - (i128::from(end.0) - step),
        // After the last close the candle goes on that nothing has closed.
        (None, Some(last)) => i128::from(time.0) - i128::from(last.0),
        (None, None) => 0,
    };
    closed as i128 * step + into.clamp(0, step)
}

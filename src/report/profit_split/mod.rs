//! Where the net profit of the closed trades comes from, to the last digit.
//!
//! net = movement - slippage - fees + funding + insurance + rounding. Each term is rounded half-even
//! to 1e-8 a fill; what that leaves is a line of its own, computed from the fills and not from the
//! net, so that the residual is 0 exactly when the ledger's trades follow from its fills.

use super::summary::Summary;
use crate::core::market::Instrument;
use crate::core::units::{Decimal, Rounding};
use crate::store::ledger::{LedgerError, Reader, StoredFill, StoredSession, StoredTrade};
use serde::Serialize;

/// The terms, in the account's currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProfitSplit {
    /// Closed trades that were split.
    pub trades: u64,
    /// Their fills.
    pub fills: u64,
    /// Sum of side x (exit reference - entry reference) x quantity x contract value: what the
    /// decisions would have earned at the prices they saw.
    pub movement: Decimal,
    /// What fills cost against their reference prices; positive = cost.
    pub slippage: Decimal,
    pub fees: Decimal,
    pub funding: Decimal,
    /// Losses beyond the margin that liquidations took back.
    pub insurance: Decimal,
    /// What rounding each term a fill to 1e-8 left out.
    pub rounding: Decimal,
    /// Net profit of these trades as the ledger states it.
    pub net: Decimal,
    /// net - (movement - slippage - fees + funding + insurance + rounding): 0, or the ledger's trades
    /// do not follow from its fills.
    pub residual: Decimal,
    /// Profit of the positions still open, valued at the last prices; in no other line. `None` where
    /// a last price is not known.
    pub unrealised: Option<Decimal>,
    /// Fees paid for the positions still open; in no other line.
    pub open_fees: Decimal,
    /// Trades that are not split: their entry lies before the ledger's first fill.
    pub carried_trades: u64,
    /// Their net profit.
    pub carried_net: Decimal,
}

/// Digits that a term is rounded to.
const TERM_DIGITS: u32 = 8;

/// Why a ledger could not be split.
#[derive(Debug)]
pub enum SplitError {
    Ledger(LedgerError),
    /// Its rows contradict each other, in words.
    Contradiction(String),
}

impl From<LedgerError> for SplitError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl ProfitSplit {
    /// Splits all closed trades of a session.
    ///
    /// # Errors
    /// A ledger that cannot be read; fills that no instrument of the session can have made, or that
    /// do not bring a trade back to flat.
    pub fn read(
        reader: &Reader,
        session: &StoredSession,
        summary: Option<&Summary>,
    ) -> Result<Self, SplitError> {
        let mut split = Self {
            unrealised: summary.and_then(|summary| {
                summary
                    .open_positions
                    .iter()
                    .try_fold(Decimal::ZERO, |sum, p| sum.checked_add(p.unrealised?))
            }),
            ..Self::default()
        };
        for instrument in &session.instruments {
            let mut walk = Walk {
                reader,
                session: session.id,
                instrument,
                page: Vec::new().into_iter(),
                next: None,
                after: 0,
            };
            walk.advance()?;
            split.symbol(&mut walk)?;
        }
        split.residual = split.net - split.lines();
        Ok(split)
    }

    /// What the lines add up to.
    fn lines(&self) -> Decimal {
        self.movement - self.slippage - self.fees + self.funding + self.insurance + self.rounding
    }

    fn symbol(&mut self, walk: &mut Walk<'_>) -> Result<(), SplitError> {
        let (mut after, mut first) = (0, true);
        loop {
            let page = walk
                .reader
                .trades_of(walk.session, &walk.instrument.symbol, after)?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for trade in &page {
                let carried = first
                    && walk
                        .next
                        .as_ref()
                        .is_none_or(|fill| trade.entry_time < fill.time);
                if carried {
                    self.carried_trades += 1;
                    self.carried_net += trade.net;
                    walk.skip_carried(trade)?;
                } else {
                    self.trade(trade, walk)?;
                }
                first = false;
            }
        }
        self.open_fees += walk.open_fees()?;
        Ok(())
    }

    /// Takes the fills up to where the position is flat again.
    fn trade(&mut self, trade: &StoredTrade, walk: &mut Walk<'_>) -> Result<(), SplitError> {
        let (mut lots, mut gain) = (0i128, 0i128);
        loop {
            let Some(fill) = walk.next.take() else {
                return Err(SplitError::Contradiction(format!(
                    "trade {}: its fills do not bring the position back to flat",
                    trade.id
                )));
            };
            let terms = Terms::of(&fill, walk.instrument)?;
            walk.advance()?;
            let value = |tick_lots| walk.instrument.value_of(tick_lots);
            let movement = term(value(-terms.reference));
            let slippage = term(value(terms.paid - terms.reference));
            self.movement += movement;
            self.slippage += slippage;
            self.fees += term(fill.fee);
            self.rounding += slippage - movement - (fill.fee - term(fill.fee));
            self.fills += 1;
            gain -= terms.paid;
            lots += terms.lots;
            if lots == 0 {
                break;
            }
        }
        let (funding, insurance) = (term(trade.funding), term(trade.insurance));
        self.rounding += walk.instrument.value_of(gain);
        self.rounding += trade.funding - funding + trade.insurance - insurance;
        self.funding += funding;
        self.insurance += insurance;
        self.net += trade.net;
        self.trades += 1;
        Ok(())
    }
}

fn term(exact: Decimal) -> Decimal {
    exact.round(TERM_DIGITS, Rounding::HalfEven)
}

/// A fill on its instrument's grid, signed: positive for a buy.
struct Terms {
    lots: i128,
    /// Tick-lots at the fill's price and at its reference.
    paid: i128,
    reference: i128,
}

impl Terms {
    fn of(fill: &StoredFill, instrument: &Instrument) -> Result<Self, SplitError> {
        let fault = |what: &str, value: Decimal, step: Decimal| {
            SplitError::Contradiction(format!(
                "fill {}: {what} {value} of {}: expected a multiple of {step} above 0",
                fill.id, fill.symbol
            ))
        };
        let price = |what, price| {
            instrument
                .exact_price(price)
                .map(|p| i128::from(p.0))
                .ok_or_else(|| fault(what, price, instrument.tick))
        };
        let lots = instrument
            .exact_quantity(fill.quantity)
            .map(|q| i128::from(q.0) * i128::from(fill.side.sign()))
            .ok_or_else(|| fault("quantity", fill.quantity, instrument.lot))?;
        Ok(Self {
            lots,
            paid: price("price", fill.price)? * lots,
            reference: price("reference", fill.reference)? * lots,
        })
    }
}

/// The fills of one symbol, one after the other.
struct Walk<'a> {
    reader: &'a Reader,
    session: i64,
    instrument: &'a Instrument,
    page: std::vec::IntoIter<StoredFill>,
    /// The fill to take next.
    next: Option<StoredFill>,
    after: i64,
}

impl Walk<'_> {
    fn advance(&mut self) -> Result<(), LedgerError> {
        self.next = self.page.next();
        if self.next.is_none() {
            let symbol = &self.instrument.symbol;
            let page = self.reader.fills_of(self.session, symbol, self.after)?;
            self.after = page.last().map_or(self.after, |fill| fill.id);
            self.page = page.into_iter();
            self.next = self.page.next();
        }
        Ok(())
    }

    /// Leaves out the fills of a trade that was entered before the session.
    fn skip_carried(&mut self, trade: &StoredTrade) -> Result<(), LedgerError> {
        while self.next.as_ref().is_some_and(|fill| {
            let of_another = fill.entry && fill.decision != trade.entry_decision;
            fill.time <= trade.exit_time && !of_another
        }) {
            self.advance()?;
        }
        Ok(())
    }

    /// Fees of the fills since the position was last flat.
    fn open_fees(&mut self) -> Result<Decimal, SplitError> {
        let (mut fees, mut lots) = (Decimal::ZERO, 0i128);
        while let Some(fill) = self.next.take() {
            lots += Terms::of(&fill, self.instrument)?.lots;
            fees = if lots == 0 {
                Decimal::ZERO
            } else {
                fees + fill.fee
            };
            self.advance()?;
        }
        Ok(fees)
    }
}

#[cfg(test)]
mod tests;

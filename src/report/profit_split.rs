//! Where the net profit of the closed trades comes from, to the last digit.
//!
//! net = movement - slippage - fees + funding + insurance + rounding. Each term is rounded half-even
//! to 1e-8 a fill; what that leaves is a line of its own, computed from the fills and not from the
//! net, so that the residual is 0 exactly when the ledger's trades follow from its fills.

use crate::core::units::Decimal;
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

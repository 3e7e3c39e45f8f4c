//! A closed trade as JSON shows it, in the report and where it is explained.

use super::summary::Millis;
use crate::core::units::Decimal;
use crate::store::ledger::StoredTrade;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TradeFacts {
    pub id: i64,
    pub symbol: String,
    /// `LONG` or `SHORT`.
    pub side: &'static str,
    pub quantity: Decimal,
    pub entry_time_ms: Millis,
    pub exit_time_ms: Millis,
    pub entry_vwap: Decimal,
    pub exit_vwap: Decimal,
    pub leverage: u32,
    pub margin: Decimal,
    pub gross: Decimal,
    pub fees: Decimal,
    pub funding: Decimal,
    pub insurance: Decimal,
    pub net: Decimal,
    pub slippage: Decimal,
    /// Best and worst price on the way against the entry, in currency per unit.
    pub mfe: Decimal,
    pub mae: Decimal,
    pub reason: String,
    pub entry_decision: i64,
}

impl From<&StoredTrade> for TradeFacts {
    fn from(trade: &StoredTrade) -> Self {
        Self {
            id: trade.id,
            symbol: trade.symbol.clone(),
            side: trade.side.position(),
            quantity: trade.quantity,
            entry_time_ms: trade.entry_time.into(),
            exit_time_ms: trade.exit_time.into(),
            entry_vwap: trade.entry_vwap,
            exit_vwap: trade.exit_vwap,
            leverage: trade.leverage,
            margin: trade.margin,
            gross: trade.gross,
            fees: trade.fees,
            funding: trade.funding,
            insurance: trade.insurance,
            net: trade.net,
            slippage: trade.slippage,
            mfe: trade.mfe,
            mae: trade.mae,
            reason: trade.reason.clone(),
            entry_decision: trade.entry_decision,
        }
    }
}

//! What the core writes down: decisions, orders, fills, lots, trades, equity, events.
//!
//! Plain values with every number exact; the ledger turns them into rows, recordings into lines.
//! An order or lot is written again with the same id when it changes: the last one counts.

use super::effect::AlertLevel;
use super::market::SymbolId;
use super::units::{Decimal, Price, Quantity, Side, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "record")]
pub enum Record {
    Decision(Decision),
    Order(Order),
    Fill(Fill),
    Lot(Lot),
    Trade(ClosedTrade),
    Event(Event),
}

/// What a strategy, a model or an operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    Long,
    Short,
    Close,
    Hold,
}

impl Action {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "LONG",
            Self::Short => "SHORT",
            Self::Close => "CLOSE",
            Self::Hold => "HOLD",
        }
    }
}

/// Result of one check of the risk gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckOutcome {
    Passed,
    /// Passed after size, leverage or a percentage was changed to fit.
    Changed,
    Refused,
}

/// One check with its value, its limit and the distance to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub outcome: CheckOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Decimal>,
    /// How far the value may still move before the check refuses; negative = beyond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<Decimal>,
}

/// What a strategy proposed, before policy, filter and gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub action: Action,
    /// 0..=1.
    pub strength: f64,
    /// 0..=1.
    pub confidence: f64,
    /// Margin as % of equity; 4 decimals.
    pub size_pct: Decimal,
    pub take_profit_pct: Option<Decimal>,
    pub stop_loss_pct: Option<Decimal>,
    /// Requested leverage; `None` = the configured one.
    pub leverage: Option<u32>,
    pub rationale: String,
}

/// One decision of one symbol about one closed candle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    pub id: u64,
    pub symbol: SymbolId,
    /// Open time of the candle decided on.
    pub candle: Timestamp,
    /// When it was decided.
    pub time: Timestamp,
    /// Last traded price.
    pub price: Price,
    pub strategy: &'static str,
    pub proposal: Proposal,
    /// What became of it.
    pub action: Action,
    /// Why the final action is not the proposed one; empty when it is.
    pub reason: String,
    pub indicators: Vec<(&'static str, f64)>,
    pub checks: Vec<Check>,
    /// Position before the decision, signed lots.
    pub position: i64,
    pub equity: Decimal,
}

/// What an order is for; the last letter of its client order id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    Entry,
    Close,
    Stop,
    Target,
    /// A close that a position rule or the operator wants, not a strategy.
    Guard,
    /// Stop, or stop and target, resting at the venue.
    Protective,
}

impl Leg {
    pub const ALL: [Self; 6] = [
        Self::Entry,
        Self::Close,
        Self::Stop,
        Self::Target,
        Self::Guard,
        Self::Protective,
    ];

    /// Last letter of the client order id.
    pub const fn letter(self) -> char {
        match self {
            Self::Entry => 'e',
            Self::Close => 'c',
            Self::Stop => 's',
            Self::Target => 't',
            Self::Guard => 'g',
            Self::Protective => 'p',
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    Market,
    Limit,
    PostOnly,
    StopMarket,
    TakeProfitLimit,
    /// Rests until its stop is traded, then sells within its limit.
    StopLimit,
    /// Rests as target and stop in one.
    Bracket,
}

/// Life cycle of an order (behaviour 14.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    Intended,
    Durable,
    Sent,
    Unknown,
    Open,
    PartlyFilled,
    Cancelling,
    Filled,
    Cancelled,
    Rejected,
    Expired,
    Refused,
    NeverSent,
}

impl OrderState {
    /// No further transition is expected (a late fill may still come).
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Filled
                | Self::Cancelled
                | Self::Rejected
                | Self::Expired
                | Self::Refused
                | Self::NeverSent
        )
    }
}

/// Why a position was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    TakeProfit,
    StopLoss,
    Strategy,
    MaxHold,
    EmergencyStop,
    Liquidation,
    LossLimit,
    Operator,
    Shutdown,
    /// The venue holds less than we thought: a correction.
    Reconciled,
    /// The venue takes no protective order for it.
    Unprotected,
}

impl ExitReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::TakeProfit => "take_profit",
            Self::StopLoss => "stop_loss",
            Self::Strategy => "strategy",
            Self::MaxHold => "max_hold",
            Self::EmergencyStop => "emergency_stop",
            Self::Liquidation => "liquidation",
            Self::LossLimit => "loss_limit",
            Self::Operator => "operator",
            Self::Shutdown => "shutdown",
            Self::Reconciled => "reconciled",
            Self::Unprotected => "unprotected",
        }
    }
}

/// An order as it stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: u64,
    pub client_id: String,
    pub decision: u64,
    pub symbol: SymbolId,
    pub leg: Leg,
    pub side: Side,
    pub kind: OrderKind,
    pub quantity: Quantity,
    /// Limit price or trigger level; `None` for a market order.
    pub price: Option<Price>,
    pub reduce_only: bool,
    pub state: OrderState,
    pub filled: Quantity,
    /// Sum of price x quantity over the fills, in tick-lots.
    pub filled_value: i128,
    pub fee: Decimal,
    /// Why it ended as it did, or the exit's reason; empty when there is nothing to say.
    pub reason: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// The venue's own id; `None` on paper and before the venue has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue_id: Option<String>,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fill {
    pub id: u64,
    pub order: u64,
    pub symbol: SymbolId,
    pub side: Side,
    pub price: Price,
    pub quantity: Quantity,
    pub fee: Decimal,
    pub maker: bool,
    /// Price that slippage is measured from: the last trade at the decision, or the price that
    /// triggered a stop or target.
    pub reference: Price,
    pub time: Timestamp,
    /// The venue's id of the execution; `None` on paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue_id: Option<String>,
}

/// An open or consumed lot of a position, first in first out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lot {
    pub id: u64,
    pub symbol: SymbolId,
    pub side: Side,
    pub quantity: Quantity,
    /// What of it is still open.
    pub open: Quantity,
    pub price: Price,
    /// Entry fee of the whole lot.
    pub fee: Decimal,
    pub time: Timestamp,
}

/// From flat to flat of one symbol.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClosedTrade {
    pub id: u64,
    pub symbol: SymbolId,
    pub side: Side,
    /// Largest quantity held.
    pub quantity: Quantity,
    pub entry_time: Timestamp,
    pub exit_time: Timestamp,
    /// Quantity-weighted, half-even to 1e-18.
    pub entry_vwap: Decimal,
    pub exit_vwap: Decimal,
    pub leverage: u32,
    /// Margin of the entry: entry value / leverage.
    pub margin: Decimal,
    pub gross: Decimal,
    pub fees: Decimal,
    pub funding: Decimal,
    /// Loss beyond the margin that a liquidation took back.
    pub insurance: Decimal,
    pub net: Decimal,
    /// Sum over fills of side x (fill - reference) x quantity: what slippage cost, signed.
    pub slippage: Decimal,
    /// Best and worst traded price between first entry and last exit fill against the entry VWAP,
    /// in currency per unit, MFE >= MAE.
    pub mfe: Decimal,
    pub mae: Decimal,
    pub reason: ExitReason,
    pub entry_decision: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EquityKind {
    /// At the close of a decision candle.
    Candle,
    Fill,
}

/// The account at one point in time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EquityPoint {
    /// Open time of the candle, or the fill's stamp: what decides the day it belongs to.
    pub time: Timestamp,
    pub kind: EquityKind,
    pub equity: Decimal,
    pub cash: Decimal,
    pub unrealised: Decimal,
    pub margin_used: Decimal,
}

/// Something worth a row: a limit hit, an emergency stop, a rejected input.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    pub time: Timestamp,
    pub level: AlertLevel,
    pub code: &'static str,
    pub text: String,
}

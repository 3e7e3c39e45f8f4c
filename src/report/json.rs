//! The report as one JSON object with stable field names.
//!
//! Money is a string with every digit, ratios are numbers or null, times are milliseconds since
//! 1970 UTC (`_ms`).

use super::load::Report;
use super::summary::{Account, Metrics, Millis, OpenPosition, SymbolSummary};
use super::trade_facts::TradeFacts;
use crate::core::daily_report::DailyReport;
use crate::core::market::Instrument;
use crate::core::units::Decimal;
use crate::store::ledger::read::ReasonCount;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Version of this form; it rises when a field changes its meaning or goes.
pub const FORMAT: u32 = 1;

/// The whole of it, in the order in which it is written.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    format: u32,
    ledger: String,
    session: Session<'a>,
    /// Null, like the five after it, for a session that has not ended.
    account: Option<&'a Account>,
    metrics: Option<&'a Metrics>,
    equity_curve: Option<&'a [(Millis, Decimal)]>,
    daily_equity: Option<&'a [(Millis, Decimal)]>,
    open_positions: Option<&'a [OpenPosition]>,
    symbols: Option<&'a [SymbolSummary]>,
    trade_count: u64,
    /// Listed trades; between `trades` and `last_trades` that many are left out.
    trades: Vec<TradeFacts>,
    trades_left_out: u64,
    last_trades: Vec<TradeFacts>,
    orders: BTreeMap<&'a str, u64>,
    refusals: Vec<Reason<'a>>,
    holds: Vec<Reason<'a>>,
    warnings: BTreeMap<&'a str, u64>,
    /// Oldest first; before them `daily_reports_left_out`.
    daily_reports: &'a [DailyReport],
    daily_reports_left_out: u64,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Session<'a> {
    name: &'a str,
    mode: &'a str,
    status: &'a str,
    program: &'a str,
    fingerprint: &'a str,
    configuration: Option<&'a RawValue>,
    recording: &'a str,
    strategy: &'a str,
    interval: &'a str,
    /// As text: 64 bits are more than a double holds.
    seed: String,
    currency: &'a str,
    starting_balance: Decimal,
    instruments: &'a [Instrument],
    started_ms: Millis,
    ended_ms: Option<Millis>,
    first_data_ms: Option<Millis>,
    last_data_ms: Option<Millis>,
    inputs: Option<u64>,
    elapsed_seconds: Option<f64>,
    state_hash: Option<&'a str>,
}

#[derive(Serialize)]
struct Reason<'a> {
    symbol: &'a str,
    reason: &'a str,
    count: u64,
}

/// One line of JSON without a line break.
pub fn render(report: &Report) -> Result<String, serde_json::Error> {
    serde_json::to_string(&document(report))
}

pub(super) fn document(report: &Report) -> Document<'_> {
    let session = &report.session;
    let summary = report.summary.as_ref();
    Document {
        format: FORMAT,
        ledger: report.ledger.display().to_string(),
        session: Session {
            name: &session.name,
            mode: &session.mode,
            status: session.status.name(),
            program: &session.program,
            fingerprint: &session.fingerprint,
            configuration: serde_json::from_str(&session.configuration).ok(),
            recording: &session.recording,
            strategy: &session.strategy,
            interval: &session.interval,
            seed: session.seed.to_string(),
            currency: &session.currency,
            starting_balance: session.starting_balance,
            instruments: &session.instruments,
            started_ms: session.started.into(),
            ended_ms: session.ended.map(Into::into),
            first_data_ms: session.first_data.map(Into::into),
            last_data_ms: session.last_data.map(Into::into),
            inputs: session.inputs,
            elapsed_seconds: session.elapsed_ns.map(|ns| ns as f64 / 1e9),
            state_hash: session.state_hash.as_deref(),
        },
        account: summary.map(|s| &s.account),
        metrics: summary.map(|s| &s.metrics),
        equity_curve: summary.map(|s| s.equity_curve.as_slice()),
        daily_equity: summary.map(|s| s.daily_equity.as_slice()),
        open_positions: summary.map(|s| s.open_positions.as_slice()),
        symbols: summary.map(|s| s.symbols.as_slice()),
        trade_count: report.trade_count,
        trades: report.first_trades.iter().map(TradeFacts::from).collect(),
        trades_left_out: report.trades_left_out,
        last_trades: report.last_trades.iter().map(TradeFacts::from).collect(),
        orders: report
            .orders
            .iter()
            .map(|(k, n)| (k.as_str(), *n))
            .collect(),
        refusals: report.refusals.iter().map(reason).collect(),
        holds: report.holds.iter().map(reason).collect(),
        warnings: report
            .warnings
            .iter()
            .map(|(k, n)| (k.as_str(), *n))
            .collect(),
        daily_reports: &report.days,
        daily_reports_left_out: report.days_left_out,
        notes: &report.notes,
    }
}

fn reason(r: &ReasonCount) -> Reason<'_> {
    Reason {
        symbol: &r.symbol,
        reason: &r.reason,
        count: r.count,
    }
}

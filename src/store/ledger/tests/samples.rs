//! A scratch directory and one row of each kind.

use crate::core::effect::AlertLevel;
use crate::core::market::{Instrument, ProductKind, SymbolId};
use crate::core::records::{
    Action, Check, CheckOutcome, ClosedTrade, Decision, EquityKind, EquityPoint, Event, ExitReason,
    Fill, Leg, Lot, Order, OrderKind, OrderState, Proposal, Record,
};
use crate::core::units::{Decimal, Price, Quantity, Side, Timestamp};
use crate::store::ledger::{Mode, Row, SessionEnd, SessionRow, SessionStatus};
use std::path::{Path, PathBuf};

/// A directory of its own, removed at the end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minnow-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Tick 0.01, lot 0.001.
pub fn instrument() -> Instrument {
    Instrument {
        min_quantity: Decimal::new(1, 3),
        ..Instrument::linear(
            "BTC-USD",
            ProductKind::Perpetual,
            "USD",
            Decimal::new(1, 2),
            Decimal::new(1, 3),
        )
    }
}

pub fn session(mode: Mode) -> SessionRow {
    SessionRow {
        name: "aaaab".into(),
        mode,
        started: time(0),
        program: "0.1.0".into(),
        fingerprint: "f00d".into(),
        configuration: "{}".into(),
        recording: "btc.bin".into(),
        strategy: "momentum".into(),
        interval: "1m".into(),
        seed: u64::MAX,
        currency: "USD".into(),
        starting_balance: Decimal::from_int(10_000),
        instruments: vec![instrument()],
    }
}

pub fn end(status: SessionStatus) -> SessionEnd {
    SessionEnd {
        status,
        ended: time(99),
        elapsed_ns: 5_000_000,
        inputs: 12,
        first_data: Some(time(1)),
        last_data: Some(time(90)),
        state_hash: 0xabc,
        summary: String::new(),
    }
}

/// That many seconds after 2018-01-01T00:00:02.610Z.
pub fn time(seconds: i64) -> Timestamp {
    Timestamp(1_514_764_802_610_000_000 + seconds * 1_000_000_000)
}

pub fn core(record: Record) -> Row {
    Row::Core(Box::new(record))
}

pub fn order(id: u64) -> Order {
    Order {
        id,
        client_id: format!("mwabcdef-aaaab-{id:07}-e"),
        decision: id,
        symbol: SymbolId(0),
        leg: Leg::Entry,
        side: Side::Buy,
        kind: OrderKind::Limit,
        quantity: Quantity(200),
        price: Some(Price(5_000_010)),
        reduce_only: false,
        state: OrderState::Open,
        filled: Quantity(0),
        filled_value: 0,
        fee: Decimal::ZERO,
        reason: String::new(),
        created: time(1),
        updated: time(1),
        venue_id: None,
    }
}

pub fn fill(id: u64) -> Fill {
    Fill {
        id,
        order: 1,
        symbol: SymbolId(0),
        side: Side::Buy,
        price: Price(5_000_010),
        quantity: Quantity(200),
        fee: Decimal::parse("15.00003").unwrap(),
        maker: true,
        reference: Price(5_000_000),
        time: time(2),
        venue_id: None,
    }
}

pub fn lot(id: u64, open: i64) -> Lot {
    Lot {
        id,
        symbol: SymbolId(0),
        side: Side::Buy,
        quantity: Quantity(200),
        open: Quantity(open),
        price: Price(5_000_010),
        fee: Decimal::from_int(15),
        time: time(2),
    }
}

pub fn trade(id: u64, net: Decimal) -> ClosedTrade {
    ClosedTrade {
        id,
        symbol: SymbolId(0),
        side: Side::Buy,
        quantity: Quantity(200),
        entry_time: time(2),
        exit_time: time(62),
        entry_vwap: Decimal::parse("50000.1").unwrap(),
        exit_vwap: Decimal::parse("50000.123456789012345678").unwrap(),
        leverage: 5,
        margin: Decimal::from_int(2000),
        gross: net + Decimal::from_int(30),
        fees: Decimal::from_int(30),
        funding: Decimal::ZERO,
        insurance: Decimal::ZERO,
        net,
        slippage: Decimal::new(2, 2),
        mfe: Decimal::new(50, 1),
        mae: Decimal::new(-70, 1),
        reason: ExitReason::TakeProfit,
        entry_decision: 1,
    }
}

pub fn decision(id: u64, proposed: Action, action: Action) -> Decision {
    Decision {
        id,
        symbol: SymbolId(0),
        candle: time(0),
        time: time(1),
        price: Price(5_000_000),
        strategy: "momentum",
        proposal: Proposal {
            action: proposed,
            strength: 0.75,
            confidence: 0.5,
            size_pct: Decimal::from_int(20),
            take_profit_pct: Some(Decimal::from_int(4)),
            stop_loss_pct: None,
            leverage: Some(5),
            rationale: "breakout 'above' the window".into(),
        },
        action,
        reason: "min interval".into(),
        indicators: vec![("rsi", 61.25), ("broken", f64::NAN), ("tiny", 1e-12)],
        checks: vec![
            Check {
                name: "data",
                outcome: CheckOutcome::Passed,
                value: None,
                limit: None,
                margin: None,
            },
            Check {
                name: "min_interval",
                outcome: CheckOutcome::Refused,
                value: Some(Decimal::from_int(30)),
                limit: Some(Decimal::from_int(60)),
                margin: Some(Decimal::from_int(-30)),
            },
        ],
        position: -200,
        equity: Decimal::from_int(9_985),
    }
}

pub fn equity(seconds: i64, amount: i64) -> EquityPoint {
    EquityPoint {
        time: time(seconds),
        kind: EquityKind::Candle,
        equity: Decimal::from_int(amount),
        cash: Decimal::from_int(amount),
        unrealised: Decimal::ZERO,
        margin_used: Decimal::from_int(2000),
    }
}

pub fn event() -> Event {
    Event {
        time: time(3),
        level: AlertLevel::Critical,
        code: "daily_loss_limit",
        text: "daily loss limit hit".into(),
    }
}

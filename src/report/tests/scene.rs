//! A ledger made fill by fill, for tests: orders, fills and the trades that follow from them.

use crate::core::market::{Instrument, SymbolId};
use crate::core::records::{ClosedTrade, Fill, Leg, Order, Record};
use crate::core::units::{Decimal, Price, Quantity, Side, Timestamp};
use crate::report::Summary;
use crate::store::ledger::tests::samples::{self, Scratch};
use crate::store::ledger::{Ledger, Mode, Reader, Row, SessionEnd, SessionRow, SessionStatus};
use std::path::PathBuf;

/// 2018-01-01T00:00:00Z in seconds.
pub const START: i64 = 1_514_764_800;

pub fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// That many seconds after [`START`].
pub fn at(seconds: i64) -> Timestamp {
    Timestamp((START + seconds) * 1_000_000_000)
}

/// One fill: price and reference in ticks, quantity in lots.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    pub symbol: u16,
    pub side: Side,
    pub price: i64,
    pub reference: i64,
    pub lots: i64,
    pub fee: Decimal,
    pub seconds: i64,
}

pub struct Scene {
    pub session: SessionRow,
    pub rows: Vec<Row>,
    /// Of the next trade to close.
    pub insurance: Decimal,
    fills: u64,
    trades: u64,
    open: Vec<Vec<Fill>>,
    scratch: Scratch,
}

impl Scene {
    pub fn new(name: &str) -> Self {
        Self::with(name, vec![samples::instrument()])
    }

    pub fn with(name: &str, instruments: Vec<Instrument>) -> Self {
        Self {
            open: vec![Vec::new(); instruments.len()],
            session: SessionRow {
                instruments,
                seed: 1,
                recording: String::new(),
                ..samples::session(Mode::Replay)
            },
            rows: Vec::new(),
            insurance: Decimal::ZERO,
            fills: 0,
            trades: 0,
            scratch: Scratch::new(name),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.scratch.file("run.sqlite")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.scratch.file(name)
    }

    /// A fill of its own order; a position that it brings to flat becomes a trade.
    pub fn stroke(&mut self, s: Stroke) {
        self.fills += 1;
        let index = usize::from(s.symbol);
        let entry = self.open[index].first().is_none_or(|f| f.side == s.side);
        let fill = Fill {
            id: self.fills,
            order: self.fills,
            symbol: SymbolId(s.symbol),
            side: s.side,
            price: Price(s.price),
            quantity: Quantity(s.lots),
            fee: s.fee,
            maker: false,
            reference: Price(s.reference),
            time: at(s.seconds),
            venue_id: None,
        };
        let decision = self.open[index].first().map_or(self.fills, |f| f.id);
        self.rows.push(samples::core(Record::Order(Order {
            symbol: fill.symbol,
            leg: if entry { Leg::Entry } else { Leg::Close },
            decision,
            ..samples::order(self.fills)
        })));
        self.rows.push(samples::core(Record::Fill(fill.clone())));
        self.open[index].push(fill);
        let lots: i64 = self.open[index]
            .iter()
            .map(|f| f.quantity.0 * f.side.sign())
            .sum();
        if lots == 0 {
            let fills = std::mem::take(&mut self.open[index]);
            let trade = self.closed(index, &fills);
            self.rows.push(samples::core(Record::Trade(trade)));
        }
    }

    /// Entry and exit of one symbol, slippage 0.
    pub fn round_trip(&mut self, side: Side, entry: i64, exit: i64, from: i64, to: i64) {
        for (side, price, seconds) in [(side, entry, from), (side.opposite(), exit, to)] {
            self.stroke(Stroke {
                symbol: 0,
                side,
                price,
                reference: price,
                lots: 1000,
                fee: Decimal::ONE,
                seconds,
            });
        }
    }

    fn closed(&mut self, index: usize, fills: &[Fill]) -> ClosedTrade {
        self.trades += 1;
        let instrument = &self.session.instruments[index];
        let tick_lots = |fill: &Fill| i128::from(fill.price.0) * i128::from(fill.quantity.0);
        let side = fills[0].side;
        let gain: i128 = fills
            .iter()
            .map(|f| -i128::from(f.side.sign()) * tick_lots(f))
            .sum();
        let entered: i128 = fills.iter().filter(|f| f.side == side).map(tick_lots).sum();
        let (gross, insurance) = (instrument.value_of(gain), self.insurance);
        let fees = fills.iter().fold(Decimal::ZERO, |sum, fill| sum + fill.fee);
        self.insurance = Decimal::ZERO;
        ClosedTrade {
            symbol: fills[0].symbol,
            side,
            entry_time: fills[0].time,
            exit_time: fills[fills.len() - 1].time,
            leverage: 1,
            margin: instrument.value_of(entered),
            gross,
            fees,
            insurance,
            net: gross - fees + insurance,
            slippage: Decimal::ZERO,
            entry_decision: fills[0].id,
            ..samples::trade(self.trades, Decimal::ZERO)
        }
    }

    /// Writes everything; the session ends with `summary`, or not at all.
    pub fn write(&self, summary: Option<&Summary>, data: Option<(i64, i64)>) -> Reader {
        let path = self.path();
        let _ = std::fs::remove_file(&path);
        let mut ledger = Ledger::create_replay(&path, &self.session).unwrap();
        for batch in self.rows.chunks(1000) {
            ledger.write(batch).unwrap();
        }
        match (summary, data) {
            (None, None) => drop(ledger),
            _ => ledger
                .close(&SessionEnd {
                    summary: summary
                        .map(|s| serde_json::to_string(s).unwrap())
                        .unwrap_or_default(),
                    first_data: data.map(|(first, _)| at(first)),
                    last_data: data.map(|(_, last)| at(last)),
                    ..samples::end(SessionStatus::Complete)
                })
                .unwrap(),
        }
        Reader::open(&path).unwrap()
    }
}

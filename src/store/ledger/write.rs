//! Rows to SQL: one transaction a batch, all of it or nothing.
//!
//! Ticks and lots become decimals here, by the session's instruments. Decisions, fills and trades
//! are written once: an id that exists already is an error, never an overwrite.

use super::error::LedgerError;
use super::json_text::{JsonText, split_flags};
use super::names;
use super::open::Ledger;
use super::open_lots::OpenLots;
use super::rows::{Committed, LimitRow, Row};
use super::statements::{Insert, Statements};
use super::value_names::ValueNames;
use crate::core::market::{Instrument, SymbolId};
use crate::core::records::{
    CheckOutcome, ClosedTrade, Decision, EquityPoint, Event, Fill, Lot, Order, Record,
};
use crate::core::units::{Decimal, DecimalText, Quantity, Side, Timestamp};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ToSql, params};
use std::collections::BTreeMap;

/// Whose limits are that were found while a start still asked its questions.
const BEFORE_ANY_SESSION: i64 = 0;

/// Why a row cannot be stored.
enum Fault {
    Sqlite(rusqlite::Error),
    Row(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

type Written = Result<(), Fault>;

/// A counter or id as SQLite's signed 64 bits; the text names what does not fit.
pub(super) fn store_id(what: &str, value: u64) -> Result<i64, String> {
    i64::try_from(value).map_err(|_| format!("{what} {value} is beyond 2^63 - 1"))
}

impl Ledger {
    /// Writes a batch in one transaction. Limits may come before a session begins.
    ///
    /// # Errors
    /// Then nothing of the batch is in the file and the same batch may be written again.
    pub fn write(&mut self, batch: &[Row]) -> Result<Committed, LedgerError> {
        let session = match self.session {
            Some(session) => session,
            None if batch.iter().all(|row| matches!(row, Row::Limit(_))) => BEFORE_ANY_SESSION,
            None => {
                return Err(LedgerError::Row {
                    path: self.path.clone(),
                    detail: "no session has begun".into(),
                });
            }
        };
        let lots_before = self.open_lots.clone();
        let Err(fault) = self.write_all(session, batch) else {
            self.open_lots.written();
            self.total += batch.len() as u64;
            return Ok(Committed {
                rows: batch.len(),
                total: self.total,
            });
        };
        self.open_lots = lots_before;
        self.value_names.forget();
        Err(match fault {
            Fault::Sqlite(error) => LedgerError::from_sqlite(&self.path, "write to it", &error),
            Fault::Row(detail) => LedgerError::Row {
                path: self.path.clone(),
                detail,
            },
        })
    }

    fn write_all(&mut self, session: i64, batch: &[Row]) -> Written {
        // Dropping the transaction without a commit rolls it back.
        let transaction = self.connection.transaction()?;
        let mut writer = Writer {
            session,
            instruments: &self.instruments,
            open_lots: &mut self.open_lots,
            value_names: &mut self.value_names,
            statements: Statements::new(&transaction),
            indicators: JsonText::default(),
            checks: JsonText::default(),
        };
        let superseded = superseded(batch);
        for (index, row) in batch.iter().enumerate() {
            if superseded.binary_search(&index).is_err() {
                writer.row(row)?;
            } else if let Row::Core(record) = row
                && let Record::Lot(lot) = record.as_ref()
            {
                writer.open_lots.apply(lot);
            }
        }
        writer.positions()?;
        drop(writer);
        transaction.commit()?;
        Ok(())
    }
}

struct Writer<'a, 'c> {
    session: i64,
    instruments: &'a [Instrument],
    open_lots: &'a mut OpenLots,
    value_names: &'a mut ValueNames,
    statements: Statements<'c>,
    /// Used again and again.
    indicators: JsonText,
    checks: JsonText,
}

/// A decimal as a column's text.
struct Money(DecimalText);

impl ToSql for Money {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_bytes())))
    }
}

fn money(value: Decimal) -> Money {
    Money(DecimalText::of(value))
}

fn id(what: &str, value: u64) -> Result<i64, Fault> {
    store_id(what, value).map_err(Fault::Row)
}

impl<'a> Writer<'a, '_> {
    fn row(&mut self, row: &Row) -> Written {
        match row {
            Row::Core(record) => match record.as_ref() {
                Record::Decision(decision) => self.decision(decision),
                Record::Order(order) => self.order(order),
                Record::Fill(fill) => self.fill(fill),
                Record::Lot(lot) => self.lot(lot),
                Record::Trade(trade) => self.trade(trade),
                Record::Event(event) => self.event(event),
            },
            Row::Equity(point) => self.equity(point),
            Row::Hashes(block) => {
                self.statements.get(Insert::Hashes)?.execute(params![
                    self.session,
                    id("input", block.first_input)?,
                    id("input", block.last_input)?,
                    block.first_time.0,
                    block.last_time.0,
                    block.len() as i64,
                    block.packed,
                ])?;
                Ok(())
            }
            Row::Holds(holds) => {
                self.statements.get(Insert::HoldCount)?.execute(params![
                    self.session,
                    holds.reason,
                    id("count", holds.count)?,
                ])?;
                Ok(())
            }
            Row::Limit(limit) => self.limit(limit),
            Row::State(state) => {
                self.statements.get(Insert::State)?.execute(params![
                    self.session,
                    state.time.0,
                    state.body,
                ])?;
                Ok(())
            }
        }
    }

    fn instrument(&self, symbol: SymbolId) -> Result<&'a Instrument, Fault> {
        self.instruments.get(symbol.index()).ok_or_else(|| {
            Fault::Row(format!(
                "symbol number {} of {} instruments",
                symbol.0,
                self.instruments.len()
            ))
        })
    }

    fn decision(&mut self, d: &Decision) -> Written {
        let instrument = self.instrument(d.symbol)?;
        let decision = id("decision", d.id)?;
        let (named, flags) = split_flags(&d.indicators);
        let indicator_names = named.iter().map(|(name, _)| *name);
        let check_names = d.checks.iter().map(|check| check.name);
        let (names, statements) = (&mut *self.value_names, &mut self.statements);
        let indicator_names = names.number(statements, indicator_names)?;
        let check_names = names.number(statements, check_names)?;
        match indicator_names {
            Some(_) => self.indicators.set_values(named, flags),
            None => self.indicators.set_indicators(&d.indicators),
        }
        match check_names {
            Some(_) => self.checks.set_check_values(&d.checks),
            None => self.checks.set_checks(&d.checks),
        }
        let proposal = &d.proposal;
        self.statements.get(Insert::Decision)?.execute(params![
            decision,
            self.session,
            instrument.symbol,
            d.candle.0,
            d.time.0,
            money(instrument.price(d.price)),
            d.strategy,
            proposal.action.name(),
            proposal.strength,
            proposal.confidence,
            money(proposal.size_pct),
            proposal.take_profit_pct.map(money),
            proposal.stop_loss_pct.map(money),
            proposal.leverage,
            proposal.rationale,
            d.action.name(),
            d.reason,
            d.checks
                .iter()
                .find(|check| check.outcome == CheckOutcome::Refused)
                .map(|check| check.name),
            self.indicators,
            self.checks,
            money(instrument.quantity(Quantity(d.position))),
            money(d.equity),
            indicator_names,
            check_names,
        ])?;
        Ok(())
    }

    fn order(&mut self, o: &Order) -> Written {
        let instrument = self.instrument(o.symbol)?;
        let changed = self.statements.get(Insert::Order)?.execute(params![
            id("order", o.id)?,
            self.session,
            o.client_id,
            id("decision", o.decision)?,
            instrument.symbol,
            names::leg(o.leg),
            o.side.name(),
            names::order_kind(o.kind),
            money(instrument.quantity(o.quantity)),
            o.price.map(|price| money(instrument.price(price))),
            o.reduce_only,
            names::order_state(o.state),
            money(instrument.quantity(o.filled)),
            money(instrument.value_of(o.filled_value)),
            money(o.fee),
            o.reason,
            o.created.0,
            o.updated.0,
            o.venue_id,
        ])?;
        replaced_itself(changed, "order", o.id)
    }

    fn fill(&mut self, f: &Fill) -> Written {
        let instrument = self.instrument(f.symbol)?;
        self.statements.get(Insert::Fill)?.execute(params![
            id("fill", f.id)?,
            self.session,
            id("order", f.order)?,
            instrument.symbol,
            f.side.name(),
            money(instrument.price(f.price)),
            money(instrument.quantity(f.quantity)),
            money(instrument.notional(f.price, f.quantity)),
            money(f.fee),
            f.maker,
            money(instrument.price(f.reference)),
            f.time.0,
            f.venue_id,
        ])?;
        Ok(())
    }

    fn lot(&mut self, l: &Lot) -> Written {
        let instrument = self.instrument(l.symbol)?;
        let changed = self.statements.get(Insert::Lot)?.execute(params![
            id("lot", l.id)?,
            self.session,
            instrument.symbol,
            l.side.name(),
            money(instrument.quantity(l.quantity)),
            money(instrument.quantity(l.open)),
            money(instrument.price(l.price)),
            money(l.fee),
            l.time.0,
        ])?;
        replaced_itself(changed, "lot", l.id)?;
        self.open_lots.apply(l);
        Ok(())
    }

    fn trade(&mut self, t: &ClosedTrade) -> Written {
        let instrument = self.instrument(t.symbol)?;
        self.statements.get(Insert::Trade)?.execute(params![
            id("trade", t.id)?,
            self.session,
            instrument.symbol,
            t.side.name(),
            money(instrument.quantity(t.quantity)),
            t.entry_time.0,
            t.exit_time.0,
            money(t.entry_vwap),
            money(t.exit_vwap),
            t.leverage,
            money(t.margin),
            money(t.gross),
            money(t.fees),
            money(t.funding),
            money(t.insurance),
            money(t.net),
            money(t.slippage),
            money(t.mfe),
            money(t.mae),
            t.reason.name(),
            id("decision", t.entry_decision)?,
        ])?;
        Ok(())
    }

    fn equity(&mut self, p: &EquityPoint) -> Written {
        self.statements.get(Insert::Equity)?.execute(params![
            self.session,
            p.time.0,
            names::equity_kind(p.kind),
            money(p.equity),
            money(p.cash),
            money(p.unrealised),
            money(p.margin_used),
        ])?;
        Ok(())
    }

    fn event(&mut self, e: &Event) -> Written {
        self.statements.get(Insert::Event)?.execute(params![
            self.session,
            e.time.0,
            names::alert_level(e.level),
            e.code,
            e.text,
        ])?;
        Ok(())
    }

    fn limit(&mut self, l: &LimitRow) -> Written {
        self.statements.get(Insert::Limit)?.execute(params![
            l.name,
            self.session,
            l.value.map(money),
            l.text,
            l.since.0,
            l.until.map(|t| t.0),
        ])?;
        Ok(())
    }

    /// The positions that the batch's lots changed.
    fn positions(&mut self) -> Written {
        for symbol in self.open_lots.touched() {
            let instrument = self.instruments.get(symbol.index()).ok_or_else(|| {
                Fault::Row(format!("symbol number {} has no instrument", symbol.0))
            })?;
            let position = self.open_lots.position(symbol);
            let statement = self.statements.get(Insert::Position)?;
            match position {
                Some(p) => statement.execute(params![
                    instrument.symbol,
                    self.session,
                    p.side.position(),
                    money(lots_to_decimal(instrument, p.quantity)?),
                    money(p.entry_price(instrument)),
                    p.since.0,
                ])?,
                None => statement.execute(params![
                    instrument.symbol,
                    self.session,
                    "FLAT",
                    "0",
                    None::<String>,
                    None::<i64>,
                ])?,
            };
        }
        Ok(())
    }
}

fn lots_to_decimal(instrument: &Instrument, lots: i128) -> Result<Decimal, Fault> {
    i64::try_from(lots)
        .map(|lots| instrument.quantity(Quantity(lots)))
        .map_err(|_| Fault::Row(format!("position of {}: {lots} lots", instrument.symbol)))
}

/// An upsert that changed nothing met another order or lot under the same id.
fn replaced_itself(changed: usize, what: &str, id: u64) -> Written {
    if changed == 0 {
        return Err(Fault::Row(format!(
            "{what} {id} exists already and is another one"
        )));
    }
    Ok(())
}

/// Places of order and lot rows that a later row of the batch replaces: only the last is written.
fn superseded(batch: &[Row]) -> Vec<usize> {
    // By what else identifies them too: one must not hide that another has taken its number.
    let mut orders: BTreeMap<(u64, &str), usize> = BTreeMap::new();
    let mut lots: BTreeMap<(u64, SymbolId, bool, Timestamp), usize> = BTreeMap::new();
    let mut superseded = Vec::new();
    for (index, row) in batch.iter().enumerate() {
        let Row::Core(record) = row else { continue };
        match record.as_ref() {
            Record::Order(o) => superseded.extend(orders.insert((o.id, &o.client_id), index)),
            Record::Lot(l) => {
                let identity = (l.id, l.symbol, l.side == Side::Buy, l.time);
                superseded.extend(lots.insert(identity, index));
            }
            _ => {}
        }
    }
    superseded.sort_unstable();
    superseded
}

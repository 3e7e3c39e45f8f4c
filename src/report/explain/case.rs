//! From a question to the rows it is about, and to what a run of the recording must keep for it.

use super::subject::{Asked, Subject};
use crate::core::market::{Interval, SymbolId};
use crate::core::strategy::Wanted;
use crate::core::units::Timestamp;
use crate::store::ledger::read_explain::{StoredDecision, StoredOrder};
use crate::store::ledger::{LedgerError, Reader, StoredSession, StoredTrade};

/// A decision as far as the ledger knows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    Stored(Box<StoredDecision>),
    /// By its number: a HOLD that is only counted.
    Number(i64),
    /// By its candle, with what of it is stored.
    Candle {
        symbol: String,
        open_time: Timestamp,
        stored: Vec<StoredDecision>,
    },
}

/// What a question is about.
#[derive(Clone, Debug)]
pub struct Case {
    pub asked: Asked,
    pub session: StoredSession,
    pub interval: Interval,
    pub trade: Option<StoredTrade>,
    pub order: Option<StoredOrder>,
    /// The decision asked about, or the one behind the order or trade; `None` where nobody decided.
    pub moment: Option<Moment>,
    /// Orders of the decision or trade.
    pub orders: Vec<StoredOrder>,
    /// The decision that closed the trade, where one did.
    pub exit: Option<Moment>,
}

impl Case {
    /// Finds it in a ledger.
    ///
    /// # Errors
    /// A ledger that cannot be read, or that does not hold what was asked for, in words.
    pub fn find(reader: &Reader, asked: &Asked) -> Result<Self, String> {
        let path = reader.path().display().to_string();
        let session = text(reader.latest_session())?
            .ok_or_else(|| format!("{path}: holds no session to explain"))?;
        let interval = Interval::parse(&session.interval)
            .ok_or_else(|| format!("{path}: {} is no interval", session.interval))?;
        let mut case = Self {
            asked: asked.clone(),
            session,
            interval,
            trade: None,
            order: None,
            moment: None,
            orders: Vec::new(),
            exit: None,
        };
        match asked {
            Asked::Subject(Subject::Decision(id)) => {
                case.moment = Some(case.numbered(reader, *id)?);
                case.orders = text(reader.orders_of(case.session.id, *id))?;
            }
            Asked::Subject(Subject::Order(id)) => {
                let found = text(reader.order(case.session.id, *id))?;
                case.with_order(reader, found)?;
            }
            Asked::Subject(Subject::OrderNamed(name)) => {
                let found = text(reader.order_named(case.session.id, name))?;
                case.with_order(reader, found)?;
            }
            Asked::Subject(Subject::Trade(id)) => case.with_trade(reader, *id)?,
            Asked::At { time, symbol } => case.with_candle(reader, *time, symbol.as_deref())?,
        }
        Ok(case)
    }

    fn numbered(&self, reader: &Reader, id: i64) -> Result<Moment, String> {
        let stored = text(reader.decision(self.session.id, id))?;
        Ok(match stored {
            Some(decision) => Moment::Stored(Box::new(decision)),
            None => Moment::Number(id),
        })
    }

    fn unknown(&self, reader: &Reader, what: &str, index: usize) -> String {
        let last = reader.last_ids(self.session.id).map(|ids| ids[index]);
        let held = match last {
            Ok(0) => format!("it holds no {what}"),
            Ok(last) => format!("its last {what} is number {last}"),
            Err(error) => error.to_string(),
        };
        format!(
            "no {what} {} in {}: {held}",
            self.asked,
            reader.path().display()
        )
    }

    fn with_order(&mut self, reader: &Reader, found: Option<StoredOrder>) -> Result<(), String> {
        let order = found.ok_or_else(|| self.unknown(reader, "order", 1))?;
        if order.decision > 0 {
            self.moment = Some(self.numbered(reader, order.decision)?);
        }
        self.orders = vec![order.clone()];
        self.order = Some(order);
        Ok(())
    }

    fn with_trade(&mut self, reader: &Reader, id: i64) -> Result<(), String> {
        let trade = text(reader.trade(self.session.id, id))?
            .ok_or_else(|| self.unknown(reader, "trade", 2))?;
        self.moment = Some(self.numbered(reader, trade.entry_decision)?);
        self.orders = text(reader.orders_of_trade(self.session.id, &trade))?;
        self.trade = Some(trade);
        // A stop or target belongs to the entry's decision; a close of the strategy has its own.
        let decided = self
            .closing_order()
            .filter(|order| order.leg == "close")
            .map(|order| order.decision);
        if let Some(decision) = decided {
            self.exit = Some(self.numbered(reader, decision)?);
        }
        Ok(())
    }

    /// The order that brought the position to zero.
    pub fn closing_order(&self) -> Option<&StoredOrder> {
        let closes = |order: &&StoredOrder| order.reduce_only && order.filled.is_positive();
        self.trade.as_ref()?;
        self.orders.iter().rev().find(closes)
    }

    fn with_candle(
        &mut self,
        reader: &Reader,
        time: Timestamp,
        symbol: Option<&str>,
    ) -> Result<(), String> {
        let names: Vec<&str> = self
            .session
            .instruments
            .iter()
            .map(|i| i.symbol.as_str())
            .collect();
        let symbol = match (symbol, &names[..]) {
            (Some(symbol), _) if names.contains(&symbol) => symbol,
            (None, [only]) => only,
            (Some(other), _) => {
                return Err(format!("no {other} here: expected {}", names.join(" or ")));
            }
            (None, _) => {
                return Err(format!(
                    "several symbols: name one with --symbol: {}",
                    names.join(", ")
                ));
            }
        };
        let open_time = self.interval.bucket(time);
        if let (Some(first), Some(last)) = (self.session.first_data, self.session.last_data)
            && (open_time < self.interval.bucket(first) || open_time > last)
        {
            return Err(format!(
                "{time} is outside of what the session saw: {first} to {last}"
            ));
        }
        let stored = text(reader.decisions_on(self.session.id, symbol, open_time))?;
        if let Some(decision) = stored.first() {
            self.orders = text(reader.orders_of(self.session.id, decision.id))?;
        }
        self.moment = Some(Moment::Candle {
            symbol: symbol.to_owned(),
            open_time,
            stored,
        });
        Ok(())
    }

    /// What a run of the recording must keep: for the decision, then for the one that closed.
    pub fn wanted(&self) -> Vec<Option<Wanted>> {
        [&self.moment, &self.exit]
            .into_iter()
            .map(|moment| moment.as_ref().and_then(|moment| self.wanted_of(moment)))
            .collect()
    }

    fn wanted_of(&self, moment: &Moment) -> Option<Wanted> {
        let (symbol, open_time) = match moment {
            Moment::Stored(decision) => (&decision.symbol, decision.candle),
            Moment::Number(id) => return u64::try_from(*id).ok().map(Wanted::Decision),
            Moment::Candle {
                symbol, open_time, ..
            } => (symbol, *open_time),
        };
        let instruments = self.session.instruments.iter().zip(0u16..);
        let symbol = instruments
            .filter(|(instrument, _)| instrument.symbol == *symbol)
            .map(|(_, id)| SymbolId(id))
            .next()?;
        Some(Wanted::Candle { symbol, open_time })
    }
}

fn text<T>(outcome: Result<T, LedgerError>) -> Result<T, String> {
    outcome.map_err(|error| error.to_string())
}

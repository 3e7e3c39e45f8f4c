//! Trades into a recording: the first reading learns, the second writes.

use super::grid::FinestStep;
use super::product::{ImportReport, Product, QUIET_FROM, too_many};
use super::source::{BadRows, Checksum, ImportError, TradeRecord, TradeSource};
use crate::core::input::Input;
use crate::core::market::instrument::GRID_MAX;
use crate::core::market::{Aggressor, Instrument, SymbolId, TimedTrade, Trade};
use crate::core::units::{Price, Quantity, Rounding, Stamp, Timestamp};
use crate::store::recording::{Entry, Header, INSTRUMENTS_MAX, RecordingWriter};

/// Rows handed to the writer at once.
const RUN: usize = 512;

/// What the first reading learned of one symbol.
#[derive(Clone, Debug)]
struct Symbol {
    name: String,
    tick: FinestStep,
    lot: FinestStep,
    rows: u64,
    last: Timestamp,
    last_id: u64,
    /// After how many rows of the symbol a gap comes, and its end.
    gaps: Vec<(u64, Timestamp)>,
}

/// An import of trades that was read once.
#[derive(Debug)]
pub struct TradePlan {
    header: Header,
    symbols: Vec<Symbol>,
    inverse: bool,
    /// Some quantity was negative, so signs are sides.
    signed: bool,
    in_order: bool,
    max_rows: usize,
    rows: u64,
    bad: BadRows,
}

#[derive(Default)]
struct Learned {
    symbols: Vec<Symbol>,
    signed: bool,
    in_order: bool,
    rows: u64,
    last: Option<Timestamp>,
    first: Option<Timestamp>,
}

impl Learned {
    fn symbol(&mut self, name: &str) -> Result<&mut Symbol, ImportError> {
        // Few symbols, and runs of the same one: a list is enough.
        let index = match self.symbols.iter().position(|s| s.name == name) {
            Some(index) => index,
            None if self.symbols.len() >= INSTRUMENTS_MAX => {
                return Err(ImportError::Data(format!(
                    "more than {INSTRUMENTS_MAX} symbols: is the symbol column right?"
                )));
            }
            None => {
                self.symbols.push(Symbol {
                    name: name.to_owned(),
                    tick: FinestStep::default(),
                    lot: FinestStep::default(),
                    rows: 0,
                    last: Timestamp(i64::MIN),
                    last_id: 0,
                    gaps: Vec::new(),
                });
                self.symbols.len() - 1
            }
        };
        Ok(&mut self.symbols[index])
    }

    fn see(&mut self, record: &TradeRecord<'_>, name: &str) -> Result<(), ImportError> {
        self.signed |= record.from_sign && record.aggressor == Aggressor::Sell;
        let id = if record.ordered { record.id } else { 0 };
        let symbol = self.symbol(name)?;
        symbol.tick.see(record.price);
        symbol.lot.see(record.quantity);
        let repeated = record.time == symbol.last && id < symbol.last_id;
        if symbol.rows > 0 && record.time.since(symbol.last).0 >= QUIET_FROM {
            symbol.gaps.push((symbol.rows, record.time));
        }
        symbol.rows += 1;
        (symbol.last, symbol.last_id) = (record.time, id);
        if repeated || self.last.is_some_and(|last| record.time < last) {
            self.in_order = false;
        }
        self.last = self.last.max(Some(record.time));
        self.first = Some(
            self.first
                .map_or(record.time, |first| first.min(record.time)),
        );
        self.rows += 1;
        Ok(())
    }
}

/// The name of a record's symbol: the user's word counts more than the file's.
fn name_of<'r>(product: &'r Product, record: &TradeRecord<'r>) -> Result<&'r str, ImportError> {
    product.symbol.as_deref().or(record.symbol).ok_or_else(|| {
        ImportError::Usage(
            "the file does not name its symbol: say it with --symbol, such as --symbol BTC-USD"
                .to_owned(),
        )
    })
}

impl TradePlan {
    /// Reads the source once. `max_rows` bounds what may be sorted in memory.
    ///
    /// # Errors
    /// `Usage` when symbol, columns or lot must be given; `Data` when nothing can be used.
    pub fn learn(
        source: &mut dyn TradeSource,
        product: &Product,
        max_rows: usize,
    ) -> Result<Self, ImportError> {
        if product.inverse && product.lot.is_none() {
            return Err(ImportError::Usage(
                "--inverse needs --lot: the grid that contracts / price is cut down to".to_owned(),
            ));
        }
        let mut checksum = Checksum::default();
        let mut bad = BadRows::default();
        let mut learned = Learned {
            in_order: true,
            ..Learned::default()
        };
        source.read(&mut checksum, &mut bad, &mut |record| {
            let name = name_of(product, record)?;
            learned.see(record, name)
        })?;
        let Some(first) = learned.first else {
            let shown = bad.first.as_ref().map_or_else(String::new, |fault| {
                format!(
                    "; the first of {} bad rows, {}: {}",
                    bad.count, fault.place, fault.reason
                )
            });
            return Err(ImportError::Data(format!(
                "no usable trade in the input{shown}"
            )));
        };
        let instruments: Vec<Instrument> = learned
            .symbols
            .iter()
            .map(|symbol| {
                let tick = product.tick.unwrap_or_else(|| symbol.tick.step());
                let lot = product.lot.unwrap_or_else(|| symbol.lot.step());
                product.instrument(&symbol.name, tick, lot)
            })
            .collect::<Result<_, _>>()?;
        let header = product.header(instruments, checksum, first);
        header.check().map_err(ImportError::Data)?;
        Ok(Self {
            header,
            symbols: learned.symbols,
            inverse: product.inverse,
            signed: learned.signed,
            in_order: learned.in_order,
            max_rows,
            rows: learned.rows,
            bad,
        })
    }

    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Rows that could not be read; the second reading may find more that are off the grid.
    pub const fn bad(&self) -> &BadRows {
        &self.bad
    }

    /// Reads the source again and writes it; the caller finishes the writer.
    ///
    /// # Errors
    /// `Data` when unsorted rows are too many; `Recording` when the disk refuses.
    pub fn write(
        &self,
        source: &mut dyn TradeSource,
        product: &Product,
        writer: &mut dyn RecordingWriter,
    ) -> Result<ImportReport, ImportError> {
        let mut report = ImportReport {
            sorted: !self.in_order,
            grids: self
                .header
                .instruments
                .iter()
                .map(|i| (i.symbol.clone(), i.tick, i.lot))
                .collect(),
            ..ImportReport::default()
        };
        if self.in_order {
            self.write_in_order(source, product, writer, &mut report)?;
        } else {
            self.write_sorted(source, product, writer, &mut report)?;
        }
        let counts = writer.counts();
        (report.trades, report.quiet) = (counts.trades, counts.quiet);
        report.first = self.header.started.wall;
        report.last = counts.last.wall;
        report.noisy = source.noisy();
        report.notes = source.notes();
        Ok(report)
    }

    fn write_in_order(
        &self,
        source: &mut dyn TradeSource,
        product: &Product,
        writer: &mut dyn RecordingWriter,
        report: &mut ImportReport,
    ) -> Result<(), ImportError> {
        let mut rows = vec![0u64; self.symbols.len()];
        let mut gaps: Vec<_> = self
            .symbols
            .iter()
            .map(|s| s.gaps.iter().peekable())
            .collect();
        let mut run = Vec::with_capacity(RUN);
        let mut bad = BadRows::default();
        let mut refused = BadRows::default();
        source.read(&mut Checksum::default(), &mut bad, &mut |record| {
            let symbol = self.symbol_of(name_of(product, record)?)?;
            match self.on_grid(symbol, record) {
                Ok(Some(row)) => run.push(row),
                Ok(None) => report.without_quantity += 1,
                Err(reason) => refused.add(format!("trade at {}", record.time), reason),
            }
            let index = symbol.index();
            rows[index] += 1;
            let gap = gaps[index].next_if(|(after, _)| *after == rows[index]);
            if gap.is_some() || run.len() >= RUN {
                writer.trades(&run)?;
                run.clear();
            }
            if let Some((_, until)) = gap {
                writer.entry(&quiet(symbol, record.time, *until))?;
            }
            Ok(())
        })?;
        writer.trades(&run)?;
        report.bad = merged(bad, refused);
        Ok(())
    }

    fn write_sorted(
        &self,
        source: &mut dyn TradeSource,
        product: &Product,
        writer: &mut dyn RecordingWriter,
        report: &mut ImportReport,
    ) -> Result<(), ImportError> {
        if self.rows > self.max_rows as u64 {
            return Err(too_many(self.max_rows));
        }
        let mut rows: Vec<(TimedTrade, u64)> = Vec::with_capacity(self.rows as usize);
        let mut bad = BadRows::default();
        let mut refused = BadRows::default();
        source.read(&mut Checksum::default(), &mut bad, &mut |record| {
            let symbol = self.symbol_of(name_of(product, record)?)?;
            match self.on_grid(symbol, record) {
                Ok(Some(row)) => rows.push((row, if record.ordered { record.id } else { 0 })),
                Ok(None) => report.without_quantity += 1,
                Err(reason) => refused.add(format!("trade at {}", record.time), reason),
            }
            Ok(())
        })?;
        // Stable: the file's order decides what time, symbol and id leave open.
        rows.sort_by_key(|(row, id)| (row.trade.time, row.trade.symbol, *id));
        let mut next = vec![None::<Timestamp>; self.symbols.len()];
        let mut gaps = Vec::new();
        for (index, (row, _)) in rows.iter().enumerate().rev() {
            let later = next[row.trade.symbol.index()].replace(row.trade.time);
            if let Some(until) = later.filter(|until| until.since(row.trade.time).0 >= QUIET_FROM) {
                gaps.push((index, until));
            }
        }
        for (index, (row, _)) in rows.iter().enumerate() {
            writer.trades(std::slice::from_ref(row))?;
            if let Some((_, until)) = gaps.pop_if(|(at, _)| *at == index) {
                writer.entry(&quiet(row.trade.symbol, row.trade.time, until))?;
            }
        }
        report.bad = merged(bad, refused);
        Ok(())
    }

    fn symbol_of(&self, name: &str) -> Result<SymbolId, ImportError> {
        self.header.symbol(name).ok_or_else(|| {
            ImportError::Data(format!(
                "symbol {name:?} was not there in the first reading: the file changed"
            ))
        })
    }

    /// The trade on its instrument's grid; `None` when nothing of its quantity is left.
    fn on_grid(
        &self,
        symbol: SymbolId,
        record: &TradeRecord<'_>,
    ) -> Result<Option<TimedTrade>, String> {
        let instrument = &self.header.instruments[symbol.index()];
        let price = instrument.exact_price(record.price).ok_or_else(|| {
            let ticks = record.price.in_steps_of(instrument.tick, Rounding::Down);
            if ticks.is_some_and(|ticks| ticks <= i128::from(GRID_MAX)) {
                format!(
                    "price {}: expected a multiple of the tick {}",
                    record.price, instrument.tick
                )
            } else {
                format!(
                    "price {}: beyond {GRID_MAX} ticks of {}",
                    record.price, instrument.tick
                )
            }
        })?;
        let quantity = if self.inverse {
            // contracts / price in lots, cut down once: contracts x 1 / (price x lot).
            record
                .price
                .checked_mul(instrument.lot, Rounding::HalfEven)
                .filter(|value| {
                    value.checked_div(instrument.lot, Rounding::Down) == Some(record.price)
                })
                .and_then(|lot_value| record.quantity.in_steps_of(lot_value, Rounding::Down))
                .and_then(|lots| i64::try_from(lots).ok())
                .filter(|lots| *lots <= GRID_MAX)
                .map(Quantity)
                .ok_or_else(|| {
                    format!(
                        "{} contracts at {}: out of range",
                        record.quantity, record.price
                    )
                })?
        } else if record.quantity.is_zero() {
            Quantity::ZERO
        } else {
            instrument.exact_quantity(record.quantity).ok_or_else(|| {
                format!(
                    "quantity {}: expected a multiple of the lot {}, at most {GRID_MAX} lots",
                    record.quantity, instrument.lot
                )
            })?
        };
        if quantity.is_zero() {
            return Ok(None);
        }
        let aggressor = if record.from_sign && !self.signed {
            Aggressor::Unknown
        } else {
            record.aggressor
        };
        Ok(Some(TimedTrade {
            stamp: Stamp::of_history(record.time),
            trade: Trade {
                symbol,
                aggressor,
                price: Price(price.0),
                quantity,
                time: record.time,
                id: record.id,
            },
        }))
    }
}

fn quiet(symbol: SymbolId, at: Timestamp, until: Timestamp) -> Entry {
    Entry::Input {
        stamp: Stamp::of_history(at),
        input: Input::Quiet { symbol, until },
    }
}

fn merged(mut unreadable: BadRows, refused: BadRows) -> BadRows {
    unreadable.count += refused.count;
    unreadable.first = unreadable.first.or(refused.first);
    unreadable
}

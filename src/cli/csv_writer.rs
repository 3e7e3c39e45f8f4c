//! A recording as CSV: one row a trade, or one a candle.
//!
//! Times in milliseconds, with a fraction where the source was finer; numbers exactly as the
//! instrument's grid gives them. Nothing is rounded.

use super::Failure;
use super::export::Format;
use super::row_watch::RowWatch;
use crate::core::input::Input;
use crate::core::market::{
    Aggressor, Candle, CandleSource, Instrument, Interval, SymbolId, TimedTrade,
};
use crate::store::recording::{Batch, Entry, Header, RecordingError, Rows, Sequential};
use std::io::{BufWriter, Write};

/// Why a table ended before what it is made of.
pub(super) enum CsvError {
    /// The output, whose name the caller knows.
    Io(std::io::Error),
    /// What is read, or a stop signal: the verb fails with it.
    Verb(Failure),
}

impl CsvError {
    /// The reader of a pipe has seen enough.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// The failure of a verb that writes to `name`.
    pub fn at(self, name: &str) -> Failure {
        match self {
            Self::Io(error) => Failure::run_time(format!("{name}: cannot write: {error}")),
            Self::Verb(failure) => failure,
        }
    }
}

impl From<RecordingError> for CsvError {
    fn from(error: RecordingError) -> Self {
        Self::Verb(error.into())
    }
}

impl From<Failure> for CsvError {
    fn from(failure: Failure) -> Self {
        Self::Verb(failure)
    }
}

impl From<std::io::Error> for CsvError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Writes the rows of one kind and leaves out everything else.
pub(super) struct CsvWriter<'a, W: Write> {
    header: &'a Header,
    trades: bool,
    out: BufWriter<W>,
}

impl<'a, W: Write> CsvWriter<'a, W> {
    pub fn new(header: &'a Header, format: Format, sink: W) -> Self {
        Self {
            header,
            trades: format == Format::TradesCsv,
            out: BufWriter::with_capacity(64 << 10, sink),
        }
    }

    /// Writes heading and rows; returns how many. What was written when it ends is whole rows.
    ///
    /// # Errors
    /// Those of reading and writing; a stop signal.
    pub fn write(&mut self, source: &mut Sequential, watch: &RowWatch) -> Result<u64, CsvError> {
        let heading: &[u8] = if self.trades {
            b"symbol,timestamp,id,side,price,quantity\n"
        } else {
            b"symbol,interval,timestamp,open,high,low,close,volume,trades,source\n"
        };
        self.out.write_all(heading)?;
        let mut rows = Rows::new(512);
        let mut count = 0;
        while let Some(batch) = source.next_batch(&mut rows)? {
            if let Err(stopped) = watch.check() {
                self.out.flush()?;
                return Err(stopped.into());
            }
            let written = self.batch(batch, &rows)?;
            watch.add_rows(written);
            count += written;
        }
        self.out.flush()?;
        Ok(count)
    }

    fn batch(&mut self, batch: Batch, rows: &Rows) -> std::io::Result<u64> {
        let (out, header) = (&mut self.out, self.header);
        match batch {
            Batch::Trades if self.trades => {
                for row in rows.iter() {
                    trade(out, header, row)?;
                }
                Ok(rows.len() as u64)
            }
            Batch::Candles if !self.trades => {
                for row in rows.candles() {
                    let instrument = instrument(header, row.symbol);
                    candle(out, instrument, row.interval, &row.candle)?;
                }
                Ok(rows.candles().len() as u64)
            }
            Batch::Entry(Entry::Input { stamp, input }) => match input {
                Input::Trade(each) if self.trades => {
                    trade(out, header, &TimedTrade { stamp, trade: each })?;
                    Ok(1)
                }
                Input::Candle {
                    symbol,
                    interval,
                    candle: each,
                } if !self.trades => {
                    candle(out, instrument(header, symbol), interval, &each)?;
                    Ok(1)
                }
                _ => Ok(0),
            },
            _ => Ok(0),
        }
    }
}

fn instrument(header: &Header, symbol: SymbolId) -> &Instrument {
    &header.instruments[symbol.index()]
}

/// Text quoted where CSV wants it.
pub(super) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Times in milliseconds; with a fraction where the source was finer, so that nothing is lost.
fn millis(time: crate::core::units::Timestamp) -> crate::core::units::Decimal {
    crate::core::units::Decimal::new(time.0, 6)
}

fn trade(out: &mut impl Write, header: &Header, row: &TimedTrade) -> std::io::Result<()> {
    let (trade, instrument) = (&row.trade, instrument(header, row.trade.symbol));
    let side = match trade.aggressor {
        Aggressor::Unknown => "",
        Aggressor::Buy => "buy",
        Aggressor::Sell => "sell",
    };
    let id = if trade.id == 0 {
        String::new()
    } else {
        trade.id.to_string()
    };
    writeln!(
        out,
        "{},{},{id},{side},{},{}",
        quoted(&instrument.symbol),
        millis(trade.time),
        instrument.price(trade.price),
        instrument.quantity(trade.quantity)
    )
}

fn candle(
    out: &mut impl Write,
    instrument: &Instrument,
    interval: Interval,
    candle: &Candle,
) -> std::io::Result<()> {
    let symbol = quoted(&instrument.symbol);
    writeln!(out, "{symbol},{}", candle_row(instrument, interval, candle))
}

/// The cells of a candle behind its symbol.
pub(super) fn candle_row(instrument: &Instrument, interval: Interval, candle: &Candle) -> String {
    let source = match candle.source {
        CandleSource::Trades => "trades",
        CandleSource::Venue => "venue",
        CandleSource::Flat => "flat",
    };
    let volume = instrument
        .lot
        .mul_div(candle.volume, 1, crate::core::units::Rounding::Down);
    format!(
        "{interval},{},{},{},{},{},{},{},{source}",
        millis(candle.open_time),
        instrument.price(candle.open),
        instrument.price(candle.high),
        instrument.price(candle.low),
        instrument.price(candle.close),
        volume.map_or_else(String::new, |volume| volume.to_string()),
        candle.trades
    )
}

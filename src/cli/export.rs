//! `minnow export`: a recording as CSV of trades or candles, or as JSON lines.

use super::{Exit, Failure};
use crate::core::input::Input;
use crate::core::market::{
    Aggressor, Candle, CandleSource, Instrument, Interval, SymbolId, TimedTrade,
};
use crate::store::recording::{
    Batch, Entry, Header, LineWriter, OpenOptions, RecordingError, RecordingWriter, Rows,
    Sequential, open,
};
use clap::ValueEnum;
use std::fs::OpenOptions as FileOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Write the trades or candles of a recording as CSV, or all of it as JSON lines
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Recording: a file of either form, or a folder of segments
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    /// File to write; must not exist. CSV goes to stdout by default
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// jsonl needs --output; a name ending in .gz is compressed
    #[arg(long, value_enum, default_value_t = Format::TradesCsv)]
    format: Format,
    /// Read on past damaged places
    #[arg(long)]
    skip_damaged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    TradesCsv,
    CandlesCsv,
    Jsonl,
}

/// Runs the verb.
///
/// # Errors
/// When the recording cannot be read or the output not be written.
pub fn run(_common: &super::Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let options = OpenOptions {
        skip_damaged: arguments.skip_damaged,
        ..OpenOptions::default()
    };
    let opened = open(&arguments.recording, &options)?;
    let header = opened.header;
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let written = if arguments.format == Format::Jsonl {
        let Some(output) = &arguments.output else {
            return Err(Failure::new(
                Exit::Usage,
                "--format jsonl needs --output FILE",
            ));
        };
        let mut writer = LineWriter::create_file(output, &header)?;
        let entries = copy(&mut source, &mut writer)?;
        writer.finish()?;
        entries
    } else {
        let (sink, name) = sink(arguments.output.as_deref())?;
        match csv(&header, arguments.format, &mut source, sink) {
            Ok(rows) => rows,
            Err(CsvError::Recording(error)) => return Err(error.into()),
            // The reader of a pipe has seen enough.
            Err(CsvError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                return Ok(Exit::Success);
            }
            Err(CsvError::Io(error)) => {
                return Err(Failure::run_time(format!("{name}: cannot write: {error}")));
            }
        }
    };
    report_damage("export", &source);
    eprintln!("export: {written} rows");
    Ok(Exit::Success)
}

/// Copies every entry; returns how many.
pub(super) fn copy(
    source: &mut Sequential,
    writer: &mut dyn RecordingWriter,
) -> Result<u64, RecordingError> {
    let mut rows = Rows::new(512);
    while let Some(batch) = source.next_batch(&mut rows)? {
        match batch {
            Batch::Trades => writer.trades(&rows)?,
            Batch::Candles => {
                for row in rows.candles() {
                    writer.entry(&Entry::candle(*row))?;
                }
            }
            Batch::Entry(entry) => writer.entry(&entry)?,
        }
    }
    Ok(writer.counts().entries)
}

/// Says on stderr what was wrong with the input.
pub(super) fn report_damage(verb: &str, source: &Sequential) {
    for list in [source.reader.damages(), source.decoder.damages()] {
        for damage in list.named() {
            eprintln!("{verb}: {damage}");
        }
        let more = list.total() - list.named().len() as u64;
        if more > 0 {
            eprintln!("{verb}: and {more} more damages");
        }
    }
}

fn sink(output: Option<&Path>) -> Result<(Box<dyn Write>, String), Failure> {
    let Some(path) = output else {
        return Ok((Box::new(std::io::stdout().lock()), "stdout".to_owned()));
    };
    let name = path.display().to_string();
    match FileOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => Ok((Box::new(file), name)),
        Err(error) => Err(Failure::run_time(format!("{name}: cannot create: {error}"))),
    }
}

enum CsvError {
    Recording(RecordingError),
    Io(std::io::Error),
}

impl From<RecordingError> for CsvError {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error)
    }
}

impl From<std::io::Error> for CsvError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

fn csv(
    header: &Header,
    format: Format,
    source: &mut Sequential,
    sink: Box<dyn Write>,
) -> Result<u64, CsvError> {
    let mut out = BufWriter::with_capacity(64 << 10, sink);
    let wants_trades = format == Format::TradesCsv;
    out.write_all(if wants_trades {
        b"symbol,timestamp,id,side,price,quantity\n"
    } else {
        b"symbol,interval,timestamp,open,high,low,close,volume,trades,source\n"
    })?;
    let mut rows = Rows::new(512);
    let mut count = 0;
    while let Some(batch) = source.next_batch(&mut rows)? {
        match batch {
            Batch::Trades if wants_trades => {
                for row in rows.iter() {
                    trade(&mut out, header, row)?;
                }
                count += rows.len() as u64;
            }
            Batch::Candles if !wants_trades => {
                for row in rows.candles() {
                    let instrument = instrument(header, row.symbol);
                    candle(&mut out, instrument, row.interval, &row.candle)?;
                }
                count += rows.candles().len() as u64;
            }
            Batch::Entry(Entry::Input { stamp, input }) => match input {
                Input::Trade(each) if wants_trades => {
                    trade(&mut out, header, &TimedTrade { stamp, trade: each })?;
                    count += 1;
                }
                Input::Candle {
                    symbol,
                    interval,
                    candle: each,
                } if !wants_trades => {
                    candle(&mut out, instrument(header, symbol), interval, &each)?;
                    count += 1;
                }
                _ => {}
            },
            _ => {}
        }
    }
    out.flush()?;
    Ok(count)
}

fn instrument(header: &Header, symbol: SymbolId) -> &Instrument {
    &header.instruments[symbol.index()]
}

/// A symbol may hold any printable character: quoted where CSV wants it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"']) {
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
    let source = match candle.source {
        CandleSource::Trades => "trades",
        CandleSource::Venue => "venue",
        CandleSource::Flat => "flat",
    };
    let volume = instrument
        .lot
        .mul_div(candle.volume, 1, crate::core::units::Rounding::Down);
    writeln!(
        out,
        "{},{interval},{},{},{},{},{},{},{},{source}",
        quoted(&instrument.symbol),
        millis(candle.open_time),
        instrument.price(candle.open),
        instrument.price(candle.high),
        instrument.price(candle.low),
        instrument.price(candle.close),
        volume.map_or_else(String::new, |volume| volume.to_string()),
        candle.trades
    )
}

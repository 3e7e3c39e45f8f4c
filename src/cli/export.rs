//! `minnow export`: a recording as CSV of trades, candles or indicators, or as JSON lines; a table
//! of a ledger as CSV or JSON lines.

use super::csv_writer::{CsvError, CsvWriter};
use super::export_candles::CandleTable;
use super::export_ledger::{self, TableName};
use super::import::no_signals;
use super::row_watch::RowWatch;
use super::{Exit, Failure};
use crate::core::market::Interval;
use crate::files::PartFile;
use crate::runtime::Interrupt;
use crate::store::recording::{
    Batch, Entry, Header, LineWriter, OpenOptions, RecordingWriter, Rows, Sequential, open,
};
use clap::ValueEnum;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Write trades, candles or indicators of a recording, or a table of a ledger
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Recording: a file of either form, or a folder of segments; with --table a ledger
    #[arg(value_name = "RECORDING|LEDGER")]
    recording: PathBuf,
    /// File to write; must not exist. CSV goes to stdout by default
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Of a recording: trades-csv (default), candles-csv, indicators-csv, or jsonl, which needs
    /// --output (a name ending in .gz is compressed). Of a ledger: csv (default) or jsonl
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Fold candles of this length from whatever the recording holds [indicators-csv: 1m]
    #[arg(long, value_name = "INTERVAL", value_parser = interval, conflicts_with = "table")]
    interval: Option<Interval>,
    /// Write this table of the ledger's newest session; a replay keeps one row of equity an hour
    #[arg(long, value_enum, conflicts_with = "skip_damaged")]
    table: Option<TableName>,
    /// Read on past damaged places
    #[arg(long)]
    skip_damaged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    TradesCsv,
    CandlesCsv,
    IndicatorsCsv,
    Csv,
    Jsonl,
}

pub(super) fn interval(text: &str) -> Result<Interval, String> {
    Interval::parse(text).ok_or_else(|| format!("expected one of {}", Interval::ALLOWED))
}

/// Runs the verb.
///
/// # Errors
/// When the input cannot be read or the output not be written (1), formats that do not fit the
/// input (2), or after a stop signal (130); no output file is left then, and stdout ends with a
/// whole row.
pub fn run(common: &super::Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let interrupt = Interrupt::of_process().map_err(no_signals)?;
    run_until(common, arguments, interrupt)
}

pub(super) fn run_until(
    _common: &super::Common,
    arguments: &Arguments,
    interrupt: Interrupt,
) -> Result<Exit, Failure> {
    let watch = RowWatch::new(interrupt, arguments.output.clone());
    let written = match arguments.table {
        Some(table) => {
            let format = arguments.format.unwrap_or(Format::Csv);
            if !matches!(format, Format::Csv | Format::Jsonl) {
                return Err(usage("--table is written with --format csv or jsonl"));
            }
            let output = arguments.output.as_deref();
            export_ledger::write(&arguments.recording, table, format, output, &watch)?
        }
        None => recording(arguments, &watch)?,
    };
    if let Some(written) = written {
        eprintln!("export: {written} rows");
    }
    Ok(Exit::Success)
}

fn usage(text: &str) -> Failure {
    Failure::new(Exit::Usage, text)
}

fn recording(arguments: &Arguments, watch: &RowWatch) -> Result<Option<u64>, Failure> {
    let format = arguments.format.unwrap_or(Format::TradesCsv);
    if format == Format::Csv {
        return Err(usage("--format csv needs --table"));
    }
    let folds = matches!(format, Format::CandlesCsv | Format::IndicatorsCsv);
    if arguments.interval.is_some() && !folds {
        return Err(usage(
            "--interval needs --format candles-csv or indicators-csv",
        ));
    }
    let options = OpenOptions {
        skip_damaged: arguments.skip_damaged,
        ..OpenOptions::default()
    };
    let opened = open(&arguments.recording, &options)?;
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let header = opened.header;
    let written = match (&arguments.output, format) {
        (None, Format::Jsonl) => return Err(usage("--format jsonl needs --output FILE")),
        (Some(output), Format::Jsonl) => {
            let (place, file) = PartFile::create(output)?;
            let mut writer = LineWriter::on(file, output, &header)?;
            let entries = copy(&mut source, &mut writer, watch)?;
            place.keep()?;
            Some(entries)
        }
        (Some(output), _) => Some(csv_file(
            arguments,
            format,
            &header,
            &mut source,
            watch,
            output,
        )?),
        (None, _) => {
            let stdout = std::io::stdout().lock();
            match csv(arguments, format, &header, &mut source, watch, stdout) {
                Ok(rows) => Some(rows),
                Err(error) if error.is_broken_pipe() => None,
                Err(error) => return Err(error.at("stdout")),
            }
        }
    };
    if written.is_some() {
        report_damage("export", &source);
    }
    Ok(written)
}

fn csv_file(
    arguments: &Arguments,
    format: Format,
    header: &Header,
    source: &mut Sequential,
    watch: &RowWatch,
    output: &Path,
) -> Result<u64, Failure> {
    let (place, file) = PartFile::create(output)?;
    let rows = csv(arguments, format, header, source, watch, file);
    let rows = rows.map_err(|error| error.at(&output.display().to_string()))?;
    place.keep()?;
    Ok(rows)
}

fn csv(
    arguments: &Arguments,
    format: Format,
    header: &Header,
    source: &mut Sequential,
    watch: &RowWatch,
    sink: impl Write,
) -> Result<u64, CsvError> {
    let indicators = format == Format::IndicatorsCsv;
    let folded = arguments
        .interval
        .or(indicators.then_some(Interval::MINUTE));
    match folded {
        Some(interval) => CandleTable {
            header,
            interval,
            indicators,
        }
        .write(source, watch, sink),
        None => CsvWriter::new(header, format, sink).write(source, watch),
    }
}

/// Copies every entry and finishes the writer; returns how many.
pub(super) fn copy(
    source: &mut Sequential,
    writer: &mut dyn RecordingWriter,
    watch: &RowWatch,
) -> Result<u64, Failure> {
    let mut rows = Rows::new(512);
    while let Some(batch) = source.next_batch(&mut rows)? {
        watch.check()?;
        match batch {
            Batch::Trades => {
                writer.trades(&rows)?;
                watch.add_rows(rows.len() as u64);
            }
            Batch::Candles => {
                for row in rows.candles() {
                    writer.entry(&Entry::candle(*row))?;
                }
                watch.add_rows(rows.candles().len() as u64);
            }
            Batch::Entry(entry) => {
                writer.entry(&entry)?;
                watch.add_rows(1);
            }
        }
    }
    writer.finish()?;
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

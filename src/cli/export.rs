//! `minnow export`: a recording as CSV of trades or candles, or as JSON lines.

use super::csv_writer::CsvWriter;
use super::import::no_signals;
use super::row_watch::RowWatch;
use super::{Exit, Failure};
use crate::runtime::Interrupt;
use crate::store::recording::{
    Batch, Entry, LineWriter, OpenOptions, PartFile, RecordingWriter, Rows, Sequential, open,
};
use clap::ValueEnum;
use std::path::PathBuf;

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
pub(super) enum Format {
    TradesCsv,
    CandlesCsv,
    Jsonl,
}

/// Runs the verb.
///
/// # Errors
/// When the recording cannot be read or the output not be written (1), or after a stop signal
/// (130); no output file is left then, and stdout ends with a whole row.
pub fn run(common: &super::Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let interrupt = Interrupt::of_process().map_err(no_signals)?;
    run_until(common, arguments, interrupt)
}

pub(super) fn run_until(
    _common: &super::Common,
    arguments: &Arguments,
    interrupt: Interrupt,
) -> Result<Exit, Failure> {
    let options = OpenOptions {
        skip_damaged: arguments.skip_damaged,
        ..OpenOptions::default()
    };
    let opened = open(&arguments.recording, &options)?;
    let header = opened.header;
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let watch = RowWatch::new(interrupt, arguments.output.clone());
    let written = match (&arguments.output, arguments.format) {
        (None, Format::Jsonl) => {
            return Err(Failure::new(
                Exit::Usage,
                "--format jsonl needs --output FILE",
            ));
        }
        (Some(output), Format::Jsonl) => {
            let (place, file) = PartFile::create(output)?;
            let mut writer = LineWriter::on(file, output, &header)?;
            let entries = copy(&mut source, &mut writer, &watch)?;
            place.keep()?;
            Some(entries)
        }
        (Some(output), format) => {
            let (place, file) = PartFile::create(output)?;
            let mut table = CsvWriter::new(&header, format, file);
            let rows = table.write(&mut source, &watch);
            let rows = rows.map_err(|error| error.at(&output.display().to_string()))?;
            place.keep()?;
            Some(rows)
        }
        (None, format) => {
            let mut table = CsvWriter::new(&header, format, std::io::stdout().lock());
            match table.write(&mut source, &watch) {
                Ok(rows) => Some(rows),
                Err(error) if error.is_broken_pipe() => None,
                Err(error) => return Err(error.at("stdout")),
            }
        }
    };
    if let Some(written) = written {
        report_damage("export", &source);
        eprintln!("export: {written} rows");
    }
    Ok(Exit::Success)
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

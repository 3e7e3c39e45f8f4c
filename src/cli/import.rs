//! `minnow import`: trades, candles and raw exchange frames of others into a recording.

use super::export::interval;
use super::frame_source::FrameSource;
use super::row_watch::{RowWatch, Stage, StoppingWriter};
use super::{Exit, Failure};
use crate::core::market::{Interval, ProductKind};
use crate::core::units::Decimal;
use crate::files::PartFile;
use crate::runtime::Interrupt;
use crate::store::recording::import::{
    BadRows, CandleFormat, CandlePlan, CandleTable, Columns, ImportError, ImportReport, Product,
    TimeUnit, TradePlan, TradeSource, TradeTable,
};
use crate::store::recording::{BlockWriter, Header, LineWriter, RecordingError, RecordingWriter};
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Make a recording from CSV trades, CSV or JSON candles, or raw exchange frames
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files to read, plain or gzip, one after the other
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Recording to write; must not exist
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// What the files hold
    #[arg(long, value_enum, default_value_t = Format::TradesCsv)]
    format: Format,
    /// Symbol of the data, such as BTC-USD or BTC-PERP; wins over the files' own names
    #[arg(long)]
    symbol: Option<String>,
    /// Kind of product; by default perpetual for names ending in -PERP, else spot
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Smallest price step; by default the finest decimal step in the data
    #[arg(long, value_parser = positive)]
    tick: Option<Decimal>,
    /// Smallest quantity step; by default the finest decimal step in the data
    #[arg(long, value_parser = positive)]
    lot: Option<Decimal>,
    /// Account currency; by default the part of the symbol behind the dash, USD for -PERP
    #[arg(long)]
    currency: Option<String>,
    /// Maker fee rate as a fraction (0.004 = 0.4 %, negative = rebate)
    #[arg(long, value_parser = rate, allow_hyphen_values = true)]
    maker_fee: Option<Decimal>,
    /// Taker fee rate as a fraction
    #[arg(long, value_parser = rate, allow_hyphen_values = true)]
    taker_fee: Option<Decimal>,
    /// Columns that are not recognised: time=ts,price=p,quantity=q,side=s,id=i (or positions from 1)
    #[arg(long, default_value = "", value_name = "MEANING=NAME,...")]
    columns: String,
    /// Unit of numeric times; by default told by their size
    #[arg(long, value_enum)]
    time_unit: Option<Unit>,
    /// Candle length; by default the smallest distance of two candles
    #[arg(long, value_parser = interval)]
    interval: Option<Interval>,
    /// Quantities are contracts of an inverse product: quantity = floor(contracts / price) on the lot
    #[arg(long)]
    inverse: bool,
    /// Form of the recording; by default lines for names ending in .jsonl or .jsonl.gz, else block
    #[arg(long, value_enum)]
    form: Option<Form>,
    /// Where the data comes from, in words, kept in the recording's header
    #[arg(long)]
    origin: Option<String>,
    /// Refuse input with any bad row
    #[arg(long)]
    strict: bool,
    /// Most rows that are held in memory (unsorted trades, candles); 64 to 96 bytes each
    #[arg(long, default_value_t = 5_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_rows: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    TradesCsv,
    CandlesCsv,
    CandlesJson,
    Frames,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Spot,
    Perpetual,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Unit {
    S,
    Ms,
    Us,
    Ns,
}

/// Form of a recording that a verb writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Block,
    Lines,
}

fn positive(text: &str) -> Result<Decimal, String> {
    match Decimal::parse(text) {
        Ok(value) if value.is_positive() => Ok(value),
        Ok(_) => Err("expected a number above 0".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn rate(text: &str) -> Result<Decimal, String> {
    match Decimal::parse(text) {
        Ok(value) if value.abs() <= Decimal::new(2, 2) => Ok(value),
        Ok(_) => Err("expected a fraction from -0.02 to 0.02".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs the verb. The summary goes to stderr, as JSON to stdout with `--json`.
///
/// # Errors
/// 2 when the command line must say more, 1 when data or disk refuse, 130 after a stop signal. The
/// output is whole then or not there.
pub fn run(common: &super::Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let interrupt = Interrupt::of_process().map_err(no_signals)?;
    run_until(common, arguments, interrupt)
}

/// The system refuses the handlers of stop signals.
pub(super) fn no_signals(error: std::io::Error) -> Failure {
    Failure::run_time(format!("cannot watch for signals: {error}"))
}

pub(super) fn run_until(
    common: &super::Common,
    arguments: &Arguments,
    interrupt: Interrupt,
) -> Result<Exit, Failure> {
    if arguments.output.symlink_metadata().is_ok() {
        return Err(Failure::new(
            Exit::Usage,
            format!("{} exists: choose another name", arguments.output.display()),
        ));
    }
    let watch = arguments.watch(common, interrupt);
    let outcome = arguments.import(&watch);
    watch.end();
    let report = outcome.map_err(|failure| watch.instead_of(failure))?;
    summarise(common, arguments, &report)?;
    Ok(Exit::Success)
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let exit = match &error {
            ImportError::Usage(_) => Exit::Usage,
            ImportError::Recording(_) | ImportError::Data(_) => Exit::Failure,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<RecordingError> for Failure {
    fn from(error: RecordingError) -> Self {
        Self::run_time(error)
    }
}

impl Arguments {
    fn product(&self) -> Product {
        Product {
            symbol: self.symbol.clone(),
            kind: self.kind.map(|kind| match kind {
                Kind::Spot => ProductKind::Spot,
                Kind::Perpetual => ProductKind::Perpetual,
            }),
            currency: self.currency.clone(),
            tick: self.tick,
            lot: self.lot,
            contract_value: None,
            maker_fee: self.maker_fee,
            taker_fee: self.taker_fee,
            inverse: self.inverse,
            origin: self.origin.clone(),
        }
    }

    fn columns(&self) -> Result<Columns, Failure> {
        Columns::parse(&self.columns).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
    }

    fn unit(&self) -> Option<TimeUnit> {
        self.time_unit.map(|unit| match unit {
            Unit::S => TimeUnit::Seconds,
            Unit::Ms => TimeUnit::Milliseconds,
            Unit::Us => TimeUnit::Microseconds,
            Unit::Ns => TimeUnit::Nanoseconds,
        })
    }

    fn refuse_bad(&self, bad: &BadRows) -> Result<(), Failure> {
        match &bad.first {
            Some(first) if self.strict => Err(Failure::run_time(format!(
                "--strict: {} bad rows; the first, {}: {}",
                bad.count, first.place, first.reason
            ))),
            _ => Ok(()),
        }
    }

    /// Follows the reading of all files: trades are read twice, candles once.
    fn watch(&self, common: &super::Common, interrupt: Interrupt) -> Rc<RowWatch> {
        let passes = match self.format {
            Format::TradesCsv | Format::Frames => 2,
            Format::CandlesCsv | Format::CandlesJson => 1,
        };
        // A file that cannot be asked is told of when it is opened.
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |data| data.len());
        let bytes = self.files.iter().map(size).sum::<u64>() * passes;
        let watch = RowWatch::new(interrupt, Some(self.output.clone()));
        Rc::new(watch.with_bar("import", common.json, bytes))
    }

    fn import(&self, watch: &Rc<RowWatch>) -> Result<ImportReport, Failure> {
        let product = self.product();
        let files = self.files.clone();
        match self.format {
            Format::TradesCsv => {
                let table = TradeTable::new(files, self.columns()?, self.unit());
                let mut table = table.watched(Rc::clone(watch) as _);
                self.import_trades(&mut table, &product, watch)
            }
            Format::Frames => {
                let mut frames = FrameSource::new(files, Rc::clone(watch) as _);
                self.import_trades(&mut frames, &product, watch)
            }
            Format::CandlesCsv | Format::CandlesJson => self.import_candles(&product, watch),
        }
    }

    fn import_trades(
        &self,
        source: &mut dyn TradeSource,
        product: &Product,
        watch: &RowWatch,
    ) -> Result<ImportReport, Failure> {
        let plan = TradePlan::learn(source, product, self.max_rows as usize)?;
        self.refuse_bad(plan.bad())?;
        self.written(watch, plan.header(), |writer| {
            plan.write(source, product, writer)
        })
    }

    fn import_candles(
        &self,
        product: &Product,
        watch: &Rc<RowWatch>,
    ) -> Result<ImportReport, Failure> {
        let format = if self.format == Format::CandlesJson {
            CandleFormat::Json
        } else {
            CandleFormat::Csv
        };
        let table = CandleTable::new(self.files.clone(), format, self.columns()?, self.unit());
        let mut table = table.watched(Rc::clone(watch) as _);
        let plan = CandlePlan::learn(&mut table, product, self.interval, self.max_rows as usize)?;
        self.refuse_bad(plan.bad())?;
        self.written(watch, plan.header(), |writer| plan.write(writer))
    }

    /// Writes the output; it gets its name only when all went well.
    fn written(
        &self,
        watch: &RowWatch,
        header: &Header,
        write: impl FnOnce(&mut dyn RecordingWriter) -> Result<ImportReport, ImportError>,
    ) -> Result<ImportReport, Failure> {
        watch.begin(Stage::Writing);
        let (place, mut writer) = create(&self.output, self.form, header)?;
        let report = write(&mut StoppingWriter::new(writer.as_mut(), watch))?;
        writer.finish()?;
        self.refuse_bad(&report.bad)?;
        refuse_nothing(&report)?;
        place.keep()?;
        Ok(report)
    }
}

/// A recording of nothing helps nobody: why it came to that.
fn refuse_nothing(report: &ImportReport) -> Result<(), Failure> {
    if report.trades + report.candles > 0 {
        return Ok(());
    }
    Err(Failure::run_time(match &report.bad.first {
        Some(first) => format!(
            "no row can be used: {} are bad, the first, {}: {}; expected at least one that fits \
             --tick and --lot",
            report.bad.count, first.place, first.reason
        ),
        None => format!(
            "no row can be used: {} trades are without quantity; expected at least one with",
            report.without_quantity
        ),
    }))
}

/// Begins a recording in the form asked for, or in the one its name says; it is given its name by
/// keeping its place.
///
/// # Errors
/// Those of the writers.
fn create(
    path: &Path,
    form: Option<Form>,
    header: &Header,
) -> Result<(PartFile, Box<dyn RecordingWriter>), RecordingError> {
    let (place, file) = PartFile::create(path)?;
    let name = path.to_string_lossy();
    let lines = name.ends_with(".jsonl") || name.ends_with(".jsonl.gz");
    let writer: Box<dyn RecordingWriter> =
        match form.unwrap_or(if lines { Form::Lines } else { Form::Block }) {
            Form::Block => Box::new(BlockWriter::on(file, path, header)?),
            Form::Lines => Box::new(LineWriter::on(file, path, header)?),
        };
    Ok((place, writer))
}

fn summarise(
    common: &super::Common,
    arguments: &Arguments,
    report: &ImportReport,
) -> Result<(), Failure> {
    for note in &report.notes {
        eprintln!("import: {note}");
    }
    for (symbol, tick, lot) in &report.grids {
        eprintln!("import: {symbol}: tick {tick}, lot {lot}");
    }
    let counted = [
        (report.without_quantity, "trades without quantity ignored"),
        (
            report.noisy,
            "numbers with the tail of a binary float rounded",
        ),
        (report.bad.count, "bad rows left out"),
    ];
    for (count, what) in counted.iter().filter(|(count, _)| *count > 0) {
        eprintln!("import: {count} {what}");
    }
    if let Some(first) = &report.bad.first {
        eprintln!(
            "import: the first bad row, {}: {}",
            first.place, first.reason
        );
    }
    if report.sorted {
        eprintln!("import: the rows were not in order and were sorted");
    }
    eprintln!(
        "import: {}: {} trades, {} candles, {} gaps, {} to {}",
        arguments.output.display(),
        report.trades,
        report.candles,
        report.quiet,
        report.first,
        report.last
    );
    if common.json {
        let json = serde_json::json!({
            "file": arguments.output,
            "trades": report.trades,
            "candles": report.candles,
            "gaps": report.quiet,
            "without_quantity": report.without_quantity,
            "rounded": report.noisy,
            "bad_rows": report.bad.count,
            "first_bad_row": report.bad.first.as_ref().map(|f| format!("{}: {}", f.place, f.reason)),
            "sorted": report.sorted,
            "first": report.first.as_millis(),
            "last": report.last.as_millis(),
        });
        super::report::print(&format!("{json}\n"))?;
    }
    Ok(())
}

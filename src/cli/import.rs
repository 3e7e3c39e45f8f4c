//! `minnow import`: trades, candles and raw exchange frames of others into a recording.

use super::{Exit, Failure};
use crate::core::market::{Interval, ProductKind};
use crate::core::units::Decimal;
use crate::exchange::recorded::{RecordedLine, unwrap_line};
use crate::exchange::{Decoded, PublicTrade};
use crate::store::recording::import::{
    BadRows, CandleFormat, CandlePlan, CandleTable, Checksum, Columns, ImportError, ImportReport,
    Product, TimeUnit, TradePlan, TradeRecord, TradeSink, TradeSource, TradeTable, open_text,
};
use crate::store::recording::{BlockWriter, Header, LineWriter, RecordingError, RecordingWriter};
use clap::ValueEnum;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longest frame that is read, bytes; a longer line is a bad row.
const FRAME_MAX: u64 = 32 << 20;

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

fn interval(text: &str) -> Result<Interval, String> {
    Interval::parse(text).ok_or_else(|| format!("expected one of {}", Interval::ALLOWED))
}

/// Runs the verb. The summary goes to stderr, as JSON to stdout with `--json`.
///
/// # Errors
/// 2 when the command line must say more, 1 when data or disk refuse.
pub fn run(common: &super::Common, arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.output.exists() {
        return Err(Failure::new(
            Exit::Usage,
            format!("{} exists: choose another name", arguments.output.display()),
        ));
    }
    let product = arguments.product();
    let report = match arguments.format {
        Format::TradesCsv => {
            let mut table = TradeTable::new(
                arguments.files.clone(),
                arguments.columns()?,
                arguments.unit(),
            );
            arguments.import_trades(&mut table, &product)?
        }
        Format::Frames => {
            let mut frames = FrameSource::new(arguments.files.clone());
            arguments.import_trades(&mut frames, &product)?
        }
        Format::CandlesCsv | Format::CandlesJson => arguments.import_candles(&product)?,
    };
    summarise(common, arguments, &report);
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

    fn import_trades(
        &self,
        source: &mut dyn TradeSource,
        product: &Product,
    ) -> Result<ImportReport, Failure> {
        let plan = TradePlan::learn(source, product, self.max_rows as usize)?;
        self.refuse_bad(plan.bad())?;
        self.written(plan.header(), |writer| plan.write(source, product, writer))
    }

    fn import_candles(&self, product: &Product) -> Result<ImportReport, Failure> {
        let format = if self.format == Format::CandlesJson {
            CandleFormat::Json
        } else {
            CandleFormat::Csv
        };
        let mut table = CandleTable::new(self.files.clone(), format, self.columns()?, self.unit());
        let plan = CandlePlan::learn(&mut table, product, self.interval, self.max_rows as usize)?;
        self.refuse_bad(plan.bad())?;
        self.written(plan.header(), |writer| plan.write(writer))
    }

    /// Writes the output; with `--strict` it is taken away again when a row turned out bad.
    fn written(
        &self,
        header: &Header,
        write: impl FnOnce(&mut dyn RecordingWriter) -> Result<ImportReport, ImportError>,
    ) -> Result<ImportReport, Failure> {
        let mut writer = create(&self.output, self.form, header)?;
        let report = write(writer.as_mut())?;
        writer.finish()?;
        if let Err(failure) = self.refuse_bad(&report.bad) {
            let _ = std::fs::remove_file(&self.output);
            return Err(failure);
        }
        Ok(report)
    }
}

/// Creates a recording in the form asked for, or in the one its name says.
///
/// # Errors
/// Those of the writers.
pub fn create(
    path: &Path,
    form: Option<Form>,
    header: &Header,
) -> Result<Box<dyn RecordingWriter>, RecordingError> {
    let name = path.to_string_lossy();
    let lines = name.ends_with(".jsonl") || name.ends_with(".jsonl.gz");
    match form.unwrap_or(if lines { Form::Lines } else { Form::Block }) {
        Form::Block => Ok(Box::new(BlockWriter::create(path, header)?)),
        Form::Lines => Ok(Box::new(LineWriter::create_file(path, header)?)),
    }
}

fn summarise(common: &super::Common, arguments: &Arguments, report: &ImportReport) {
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
        println!("{json}");
    }
}

/// Trades out of recorded frames: the codecs of `exchange` for the importer of `store`.
struct FrameSource {
    paths: Vec<PathBuf>,
    without_trade: u64,
}

impl FrameSource {
    const fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            without_trade: 0,
        }
    }

    fn read_file(
        &mut self,
        path: &Path,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut TradeSink<'_>,
    ) -> Result<(), ImportError> {
        let mut lines = BufReader::with_capacity(256 << 10, open_text(path, checksum)?);
        let mut bytes = Vec::new();
        for number in 1u64.. {
            bytes.clear();
            let read = lines
                .by_ref()
                .take(FRAME_MAX)
                .read_until(b'\n', &mut bytes)
                .map_err(|error| RecordingError::Io {
                    path: path.to_owned(),
                    action: "read",
                    reason: error.to_string(),
                })?;
            if read == 0 {
                return Ok(());
            }
            let place = || format!("{}: line {number}", path.display());
            let Ok(line) = std::str::from_utf8(&bytes) else {
                bad.add(place(), "not UTF-8 text");
                continue;
            };
            let frame = match unwrap_line(line) {
                RecordedLine::Frame(frame) => frame,
                RecordedLine::NoFrame => {
                    self.without_trade += 1;
                    continue;
                }
            };
            let mut outcome = Ok(());
            let decoded = crate::exchange::decode(&frame, &mut |trade| {
                if outcome.is_ok() {
                    outcome = sink(&record(trade));
                }
            });
            outcome?;
            match decoded {
                Ok(Decoded::Trades) => {}
                Ok(Decoded::Other) => self.without_trade += 1,
                Err(error) => bad.add(place(), error.to_string()),
            }
        }
        Ok(())
    }
}

fn record<'a>(trade: &PublicTrade<'a>) -> TradeRecord<'a> {
    TradeRecord {
        symbol: Some(trade.product),
        time: trade.time,
        price: trade.price,
        quantity: trade.quantity,
        aggressor: trade.aggressor,
        from_sign: false,
        id: trade.id,
        ordered: trade.id != 0,
    }
}

impl TradeSource for FrameSource {
    fn read(
        &mut self,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut TradeSink<'_>,
    ) -> Result<(), ImportError> {
        self.without_trade = 0;
        for path in self.paths.clone() {
            self.read_file(&path, checksum, bad, sink)?;
        }
        Ok(())
    }

    fn noisy(&self) -> u64 {
        0
    }

    fn notes(&self) -> Vec<String> {
        vec![format!(
            "{} lines or frames without a trade",
            self.without_trade
        )]
    }
}

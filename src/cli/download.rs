//! `minnow download`: candles or trades of a span of time from the exchange, into a recording or CSV.
//!
//! Needs no key. Pages are asked for within our own limit of requests and kept as they come: a run
//! that was stopped, killed or cut off goes on where it was when the same command is given again.

use super::download_pages::{CANDLES_HEADING, Candles, Cursor, TRADES_HEADING, Trades};
use super::download_rows::{Keep, PartRows};
use super::exchange::{Exchange, products_call, products_of, request_windows};
use super::logging::start_log;
use super::progress::ProgressBar;
use super::replay::{loop_settings, time};
use super::trade_start::clock_offset;
use super::{Common, Exit, Failure, sources};
use crate::config::Effective;
use crate::core::market::Interval;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Span, Timestamp};
use crate::exchange::calls::{Call, CallAnswer};
use crate::exchange::orders::Product;
use crate::files::PartFile;
use crate::runtime::live::{Download, DownloadEnd, Pages, Patience};
use crate::runtime::{EventLoop, clock};
use crate::store::recording::import::{
    self, CandleFormat, CandlePlan, CandleTable, Columns, ImportReport, TradePlan, TradeTable,
};
use crate::store::recording::{BlockWriter, RecordingWriter};
use clap::ValueEnum;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Candles that a recording is made of in memory at most, 96 bytes each.
const ROWS_MAX: usize = 5_000_000;
/// Columns of the rows that have the time.
const CANDLE_TIME: usize = 2;
const TRADE_TIME: usize = 1;
/// A market may be without trades for so long.
const QUIET: Span = Span::from_secs(60);

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// What to fetch
    #[arg(value_enum)]
    pub what: What,
    /// Symbol as the exchange spells it, such as BTC-USD
    #[arg(value_name = "SYMBOL")]
    pub symbol: String,
    /// From this UTC time on (2018-01-02 or 2018-01-02T12:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Timestamp,
    /// Up to this UTC time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Timestamp>,
    /// Length of the candles
    #[arg(long, default_value = "1m", value_parser = super::export::interval)]
    pub interval: Interval,
    /// Recording to write, or CSV where the name ends in .csv; must not exist
    /// [default: named by what is in it, in <data directory>/downloads]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    Candles,
    Trades,
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Candles => "candles",
            Self::Trades => "trades",
        }
    }
}

/// Fetches and writes.
///
/// # Errors
/// Usage (2), configuration (78); the exchange or the disk refuses (1); a stop signal (130): what is
/// there is kept, and the same command goes on from there.
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::paper_configuration(common, "download")?;
    let target = arguments.target(&effective);
    if target.symlink_metadata().is_ok() {
        return Err(usage(format!(
            "{} exists: choose another name with --out",
            target.display()
        )));
    }
    let mut exchange = Exchange::open(&effective, false)?;
    start_log(&effective)?;
    exchange.heed_the_bots_quiet(&effective);
    let symbols = [arguments.symbol.as_str()];
    let questions = vec![Call::ServerTime, products_call(&symbols)];
    let (mut exchange, answers) = exchange.ask(&effective, questions, Patience::Once)?;
    let mut products = products_of(&symbols, &answers).map_err(|failure| {
        Failure::run_time(failure.message.replace("config: trading.symbols: ", ""))
    })?;
    exchange.codec.learn(&products);
    let product = products.remove(0);
    let now = Timestamp(clock::stamp().wall.0.saturating_add(clock_offset(&answers)));
    let end = arguments.to.unwrap_or(now).min(now);
    if arguments.from >= end {
        return Err(usage(format!(
            "--from {}: expected a time before the end, {end}",
            arguments.from
        )));
    }
    if let Some(folder) = target.parent().filter(|path| !path.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::run_time(format!("{}: {error}", folder.display())))?;
    }
    let part = fetch(
        common, &effective, arguments, exchange, &product, &target, end,
    )?;
    finish(common, arguments, &product, &target, part)?;
    Ok(Exit::Success)
}

fn usage(text: String) -> Failure {
    Failure::new(Exit::Usage, format!("download: {text}"))
}

impl Arguments {
    fn target(&self, effective: &Effective) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            let day: String = self.from.to_string().chars().take(10).collect();
            let plain = |c: char| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            };
            let symbol: String = self.symbol.chars().map(plain).collect();
            let what = match self.what {
                What::Candles => self.interval.name(),
                What::Trades => "trades",
            };
            Path::new(effective.text("data.directory"))
                .join("downloads")
                .join(format!("{symbol}-{what}-{day}.mrec"))
        })
    }

    /// What the rows belong to; the end may differ from run to run.
    fn title(&self) -> String {
        let what = self.what.name();
        let (symbol, from) = (&self.symbol, self.from);
        match self.what {
            What::Candles => format!("{what} {symbol} {} from {from}", self.interval),
            What::Trades => format!("{what} {symbol} from {from}"),
        }
    }
}

/// The rows of the whole span.
fn fetch(
    common: &Common,
    effective: &Effective,
    arguments: &Arguments,
    exchange: Exchange,
    product: &Product,
    target: &Path,
    end: Timestamp,
) -> Result<PartRows, Failure> {
    let title = arguments.title();
    let (heading, column, keep) = match arguments.what {
        What::Candles => (CANDLES_HEADING, CANDLE_TIME, Keep::All),
        What::Trades => (TRADES_HEADING, TRADE_TIME, Keep::BeforeLastSecond),
    };
    let interval = arguments.interval;
    if arguments.what == What::Candles && exchange.codec.native_interval(interval) != Some(interval)
    {
        return Err(usage(format!(
            "{} has no candles of {interval}: fetch shorter ones, and fold them with `minnow \
             export --interval`",
            exchange.codec.name()
        )));
    }
    let part = PartRows::open(target, (&title, heading), column, keep)?;
    let from = match (arguments.what, part.last) {
        (_, None) => arguments.from,
        (What::Candles, Some(last)) => last + interval.span(),
        (What::Trades, Some(last)) => last,
    };
    let page = exchange.codec.candle_page();
    let cursor = match arguments.what {
        What::Candles => Range::Candles(Candles::new(&product.id, interval, (from, end), page)),
        What::Trades => Range::Trades(Trades::new(&product.id, from, end)),
    };
    let mut gathering = Gathering {
        cursor,
        rows_then: part.rows,
        part,
        from: arguments.from,
        bar: ProgressBar::new(
            "download",
            common.json,
            Some(end.since(arguments.from).0.unsigned_abs() / SECOND.unsigned_abs()),
        ),
        began: Instant::now(),
    };
    let (client, limit) = (exchange.client.clone(), exchange.call_limit);
    let limits = request_windows(effective);
    let mut download = Download::new(exchange.codec, client, limit, limits, &mut gathering);
    EventLoop::new(loop_settings(effective))
        .and_then(|machine| machine.run(&mut download))
        .map_err(|error| Failure::run_time(format!("the event loop failed: {error}")))?;
    let end = download.end();
    gathering.ended(end)
}

/// One of the two kinds of ranges.
enum Range {
    Candles(Candles),
    Trades(Trades),
}

impl Range {
    fn cursor(&self) -> &dyn Cursor {
        match self {
            Self::Candles(candles) => candles,
            Self::Trades(trades) => trades,
        }
    }

    fn cursor_mut(&mut self) -> &mut dyn Cursor {
        match self {
            Self::Candles(candles) => candles,
            Self::Trades(trades) => trades,
        }
    }
}

/// Answers become rows in the file.
struct Gathering {
    cursor: Range,
    part: PartRows,
    from: Timestamp,
    /// Rows that were there before this run.
    rows_then: u64,
    bar: ProgressBar,
    began: Instant,
}

impl Pages for Gathering {
    fn next(&self) -> Option<Call> {
        self.cursor.cursor().next()
    }

    fn take(&mut self, answer: CallAnswer) -> Result<(), String> {
        let (text, count) = self.cursor.cursor_mut().rows(answer)?;
        self.part
            .append(&text, count)
            .map_err(|failure| failure.message)?;
        let done = self.cursor.cursor().reached().since(self.from);
        let done = (done.0.max(0) / SECOND).unsigned_abs();
        let rows = self.part.rows - self.rows_then;
        self.bar.show_rows(done, rows, "fetched", self.began);
        Ok(())
    }
}

impl Gathering {
    /// The rows, when everything is there.
    fn ended(self, end: DownloadEnd) -> Result<PartRows, Failure> {
        self.bar.finish();
        self.part.sync()?;
        let kept = format!(
            "{} is complete up to {}; the same command goes on from there",
            self.part.path().display(),
            self.cursor.cursor().reached()
        );
        if let Range::Trades(Trades { cut: 1.., .. }) = &self.cursor {
            note("some seconds had more trades than the exchange tells: they are cut short");
        }
        match end {
            DownloadEnd::Complete => Ok(self.part),
            DownloadEnd::Stopped(signal) => Err(Failure::new(
                Exit::Interrupted,
                format!("stopped by {}: {kept}", signal.name()),
            )),
            DownloadEnd::Failed(text) => Err(Failure::run_time(format!("{text}; {kept}"))),
        }
    }
}

/// Gives the rows their final form and name.
fn finish(
    common: &Common,
    arguments: &Arguments,
    product: &Product,
    target: &Path,
    mut part: PartRows,
) -> Result<(), Failure> {
    if part.rows == 0 {
        part.remove();
        return Err(Failure::run_time(format!(
            "{}: the exchange has no {} of that time",
            arguments.symbol,
            arguments.what.name()
        )));
    }
    let is_csv = target
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let rows = part.rows;
    let first = part.first()?;
    if let Some(text) = begins_late(arguments, first) {
        note(&text);
    }
    let bad = if is_csv {
        part.copy_to(target)?;
        0
    } else {
        let report = recording(arguments, product, target, part.path())?;
        if let Some(first) = &report.bad.first {
            note(&format!(
                "{} rows left out; the first, {}: {}",
                report.bad.count, first.place, first.reason
            ));
        }
        report.bad.count
    };
    part.remove();
    if common.json {
        let value = json!({
            "file": target,
            "what": arguments.what.name(),
            "symbol": arguments.symbol,
            "rows": rows,
            "bad_rows": bad,
            "from": arguments.from.to_string(),
            "first": first.map(|first| first.to_string()),
        });
        return super::report::print(&format!("{value}\n"));
    }
    note(&format!(
        "{}: {rows} {}",
        target.display(),
        arguments.what.name()
    ));
    Ok(())
}

/// What is there begins later than was asked for: exchanges keep single trades for a while only.
fn begins_late(arguments: &Arguments, first: Option<Timestamp>) -> Option<String> {
    let first = first?;
    let usual = match arguments.what {
        What::Candles => arguments.interval.span(),
        What::Trades => QUIET,
    };
    let what = arguments.what.name();
    (first.since(arguments.from) > usual).then(|| {
        format!(
            "{what} begin at {first}, asked for from {}: the exchange tells none before",
            arguments.from
        )
    })
}

/// The rows as a recording on the product's grid.
fn recording(
    arguments: &Arguments,
    product: &Product,
    target: &Path,
    rows: &Path,
) -> Result<ImportReport, Failure> {
    let instrument = &product.instrument;
    let wanted = import::Product {
        symbol: Some(instrument.symbol.clone()),
        kind: Some(instrument.kind),
        currency: Some(instrument.currency.clone()),
        tick: Some(instrument.tick),
        lot: Some(instrument.lot),
        contract_value: Some(instrument.contract_value),
        maker_fee: instrument.maker_fee,
        taker_fee: instrument.taker_fee,
        origin: Some(format!("downloaded: {}", arguments.title())),
        ..import::Product::default()
    };
    let files = vec![rows.to_owned()];
    let columns = Columns::default();
    match arguments.what {
        What::Candles => {
            let mut table = CandleTable::new(files, CandleFormat::Csv, columns, None);
            let interval = Some(arguments.interval);
            let plan = CandlePlan::learn(&mut table, &wanted, interval, ROWS_MAX)?;
            let (place, file) = PartFile::create(target)?;
            let mut writer = BlockWriter::on(file, target, plan.header())?;
            let report = plan.write(&mut writer)?;
            writer.finish()?;
            place.keep()?;
            Ok(report)
        }
        What::Trades => {
            let mut table = TradeTable::new(files, columns, None);
            let plan = TradePlan::learn(&mut table, &wanted, ROWS_MAX)?;
            let (place, file) = PartFile::create(target)?;
            let mut writer = BlockWriter::on(file, target, plan.header())?;
            let report = plan.write(&mut table, &wanted, &mut writer)?;
            writer.finish()?;
            place.keep()?;
            Ok(report)
        }
    }
}

fn note(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr(), "download: {text}");
}

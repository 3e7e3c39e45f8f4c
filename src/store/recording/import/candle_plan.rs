//! Candles into a recording: read into memory, put in order, checked, written.

use super::candles::CandleTable;
use super::grid::FinestStep;
use super::product::{ImportReport, Product, QUIET_FROM};
use super::source::{BadRows, CandleRecord, Checksum, ImportError};
use crate::core::input::Input;
use crate::core::market::instrument::GRID_MAX;
use crate::core::market::{Candle, CandleSource, Interval, SymbolId};
use crate::core::units::{Decimal, Price, Rounding, Stamp, Timestamp};
use crate::store::recording::entry::VOLUME_MAX;
use crate::store::recording::{Entry, Header, RecordingWriter};

/// An import of candles, read and in order.
#[derive(Debug)]
pub struct CandlePlan {
    header: Header,
    interval: Interval,
    records: Vec<CandleRecord>,
    bad: BadRows,
    sorted: bool,
    noisy: u64,
}

impl CandlePlan {
    /// Reads the files; at most `max_rows` candles are held. The interval is the smallest distance
    /// of two candles unless given.
    ///
    /// # Errors
    /// `Usage` when symbol or interval must be given; `Data` when nothing can be used.
    pub fn learn(
        table: &mut CandleTable,
        product: &Product,
        interval: Option<Interval>,
        max_rows: usize,
    ) -> Result<Self, ImportError> {
        let symbol = product.symbol.as_deref().ok_or_else(|| {
            ImportError::Usage("candles need --symbol, such as --symbol BTC-USD".to_owned())
        })?;
        let mut checksum = Checksum::default();
        let mut bad = BadRows::default();
        let mut records: Vec<CandleRecord> = Vec::new();
        table.read(&mut checksum, &mut bad, &mut |record| {
            if records.len() >= max_rows {
                return Err(ImportError::Data(format!(
                    "more than {max_rows} candles, which are held in memory (96 bytes each): split the file, or raise --max-rows"
                )));
            }
            records.push(*record);
            Ok(())
        })?;
        let sorted = !records.is_sorted_by_key(|record| record.open_time);
        records.sort_by_key(|record| record.open_time);
        let interval = match interval {
            Some(interval) => interval,
            None => smallest_distance(&records)?,
        };
        let mut plan = Self {
            header: Header::default(),
            interval,
            records,
            bad,
            sorted,
            noisy: table.noisy,
        };
        plan.refuse_the_impossible();
        let Some(first) = plan.records.first() else {
            let shown = plan.bad.first.as_ref().map_or_else(String::new, |fault| {
                format!(
                    "; the first of {} bad rows, {}: {}",
                    plan.bad.count, fault.place, fault.reason
                )
            });
            return Err(ImportError::Data(format!(
                "no usable candle in the input{shown}"
            )));
        };
        let started = first.open_time + interval.span();
        let (mut tick, mut lot) = (FinestStep::default(), FinestStep::default());
        for record in &plan.records {
            for price in [record.open, record.high, record.low, record.close] {
                tick.see(price);
            }
            lot.see(record.volume);
        }
        let instrument = product.instrument(
            symbol,
            product.tick.unwrap_or_else(|| tick.step()),
            product.lot.unwrap_or_else(|| lot.step()),
        )?;
        plan.header = product.header(vec![instrument], checksum, started);
        Ok(plan)
    }

    /// Leaves out what no candle can be, and all but the first of the same time.
    fn refuse_the_impossible(&mut self) {
        let (interval, bad) = (self.interval, &mut self.bad);
        let mut last = None;
        self.records.retain(|record| {
            let reason = if interval.bucket(record.open_time) != record.open_time {
                Some(format!("does not open on a multiple of {interval}"))
            } else if last == Some(record.open_time) {
                Some("a second candle of the same time".to_owned())
            } else {
                impossible(record).map(str::to_owned)
            };
            match reason {
                Some(reason) => bad.add(format!("candle of {}", record.open_time), reason),
                None => {
                    last = Some(record.open_time);
                    return true;
                }
            }
            false
        });
    }

    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Candles that could not be used; writing may find more that are off a given grid.
    pub const fn bad(&self) -> &BadRows {
        &self.bad
    }

    /// Writes the candles, each stamped at its end; the caller finishes the writer.
    ///
    /// # Errors
    /// `Recording` when the disk refuses.
    pub fn write(&self, writer: &mut dyn RecordingWriter) -> Result<ImportReport, ImportError> {
        let symbol = SymbolId(0);
        let mut bad = self.bad.clone();
        let mut last_end: Option<Timestamp> = None;
        for record in &self.records {
            let candle = match self.on_grid(record) {
                Ok(candle) => candle,
                Err(reason) => {
                    bad.add(format!("candle of {}", record.open_time), reason);
                    continue;
                }
            };
            if let Some(end) = last_end.filter(|end| record.open_time.since(*end).0 >= QUIET_FROM) {
                writer.entry(&Entry::Input {
                    stamp: Stamp::of_history(end),
                    input: Input::Quiet {
                        symbol,
                        until: record.open_time,
                    },
                })?;
            }
            let end = record.open_time + self.interval.span();
            last_end = Some(end);
            writer.entry(&Entry::Input {
                stamp: Stamp::of_history(end),
                input: Input::Candle {
                    symbol,
                    interval: self.interval,
                    candle,
                },
            })?;
        }
        let counts = writer.counts();
        let instrument = &self.header.instruments[0];
        Ok(ImportReport {
            candles: counts.candles,
            quiet: counts.quiet,
            bad,
            noisy: self.noisy,
            sorted: self.sorted,
            first: self.header.started.wall,
            last: counts.last.wall,
            grids: vec![(instrument.symbol.clone(), instrument.tick, instrument.lot)],
            notes: vec![format!("candles of {}", self.interval)],
            ..ImportReport::default()
        })
    }

    fn on_grid(&self, record: &CandleRecord) -> Result<Candle, String> {
        let instrument = &self.header.instruments[0];
        let price = |price: Decimal| -> Result<Price, String> {
            instrument.exact_price(price).ok_or_else(|| {
                format!(
                    "price {price}: expected a multiple of the tick {}, at most {GRID_MAX} ticks",
                    instrument.tick
                )
            })
        };
        let volume = record
            .volume
            .in_steps_of(instrument.lot, Rounding::HalfEven)
            .filter(|lots| (0..=VOLUME_MAX).contains(lots))
            .ok_or_else(|| format!("volume {}: out of range", record.volume))?;
        Ok(Candle {
            open_time: record.open_time,
            open: price(record.open)?,
            high: price(record.high)?,
            low: price(record.low)?,
            close: price(record.close)?,
            volume,
            quote_volume: 0,
            trades: 0,
            source: CandleSource::Venue,
            complete: true,
        })
    }
}

fn impossible(record: &CandleRecord) -> Option<&'static str> {
    if !record.low.is_positive() {
        return Some("price not above 0");
    }
    if record.high < record.open.max(record.close) {
        return Some("high below open or close");
    }
    if record.low > record.open.min(record.close) {
        return Some("low above open or close");
    }
    record.volume.is_negative().then_some("negative volume")
}

fn smallest_distance(records: &[CandleRecord]) -> Result<Interval, ImportError> {
    let distance = records
        .windows(2)
        .map(|pair| pair[1].open_time.since(pair[0].open_time).0)
        .filter(|distance| *distance > 0)
        .min();
    let interval = distance
        .filter(|ns| ns % 1_000_000_000 == 0)
        .and_then(|ns| Interval::from_seconds(ns / 1_000_000_000));
    interval.ok_or_else(|| {
        let found = distance.map_or_else(
            || "fewer than two candles".to_owned(),
            |ns| format!("candles {} s apart", Decimal::new(ns, 9)),
        );
        ImportError::Usage(format!(
            "{found}: no interval of {}; say it with --interval",
            Interval::ALLOWED
        ))
    })
}

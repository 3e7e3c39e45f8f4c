//! Candles from tables and JSON: lists of lists, lists of objects, or one of them a line.

use super::columns::Columns;
use super::number;
use super::source::{BadRows, CandleRecord, CandleSink, Checksum, ImportError, Unwatched, Watch};
use super::table::{Rows, decimal, field};
use super::text::{TimeReader, TimeUnit, open_text};
use crate::core::units::Decimal;
use crate::store::recording::RecordingError;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Largest JSON file of candles that is read, unpacked: it is held in memory.
const JSON_MAX: u64 = 256 << 20;

const NEEDED: [&str; 6] = ["time", "open", "high", "low", "close", "volume"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandleFormat {
    Csv,
    Json,
}

/// Files of candles of one symbol.
#[derive(Debug)]
pub struct CandleTable {
    paths: Vec<PathBuf>,
    format: CandleFormat,
    columns: Columns,
    unit: Option<TimeUnit>,
    watch: Rc<dyn Watch>,
    /// Numbers with the tail of a binary float, in the last reading.
    pub noisy: u64,
}

impl CandleTable {
    pub fn new(
        paths: Vec<PathBuf>,
        format: CandleFormat,
        columns: Columns,
        unit: Option<TimeUnit>,
    ) -> Self {
        Self {
            paths,
            format,
            columns,
            unit,
            watch: Rc::new(Unwatched),
            noisy: 0,
        }
    }

    /// The same, followed by somebody.
    pub fn watched(self, watch: Rc<dyn Watch>) -> Self {
        Self { watch, ..self }
    }

    /// Delivers every readable candle in the order of the files.
    ///
    /// # Errors
    /// `Usage` when the columns cannot be told apart, `Data` when a file is no JSON of candles,
    /// `Recording` when the disk refuses, or what the sink returned.
    pub fn read(
        &mut self,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut CandleSink<'_>,
    ) -> Result<(), ImportError> {
        self.noisy = 0;
        for path in self.paths.clone() {
            match self.format {
                CandleFormat::Csv => self.read_csv(&path, checksum, bad, sink)?,
                CandleFormat::Json => self.read_json(&path, checksum, bad, sink)?,
            }
        }
        Ok(())
    }

    fn read_csv(
        &mut self,
        path: &Path,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut CandleSink<'_>,
    ) -> Result<(), ImportError> {
        let watch = Rc::clone(&self.watch);
        let mut rows = Rows::open(path, checksum, &*watch)?;
        let Some(first) = rows.next(bad)? else {
            return Ok(());
        };
        let header: Vec<String> = first.iter().map(str::to_owned).collect();
        let columns = self
            .columns
            .clone()
            .resolve(&header, &NEEDED)
            .map_err(|error| ImportError::Usage(format!("{}: {error}", path.display())))?;
        rows.again = Columns::is_data(&header);
        let mut time = TimeReader { unit: self.unit };
        while let Some(row) = rows.next(bad)? {
            let mut noisy = 0;
            let mut number = |meaning| decimal(&columns, row, meaning, &mut noisy);
            let record = field(&columns, row, "time")
                .ok_or_else(|| "no time".to_owned())
                .and_then(|text| time.read(text))
                .and_then(|open_time| {
                    Ok(CandleRecord {
                        open_time,
                        open: number("open")?,
                        high: number("high")?,
                        low: number("low")?,
                        close: number("close")?,
                        volume: number("volume")?,
                    })
                });
            self.noisy += noisy;
            match record {
                Ok(record) => sink(&record)?,
                Err(reason) => {
                    let place = rows.place();
                    bad.add(place, reason);
                }
            }
        }
        Ok(())
    }

    fn read_json(
        &mut self,
        path: &Path,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut CandleSink<'_>,
    ) -> Result<(), ImportError> {
        let mut text = String::new();
        open_text(path, checksum, &*self.watch)?
            .take(JSON_MAX + 1)
            .read_to_string(&mut text)
            .map_err(|error| RecordingError::io(path, "read", &error))?;
        if text.len() as u64 > JSON_MAX {
            return Err(ImportError::Data(format!(
                "{}: more than 256 MiB of JSON: convert it to CSV",
                path.display()
            )));
        }
        let rows = json_rows(&text).map_err(|error| {
            ImportError::Data(format!(
                "{}: expected a JSON list of candles, or one candle a line: {error}",
                path.display()
            ))
        })?;
        let mut time = TimeReader { unit: self.unit };
        for (number, row) in (1u64..).zip(rows) {
            self.watch.row();
            match json_candle(row, &self.columns, &mut time, &mut self.noisy) {
                Ok(record) => sink(&record)?,
                Err(reason) => bad.add(format!("{}: candle {number}", path.display()), reason),
            }
        }
        Ok(())
    }
}

/// The candles of a document: a list, a list within an object (`{"candles": [...]}`), or lines.
fn json_rows(text: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    if let Ok(rows) = serde_json::from_str::<Vec<&RawValue>>(text) {
        // A single candle in one line is a list, too; its first element is no list or object.
        let is_candle = rows
            .first()
            .is_some_and(|r| !r.get().starts_with(['[', '{']));
        if !is_candle {
            return Ok(rows);
        }
    }
    if let Ok(object) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        for value in object.values() {
            if let Ok(rows) = serde_json::from_str::<Vec<&RawValue>>(value.get())
                && rows
                    .first()
                    .is_some_and(|r| r.get().starts_with(['[', '{']))
            {
                return Ok(rows);
            }
        }
    }
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str)
        .collect()
}

fn json_candle(
    row: &RawValue,
    columns: &Columns,
    time: &mut TimeReader,
    noisy: &mut u64,
) -> Result<CandleRecord, String> {
    let (header, values): (Vec<String>, Vec<&RawValue>) = if row.get().starts_with('{') {
        serde_json::from_str::<BTreeMap<String, &RawValue>>(row.get())
            .map_err(|error| error.to_string())?
            .into_iter()
            .unzip()
    } else {
        let values: Vec<&RawValue> =
            serde_json::from_str(row.get()).map_err(|error| error.to_string())?;
        // The usual order of lists: time, open, high, low, close, volume.
        let names = NEEDED.iter().map(|name| (*name).to_owned());
        (names.take(values.len()).collect(), values)
    };
    let columns = columns
        .clone()
        .resolve(&header, &NEEDED)
        .map_err(|error| error.to_string())?;
    let text = |meaning: &str| -> Result<&str, String> {
        let value = columns
            .get(meaning)
            .and_then(|place| values.get(place))
            .ok_or_else(|| format!("no {meaning}"))?;
        Ok(value.get().trim_matches('"'))
    };
    let mut decimal = |meaning: &str| -> Result<Decimal, String> {
        let text = text(meaning)?;
        let (value, noise) =
            number::read(text).map_err(|error| format!("{meaning} {text:?}: {error}"))?;
        *noisy += u64::from(noise);
        Ok(value)
    };
    Ok(CandleRecord {
        open_time: time.read(text("time")?)?,
        open: decimal("open")?,
        high: decimal("high")?,
        low: decimal("low")?,
        close: decimal("close")?,
        volume: decimal("volume")?,
    })
}

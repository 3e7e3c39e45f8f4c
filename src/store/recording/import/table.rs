//! Trades from tables: CSV with named columns, or with columns named by position.

use super::columns::Columns;
use super::number;
use super::source::{
    BadRows, Checksum, ImportError, TradeRecord, TradeSink, TradeSource, Unwatched, Watch,
};
use super::text::{TimeReader, TimeUnit, open_text};
use crate::core::market::Aggressor;
use crate::core::units::Decimal;
use crate::store::recording::RecordingError;
use csv::StringRecord;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// CSV files of trades, read one after the other.
#[derive(Debug)]
pub struct TradeTable {
    paths: Vec<PathBuf>,
    columns: Columns,
    unit: Option<TimeUnit>,
    watch: Rc<dyn Watch>,
    noisy: u64,
    notes: Vec<String>,
}

impl TradeTable {
    pub fn new(paths: Vec<PathBuf>, columns: Columns, unit: Option<TimeUnit>) -> Self {
        Self {
            paths,
            columns,
            unit,
            watch: Rc::new(Unwatched),
            noisy: 0,
            notes: Vec::new(),
        }
    }

    /// The same, followed by somebody.
    pub fn watched(self, watch: Rc<dyn Watch>) -> Self {
        Self { watch, ..self }
    }

    fn read_file(
        &mut self,
        path: &Path,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut TradeSink<'_>,
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
            .resolve(&header, &["time", "price", "quantity"])
            .map_err(|error| ImportError::Usage(format!("{}: {error}", path.display())))?;
        let mut reader = RowReader {
            columns,
            time: TimeReader { unit: self.unit },
            noisy: 0,
        };
        rows.again = Columns::is_data(&header);
        while let Some(row) = rows.next(bad)? {
            match reader.read(row) {
                Ok(record) => sink(&record)?,
                Err(reason) => {
                    let place = rows.place();
                    bad.add(place, reason);
                }
            }
        }
        self.noisy += reader.noisy;
        if let Some(unit) = reader.time.unit.filter(|_| self.unit.is_none()) {
            self.notes.push(format!(
                "{}: times are taken as {}",
                path.display(),
                unit.name()
            ));
        }
        Ok(())
    }
}

impl TradeSource for TradeTable {
    fn read(
        &mut self,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut TradeSink<'_>,
    ) -> Result<(), ImportError> {
        self.noisy = 0;
        self.notes.clear();
        for path in self.paths.clone() {
            self.read_file(&path, checksum, bad, sink)?;
        }
        Ok(())
    }

    fn noisy(&self) -> u64 {
        self.noisy
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

/// The rows of a CSV file; what is no UTF-8 is a bad row, a line that begins with `#` is none.
pub(super) struct Rows<'a> {
    path: PathBuf,
    watch: &'a dyn Watch,
    reader: csv::Reader<Box<dyn std::io::Read + 'a>>,
    row: StringRecord,
    line: u64,
    /// Deliver the last row once more.
    pub again: bool,
}

impl<'a> Rows<'a> {
    pub fn open(
        path: &Path,
        checksum: &'a mut Checksum,
        watch: &'a dyn Watch,
    ) -> Result<Self, ImportError> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .from_reader(open_text(path, checksum, watch)?);
        Ok(Self {
            path: path.to_owned(),
            watch,
            reader,
            row: StringRecord::new(),
            line: 0,
            again: false,
        })
    }

    /// The next row; `None` at the end.
    pub fn next(&mut self, bad: &mut BadRows) -> Result<Option<&StringRecord>, ImportError> {
        if std::mem::take(&mut self.again) {
            return Ok(Some(&self.row));
        }
        loop {
            let outcome = self.reader.read_record(&mut self.row);
            let position = self.row.position().map(csv::Position::line);
            self.line = position.unwrap_or_else(|| self.reader.position().line());
            if !matches!(outcome, Ok(false)) {
                self.watch.row();
            }
            match outcome {
                Ok(true) => return Ok(Some(&self.row)),
                Ok(false) => return Ok(None),
                Err(error) => {
                    let line = error.position().map_or(self.line, csv::Position::line);
                    match error.kind() {
                        csv::ErrorKind::Io(error) => {
                            return Err(RecordingError::io(&self.path, "read", error).into());
                        }
                        _ => bad.add(
                            format!("{}: line {line}", self.path.display()),
                            "not UTF-8 text",
                        ),
                    }
                }
            }
        }
    }

    /// `trades.csv: line 17`, of the last row.
    pub fn place(&self) -> String {
        format!("{}: line {}", self.path.display(), self.line)
    }
}

struct RowReader {
    columns: Columns,
    time: TimeReader,
    noisy: u64,
}

/// The field of a meaning, trimmed; `None` when the column is unknown, empty or beyond the row.
pub(super) fn field<'r>(
    columns: &Columns,
    row: &'r StringRecord,
    meaning: &str,
) -> Option<&'r str> {
    let text = row.get(columns.get(meaning)?)?.trim();
    (!text.is_empty()).then_some(text)
}

/// A needed number of a row.
pub(super) fn decimal(
    columns: &Columns,
    row: &StringRecord,
    meaning: &str,
    noisy: &mut u64,
) -> Result<Decimal, String> {
    let text = field(columns, row, meaning).ok_or_else(|| format!("no {meaning}"))?;
    let (value, noise) =
        number::read(text).map_err(|error| format!("{meaning} {text:?}: {error}"))?;
    *noisy += u64::from(noise);
    Ok(value)
}

impl RowReader {
    fn read<'r>(&mut self, row: &'r StringRecord) -> Result<TradeRecord<'r>, String> {
        let columns = &self.columns;
        let time = self
            .time
            .read(field(columns, row, "time").ok_or("no time")?)?;
        let price = decimal(columns, row, "price", &mut self.noisy)?;
        if !price.is_positive() {
            return Err(format!("price {price}: expected above 0"));
        }
        let quantity = decimal(columns, row, "quantity", &mut self.noisy)?;
        let (aggressor, from_sign) = aggressor(columns, row, quantity)?;
        let (id, ordered) = match field(columns, row, "id") {
            None => (0, false),
            Some(text) => identify(text),
        };
        Ok(TradeRecord {
            symbol: field(columns, row, "symbol"),
            time,
            price,
            quantity: quantity.abs(),
            aggressor,
            from_sign,
            id,
            ordered,
        })
    }
}

fn aggressor(
    columns: &Columns,
    row: &StringRecord,
    quantity: Decimal,
) -> Result<(Aggressor, bool), String> {
    if let Some(text) = field(columns, row, "side") {
        let side = side(text)?;
        if quantity.is_negative() {
            return Err(format!(
                "quantity {quantity}: expected no sign beside a side"
            ));
        }
        return Ok((side, false));
    }
    if let Some(text) = field(columns, row, "buyer_maker") {
        return match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "t" => Ok((Aggressor::Sell, false)),
            "false" | "0" | "f" => Ok((Aggressor::Buy, false)),
            _ => Err(format!("buyer_maker {text:?}: expected true or false")),
        };
    }
    if columns.get("side").is_some() || columns.get("buyer_maker").is_some() {
        return Ok((Aggressor::Unknown, false));
    }
    Ok(if quantity.is_negative() {
        (Aggressor::Sell, true)
    } else {
        (Aggressor::Buy, true)
    })
}

fn side(text: &str) -> Result<Aggressor, String> {
    match text.to_ascii_lowercase().as_str() {
        "buy" | "b" | "bid" | "buyer" => Ok(Aggressor::Buy),
        "sell" | "s" | "ask" | "seller" => Ok(Aggressor::Sell),
        "any" | "unknown" | "none" | "-" => Ok(Aggressor::Unknown),
        _ => Err(format!("side {text:?}: expected buy or sell")),
    }
}

/// A number as it is; of any other text 64 bits of its SHA-256, which say nothing about order.
pub(super) fn identify(text: &str) -> (u64, bool) {
    match text.parse::<u64>() {
        Ok(id) => (id, true),
        Err(_) => {
            let hash = Sha256::digest(text.as_bytes());
            let id = hash[..8]
                .iter()
                .fold(0u64, |id, byte| id << 8 | u64::from(*byte));
            (id.max(1), false)
        }
    }
}

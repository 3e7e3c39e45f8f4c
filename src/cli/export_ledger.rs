//! `minnow export LEDGER --table NAME`: a table of a ledger's newest session as CSV or JSON lines.
//!
//! Money is written with every digit (a string in JSON), times are milliseconds since 1970 UTC with
//! a fraction where they are finer, what is undefined is empty (null in JSON). A replay's ledger
//! keeps equity as one row an hour: what is wanted at every candle is made of fills and candles.

use super::Failure;
use super::csv_writer::{CsvError, quoted};
use super::export::Format;
use super::row_watch::RowWatch;
use crate::core::units::Decimal;
use crate::files::PartFile;
use crate::store::ledger::{Cell, Reader, Table};
use clap::ValueEnum;
use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Bytes collected before they are written.
const BUFFER: usize = 64 << 10;

/// The tables by the names that the command line knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TableName {
    Trades,
    Fills,
    Orders,
    Decisions,
    Equity,
}

impl TableName {
    const fn table(self) -> Table {
        match self {
            Self::Trades => Table::Trades,
            Self::Fills => Table::Fills,
            Self::Orders => Table::Orders,
            Self::Decisions => Table::Decisions,
            Self::Equity => Table::Equity,
        }
    }
}

/// Writes the table to the file, or to stdout; returns the number of rows, `None` where the reader
/// of a pipe had seen enough.
///
/// # Errors
/// A ledger that cannot be read or has no session, an output that cannot be written, a stop signal.
pub(super) fn write(
    ledger: &Path,
    name: TableName,
    format: Format,
    output: Option<&Path>,
    watch: &RowWatch,
) -> Result<Option<u64>, Failure> {
    let reader = Reader::open(ledger).map_err(Failure::run_time)?;
    let session = reader.latest_session().map_err(Failure::run_time)?;
    let session = session.ok_or_else(|| {
        Failure::run_time(format!(
            "{}: no session in it; expected the ledger of a run",
            ledger.display()
        ))
    })?;
    let mut export = Export {
        reader,
        session: session.id,
        table: name.table(),
        lines: format == Format::Jsonl,
    };
    match output {
        Some(path) => {
            let (place, file) = PartFile::create(path)?;
            let rows = export
                .rows(file, watch)
                .map_err(|error| error.at(&path.display().to_string()))?;
            place.keep()?;
            Ok(Some(rows))
        }
        None => match export.rows(std::io::stdout().lock(), watch) {
            Ok(rows) => Ok(Some(rows)),
            Err(error) if error.is_broken_pipe() => Ok(None),
            Err(error) => Err(error.at("stdout")),
        },
    }
}

struct Export {
    reader: Reader,
    session: i64,
    table: Table,
    lines: bool,
}

impl Export {
    fn rows(&mut self, sink: impl Write, watch: &RowWatch) -> Result<u64, CsvError> {
        let mut out = BufWriter::with_capacity(BUFFER, sink);
        if !self.lines {
            let names: Vec<&str> = self.table.columns().iter().map(|c| c.name).collect();
            writeln!(out, "{}", names.join(","))?;
        }
        let (mut count, mut place) = (0, 0);
        loop {
            let page = self.reader.table_rows(self.session, self.table, place);
            let page = page.map_err(Failure::run_time)?;
            let Some(last) = page.last() else { break };
            place = last.place;
            for row in &page {
                if self.lines {
                    self.line(&mut out, &row.cells)?;
                } else {
                    csv(&mut out, &row.cells)?;
                }
            }
            count += page.len() as u64;
            watch.add_rows(page.len() as u64);
            if let Err(stopped) = watch.check() {
                out.flush()?;
                return Err(stopped.into());
            }
        }
        out.flush()?;
        Ok(count)
    }

    fn line(&self, out: &mut impl Write, cells: &[Cell]) -> Result<(), CsvError> {
        let mut json = serde_json::Serializer::new(&mut *out);
        self.object(&mut json, cells)
            .map_err(|error| match error.io_error_kind() {
                Some(kind) => CsvError::Io(kind.into()),
                None => CsvError::Verb(Failure::run_time(format!(
                    "{}, table {}: {error}",
                    self.reader.path().display(),
                    self.table.name()
                ))),
            })?;
        Ok(out.write_all(b"\n")?)
    }

    fn object<W: Write>(
        &self,
        json: &mut serde_json::Serializer<W>,
        cells: &[Cell],
    ) -> Result<(), serde_json::Error> {
        let mut map = json.serialize_map(Some(cells.len()))?;
        for (column, cell) in self.table.columns().iter().zip(cells) {
            let name = column.name;
            match cell {
                Cell::Null => map.serialize_entry(name, &())?,
                Cell::Text(text) => map.serialize_entry(name, text)?,
                Cell::Integer(number) => map.serialize_entry(name, number)?,
                Cell::Flag(flag) => map.serialize_entry(name, flag)?,
                Cell::Real(number) => map.serialize_entry(name, number)?,
                Cell::Money(money) => map.serialize_entry(name, money)?,
                Cell::Time(time) => {
                    let raw = RawValue::from_string(Decimal::new(time.0, 6).to_string())?;
                    map.serialize_entry(name, &raw)?;
                }
                Cell::Json(text) => {
                    map.serialize_entry(name, &RawValue::from_string(text.clone())?)?;
                }
            }
        }
        map.end()
    }
}

fn csv(out: &mut impl Write, cells: &[Cell]) -> std::io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        match cell {
            Cell::Null => {}
            Cell::Text(text) | Cell::Json(text) => out.write_all(quoted(text).as_bytes())?,
            Cell::Integer(number) => write!(out, "{number}")?,
            Cell::Flag(flag) => write!(out, "{flag}")?,
            Cell::Real(number) => write!(out, "{number}")?,
            Cell::Money(money) => write!(out, "{money}")?,
            Cell::Time(time) => write!(out, "{}", Decimal::new(time.0, 6))?,
        }
    }
    out.write_all(b"\n")
}

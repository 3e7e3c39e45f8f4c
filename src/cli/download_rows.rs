//! What a download has so far: rows in `OUT.rows.part`, complete up to the last one, so that the same
//! command goes on from there.
//!
//! Its first line says which download it is; another one is refused, never mixed in. A row that a
//! killed process left half is cut off.

use super::Failure;
use crate::core::units::{Decimal, Timestamp};
use crate::files::{PartFile, open_regular};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Longest line, bytes: what is longer is not ours.
const LINE_MAX: u64 = 4096;

/// See the file's head.
#[derive(Debug)]
pub struct PartRows {
    path: PathBuf,
    file: File,
    /// Bytes of the line that says what it is.
    title: u64,
    pub rows: u64,
    /// Time of the last row.
    pub last: Option<Timestamp>,
    /// Where a row has its time.
    column: usize,
}

/// Where the rows of `target` are gathered.
pub fn part_path(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".rows.part");
    name.into()
}

/// What a run that goes on leaves of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Every whole row.
    All,
    /// Rows before the last one's second, which may be told only in part.
    BeforeLastSecond,
}

impl PartRows {
    /// Begins, or goes on with what an earlier run left. `column`: where a row has its time, in
    /// milliseconds.
    ///
    /// # Errors
    /// The file cannot be made, belongs to another download or to a running one, or is damaged.
    pub fn open(
        target: &Path,
        (title, heading): (&str, &str),
        column: usize,
        keep: Keep,
    ) -> Result<Self, Failure> {
        let path = part_path(target);
        let failed = |what: &str, error: std::io::Error| {
            Failure::run_time(format!("{}: cannot {what}: {error}", path.display()))
        };
        let found = match open_regular(&path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("open", error)),
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(found.is_none())
            .open(&path)
            .map_err(|error| failed("open", error))?;
        file.try_lock().map_err(|_| {
            Failure::run_time(format!("{}: another run is writing it", path.display()))
        })?;
        let mut part = Self {
            path: path.clone(),
            file,
            title: title.len() as u64 + 3,
            rows: 0,
            last: None,
            column,
        };
        let head = format!("# {title}\n{heading}\n");
        let length = part.file.metadata().map_err(|e| failed("read", e))?.len();
        if length == 0 {
            part.append(&head, 0)?;
            return Ok(part);
        }
        let end = part.scan(&head, column, keep)?;
        part.file
            .set_len(end)
            .and_then(|()| part.file.seek(SeekFrom::End(0)).map(|_| ()))
            .map_err(|error| failed("write", error))?;
        Ok(part)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Failure {
        Failure::run_time(format!("{}: {what}", self.path.display()))
    }

    /// Counts the rows that stay; the length of what stays.
    fn scan(&mut self, head: &str, column: usize, keep: Keep) -> Result<u64, Failure> {
        let file = self
            .file
            .try_clone()
            .map_err(|error| self.wrong(format!("cannot read: {error}")))?;
        let mut reader = BufReader::with_capacity(64 << 10, file);
        let mut found = String::new();
        for _ in 0..2 {
            read_line(&mut reader, &mut found).map_err(|text| self.wrong(text))?;
        }
        if found != head {
            let first = found.lines().next().unwrap_or_default();
            let wanted = head.lines().next().unwrap_or_default();
            return Err(self.wrong(format!(
                "holds another download ({}); expected {}: remove it, or name another output",
                first
                    .trim_start_matches("# ")
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(120)
                    .collect::<String>(),
                wanted.trim_start_matches("# ")
            )));
        }
        let (mut end, mut rows) = (head.len() as u64, 0);
        // Of the last second that has begun: where, after how many rows, and what came before.
        let mut second = (end, 0, None, i64::MIN);
        let mut line = String::new();
        loop {
            line.clear();
            read_line(&mut reader, &mut line).map_err(|text| self.wrong(text))?;
            if !line.ends_with('\n') {
                break;
            }
            let time = time_of(&line, column).ok_or_else(|| {
                self.wrong(format!(
                    "row {}: no time in column {}",
                    rows + 1,
                    column + 1
                ))
            })?;
            let this = time.0.div_euclid(1_000_000_000);
            if this != second.3 {
                second = (end, rows, self.last, this);
            }
            end += line.len() as u64;
            rows += 1;
            self.last = Some(time);
        }
        self.rows = rows;
        if keep == Keep::BeforeLastSecond && rows > 0 {
            (end, self.rows, self.last) = (second.0, second.1, second.2);
            // From the beginning of that second on, also where nothing is before it.
            self.last = Some(Timestamp(second.3.saturating_mul(1_000_000_000)));
        }
        Ok(end)
    }

    /// Adds whole lines; `rows` of them count.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn append(&mut self, lines: &str, rows: u64) -> Result<(), Failure> {
        self.file
            .write_all(lines.as_bytes())
            .map_err(|error| self.wrong(format!("cannot write: {error}")))?;
        self.rows += rows;
        Ok(())
    }

    /// Brings it to the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sync(&self) -> Result<(), Failure> {
        self.file
            .sync_data()
            .map_err(|error| self.wrong(format!("cannot write: {error}")))
    }

    /// Time of the first row.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn first(&self) -> Result<Option<Timestamp>, Failure> {
        let file = open_regular(&self.path)
            .map_err(|error| self.wrong(format!("cannot read: {error}")))?;
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        for _ in 0..3 {
            line.clear();
            read_line(&mut reader, &mut line).map_err(|text| self.wrong(text))?;
        }
        Ok(time_of(&line, self.column))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the rows with their heading as `target`, which must not exist.
    ///
    /// # Errors
    /// The disk refuses, or something has the name already.
    pub fn copy_to(&mut self, target: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            Failure::run_time(format!("{}: cannot write: {error}", target.display()))
        };
        let (place, mut out) = PartFile::create(target)?;
        self.file
            .seek(SeekFrom::Start(self.title))
            .and_then(|_| std::io::copy(&mut self.file, &mut out))
            .map_err(failed)?;
        place.keep()?;
        Ok(())
    }

    /// Removes it: everything is where it belongs.
    pub fn remove(self) {
        // What stays is no harm: the next download of that name says whose it is.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A line with its end; without one at the end of the file.
fn read_line(reader: &mut impl BufRead, line: &mut String) -> Result<(), String> {
    let before = line.len();
    reader
        .take(LINE_MAX)
        .read_line(line)
        .map_err(|error| format!("cannot read: {error}"))?;
    if (line.len() - before) as u64 >= LINE_MAX {
        return Err(format!("a line beyond {LINE_MAX} bytes: not ours"));
    }
    Ok(())
}

/// The time of a row, in milliseconds in its column.
fn time_of(line: &str, column: usize) -> Option<Timestamp> {
    let cell = line.trim_end().split(',').nth(column)?;
    let nanoseconds = Decimal::parse_plain(cell)
        .ok()?
        .mul_div(1_000_000, 1, crate::core::units::Rounding::Down)?
        .in_steps_of(Decimal::ONE, crate::core::units::Rounding::Down)?;
    i64::try_from(nanoseconds).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("minnow-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    const HEAD: (&str, &str) = ("candles X 1m", "symbol,timestamp");

    #[test]
    fn a_half_row_is_cut_off_and_the_rest_goes_on() {
        let folder = Scratch::new("rows");
        let target = folder.0.join("x.csv");
        let mut part = PartRows::open(&target, HEAD, 1, Keep::All).unwrap();
        part.append("X,60000\nX,120000\nX,18", 2).unwrap();
        drop(part);
        let mut part = PartRows::open(&target, HEAD, 1, Keep::All).unwrap();
        assert_eq!(
            (part.rows, part.last),
            (2, Some(Timestamp(120_000_000_000)))
        );
        part.append("X,180000\n", 1).unwrap();
        part.copy_to(&target).unwrap();
        part.remove();
        let text = std::fs::read_to_string(&target).unwrap();
        assert_eq!(text, "symbol,timestamp\nX,60000\nX,120000\nX,180000\n");
        assert!(!part_path(&target).exists());
    }

    #[test]
    fn the_last_second_is_told_again_where_it_may_be_half() {
        let folder = Scratch::new("rows-second");
        let target = folder.0.join("x.csv");
        let mut part = PartRows::open(&target, HEAD, 1, Keep::BeforeLastSecond).unwrap();
        part.append("X,1000\nX,1999.5\nX,2000\nX,2100\n", 4)
            .unwrap();
        drop(part);
        let part = PartRows::open(&target, HEAD, 1, Keep::BeforeLastSecond).unwrap();
        assert_eq!((part.rows, part.last), (2, Some(Timestamp(2_000_000_000))));
        let text = std::fs::read_to_string(part_path(&target)).unwrap();
        assert!(text.ends_with("X,1000\nX,1999.5\n"), "{text}");
    }

    #[test]
    fn another_download_and_a_second_run_are_refused() {
        let folder = Scratch::new("rows-other");
        let target = folder.0.join("x.csv");
        let part = PartRows::open(&target, HEAD, 1, Keep::All).unwrap();
        let busy = PartRows::open(&target, HEAD, 1, Keep::All).unwrap_err();
        assert!(busy.message.contains("another run"), "{busy}");
        drop(part);
        let other = ("candles Y 1m", "symbol,timestamp");
        let error = PartRows::open(&target, other, 1, Keep::All).unwrap_err();
        assert!(error.message.contains("candles X 1m"), "{error}");
        assert!(error.message.contains("expected candles Y 1m"), "{error}");
    }
}

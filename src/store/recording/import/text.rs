//! Opening text files, plain or gzip, and reading times as they print them.

use super::number;
use super::source::{Checksum, Watch};
use crate::core::units::calendar::parse_time;
use crate::core::units::{Decimal, Rounding, Timestamp};
use crate::files::open_regular;
use crate::store::recording::RecordingError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// What a number in a time column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl TimeUnit {
    pub const fn nanoseconds(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }

    /// The unit in which a number is a time between 1973 and 5138.
    pub fn guess(number: Decimal) -> Self {
        let whole = number.abs().raw() / Decimal::ONE.raw();
        match whole {
            0..100_000_000_000 => Self::Seconds,
            100_000_000_000..100_000_000_000_000 => Self::Milliseconds,
            100_000_000_000_000..100_000_000_000_000_000 => Self::Microseconds,
            _ => Self::Nanoseconds,
        }
    }
}

/// Reads times of one column; the unit is given, or taken from its first number and kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeReader {
    pub unit: Option<TimeUnit>,
}

impl TimeReader {
    /// RFC 3339 text, a date, or a number in the column's unit.
    pub fn read(&mut self, text: &str) -> Result<Timestamp, String> {
        let text = text.trim();
        if let Some(time) = parse_time(text) {
            return Ok(time);
        }
        let (number, _) = number::read(text).map_err(|_| {
            format!("time {text:?}: expected a number or RFC 3339 (2018-01-01T00:00:02.610Z)")
        })?;
        let unit = *self.unit.get_or_insert_with(|| TimeUnit::guess(number));
        number
            .mul_div(
                i128::from(unit.nanoseconds()),
                Decimal::ONE.raw(),
                Rounding::HalfEven,
            )
            .and_then(|time| i64::try_from(time.raw()).ok())
            .map(Timestamp)
            .ok_or_else(|| {
                format!(
                    "time {text:?} in {}: outside the years 1678 to 2261",
                    unit.name()
                )
            })
    }
}

/// Opens a text file; gzip is recognised by its first bytes. All bytes pass the checksum, and those
/// of the disk are told to `watch`.
///
/// # Errors
/// `Io`, also for what is no regular file: a source may be read twice.
pub fn open_text<'a>(
    path: &Path,
    checksum: &'a mut Checksum,
    watch: &'a dyn Watch,
) -> Result<Box<dyn Read + 'a>, RecordingError> {
    let io = |error: std::io::Error| RecordingError::io(path, "open", &error);
    let mut file = open_regular(path).map_err(|e| RecordingError::io(path, "open", &e))?;
    let mut start = [0u8; 2];
    let read = file.read(&mut start).map_err(io)?;
    std::io::Seek::rewind(&mut file).map_err(io)?;
    let file = BufReader::with_capacity(64 << 10, Watched { file, watch });
    Ok(if read == 2 && start == [0x1F, 0x8B] {
        Box::new(Summed {
            inner: MultiGzDecoder::new(file),
            checksum,
        })
    } else {
        Box::new(Summed {
            inner: file,
            checksum,
        })
    })
}

struct Watched<'a> {
    file: File,
    watch: &'a dyn Watch,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        if self.watch.bytes(read) {
            Ok(read)
        } else {
            Err(std::io::Error::other("interrupted"))
        }
    }
}

struct Summed<'a, R> {
    inner: R,
    checksum: &'a mut Checksum,
}

impl<R: Read> Read for Summed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.checksum.add(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_spelling_are_the_same_instant() {
        for (text, unit) in [
            ("1514764802", None),
            ("1514764802.000", Some(TimeUnit::Seconds)),
            ("1514764802000", None),
            ("1514764802000000", None),
            ("1514764802000000000", None),
            ("2018-01-01T00:00:02Z", None),
            ("2018-01-01 02:00:02.000+02:00", None),
        ] {
            let time = TimeReader { unit }.read(text).unwrap();
            assert_eq!(time, Timestamp(1_514_764_802_000_000_000), "{text}");
        }
        assert!(TimeReader::default().read("yesterday").is_err());
        assert!(TimeReader::default().read("1e300").is_err());
    }
}

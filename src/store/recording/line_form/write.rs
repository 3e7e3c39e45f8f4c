//! Writes the line form: one file, plain or gzip, or a folder of segments.

use super::gzip;
use super::line::{self, LINE_MAX};
use super::payload::PayloadCodec;
use super::segments::{self, MEMBER_TEXT, SegmentRow, compress_segment};
use crate::core::units::{Stamp, Timestamp};
use crate::store::recording::entry::check_entry;
use crate::store::recording::{Entry, Header, RecordingError, RecordingWriter, Trailer};
use serde_json::value::RawValue;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Plain text that is gathered before it is written, bytes.
pub const PLAIN_TEXT: usize = 64 << 10;

/// The core's state as a segment opens with it, and its hash (16 hex digits).
#[derive(Clone, Debug)]
pub struct SegmentState {
    pub state: Box<RawValue>,
    pub hash: String,
}

#[derive(Debug)]
enum Target {
    /// One file.
    File { gzip: bool },
    /// Segments of about that many bytes of text in a folder.
    Folder { segment_bytes: u64, compress: bool },
}

/// Writes JSON lines. Keeps at most 64 KiB (256 KiB for gzip) of text back; `flush` hands it over.
#[derive(Debug)]
pub struct LineWriter {
    target: Target,
    /// The file, or the folder.
    path: PathBuf,
    file_path: PathBuf,
    file: File,
    header: Header,
    codec: PayloadCodec,
    text: Vec<u8>,
    counts: Trailer,
    /// Of the active segment: its number, its text so far, its row for the index.
    segment: u64,
    segment_text: u64,
    row: SegmentRow,
    rows: Vec<SegmentRow>,
    closed: Vec<PathBuf>,
    /// Segments begin only when `rotate` is called, each with a state.
    by_hand: bool,
    finished: bool,
}

impl LineWriter {
    /// One file; compressed in gzip members when its name ends in `.gz`.
    ///
    /// # Errors
    /// When the file exists, cannot be made, or the header cannot be used.
    pub fn create_file(path: &Path, header: &Header) -> Result<Self, RecordingError> {
        header
            .check()
            .map_err(|reason| RecordingError::header(path, reason))?;
        Self::on(create_new(path)?, path, header)
    }

    /// Writes the header into an empty file. `path` is what errors call it; compressed when that
    /// ends in `.gz`.
    ///
    /// # Errors
    /// When the header cannot be used, or the disk refuses.
    pub fn on(file: File, path: &Path, header: &Header) -> Result<Self, RecordingError> {
        let gzip = path.extension().is_some_and(|extension| extension == "gz");
        Self::start(path, path.to_owned(), file, Target::File { gzip }, header)
    }

    /// A new folder of segments of about `segment_mb` MiB of text each. With `compress`, closed
    /// segments are compressed on the spot; otherwise `take_closed` names them for a worker.
    ///
    /// # Errors
    /// When the folder holds a recording already, cannot be made, or the header cannot be used.
    pub fn create_folder(
        folder: &Path,
        header: &Header,
        segment_mb: u32,
        compress: bool,
    ) -> Result<Self, RecordingError> {
        fs::create_dir_all(folder).map_err(|error| RecordingError::io(folder, "create", &error))?;
        if segments::list(folder).is_ok() {
            return Err(RecordingError::header(
                folder,
                "the folder holds a recording already: expected an empty one",
            ));
        }
        let target = Target::Folder {
            segment_bytes: u64::from(segment_mb.max(1)) << 20,
            compress,
        };
        header
            .check()
            .map_err(|reason| RecordingError::header(folder, reason))?;
        let file_path = folder.join(segments::plain_name(1));
        let file = create_new(&file_path)?;
        Self::start(folder, file_path, file, target, header)
    }

    fn start(
        path: &Path,
        file_path: PathBuf,
        file: File,
        target: Target,
        header: &Header,
    ) -> Result<Self, RecordingError> {
        header
            .check()
            .map_err(|reason| RecordingError::header(path, reason))?;
        let mut writer = Self {
            target,
            path: path.to_owned(),
            row: new_row(&file_path, 0),
            file_path,
            file,
            header: header.clone(),
            codec: PayloadCodec::new(header),
            text: Vec::with_capacity(2 * PLAIN_TEXT),
            counts: Trailer::default(),
            segment: 1,
            segment_text: 0,
            rows: Vec::new(),
            closed: Vec::new(),
            by_hand: false,
            finished: false,
        };
        writer.put_header()?;
        writer.flush()?;
        Ok(writer)
    }

    fn put_header(&mut self) -> Result<(), RecordingError> {
        let data = serde_json::to_string(&self.header)
            .map_err(|error| RecordingError::header(&self.file_path, error.to_string()))?;
        if data.len() + 1024 > LINE_MAX {
            return Err(RecordingError::header(
                &self.file_path,
                format!("{} bytes: expected at most {LINE_MAX}", data.len()),
            ));
        }
        let stamp = if self.counts.entries == 0 {
            self.header.started
        } else {
            self.counts.last
        };
        self.put(self.counts.entries, stamp, "recording", "header", &data);
        Ok(())
    }

    fn put(&mut self, n: u64, stamp: Stamp, source: &str, kind: &str, data: &str) {
        let before = self.text.len();
        line::put(&mut self.text, n, stamp, source, kind, data);
        self.segment_text += (self.text.len() - before) as u64;
    }

    /// Leaves it to the caller to `rotate` once `segment_full`: whoever records a session begins each
    /// segment with the state at that place.
    pub fn rotating_by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }

    /// Whether the active segment has its size: the next entry begins another one, unless that is
    /// done by hand.
    pub fn segment_full(&self) -> bool {
        match self.target {
            Target::File { .. } => false,
            Target::Folder { segment_bytes, .. } => self.segment_text >= segment_bytes,
        }
    }

    /// Number of the active segment, from 1; a file is its only one.
    pub fn segment(&self) -> u64 {
        self.segment
    }

    /// Closes the active segment and opens the next one with this state. Does nothing for a file.
    ///
    /// # Errors
    /// `Io` when the disk refuses.
    pub fn rotate(&mut self, state: Option<SegmentState>) -> Result<(), RecordingError> {
        if matches!(self.target, Target::File { .. }) {
            return Ok(());
        }
        self.close_segment()?;
        self.segment += 1;
        self.segment_text = 0;
        self.file_path = self.path.join(segments::plain_name(self.segment));
        self.file = create_new(&self.file_path)?;
        self.row = new_row(&self.file_path, self.counts.entries);
        let (state, hash) = state.map_or((None, None), |s| (Some(s.state), Some(s.hash)));
        (self.header.state, self.header.state_hash) = (state, hash);
        self.put_header()?;
        self.flush()
    }

    fn close_segment(&mut self) -> Result<(), RecordingError> {
        self.flush()?;
        self.file
            .sync_data()
            .map_err(|error| RecordingError::io(&self.file_path, "sync", &error))?;
        let Target::Folder { compress, .. } = self.target else {
            return Ok(());
        };
        if compress {
            let packed = compress_segment(&self.file_path)?;
            self.row.file = file_name(&packed);
        } else {
            self.closed.push(self.file_path.clone());
        }
        self.row.after = self.counts.entries;
        self.rows.push(self.row.clone());
        segments::write_index(&self.path, &self.rows)
    }

    /// Closed segments that wait for `compress_segment`, oldest first.
    pub fn take_closed(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.closed)
    }

    fn write_text(&mut self) -> Result<(), RecordingError> {
        if self.text.is_empty() {
            return Ok(());
        }
        let outcome = if matches!(self.target, Target::File { gzip: true }) {
            self.file.write_all(&gzip::member(&self.text))
        } else {
            self.file.write_all(&self.text)
        };
        self.text.clear();
        outcome.map_err(|error| RecordingError::io(&self.file_path, "write", &error))
    }
}

fn create_new(path: &Path) -> Result<File, RecordingError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| RecordingError::io(path, "create", &error))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn new_row(path: &Path, before: u64) -> SegmentRow {
    SegmentRow {
        file: file_name(path),
        before,
        after: before,
        first: Timestamp(0),
        last: Timestamp(0),
    }
}

impl RecordingWriter for LineWriter {
    fn entry(&mut self, entry: &Entry) -> Result<(), RecordingError> {
        if matches!(entry, Entry::Trailer(_)) {
            return Ok(());
        }
        check_entry(&self.header, &self.counts, entry)?;
        if self.segment_full() && !self.by_hand {
            self.rotate(None)?;
        }
        let (source, kind, data) = self.codec.encode(entry);
        let stamp = entry.stamp().unwrap_or(self.counts.last);
        if let Some(stamp) = entry.stamp() {
            if self.counts.entries == self.row.before {
                self.row.first = stamp.wall;
            }
            self.row.last = stamp.wall;
        }
        self.put(self.counts.entries + 1, stamp, source, kind, &data);
        self.counts.count(entry);
        let gzip = matches!(self.target, Target::File { gzip: true });
        let limit = if gzip { MEMBER_TEXT } else { PLAIN_TEXT };
        if self.text.len() >= limit {
            self.write_text()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), RecordingError> {
        self.write_text()
    }

    fn finish(&mut self) -> Result<Trailer, RecordingError> {
        if self.finished {
            return Ok(self.counts);
        }
        let (source, kind, data) = self.codec.encode(&Entry::Trailer(self.counts));
        self.put(
            self.counts.entries + 1,
            self.counts.last,
            source,
            kind,
            &data,
        );
        self.close_segment()?;
        self.finished = true;
        Ok(self.counts)
    }

    fn counts(&self) -> Trailer {
        self.counts
    }
}

//! Writes a file in block form. Append only: what is on disk is never changed.

use super::encode::BlockEncoder;
use super::layout::{BLOCK_HEAD, BlockHead, Closing, FILE_MAGIC, KIND_TRAILER};
use crate::core::market::TimedTrade;
use crate::store::recording::entry::{check_entry, check_rows};
use crate::store::recording::{
    Entry, FORMAT_VERSION, Header, RecordingError, RecordingWriter, Trailer,
};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// One file of blocks, written a block at a time. Needs about 1 MB.
#[derive(Debug)]
pub struct BlockWriter {
    path: PathBuf,
    file: File,
    header: Header,
    encoder: BlockEncoder,
    payload: Vec<u8>,
    counts: Trailer,
    /// Entries in blocks already written.
    written: u64,
    finished: bool,
}

impl BlockWriter {
    /// Creates the file and writes its header.
    ///
    /// # Errors
    /// When the file exists, cannot be made, or the header cannot be used.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RecordingError> {
        header
            .check()
            .map_err(|reason| RecordingError::header(path, reason))?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|error| RecordingError::io(path, "create", &error))?;
        Self::on(file, path, header)
    }

    /// Writes the header into an empty file; `path` is what errors call it.
    ///
    /// # Errors
    /// When the header cannot be used, or the disk refuses.
    pub fn on(mut file: File, path: &Path, header: &Header) -> Result<Self, RecordingError> {
        header
            .check()
            .map_err(|reason| RecordingError::header(path, reason))?;
        let json = serde_json::to_vec(header)
            .map_err(|error| RecordingError::header(path, error.to_string()))?;
        let mut head = Vec::with_capacity(json.len() + 20);
        head.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        head.extend_from_slice(&(json.len() as u32).to_le_bytes());
        let mut crc = crc32fast::Hasher::new();
        crc.update(&head);
        crc.update(&json);
        head.extend_from_slice(&crc.finalize().to_le_bytes());
        head.extend_from_slice(&json);
        file.write_all(&FILE_MAGIC)
            .and_then(|()| file.write_all(&head))
            .map_err(|error| RecordingError::io(path, "write", &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            encoder: BlockEncoder::new(header.instruments.len()),
            header: header.clone(),
            payload: Vec::new(),
            counts: Trailer::default(),
            written: 0,
            finished: false,
        })
    }

    fn write_block(&mut self) -> Result<(), RecordingError> {
        if self.encoder.is_empty() {
            return Ok(());
        }
        let head = self.encoder.finish(self.written, &mut self.payload);
        self.written += head.entries();
        self.append(&head)
    }

    /// Head and payload in one write, so that a torn block is the last one.
    fn append(&mut self, head: &BlockHead) -> Result<(), RecordingError> {
        let mut bytes = Vec::with_capacity(BLOCK_HEAD + self.payload.len());
        bytes.extend_from_slice(&head.encode());
        bytes.extend_from_slice(&self.payload);
        self.file
            .write_all(&bytes)
            .map_err(|error| RecordingError::io(&self.path, "write", &error))
    }
}

impl RecordingWriter for BlockWriter {
    fn entry(&mut self, entry: &Entry) -> Result<(), RecordingError> {
        if matches!(entry, Entry::Trailer(_)) {
            // `finish` writes the one that is true of this file.
            return Ok(());
        }
        check_entry(&self.header, &self.counts, entry)?;
        if self.encoder.is_full() || self.encoder.would_rather_end_before(entry) {
            self.write_block()?;
        }
        self.encoder.add(entry);
        self.counts.count(entry);
        Ok(())
    }

    fn trades(&mut self, rows: &[TimedTrade]) -> Result<(), RecordingError> {
        check_rows(&self.header, &self.counts, rows)?;
        for row in rows {
            if self.encoder.is_full() {
                self.write_block()?;
            }
            self.encoder.add_trade(row);
        }
        self.counts.count_trades(rows);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), RecordingError> {
        self.write_block()
    }

    fn finish(&mut self) -> Result<Trailer, RecordingError> {
        if self.finished {
            return Ok(self.counts);
        }
        self.write_block()?;
        // The header once more: a damaged first page must not cost the whole recording.
        let closing = Closing {
            counts: self.counts,
            header: self.header.clone(),
        };
        self.payload = serde_json::to_vec(&closing)
            .map_err(|error| RecordingError::header(&self.path, error.to_string()))?;
        let head = BlockHead {
            kind: KIND_TRAILER,
            before: self.written,
            first: self.counts.last.wall,
            last: self.counts.last.wall,
            payload: self.payload.len() as u32,
            payload_crc: crc32fast::hash(&self.payload),
            ..BlockHead::default()
        };
        self.append(&head)?;
        self.file
            .sync_data()
            .map_err(|error| RecordingError::io(&self.path, "sync", &error))?;
        self.finished = true;
        Ok(self.counts)
    }

    fn counts(&self) -> Trailer {
        self.counts
    }
}

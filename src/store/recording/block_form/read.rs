//! Reads a file in block form a block at a time and finds the next whole block after damage.

use super::layout::{
    BLOCK_HEAD, BLOCK_MAGIC, BlockHead, Closing, FILE_HEAD, FILE_HEADER_MAX, KIND_TRAILER,
};
use crate::core::units::Timestamp;
use crate::store::recording::error::DamageList;
use crate::store::recording::header::check_version;
use crate::store::recording::{Damage, DamageKind, Header, RecordingError, Trailer};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What the next step of reading found.
#[derive(Debug)]
pub enum Block {
    /// A block whose checksums hold; its payload is in the caller's buffer.
    Rows {
        head: BlockHead,
        number: u64,
        at: u64,
    },
    Trailer(Trailer),
}

/// The blocks of one file.
#[derive(Debug)]
pub struct BlockSource {
    path: PathBuf,
    file: File,
    length: u64,
    /// Byte of the next block and its number from 1.
    at: u64,
    number: u64,
    /// Entries before the next block.
    before: u64,
    skip_damaged: bool,
    from: Option<Timestamp>,
    damages: DamageList,
    closed: bool,
}

impl BlockSource {
    /// Reads the file's head, whose magic was recognised.
    pub fn open(
        path: &Path,
        mut file: File,
        skip_damaged: bool,
        from: Option<Timestamp>,
    ) -> Result<(Header, Self), RecordingError> {
        let length = file
            .seek(SeekFrom::End(0))
            .map_err(|error| RecordingError::io(path, "read", &error))?;
        let mut source = Self {
            path: path.to_owned(),
            file,
            length,
            at: 0,
            number: 1,
            before: 0,
            skip_damaged,
            from,
            damages: DamageList::default(),
            closed: false,
        };
        match source.read_header() {
            Ok(header) => Ok((header, source)),
            Err(RecordingError::Header { reason, .. }) => {
                let Some(header) = source.header_of_trailer()? else {
                    return Err(RecordingError::header(path, reason));
                };
                if !skip_damaged {
                    let reason = format!("{reason} (--skip-damaged takes the copy in the trailer)");
                    return Err(RecordingError::header(path, reason));
                }
                source.damages.push(Damage {
                    kind: DamageKind::Corrupt,
                    path: path.to_owned(),
                    place: "header".to_owned(),
                    reason: format!("{reason}; the copy in the trailer is used"),
                });
                Ok((header, source))
            }
            Err(error) => Err(error),
        }
    }

    fn read_header(&mut self) -> Result<Header, RecordingError> {
        let path = self.path.clone();
        let refuse = |reason: &str| RecordingError::header(&path, reason);
        let mut head = [0u8; FILE_HEAD];
        if self.length < FILE_HEAD as u64 {
            return Err(refuse("cut off within the first 20 bytes"));
        }
        self.read_at(0, &mut head)?;
        let number = |at: usize| super::layout::u32_at(&head, at);
        let json_length = number(12) as usize;
        let whole =
            json_length <= FILE_HEADER_MAX && json_length as u64 + FILE_HEAD as u64 <= self.length;
        let mut json = vec![0u8; if whole { json_length } else { 0 }];
        self.read_at(FILE_HEAD as u64, &mut json)?;
        let mut crc = crc32fast::Hasher::new();
        crc.update(&head[8..16]);
        crc.update(&json);
        let holds = whole && crc.finalize() == number(16);
        // A newer file may have another head from here on, so a small plausible version is believed
        // without its checksum.
        if holds || (1..1_000).contains(&number(8)) {
            check_version(&path, u64::from(number(8)))?;
        }
        if !holds {
            return Err(refuse("its checksum does not match: damaged or cut off"));
        }
        let text = std::str::from_utf8(&json).map_err(|_| refuse("not UTF-8"))?;
        let header = Header::parse(&path, text)?;
        self.at = (FILE_HEAD + json_length) as u64;
        Ok(header)
    }

    /// The copy of the header at the end, if the trailer is whole; reading then starts with the
    /// first block that can be found.
    fn header_of_trailer(&mut self) -> Result<Option<Header>, RecordingError> {
        let Some((first, _)) = self.find_block(1)? else {
            return Ok(None);
        };
        let mut next = Some(first);
        let mut buffer = Vec::new();
        while let Some(at) = next {
            self.at = at;
            let Some((at, head)) = self.find_block(at)? else {
                break;
            };
            if head.kind == KIND_TRAILER {
                self.at = at;
                if self.read_block(&mut buffer)?.is_ok()
                    && let Ok(closing) = serde_json::from_slice::<Closing>(&buffer)
                    && check_version(&self.path, u64::from(closing.header.version)).is_ok()
                    && closing.header.check().is_ok()
                {
                    self.at = first;
                    return Ok(Some(closing.header));
                }
            }
            next = Some(at + BLOCK_HEAD as u64 + u64::from(head.payload));
        }
        Ok(None)
    }

    pub const fn damages(&self) -> &DamageList {
        &self.damages
    }

    /// Blocks met so far, the trailer and damaged ones included.
    pub const fn pieces(&self) -> u64 {
        self.number - 1
    }

    /// The next good block; its payload replaces the buffer's content.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Block>, RecordingError> {
        loop {
            if self.closed {
                return Ok(None);
            }
            if self.at >= self.length {
                self.closed = true;
                let reason = format!(
                    "no trailer after {} entries: the writer was cut off",
                    self.before
                );
                self.note(DamageKind::NotClosed, self.at, reason);
                return Ok(None);
            }
            let (start, number) = (self.at, self.number);
            let head = match self.read_block(buffer)? {
                Ok(head) => head,
                Err(reason) => {
                    self.recover(start, reason)?;
                    continue;
                }
            };
            self.number += 1;
            self.at = start + BLOCK_HEAD as u64 + u64::from(head.payload);
            if head.before != self.before && !self.sequence_holds(&head, start)? {
                continue;
            }
            self.before = head.before + head.entries();
            if head.kind == KIND_TRAILER {
                return self.trailer(buffer, start);
            }
            if self.from.is_some_and(|from| head.last < from) {
                continue;
            }
            return Ok(Some(Block::Rows {
                head,
                number,
                at: start,
            }));
        }
    }

    /// Reads the block at `self.at`; the inner error says what is wrong with it.
    fn read_block(
        &mut self,
        buffer: &mut Vec<u8>,
    ) -> Result<Result<BlockHead, &'static str>, RecordingError> {
        let mut bytes = [0u8; BLOCK_HEAD];
        if self.length - self.at < BLOCK_HEAD as u64 {
            return Ok(Err("cut off within the head of a block"));
        }
        self.read_at(self.at, &mut bytes)?;
        let head = match BlockHead::decode(&bytes) {
            Ok(head) => head,
            Err(reason) => return Ok(Err(reason)),
        };
        let start = self.at + BLOCK_HEAD as u64;
        if self.length - start < u64::from(head.payload) {
            return Ok(Err("cut off within a block"));
        }
        self.read_into(start, head.payload as usize, buffer)?;
        if crc32fast::hash(buffer) != head.payload_crc {
            return Ok(Err("checksum of the block does not match"));
        }
        Ok(Ok(head))
    }

    fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> Result<(), RecordingError> {
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.read_exact(bytes))
            .map_err(|error| RecordingError::io(&self.path, "read", &error))
    }

    /// Exactly `length` bytes, without filling the buffer with zeros first.
    fn read_into(
        &mut self,
        at: u64,
        length: usize,
        buffer: &mut Vec<u8>,
    ) -> Result<(), RecordingError> {
        buffer.clear();
        buffer.reserve(length);
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| (&mut self.file).take(length as u64).read_to_end(buffer))
            .and_then(|read| match read == length {
                true => Ok(()),
                false => Err(ErrorKind::UnexpectedEof.into()),
            })
            .map_err(|error| RecordingError::io(&self.path, "read", &error))
    }

    /// Decides what a bad block at `start` is: the torn end, or damage with something after it.
    fn recover(&mut self, start: u64, reason: &str) -> Result<(), RecordingError> {
        let Some(next) = self.find_block(start + 1)? else {
            self.note(
                DamageKind::TornTail,
                start,
                format!("{reason}; nothing valid follows"),
            );
            self.closed = true;
            return Ok(());
        };
        let (at, head) = next;
        let lost = head.before.saturating_sub(self.before);
        let reason = format!(
            "{reason}; {lost} entries after entry {} are lost, entry {} follows at byte {at}",
            self.before,
            head.before + 1
        );
        let damage = self.note(DamageKind::Corrupt, start, reason);
        self.stop_unless_skipping(damage)?;
        self.at = at;
        self.number += 1;
        self.before = self.before.max(head.before);
        Ok(())
    }

    fn stop_unless_skipping(&mut self, damage: Damage) -> Result<(), RecordingError> {
        if self.skip_damaged {
            return Ok(());
        }
        self.closed = true;
        Err(RecordingError::Damaged(Box::new(damage)))
    }

    /// Names a block that is not the next one; whether its entries are still to be read.
    fn sequence_holds(&mut self, head: &BlockHead, start: u64) -> Result<bool, RecordingError> {
        let found = format!(
            "starts with entry {}, expected entry {}",
            head.before + 1,
            self.before + 1
        );
        let ahead = head.before > self.before;
        let what = if ahead {
            "blocks are missing"
        } else {
            "repeated or out of order, left out"
        };
        let damage = self.note(DamageKind::Sequence, start, format!("{found}: {what}"));
        self.stop_unless_skipping(damage)?;
        Ok(ahead)
    }

    /// The trailer, or `None` where it makes no sense and damage is skipped.
    fn trailer(&mut self, buffer: &[u8], start: u64) -> Result<Option<Block>, RecordingError> {
        self.closed = true;
        if self.at < self.length {
            let more = self.length - self.at;
            let reason = format!("{more} bytes after the trailer: expected the end of the file");
            let damage = self.note(DamageKind::Corrupt, self.at, reason);
            self.stop_unless_skipping(damage)?;
        }
        match serde_json::from_slice::<Closing>(buffer) {
            Ok(closing) => Ok(Some(Block::Trailer(closing.counts))),
            Err(error) => {
                let damage = self.note(DamageKind::Corrupt, start, format!("trailer: {error}"));
                self.stop_unless_skipping(damage).map(|()| None)
            }
        }
    }

    /// The first place from `from` on where a block's head stands whose checksum holds.
    fn find_block(&mut self, from: u64) -> Result<Option<(u64, BlockHead)>, RecordingError> {
        const WINDOW: usize = 64 << 10;
        let mut at = from;
        let mut window = vec![0u8; WINDOW];
        while at + BLOCK_HEAD as u64 <= self.length {
            let size = WINDOW.min((self.length - at) as usize);
            self.read_at(at, &mut window[..size])?;
            let places = size + 1 - BLOCK_HEAD;
            for offset in 0..places {
                let bytes = &window[offset..offset + BLOCK_HEAD];
                if bytes[..4] != BLOCK_MAGIC {
                    continue;
                }
                if let Some(head) = bytes.first_chunk().and_then(|b| BlockHead::decode(b).ok())
                    && at + offset as u64 + BLOCK_HEAD as u64 + u64::from(head.payload)
                        <= self.length
                {
                    return Ok(Some((at + offset as u64, head)));
                }
            }
            at += places as u64;
        }
        Ok(None)
    }

    fn note(&mut self, kind: DamageKind, at: u64, reason: String) -> Damage {
        let damage = Damage {
            kind,
            path: self.path.clone(),
            place: format!("block {} at byte {at}", self.number),
            reason,
        };
        self.damages.push(damage.clone());
        damage
    }
}

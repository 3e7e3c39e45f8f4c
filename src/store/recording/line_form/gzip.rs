//! Gzip members that stand alone: written a piece at a time, read on past a damaged one.

use flate2::write::GzEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use std::fs::File;
use std::io::{Read, Write};

/// First bytes of every member that `member` writes: deflate, no flags, no time.
const MEMBER_START: [u8; 8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0];
/// Input read at a time, and most of a member's head.
pub const WINDOW: usize = 64 << 10;

/// One gzip member with these bytes.
pub fn member(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 6), Compression::new(6));
    // Writing into memory cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Bytes of a member that are kept, so that the search after damage begins behind its head: what a
/// damaged one inflates to may run on into the next.
pub const RETAINED: usize = 4 << 20;

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Filled {
    Data,
    /// Something is wrong at this byte of the file; reading goes on behind it.
    Broken {
        at: u64,
        reason: &'static str,
    },
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Body,
    Tail,
    /// Looking for the next member after damage.
    Lost,
}

/// Inflates a file of gzip members piece by piece.
#[derive(Debug)]
pub struct GzipReader {
    file: File,
    window: Vec<u8>,
    /// Used bytes of the window, and its place in the file.
    used: usize,
    offset: u64,
    /// Where the data of the current member starts in the window, while that is kept.
    member: Option<usize>,
    at_end: bool,
    state: State,
    inflate: Decompress,
    crc: crc32fast::Hasher,
    size: u32,
}

impl GzipReader {
    pub fn new(file: File) -> Self {
        Self {
            file,
            window: Vec::with_capacity(2 * WINDOW),
            used: 0,
            offset: 0,
            member: None,
            at_end: false,
            state: State::Head,
            inflate: Decompress::new(false),
            crc: crc32fast::Hasher::new(),
            size: 0,
        }
    }

    fn rest(&self) -> &[u8] {
        &self.window[self.used..]
    }

    /// Makes at least `wanted` bytes available, unless the file ends.
    fn need(&mut self, wanted: usize) -> std::io::Result<()> {
        while self.rest().len() < wanted && !self.at_end {
            self.member = self.member.filter(|start| self.used - start <= RETAINED);
            let spent = self.member.unwrap_or(self.used);
            self.window.drain(..spent);
            self.offset += spent as u64;
            self.used -= spent;
            self.member = self.member.map(|_| 0);
            let before = self.window.len();
            self.window.resize(before + WINDOW, 0);
            let read = loop {
                match self.file.read(&mut self.window[before..]) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            let read = read.inspect_err(|_| self.window.truncate(before))?;
            self.window.truncate(before + read);
            self.at_end = read == 0;
        }
        Ok(())
    }

    fn broken(&mut self, reason: &'static str) -> Filled {
        let at = self.offset + self.used as u64;
        self.state = State::Lost;
        if let Some(start) = self.member.take() {
            self.used = start;
        }
        Filled::Broken { at, reason }
    }

    /// Appends some inflated bytes to `out`.
    pub fn fill(&mut self, out: &mut Vec<u8>) -> std::io::Result<Filled> {
        loop {
            match self.state {
                State::Head => {
                    self.need(WINDOW)?;
                    if self.rest().is_empty() {
                        return Ok(Filled::End);
                    }
                    let Some(length) = head_length(self.rest()) else {
                        let filled = self.broken("no gzip member starts here");
                        // Or the search would find the same place again.
                        self.used += 1;
                        return Ok(filled);
                    };
                    self.used += length;
                    self.member = Some(self.used);
                    self.inflate.reset(false);
                    self.crc = crc32fast::Hasher::new();
                    self.size = 0;
                    self.state = State::Body;
                }
                State::Body => {
                    if let Some(filled) = self.body(out)? {
                        return Ok(filled);
                    }
                }
                State::Tail => {
                    self.need(8)?;
                    let Some(tail) = self.rest().first_chunk::<8>().copied() else {
                        return Ok(self.broken("cut off within a gzip member"));
                    };
                    let [a, b, c, d, e, f, g, h] = tail;
                    let crc = u32::from_le_bytes([a, b, c, d]);
                    let size = u32::from_le_bytes([e, f, g, h]);
                    if crc != self.crc.clone().finalize() || size != self.size {
                        return Ok(self.broken("checksum of a gzip member does not match"));
                    }
                    self.used += 8;
                    self.member = None;
                    self.state = State::Head;
                }
                State::Lost => {
                    if !self.find_member()? {
                        return Ok(Filled::End);
                    }
                }
            }
        }
    }

    /// Inflates one step; `None` = nothing to report yet.
    fn body(&mut self, out: &mut Vec<u8>) -> std::io::Result<Option<Filled>> {
        self.need(1)?;
        let before = out.len();
        out.resize(before + WINDOW, 0);
        let (consumed, produced) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(
            &self.window[self.used..],
            &mut out[before..],
            FlushDecompress::None,
        );
        let consumed = (self.inflate.total_in() - consumed) as usize;
        let produced = (self.inflate.total_out() - produced) as usize;
        out.truncate(before + produced);
        self.crc.update(&out[before..]);
        self.size = self.size.wrapping_add(produced as u32);
        self.used += consumed;
        match status {
            Err(_) => Ok(Some(self.broken("a gzip member cannot be inflated"))),
            Ok(Status::StreamEnd) => {
                self.state = State::Tail;
                Ok((produced > 0).then_some(Filled::Data))
            }
            Ok(_) if produced > 0 => Ok(Some(Filled::Data)),
            Ok(_) if consumed == 0 && self.at_end && self.rest().is_empty() => {
                Ok(Some(self.broken("cut off within a gzip member")))
            }
            Ok(_) => Ok(None),
        }
    }

    fn find_member(&mut self) -> std::io::Result<bool> {
        loop {
            self.need(MEMBER_START.len())?;
            let rest = self.rest();
            if rest.len() < MEMBER_START.len() {
                self.used = self.window.len();
                return Ok(false);
            }
            let found = rest
                .windows(MEMBER_START.len())
                .position(|w| w == MEMBER_START);
            if let Some(at) = found {
                self.used += at;
                self.state = State::Head;
                return Ok(true);
            }
            self.used = self.window.len() + 1 - MEMBER_START.len();
        }
    }
}

/// Length of a member's head, if one starts here and is whole.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let fixed = bytes.first_chunk::<10>()?;
    let flags = fixed[3];
    if fixed[..3] != MEMBER_START[..3] || flags & 0xE0 != 0 {
        return None;
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let [low, high] = *bytes.get(at..)?.first_chunk::<2>()?;
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [8u8, 16] {
        if flags & text != 0 {
            at += bytes.get(at..)?.iter().position(|b| *b == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (at <= bytes.len()).then_some(at)
}

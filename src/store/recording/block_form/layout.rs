//! Bytes of the file head and of a block's head; nothing here touches a file.

use crate::core::units::Timestamp;
use crate::store::recording::entry::ENTRIES_MAX;
use crate::store::recording::{Header, Trailer};
use serde::{Deserialize, Serialize};

/// First bytes of a file in block form: not text, and mangled by any newline conversion.
pub const FILE_MAGIC: [u8; 8] = *b"\x93minnow\n";
/// Magic, version, length of the JSON header, CRC-32 of the two numbers and the JSON.
pub const FILE_HEAD: usize = 20;
/// Largest JSON header, bytes.
pub const FILE_HEADER_MAX: usize = 64 << 20;

pub const BLOCK_MAGIC: [u8; 4] = *b"\xB1mb\x0A";
pub const BLOCK_HEAD: usize = 64;
/// Largest payload that a reader accepts, bytes; writers stay far below unless one entry is large.
pub const PAYLOAD_MAX: usize = 64 << 20;
/// Rows of a full block: about 64 KiB of trade data.
pub const BLOCK_ROWS: usize = 16_384;
/// Bytes of entries other than rows after which a block is closed.
pub const BLOCK_OTHERS: usize = 64 << 10;
/// Zero bytes behind a payload in memory, so that a row's bytes are read in one load.
pub const PADDING: usize = 256;

pub const KIND_TRADES: u8 = 1;
pub const KIND_CANDLES: u8 = 2;
pub const KIND_TRAILER: u8 = 3;

/// The trades carry ids.
pub const FLAG_IDS: u8 = 1;
/// The rows are of several symbols.
pub const FLAG_SYMBOLS: u8 = 2;
/// The clock readings are not the exchange's time.
pub const FLAG_STAMPS: u8 = 4;
/// Some aggressors are unknown; a bitmap says which.
pub const FLAG_SOME_UNKNOWN: u8 = 8;
/// No aggressor is known.
pub const FLAG_ALL_UNKNOWN: u8 = 16;
const FLAGS: u8 = 31;

/// Nanoseconds of the units of time, by code.
pub const UNITS: [i64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];

/// Payload of the trailer block.
#[derive(Debug, Serialize, Deserialize)]
pub struct Closing {
    pub counts: Trailer,
    /// The file's header once more.
    pub header: Header,
}

/// What stands before each block's payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockHead {
    pub kind: u8,
    pub flags: u8,
    /// Of all rows, unless `FLAG_SYMBOLS`.
    pub symbol: u16,
    /// Rows in the columns.
    pub rows: u32,
    /// Entries placed between the rows.
    pub others: u32,
    /// Entries of the recording before this block.
    pub before: u64,
    /// Wall time of the first and last entry.
    pub first: Timestamp,
    pub last: Timestamp,
    /// Exchange time of the first row in units.
    pub base: i64,
    /// Code of the unit of time.
    pub unit: u8,
    pub payload: u32,
    pub payload_crc: u32,
}

impl BlockHead {
    /// Entries in this block.
    pub const fn entries(&self) -> u64 {
        self.rows as u64 + self.others as u64
    }

    /// Whether the rows carry clock readings of their own.
    pub const fn has_stamps(&self) -> bool {
        self.flags & FLAG_STAMPS != 0
    }

    pub fn encode(&self) -> [u8; BLOCK_HEAD] {
        let mut bytes = [0u8; BLOCK_HEAD];
        bytes[..4].copy_from_slice(&BLOCK_MAGIC);
        bytes[4] = self.kind;
        bytes[5] = self.flags;
        bytes[6..8].copy_from_slice(&self.symbol.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.rows.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.others.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.before.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.last.0.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.base.to_le_bytes());
        bytes[48] = self.unit;
        bytes[52..56].copy_from_slice(&self.payload.to_le_bytes());
        bytes[56..60].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The head, or why these bytes are none.
    pub fn decode(bytes: &[u8; BLOCK_HEAD]) -> Result<Self, &'static str> {
        if bytes[..4] != BLOCK_MAGIC {
            return Err("no block starts here");
        }
        if u32_at(bytes, 60) != crc32fast::hash(&bytes[..60]) {
            return Err("checksum of the block's head does not match");
        }
        let head = Self {
            kind: bytes[4],
            flags: bytes[5],
            symbol: u16::from_le_bytes([bytes[6], bytes[7]]),
            rows: u32_at(bytes, 8),
            others: u32_at(bytes, 12),
            before: u64_at(bytes, 16),
            first: Timestamp(u64_at(bytes, 24) as i64),
            last: Timestamp(u64_at(bytes, 32) as i64),
            base: u64_at(bytes, 40) as i64,
            unit: bytes[48],
            payload: u32_at(bytes, 52),
            payload_crc: u32_at(bytes, 56),
        };
        if !(KIND_TRADES..=KIND_TRAILER).contains(&head.kind) {
            return Err("unknown kind of block");
        }
        if head.flags & !FLAGS != 0 || usize::from(head.unit) >= UNITS.len() {
            return Err("unknown flags or unit of time");
        }
        if head.before > ENTRIES_MAX {
            return Err("more entries in front of the block than a recording can hold");
        }
        if head.payload as usize > PAYLOAD_MAX {
            return Err("payload longer than 64 MiB");
        }
        Ok(head)
    }
}

/// The little-endian number at `at`; the callers' arrays are long enough.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0u8; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0u8; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

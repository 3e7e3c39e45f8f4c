//! The compact block form: columns of small differences, tens of millions of trades a second.
//!
//! ```text
//! file   = magic (8) · version u32 · length u32 · CRC-32 u32 · JSON header · blocks
//! block  = head (64 bytes, own CRC-32) · payload (CRC-32 in the head)
//! trades = directory (6 lengths u32) · control column · data column · optional columns · others
//! ```
//! All numbers little endian. A trade costs one control byte and, in the data column, its time
//! since the row before (0, 1, 2 or 4 bytes), its price step (0, 1, 2, 4) and its lots (1 to 4);
//! what does not fit is a wide row of three 8-byte numbers. Each block stands alone: differences
//! start anew, so that a damaged block costs itself only. A block chooses the coarsest unit of time
//! (s, ms, us, ns) that is exact for all its trades. Other entries are placed between the rows by
//! position.

pub(super) mod candles;
pub(super) mod decode;
pub(super) mod encode;
pub(super) mod layout;
pub(super) mod others;
pub(super) mod read;
pub(super) mod trades;
pub(super) mod varint;
pub(super) mod write;

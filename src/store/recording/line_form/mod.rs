//! The line form: one JSON object a line, each with its own checksum; `zcat | jq` reads it.
//!
//! ```text
//! {"n":7,"t":93211004512345,"w":1795437996123456789,"s":"market","k":"trade","d":{...},"c":"5f0c2a9e"}
//! ```
//! `n` number of the entry from 1 (a header carries the number of entries before it), `t`
//! boot-monotonic ns, `w` wall time ns, `s` source, `k` kind, `d` payload, `c` CRC-32 of all bytes
//! before the fixed 17-byte tail `,"c":"xxxxxxxx"}` and newline. A line is valid if it ends in that
//! tail and the checksum matches. Numbers go on without a gap from segment to segment; each segment
//! opens with a header line, so that it stands alone.

pub(super) mod gzip;
pub(super) mod line;
pub(super) mod payload;
pub(super) mod read;
pub(super) mod segments;
pub(super) mod write;

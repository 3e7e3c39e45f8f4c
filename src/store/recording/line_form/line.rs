//! The envelope of a line: number, clocks, source, kind, payload, checksum.

use crate::core::units::Stamp;
use crate::store::recording::entry::ENTRIES_MAX;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::Write;

/// `,"c":"` eight hex digits `"}` before the newline.
const TAIL: usize = 16;
/// Longest line that is read or written, bytes: a header with its state.
pub const LINE_MAX: usize = 64 << 20;

/// What a line says; `d` verbatim.
#[derive(Debug, Deserialize)]
pub struct Line<'a> {
    pub t: i64,
    pub w: i64,
    pub k: &'a str,
    #[serde(borrow)]
    pub d: &'a RawValue,
}

/// Appends a line with its newline. `source`, `kind` and `data` are JSON text already.
pub fn put(out: &mut Vec<u8>, n: u64, stamp: Stamp, source: &str, kind: &str, data: &str) {
    let start = out.len();
    // Writing into memory cannot fail.
    let _ = write!(
        out,
        r#"{{"n":{n},"t":{},"w":{},"s":"{source}","k":"{kind}","d":{data}"#,
        stamp.mono, stamp.wall.0
    );
    let crc = crc32fast::hash(&out[start..]);
    let _ = writeln!(out, r#","c":"{crc:08x}"}}"#);
}

/// Checks tail and checksum of a line without its newline.
pub fn check(line: &[u8]) -> Result<(), &'static str> {
    const NO_TAIL: &str = "does not end in a checksum";
    let at = line.len().checked_sub(TAIL).ok_or(NO_TAIL)?;
    let (body, tail) = line.split_at(at);
    let digits = tail
        .strip_prefix(br#","c":""#)
        .and_then(|rest| rest.strip_suffix(br#""}"#))
        .ok_or(NO_TAIL)?;
    let mut crc = 0u32;
    for digit in digits {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return Err(NO_TAIL),
        };
        crc = crc << 4 | u32::from(value);
    }
    if crc == crc32fast::hash(body) {
        Ok(())
    } else {
        Err("its checksum does not match")
    }
}

/// Number and kind of a checked line, without reading its payload.
pub fn number_and_kind(line: &[u8]) -> Option<(u64, &[u8])> {
    let rest = line.strip_prefix(br#"{"n":"#)?;
    let digits = rest.iter().position(|b| !b.is_ascii_digit())?;
    let n = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    if n > ENTRIES_MAX {
        return None;
    }
    let key = br#","k":""#;
    let at = rest.windows(key.len()).take(200).position(|w| w == key)? + key.len();
    let length = rest[at..].iter().position(|b| *b == b'"')?;
    Some((n, &rest[at..at + length]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Timestamp;

    #[test]
    fn a_line_is_json_and_any_flipped_bit_is_found() {
        let mut line = Vec::new();
        let stamp = Stamp {
            mono: -5,
            wall: Timestamp(7),
        };
        put(&mut line, 3, stamp, "market", "trade", r#"{"a":"b"}"#);
        assert_eq!(line.pop(), Some(b'\n'));
        check(&line).unwrap();
        let parsed: Line<'_> = serde_json::from_slice(&line).unwrap();
        assert_eq!((parsed.t, parsed.w, parsed.k), (-5, 7, "trade"));
        assert_eq!(parsed.d.get(), r#"{"a":"b"}"#);
        assert_eq!(number_and_kind(&line), Some((3, b"trade".as_slice())));
        for bit in 0..line.len() * 8 {
            let mut bad = line.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&bad).is_err(), "bit {bit}");
        }
        for end in 0..line.len() {
            assert!(check(&line[..end]).is_err(), "cut at {end}");
        }
    }
}

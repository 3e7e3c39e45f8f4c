//! What a file that is no recording seems to be, so that the message helps.

/// Describes the first bytes of a file and what to do with it.
pub fn describe(start: &[u8]) -> String {
    let printable = start
        .iter()
        .all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\t' | b'\r' | b'\n') || *b >= 0x80);
    let first_line = start.split(|b| *b == b'\n').next().unwrap_or_default();
    let commas = first_line.iter().filter(|b| **b == b',').count();
    if start.is_empty() {
        "the file is empty".to_owned()
    } else if start.starts_with(b"SQLite format 3") {
        "an SQLite database (a ledger?)".to_owned()
    } else if start.starts_with(b"PK\x03\x04") {
        "a zip archive: unpack it first".to_owned()
    } else if start.starts_with(b"PAR1") {
        "a Parquet file: convert it to CSV and use `minnow import`".to_owned()
    } else if start.starts_with(b"\x28\xB5\x2F\xFD") {
        "zstd compressed: unpack it first".to_owned()
    } else if start[0] == 0x93 && b"\x93minnow\n".starts_with(&start[..start.len().min(8)]) {
        "cut off within the first 8 bytes".to_owned()
    } else if printable && start[0] == b'[' {
        "a JSON list: `minnow import --format candles-json` reads candles".to_owned()
    } else if printable && commas >= 1 {
        let line = String::from_utf8_lossy(&first_line[..first_line.len().min(80)]);
        format!("text that looks like CSV ({line:?}): use `minnow import`")
    } else if printable {
        "text: expected a header line in JSON".to_owned()
    } else {
        let hex: Vec<String> = start.iter().take(8).map(|b| format!("{b:02x}")).collect();
        format!("unknown binary data starting with {}", hex.join(" "))
    }
}

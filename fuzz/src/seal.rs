//! Sets the checksums and lengths of a mutated recording right, so that mutations get behind them.
//!
//! Everything else stays as the fuzzer made it. Knows the two forms from their description, not
//! from minnow's code, which keeps its layout to itself.

const FILE_HEAD: usize = 20;
const BLOCK_HEAD: usize = 64;
const BLOCK_MAGIC: [u8; 4] = *b"\xB1mb\x0A";
const KIND_TRADES: u8 = 1;
const KIND_TRAILER: u8 = 3;
/// `,"c":"` eight hex digits `"}`.
const LINE_TAIL: usize = 16;

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn put_word(bytes: &mut [u8], at: usize, word: u32) {
    bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

/// A file in block form whose header and blocks pass their checksums, and whose column lengths add
/// up unless the fuzzer set the otherwise unused byte 49 of a block's head.
pub fn blocks(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    if file.len() < FILE_HEAD {
        return file;
    }
    let rest = file.len() - FILE_HEAD;
    let header = (word(&file, 12) as usize).min(rest);
    put_word(&mut file, 12, header as u32);
    let mut crc = crc32fast::Hasher::new();
    crc.update(&file[8..16]);
    crc.update(&file[FILE_HEAD..FILE_HEAD + header]);
    put_word(&mut file, 16, crc.finalize());
    let mut at = FILE_HEAD + header;
    while file.len() - at >= BLOCK_HEAD {
        at += seal_block(&mut file[at..]);
    }
    file
}

/// Seals the block at the start of `bytes`; its length.
fn seal_block(bytes: &mut [u8]) -> usize {
    let rest = bytes.len() - BLOCK_HEAD;
    let length = (word(bytes, 52) as usize).min(rest);
    let (head, payload) = bytes.split_at_mut(BLOCK_HEAD);
    let payload = &mut payload[..length];
    head[..4].copy_from_slice(&BLOCK_MAGIC);
    if head[49] == 0 && head[4] != KIND_TRAILER {
        add_up(head, payload);
    }
    put_word(head, 52, length as u32);
    put_word(head, 56, crc32fast::hash(payload));
    let crc = crc32fast::hash(&head[..60]);
    put_word(head, 60, crc);
    BLOCK_HEAD + length
}

/// Gives what is left of the payload to its last column, the other entries.
fn add_up(head: &[u8], payload: &mut [u8]) {
    if payload.len() < 24 {
        return;
    }
    let control = if head[4] == KIND_TRADES {
        word(head, 8) as usize
    } else {
        0
    };
    let others: usize = (0..5)
        .map(|column| word(payload, column * 4) as usize)
        .sum();
    if let Some(left) = payload.len().checked_sub(24 + control + others) {
        put_word(payload, 20, left as u32);
    }
}

/// Text in line form whose lines pass their checksums, where they end in the shape of one.
pub fn lines(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (line, end) = match line.strip_suffix(b"\n") {
            Some(line) => (line, &b"\n"[..]),
            None => (line, &b""[..]),
        };
        match line.len().checked_sub(LINE_TAIL) {
            Some(body) if line[body..].starts_with(b",\"c\":\"") => {
                let crc = crc32fast::hash(&line[..body]);
                text.extend_from_slice(&line[..body]);
                text.extend_from_slice(format!(",\"c\":\"{crc:08x}\"}}").as_bytes());
            }
            _ => text.extend_from_slice(line),
        }
        text.extend_from_slice(end);
    }
    text
}

//! Numbers of variable length: seven bits a byte, least significant first; signed ones zigzag.

/// The bytes end too early or spell no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// -1 -> 1, 1 -> 2: small magnitudes become small numbers.
#[inline]
pub const fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

#[inline]
pub const fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

pub fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

pub fn put_signed(out: &mut Vec<u8>, n: i64) {
    put(out, zigzag(n));
}

/// Wide numbers: the magnitude's low half with its sign, then the high half.
pub fn put_wide(out: &mut Vec<u8>, n: i128) {
    let mut folded = ((n << 1) ^ (n >> 127)) as u128;
    while folded >= 0x80 {
        out.push(folded as u8 | 0x80);
        folded >>= 7;
    }
    out.push(folded as u8);
}

pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// A place in a byte column; moves on with each number read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    pub at: usize,
    pub end: usize,
}

impl Cursor {
    pub const fn is_at_end(self) -> bool {
        self.at >= self.end
    }

    #[inline]
    pub fn byte(&mut self, bytes: &[u8]) -> Result<u8, Malformed> {
        if self.at >= self.end {
            return Err(Malformed);
        }
        let byte = *bytes.get(self.at).ok_or(Malformed)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub fn number(&mut self, bytes: &[u8]) -> Result<u64, Malformed> {
        let first = self.byte(bytes)?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut n = u64::from(first & 0x7F);
        for shift in (7..64).step_by(7) {
            let byte = self.byte(bytes)?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                return Err(Malformed);
            }
            n |= bits << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(Malformed)
    }

    #[inline]
    pub fn signed(&mut self, bytes: &[u8]) -> Result<i64, Malformed> {
        self.number(bytes).map(unzigzag)
    }

    pub fn wide(&mut self, bytes: &[u8]) -> Result<i128, Malformed> {
        let mut n = 0u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte(bytes)?;
            let bits = u128::from(byte & 0x7F);
            if shift == 126 && bits > 3 {
                return Err(Malformed);
            }
            n |= bits << shift;
            if byte < 0x80 {
                return Ok((n >> 1) as i128 ^ -((n & 1) as i128));
            }
        }
        Err(Malformed)
    }

    pub fn text<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a str, Malformed> {
        let length = usize::try_from(self.number(bytes)?).map_err(|_| Malformed)?;
        if length > self.end.saturating_sub(self.at) {
            return Err(Malformed);
        }
        let text = bytes.get(self.at..self.at + length).ok_or(Malformed)?;
        self.at += length;
        std::str::from_utf8(text).map_err(|_| Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_round_trip(a: u64, b: i64, c: i128, text: String) {
            let mut bytes = Vec::new();
            put(&mut bytes, a);
            put_signed(&mut bytes, b);
            put_wide(&mut bytes, c);
            put_text(&mut bytes, &text);
            let mut cursor = Cursor { at: 0, end: bytes.len() };
            prop_assert_eq!(cursor.number(&bytes), Ok(a));
            prop_assert_eq!(cursor.signed(&bytes), Ok(b));
            prop_assert_eq!(cursor.wide(&bytes), Ok(c));
            prop_assert_eq!(cursor.text(&bytes), Ok(text.as_str()));
            prop_assert!(cursor.is_at_end());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let whole = Cursor { at: 0, end: bytes.len() };
            let _ = { let mut c = whole; c.number(&bytes) };
            let _ = { let mut c = whole; c.wide(&bytes) };
            let _ = { let mut c = whole; c.text(&bytes).map(str::len) };
        }
    }
}

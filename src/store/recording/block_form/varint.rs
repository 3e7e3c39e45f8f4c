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

    /// A number of at most eight bytes, read as one word; `None`, and nothing read, where it is
    /// longer or the column ends too early for that.
    #[inline]
    fn short(&mut self, bytes: &[u8]) -> Option<u64> {
        const LAST: u64 = 0x8080_8080_8080_8080;
        let word = u64::from_le_bytes(*bytes.get(self.at..)?.first_chunk()?);
        // The first byte without its top bit ends the number.
        let last = !word & LAST;
        let length = last.trailing_zeros() as usize / 8 + 1;
        if last == 0 || self.at + length > self.end {
            return None;
        }
        let kept = word & (last ^ (last - 1));
        // Squeeze the unused top bits out: pairs of bytes, of halves, of the whole.
        let pairs = (kept & 0x007F_007F_007F_007F) | (kept & 0x7F00_7F00_7F00_7F00) >> 1;
        let halves = (pairs & 0x0000_3FFF_0000_3FFF) | (pairs & 0x3FFF_0000_3FFF_0000) >> 2;
        let n = (halves & 0x0FFF_FFFF) | (halves & 0x0FFF_FFFF_0000_0000) >> 4;
        self.at += length;
        Some(n)
    }

    #[inline]
    pub fn number(&mut self, bytes: &[u8]) -> Result<u64, Malformed> {
        let first = self.byte(bytes)?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.at -= 1;
        if let Some(n) = self.short(bytes) {
            return Ok(n);
        }
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
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

    #[inline]
    pub fn wide(&mut self, bytes: &[u8]) -> Result<i128, Malformed> {
        // Nearly all fit 56 bits.
        match self.short(bytes) {
            Some(n) => Ok(i128::from(unzigzag(n))),
            None => self.wider(bytes),
        }
    }

    #[cold]
    fn wider(&mut self, bytes: &[u8]) -> Result<i128, Malformed> {
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
        fn words_and_single_bytes_read_the_same(length in 1u32..65, bits: u64, padding in 0usize..9) {
            let n = bits >> (64 - length);
            let mut bytes = Vec::new();
            put(&mut bytes, n);
            let end = bytes.len();
            put_wide(&mut bytes, -i128::from(n));
            let whole = bytes.len();
            bytes.resize(whole + padding, 0xFF);
            let mut cursor = Cursor { at: 0, end };
            prop_assert_eq!(cursor.number(&bytes), Ok(n));
            prop_assert_eq!(cursor.at, end);
            prop_assert_eq!(cursor.number(&bytes), Err(Malformed));
            let mut cursor = Cursor { at: end, end: whole };
            prop_assert_eq!(cursor.wide(&bytes), Ok(-i128::from(n)));
            prop_assert_eq!(cursor.at, whole);
            let mut cut = Cursor { at: end, end: whole - 1 };
            prop_assert_eq!(cut.wide(&bytes), Err(Malformed));
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

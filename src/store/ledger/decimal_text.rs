//! Decimals as text without an allocation: a row holds up to ten of them.
//!
//! The text is the same as that of `Decimal`'s own display, which is what reads it back.

use crate::core::units::Decimal;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// Sign, 21 digits before the point, the point, 18 after it.
const LENGTH: usize = 48;

/// The shortest plain text of one decimal.
#[derive(Clone, Copy)]
pub struct DecimalText {
    bytes: [u8; LENGTH],
    start: u8,
    end: u8,
}

impl DecimalText {
    pub fn of(value: Decimal) -> Self {
        const ONE: u128 = Decimal::ONE.raw() as u128;
        let magnitude = value.raw().unsigned_abs();
        let (mut whole, fraction) = (magnitude / ONE, (magnitude % ONE) as u64);
        let mut bytes = [0u8; LENGTH];
        // The whole part ends at 24, the point stands there, the fraction fills 25..43.
        let (mut start, mut end) = (24usize, 24usize);
        loop {
            start -= 1;
            bytes[start] = b'0' + (whole % 10) as u8;
            whole /= 10;
            if whole <= u128::from(u64::MAX) {
                break;
            }
        }
        let mut whole = whole as u64;
        while whole > 0 {
            start -= 1;
            bytes[start] = b'0' + (whole % 10) as u8;
            whole /= 10;
        }
        if value.raw() < 0 {
            start -= 1;
            bytes[start] = b'-';
        }
        if fraction != 0 {
            bytes[24] = b'.';
            let mut rest = fraction;
            for at in (25..43).rev() {
                bytes[at] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            end = 43;
            while bytes[end - 1] == b'0' {
                end -= 1;
            }
        }
        Self {
            bytes,
            start: start as u8,
            end: end as u8,
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[usize::from(self.start)..usize::from(self.end)]
    }
}

impl ToSql for DecimalText {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: Decimal) -> String {
        String::from_utf8(DecimalText::of(value).as_bytes().to_vec()).unwrap()
    }

    proptest! {
        #[test]
        fn equals_the_display_of_the_decimal(raw: i128) {
            let value = Decimal::from_raw(raw);
            prop_assert_eq!(text(value), value.to_string());
        }

        #[test]
        fn equals_the_display_of_everyday_money(mantissa in -1_000_000_000i64..1_000_000_000, digits in 0u32..12) {
            let value = Decimal::new(mantissa, digits);
            prop_assert_eq!(text(value), value.to_string());
        }
    }

    #[test]
    fn the_ends_of_the_range_fit() {
        for raw in [0, 1, -1, i128::MAX, i128::MIN + 1, Decimal::ONE.raw()] {
            let value = Decimal::from_raw(raw);
            assert_eq!(text(value), value.to_string());
        }
    }
}

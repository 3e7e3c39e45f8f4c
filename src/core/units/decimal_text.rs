//! Decimals as text without an allocation: what `Decimal` shows, and what rows and lines are made of.

use super::Decimal;

/// Sign, 21 digits before the point, the point, 18 after it.
const LENGTH: usize = 48;

/// The shortest plain text of one decimal.
#[derive(Clone, Copy)]
pub struct DecimalText {
    bytes: [u8; LENGTH],
    start: u8,
    end: u8,
}

/// Place of the point: the whole part ends there, the fraction follows.
const POINT: usize = 24;

/// All numbers of two digits, one after the other: two digits a division instead of one.
const PAIRS: [u8; 200] = {
    let mut pairs = [0u8; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

fn pair(number: usize) -> [u8; 2] {
    [PAIRS[2 * number], PAIRS[2 * number + 1]]
}

/// The digits of `number`, ending before `end`; returns where they start.
fn write_whole(bytes: &mut [u8; LENGTH], mut end: usize, mut number: u64) -> usize {
    while number >= 10 {
        end -= 2;
        bytes[end..end + 2].copy_from_slice(&pair((number % 100) as usize));
        number /= 100;
    }
    if number > 0 {
        end -= 1;
        bytes[end] = b'0' + number as u8;
    }
    end
}

/// Exactly nine digits at `at`.
fn write_nine(bytes: &mut [u8; LENGTH], at: usize, mut number: u32) {
    for place in [7, 5, 3, 1] {
        bytes[at + place..at + place + 2].copy_from_slice(&pair((number % 100) as usize));
        number /= 100;
    }
    bytes[at] = b'0' + number as u8;
}

/// The power of ten of a double's first significant digit: 3 for 1999.5, -2 for 0.012. Taken from its
/// text, because a logarithm is off by one beside a power of ten on some machines. 0 for what has none.
pub fn exponent(value: f64) -> i32 {
    let text = format!("{value:e}");
    let exponent = text
        .split_once('e')
        .and_then(|(_, power)| power.parse().ok());
    exponent.unwrap_or(0)
}

impl DecimalText {
    pub fn of(value: Decimal) -> Self {
        const ONE: u128 = Decimal::ONE.raw() as u128;
        const NINE_DIGITS: u64 = 1_000_000_000;
        let magnitude = value.raw().unsigned_abs();
        let whole = magnitude / ONE;
        let fraction = (magnitude - whole * ONE) as u64;
        let mut bytes = [0u8; LENGTH];
        let mut start = POINT;
        match u64::try_from(whole) {
            Ok(0) => {
                start -= 1;
                bytes[start] = b'0';
            }
            Ok(whole) => start = write_whole(&mut bytes, start, whole),
            // One digit more than 64 bits hold.
            Err(_) => {
                start -= 1;
                bytes[start] = b'0' + (whole % 10) as u8;
                start = write_whole(&mut bytes, start, (whole / 10) as u64);
            }
        }
        if value.raw() < 0 {
            start -= 1;
            bytes[start] = b'-';
        }
        let mut end = POINT;
        if fraction != 0 {
            bytes[POINT] = b'.';
            let (high, low) = (fraction / NINE_DIGITS, fraction % NINE_DIGITS);
            write_nine(&mut bytes, POINT + 1, high as u32);
            end = POINT + 10;
            if low != 0 {
                write_nine(&mut bytes, end, low as u32);
                end += 9;
            }
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

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("digits, a point and a sign are text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: Decimal) -> String {
        DecimalText::of(value).as_str().to_owned()
    }

    /// The obviously right way.
    fn slowly(value: Decimal) -> String {
        let magnitude = value.raw().unsigned_abs();
        let one = Decimal::ONE.raw().unsigned_abs();
        let sign = if value.raw() < 0 { "-" } else { "" };
        let all = format!("{sign}{}.{:018}", magnitude / one, magnitude % one);
        all.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    proptest! {
        #[test]
        fn equals_the_slow_way(raw: i128) {
            let value = Decimal::from_raw(raw);
            prop_assert_eq!(text(value), slowly(value));
        }

        #[test]
        fn equals_the_slow_way_for_everyday_money(mantissa in -1_000_000_000i64..1_000_000_000, digits in 0u32..12) {
            let value = Decimal::new(mantissa, digits);
            prop_assert_eq!(text(value), slowly(value));
        }
    }

    #[test]
    fn the_exponent_is_right_beside_powers_of_ten() {
        for (value, power) in [
            (1999.5, 3),
            (0.012, -2),
            (1000.0, 3),
            (999.999_999_999_999_9, 2),
            (0.001, -3),
            (1e-7, -7),
            (-250.0, 2),
            (0.0, 0),
            (f64::INFINITY, 0),
        ] {
            assert_eq!(exponent(value), power, "{value}");
        }
    }

    #[test]
    fn the_ends_of_the_range_fit() {
        for raw in [0, 1, -1, i128::MAX, i128::MIN + 1, Decimal::ONE.raw()] {
            let value = Decimal::from_raw(raw);
            assert_eq!(text(value), slowly(value));
        }
    }
}

//! Fields of stream frames, each read straight into its value: prices, quantities, counters, times.
//!
//! The exact decimal and the time have a short way for what the venue prints; whatever else is a
//! number or a time takes the general way of `core::units`, with the same result.

use crate::core::market::Aggressor;
use crate::core::units::{Decimal, Timestamp, calendar};
use serde::Deserialize;
use serde::de::{self, Deserializer, Unexpected, Visitor};
use std::fmt;

/// Longest part of a wrong value that an error repeats, bytes.
const SHOWN: usize = 40;

/// The beginning of a text of the venue, for messages.
pub(super) fn shown(text: &str) -> &str {
    let mut end = text.len().min(SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Parses a decimal exactly: digits with at most one point that 64 bits hold take the short way.
pub(super) fn decimal(text: &str) -> Result<Decimal, String> {
    if let Some(value) = short_decimal(text.as_bytes()) {
        return Ok(value);
    }
    Decimal::parse(text).map_err(|error| error.to_string())
}

/// Digits with at most one point, at most 18 of them.
fn short_decimal(text: &[u8]) -> Option<Decimal> {
    /// Powers of ten up to the digits of a decimal.
    const SCALES: [i128; 19] = {
        let mut scales = [1i128; 19];
        let mut power = 1;
        while power < 19 {
            scales[power] = scales[power - 1] * 10;
            power += 1;
        }
        scales
    };
    if text.len() > 19 {
        return None;
    }
    let (mut mantissa, mut point) = (0u64, None);
    for (at, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa.checked_mul(10)? + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let digits = text.len() - usize::from(point.is_some());
    let fraction = point.map_or(0, |at| text.len() - 1 - at);
    if digits == 0 || digits > 18 {
        return None;
    }
    // Below 10^18 times at most 10^18: within 128 bits.
    let scale = SCALES.get(18 - fraction)?;
    Some(Decimal::from_raw(i128::from(mantissa) * scale))
}

/// Parses `2026-09-30T02:39:53.813568298Z` and whatever else is RFC 3339.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    short_time(text.as_bytes()).or_else(|| calendar::parse_time(text))
}

/// The form that the venue prints: UTC, 0 to 9 digits of a second.
fn short_time(text: &[u8]) -> Option<Timestamp> {
    let (clock, zone) = (text.get(..19)?, text.get(19..)?);
    let number = |from: usize, to: usize| {
        clock[from..to].iter().try_fold(0u32, |sum, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit <= 9).then(|| sum * 10 + u32::from(digit))
        })
    };
    let marks = [clock[4], clock[7], clock[10], clock[13], clock[16]];
    if marks != *b"--T::" {
        return None;
    }
    let nanos = match zone {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            let mut nanos = 0i64;
            for place in 0..9 {
                let digit = digits.get(place).map_or(0, |byte| byte.wrapping_sub(b'0'));
                if digit > 9 {
                    return None;
                }
                nanos = nanos * 10 + i64::from(digit);
            }
            nanos
        }
        _ => return None,
    };
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let midnight = calendar::Date {
        year: number(0, 4)? as i32,
        month: number(5, 7)?,
        day: number(8, 10)?,
    }
    .midnight()?;
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    let of_day = seconds * 1_000_000_000 + nanos;
    midnight.0.checked_add(of_day).map(Timestamp)
}

/// Reads a string into a value without keeping it; `$what` stands in messages.
macro_rules! from_text {
    ($name:ident, $what:literal, $parse:expr) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        let parse: fn(&str) -> Option<$name> = $parse;
                        parse(text)
                            .ok_or_else(|| E::invalid_value(Unexpected::Str(shown(text)), &self))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}

/// A price, above 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price(pub Decimal);

from_text!(Price, "a price above 0 as text", |text| decimal(text)
    .ok()
    .filter(|price| price.is_positive())
    .map(Price));

/// A quantity, 0 or more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quantity(pub Decimal);

from_text!(Quantity, "a quantity of 0 or more as text", |text| decimal(
    text
)
.ok()
.filter(|quantity| !quantity.is_negative())
.map(Quantity));

/// A price that may be missing: empty text or 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MaybePrice(pub Option<Decimal>);

from_text!(
    MaybePrice,
    "a price, 0 or nothing as text",
    |text| match text {
        "" => Some(MaybePrice(None)),
        _ => decimal(text)
            .ok()
            .filter(|price| !price.is_negative())
            .map(|price| MaybePrice(Some(price).filter(|price| price.is_positive()))),
    }
);

/// A quantity that may be missing: empty text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MaybeQuantity(pub Option<Decimal>);

from_text!(
    MaybeQuantity,
    "a quantity of 0 or more, or nothing, as text",
    |text| match text {
        "" => Some(MaybeQuantity(None)),
        _ => decimal(text)
            .ok()
            .filter(|quantity| !quantity.is_negative())
            .map(|quantity| MaybeQuantity(Some(quantity))),
    }
);

/// RFC 3339.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub Timestamp);

from_text!(Time, "a time in RFC 3339", |text| time(text).map(Time));

/// Unix seconds as digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnixSeconds(pub Timestamp);

from_text!(UnixSeconds, "Unix seconds as text", |text| text
    .parse::<i64>()
    .ok()
    .and_then(|seconds| seconds.checked_mul(1_000_000_000))
    .map(|nanos| UnixSeconds(Timestamp(nanos))));

/// The maker's side: whoever crossed the spread did the opposite.
#[derive(Clone, Copy, Debug)]
pub(super) struct MakerSide(pub Aggressor);

from_text!(MakerSide, "BUY or SELL", |text| match text {
    "SELL" => Some(MakerSide(Aggressor::Buy)),
    "BUY" => Some(MakerSide(Aggressor::Sell)),
    "" | "UNKNOWN_ORDER_SIDE" => Some(MakerSide(Aggressor::Unknown)),
    _ => None,
});

/// A whole number from 0, which the venue prints as a number or as text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number from 0, or its digits as text")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Count, E> {
                Ok(Count(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                digits
                    .then(|| text.parse().ok())
                    .flatten()
                    .map(Count)
                    .ok_or_else(|| E::invalid_value(Unexpected::Str(shown(text)), &self))
            }
        }
        deserializer.deserialize_any(Digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_of_decimals_is_the_general_one(text in "[0-9.]{0,22}") {
            prop_assert_eq!(decimal(&text).ok(), Decimal::parse(&text).ok());
        }

        #[test]
        fn decimals_survive(raw in 0i128..10i128.pow(30)) {
            let value = Decimal::from_raw(raw);
            prop_assert_eq!(decimal(&value.to_string()), Ok(value));
        }

        #[test]
        fn the_short_way_of_times_is_the_general_one(
            year in 1600u32..2400, month in 0u32..14, day in 0u32..33,
            hour in 0u32..25, minute in 0u32..61, second in 0u32..61, rest in "(\\.[0-9]{0,10})?[Zz]?",
        ) {
            let text = format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{rest}");
            if let Some(time) = short_time(text.as_bytes()) {
                prop_assert_eq!(Some(time), calendar::parse_time(&text));
            }
        }

        #[test]
        fn no_text_is_a_panic(text in ".{0,40}") {
            let _ = (decimal(&text), time(&text), shown(&text));
        }
    }

    #[test]
    fn what_the_venue_prints_takes_the_short_way() {
        for text in [
            "83277.25",
            "0.00715626",
            "0",
            "8",
            "1.",
            ".5",
            "000000000000000001",
        ] {
            assert!(short_decimal(text.as_bytes()).is_some(), "{text}");
        }
        for text in ["", ".", "1.2.3", "-1", "1e3", "1234567890123456789"] {
            assert!(short_decimal(text.as_bytes()).is_none(), "{text}");
        }
        for text in [
            "2026-09-30T02:39:53Z",
            "2026-09-30T02:39:53.7Z",
            "2026-09-30T02:39:53.813568298Z",
        ] {
            assert!(short_time(text.as_bytes()).is_some(), "{text}");
        }
    }

    #[test]
    fn errors_name_what_was_expected_and_repeat_little() {
        let long = format!("\"{}\"", "ä".repeat(1000));
        let error = serde_json::from_str::<Price>(&long)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("a price above 0") && error.len() < 200,
            "{error}"
        );
        let error = serde_json::from_str::<Price>("5").unwrap_err().to_string();
        assert!(error.contains("a price above 0"), "{error}");
        for (text, ok) in [
            ("7", true),
            ("\"7\"", true),
            ("\"+7\"", false),
            ("-7", false),
            ("7.5", false),
        ] {
            assert_eq!(serde_json::from_str::<Count>(text).is_ok(), ok, "{text}");
        }
    }
}

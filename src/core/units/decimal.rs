//! The wide exact decimal: balances, fees, fill values, rates and percentages.
//!
//! An `i128` counting 1e-18. Range about +-1.7e20 units; arithmetic is checked. Venues print up to
//! 16 decimals; a text with more than 18 significant decimals is refused, never cut.

use super::decimal_text::DecimalText;
use super::wide::multiply_divide;
use std::fmt;

/// How a result that does not fall on the grid is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, ties to the even neighbour. The default of money.
    HalfEven,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

/// Why a text is not a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// Not a number in plain or scientific notation.
    Malformed,
    /// More than 18 digits after the point.
    TooPrecise,
    /// Beyond +-1.7e20.
    OutOfRange,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a decimal number",
            Self::TooPrecise => "more than 18 digits after the point",
            Self::OutOfRange => "outside +-1.7e20",
        })
    }
}

impl std::error::Error for DecimalError {}

/// An exact decimal with 18 digits after the point.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

/// Units of 1e-18 in one.
const ONE: i128 = 1_000_000_000_000_000_000;

impl Decimal {
    pub const ZERO: Self = Self(0);
    pub const ONE: Self = Self(ONE);
    /// Digits after the point.
    pub const DIGITS: u32 = 18;

    /// From a count of 1e-18.
    pub const fn from_raw(raw: i128) -> Self {
        Self(raw)
    }

    /// The count of 1e-18.
    pub const fn raw(self) -> i128 {
        self.0
    }

    /// From a whole number.
    pub const fn from_int(n: i64) -> Self {
        Self(n as i128 * ONE)
    }

    /// `mantissa * 10^-digits`, for constants such as `Decimal::new(5, 1)` = 0.5.
    ///
    /// # Panics
    /// If `digits` is over 18 (a programming error).
    pub const fn new(mantissa: i64, digits: u32) -> Self {
        assert!(digits <= Self::DIGITS);
        Self(mantissa as i128 * 10i128.pow(Self::DIGITS - digits))
    }

    /// Parses plain notation (`-12.50`) and nothing else.
    pub fn parse_plain(text: &str) -> Result<Self, DecimalError> {
        if text.contains(['e', 'E']) {
            return Err(DecimalError::Malformed);
        }
        Self::parse(text)
    }

    /// Parses plain or scientific notation (`5.33e-05`), as files and exchanges print it.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => {
                let exponent: i32 = text[at + 1..]
                    .parse()
                    .map_err(|_| DecimalError::Malformed)?;
                (&text[..at], exponent)
            }
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.as_bytes().first() {
            Some(b'-') => (true, &mantissa[1..]),
            Some(b'+') => (false, &mantissa[1..]),
            _ => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(DecimalError::Malformed);
        }
        let mut value: i128 = 0;
        // Position of the next digit as a power of ten, and the zeros not yet accounted for.
        let mut pending_zeros = 0u32;
        let mut point_shift = 0i32;
        for (index, part) in [whole, fraction].into_iter().enumerate() {
            for byte in part.bytes() {
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    return Err(DecimalError::Malformed);
                }
                if index == 1 {
                    point_shift -= 1;
                }
                if digit == 0 {
                    pending_zeros += 1;
                    continue;
                }
                if value != 0 {
                    value = scale_up(value, pending_zeros + 1)?;
                }
                pending_zeros = 0;
                value = value
                    .checked_add(i128::from(digit))
                    .ok_or(DecimalError::OutOfRange)?;
            }
        }
        if value == 0 {
            return Ok(Self::ZERO);
        }
        // value * 10^(pending zeros + point shift + exponent), counted in 1e-18.
        let power = i64::from(pending_zeros)
            + i64::from(point_shift)
            + i64::from(exponent)
            + i64::from(Self::DIGITS);
        if power < 0 {
            return Err(DecimalError::TooPrecise);
        }
        let power = u32::try_from(power).map_err(|_| DecimalError::OutOfRange)?;
        let value = scale_up(value, power)?;
        Ok(Self(if negative { -value } else { value }))
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// `self * other`, rounded to 1e-18.
    pub fn checked_mul(self, other: Self, rounding: Rounding) -> Option<Self> {
        self.mul_div(other.0, ONE, rounding)
    }

    /// `self / other`, rounded to 1e-18; `None` for a zero divisor.
    pub fn checked_div(self, other: Self, rounding: Rounding) -> Option<Self> {
        self.mul_div(ONE, other.0, rounding)
    }

    /// `self * factor / divisor` with one rounding at the end.
    pub fn mul_div(self, factor: i128, divisor: i128, rounding: Rounding) -> Option<Self> {
        let negative = (self.0 < 0) ^ (factor < 0) ^ (divisor < 0);
        let (a, b, d) = (
            self.0.unsigned_abs(),
            factor.unsigned_abs(),
            divisor.unsigned_abs(),
        );
        let (quotient, remainder) = multiply_divide(a, b, d)?;
        let up = match rounding {
            Rounding::Down => false,
            Rounding::Up => remainder != 0,
            Rounding::HalfEven => {
                // remainder against d - remainder: 2 * remainder could overflow.
                let rest = d - remainder;
                remainder > rest || (remainder == rest && quotient & 1 == 1)
            }
        };
        let magnitude = i128::try_from(quotient.checked_add(u128::from(up))?).ok()?;
        Some(Self(if negative { -magnitude } else { magnitude }))
    }

    /// Rounded to `digits` (0 to 18) after the point.
    pub fn round(self, digits: u32, rounding: Rounding) -> Self {
        assert!(digits <= Self::DIGITS, "a decimal has at most 18 digits");
        let step = 10i128.pow(Self::DIGITS - digits);
        let units = Self(self.0)
            .mul_div(1, step, rounding)
            .expect("dividing by a power of ten cannot overflow");
        // A value within step of the limits could leave the range: keep it as it is.
        units.0.checked_mul(step).map_or(self, Self)
    }

    /// How many times `step` (> 0) fits, rounded; for prices and quantities on a grid.
    pub fn in_steps_of(self, step: Self, rounding: Rounding) -> Option<i128> {
        self.mul_div(1, step.0, rounding).map(|n| n.0)
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// The nearest double, for indicators and display only.
    pub fn to_f64(self) -> f64 {
        // Trailing zeros off first: both operands are then exact for usual numbers, and the one
        // division rounds correctly.
        let (mut mantissa, mut digits) = (self.0, Self::DIGITS);
        while digits > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            digits -= 1;
        }
        mantissa as f64 / 10f64.powi(digits as i32)
    }

    /// From a double that stands for a decimal of at most `digits` digits (a strategy's percentage,
    /// say): half-even on the double's exact value. `None` if not finite or out of range.
    pub fn from_f64(value: f64, digits: u32) -> Option<Self> {
        assert!(digits <= 9, "doubles carry about 15 digits in all");
        if !value.is_finite() {
            return None;
        }
        let scaled = (value * 10f64.powi(digits as i32)).round_ties_even();
        if scaled.abs() >= 9.0e15 {
            return None;
        }
        Some(Self(scaled as i128 * 10i128.pow(Self::DIGITS - digits)))
    }
}

fn scale_up(value: i128, power: u32) -> Result<i128, DecimalError> {
    10i128
        .checked_pow(power)
        .and_then(|factor| value.checked_mul(factor))
        .ok_or(DecimalError::OutOfRange)
}

impl std::ops::Neg for Decimal {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl std::ops::Add for Decimal {
    type Output = Self;
    /// # Panics
    /// On overflow: inputs are range checked at the edge, so one here is a bug and money is corrupt.
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("decimal addition overflows")
    }
}

impl std::ops::Sub for Decimal {
    type Output = Self;
    /// # Panics
    /// On overflow, like addition.
    fn sub(self, other: Self) -> Self {
        self.checked_sub(other)
            .expect("decimal subtraction overflows")
    }
}

impl std::ops::AddAssign for Decimal {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::ops::SubAssign for Decimal {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::ops::Mul for Decimal {
    type Output = Self;
    /// Half-even to 1e-18.
    /// # Panics
    /// On overflow, like addition.
    fn mul(self, other: Self) -> Self {
        self.checked_mul(other, Rounding::HalfEven)
            .expect("decimal multiplication overflows")
    }
}

impl fmt::Display for Decimal {
    /// The shortest plain notation: no trailing zeros, no exponent. A precision (`{:.2}`) rounds
    /// half-even and pads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(precision) = f.precision() else {
            let text = DecimalText::of(*self);
            return match f.width() {
                Some(width) => write!(f, "{:>width$}", text.as_str()),
                None => f.write_str(text.as_str()),
            };
        };
        let digits = precision.min(Self::DIGITS as usize);
        let rounded = DecimalText::of(self.round(digits as u32, Rounding::HalfEven));
        let (whole, fraction) = rounded
            .as_str()
            .split_once('.')
            .unwrap_or((rounded.as_str(), ""));
        let point = if digits > 0 { "." } else { "" };
        let text = format!("{whole}{point}{fraction:0<digits$}");
        write!(f, "{text:>width$}", width = f.width().unwrap_or(0))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Decimal {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

impl serde::Serialize for Decimal {
    /// Money is a string in JSON, so that no reader turns it into a double.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigdecimal::{BigDecimal, RoundingMode};
    use proptest::prelude::*;
    use std::str::FromStr;

    fn big(d: Decimal) -> BigDecimal {
        BigDecimal::from_str(&d.to_string()).unwrap()
    }

    proptest! {
        #[test]
        fn text_round_trips(raw: i128) {
            let d = Decimal::from_raw(raw);
            prop_assert_eq!(Decimal::parse(&d.to_string()), Ok(d));
        }

        #[test]
        fn products_equal_a_big_decimal(a in -10i128.pow(28)..10i128.pow(28), b in -10i128.pow(28)..10i128.pow(28)) {
            let (a, b) = (Decimal::from_raw(a), Decimal::from_raw(b));
            let exact = (big(a) * big(b)).with_scale_round(18, RoundingMode::HalfEven);
            match a.checked_mul(b, Rounding::HalfEven) {
                Some(product) => prop_assert_eq!(big(product), exact),
                None => prop_assert!(exact.abs() > BigDecimal::from_str("1.7e20").unwrap()),
            }
        }

        #[test]
        fn quotients_equal_a_big_decimal(a in -10i128.pow(28)..10i128.pow(28), b in 1i128..10i128.pow(24)) {
            let (a, b) = (Decimal::from_raw(a), Decimal::from_raw(b));
            if let Some(q) = a.checked_div(b, Rounding::Down) {
                // q is the quotient cut towards zero: q*b <= a < (q+1e-18)*b in magnitude.
                let error = big(a).abs() - (big(q) * big(b)).abs();
                prop_assert!(error >= 0);
                prop_assert!(error < big(b) * BigDecimal::from_str("1e-18").unwrap());
            }
        }

        #[test]
        fn rounding_equals_a_big_decimal(raw in -10i128.pow(30)..10i128.pow(30), digits in 0u32..18) {
            let d = Decimal::from_raw(raw);
            for (ours, theirs) in [(Rounding::HalfEven, RoundingMode::HalfEven), (Rounding::Down, RoundingMode::Down), (Rounding::Up, RoundingMode::Up)] {
                prop_assert_eq!(big(d.round(digits, ours)), big(d).with_scale_round(i64::from(digits), theirs));
            }
        }

        #[test]
        fn parsing_never_panics(text in "[-+0-9.eE]{0,24}") {
            let _ = Decimal::parse(&text);
        }
    }

    #[test]
    fn parses_what_files_print() {
        for (text, plain) in [
            ("5.33e-05", "0.0000533"),
            ("1E3", "1000"),
            ("-0.50", "-0.5"),
            (".5", "0.5"),
            ("7.", "7"),
            ("000", "0"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("1.000000000000000000000", "1"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), plain, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_exact_decimal() {
        use DecimalError::*;
        for (text, error) in [
            ("", Malformed),
            (".", Malformed),
            ("NaN", Malformed),
            ("1,000", Malformed),
            ("1e", Malformed),
            ("--1", Malformed),
            ("0.0000000000000000001", TooPrecise),
            ("1e999", OutOfRange),
            ("300000000000000000000", OutOfRange),
            ("1e99999999999", Malformed),
        ] {
            assert_eq!(Decimal::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn prints_with_a_fixed_precision_half_even() {
        assert_eq!(format!("{:.2}", Decimal::parse("2.345").unwrap()), "2.34");
        assert_eq!(format!("{:.0}", Decimal::parse("2.5").unwrap()), "2");
        assert_eq!(format!("{:.3}", Decimal::from_int(7)), "7.000");
        assert_eq!(format!("{:8.1}", Decimal::from_int(-7)), "    -7.0");
    }

    #[test]
    fn overflow_is_none() {
        let max = Decimal::from_raw(i128::MAX);
        assert_eq!(max.checked_add(Decimal::from_raw(1)), None);
        assert_eq!(max.checked_mul(max, Rounding::HalfEven), None);
        assert_eq!(
            Decimal::ONE.checked_div(Decimal::ZERO, Rounding::Down),
            None
        );
    }
}

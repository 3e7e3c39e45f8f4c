//! Decimals as files print them, the tails of binary floats included.

use crate::core::units::Decimal;
use std::borrow::Cow;

/// Reads a decimal; true when it carried the tail of a binary float and was rounded.
///
/// A float's shortest text has at most 17 significant digits. One with 16 (17) that comes to 12 (13)
/// or fewer when rounded to 15 is a short decimal that went through arithmetic.
pub fn read(text: &str) -> Result<(Decimal, bool), String> {
    let text = text.trim();
    let (clean, noisy) = match without_noise(text) {
        Some(clean) => (Cow::Owned(clean), true),
        None => (Cow::Borrowed(text), false),
    };
    Decimal::parse(&clean)
        .map(|value| (value, noisy))
        .map_err(|error| error.to_string())
}

fn without_noise(text: &str) -> Option<String> {
    let at = text.find(['e', 'E']).unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at(at);
    let (sign, plain) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = plain.split_once('.')?;
    if !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    if !(16..=17).contains(&significant.len()) {
        return None;
    }
    let number: u64 = significant.parse().ok()?;
    let cut = 10u64.pow(significant.len() as u32 - 15);
    // Ties cannot come from noise: they would be far from any short decimal.
    let rounded = (number + cut / 2) / cut;
    let mut short = rounded;
    while short != 0 && short.is_multiple_of(10) {
        short /= 10;
    }
    if short >= 10u64.pow(significant.len() as u32 - 4) {
        return None;
    }
    let power = exponent
        .strip_prefix(['e', 'E'])
        .map_or(Ok(0i32), str::parse)
        .ok()?;
    let shift = i64::from(power) - fraction.len() as i64 + significant.len() as i64 - 15;
    Some(format!("{sign}{rounded}e{shift}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tails_of_binary_floats_are_rounded_off() {
        for (text, clean) in [
            ("5.330000000000001e-05", "0.0000533"),
            ("5.2900000000000005e-05", "0.0000529"),
            ("0.07745453000000001", "0.07745453"),
            ("0.09946999000000001", "0.09946999"),
            ("-0.30000000000000004", "-0.3"),
            ("1.0999999999999999", "1.1"),
            ("99999.999999999985", "100000"),
            ("203889.11713750003", "203889.1171375"),
        ] {
            let (value, noisy) = read(text).unwrap();
            assert_eq!((value.to_string().as_str(), noisy), (clean, true), "{text}");
        }
    }

    #[test]
    fn exact_decimals_are_left_as_they_are() {
        for text in [
            "0.123456789012345678",
            "64000.10",
            "431401.97869504",
            "1234567890.123456",
            "7",
        ] {
            let (value, noisy) = read(text).unwrap();
            assert_eq!(value, Decimal::parse(text).unwrap(), "{text}");
            assert!(!noisy, "{text}");
        }
        assert!(read("abc").is_err());
        assert!(read("").is_err());
        assert!(read("0.1000000000000001e-9223372036854775808").is_err());
    }

    proptest! {
        #[test]
        fn what_a_float_sum_prints_comes_back_as_the_decimal(
            a in 1u32..1_000_000, b in 1u32..1_000_000, digits in 0u32..9
        ) {
            let scale = 10f64.powi(digits as i32);
            let sum = f64::from(a) / scale + f64::from(b) / scale;
            let exact = Decimal::new(i64::from(a) + i64::from(b), digits);
            let (value, _) = read(&format!("{sum}")).unwrap();
            prop_assert_eq!(value, exact);
        }

        #[test]
        fn any_text_is_read_without_panic(text in "[-+0-9.eE ]{0,30}") {
            let _ = read(&text);
        }
    }
}

//! Numbers as a report prints them: rounded, grouped, in a given width; `-` for what is undefined.

use crate::core::units::{Decimal, Timestamp};

/// What stands for an undefined value.
pub const UNDEFINED: &str = "-";

/// Money with `digits` decimals and commas between thousands: `10,013.22`.
pub fn money(value: Decimal, digits: usize) -> String {
    without_negative_zero(grouped(&format!("{value:.digits$}")))
}

/// Money, or `-`.
pub fn money_or_dash(value: Option<Decimal>, digits: usize) -> String {
    value.map_or_else(|| UNDEFINED.to_owned(), |value| money(value, digits))
}

/// A ratio with two decimals, or `-`.
pub fn ratio(value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() => number(value),
        _ => UNDEFINED.to_owned(),
    }
}

/// A percentage with two decimals and its sign of percent, or `-`.
pub fn percent(value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{} %", number(value)),
        _ => UNDEFINED.to_owned(),
    }
}

fn number(value: f64) -> String {
    if value.abs() >= 1e12 {
        return format!("{value:.2e}");
    }
    without_negative_zero(grouped(&format!("{value:.2}")))
}

/// A count with commas between thousands.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// The exact value with as many decimals as it has and `width` allows; never cut before the point.
pub fn fit(value: Decimal, width: usize) -> String {
    let exact = value.to_string();
    if exact.len() <= width {
        return exact;
    }
    let whole = exact.find('.').unwrap_or(exact.len());
    let digits = width.saturating_sub(whole + 1).min(18);
    without_negative_zero(format!("{value:.digits$}"))
}

/// `2018-01-01 00:00`.
pub fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    // The date has a fixed length for the years 1678 to 2261.
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

/// Text from a ledger, safe for a terminal: control characters become `?`, and what is longer than
/// `width` characters ends in `...`.
pub fn printable(text: &str, width: usize) -> String {
    let shown = |c: char| if c.is_control() { '?' } else { c };
    if text.chars().count() <= width {
        return text.chars().map(shown).collect();
    }
    let kept = width.saturating_sub(3);
    let mut cut: String = text.chars().take(kept).map(shown).collect();
    cut.push_str("...");
    cut
}

/// A plain number of any sign with commas between its thousands.
pub fn grouped_text(plain: &str) -> String {
    without_negative_zero(grouped(plain))
}

fn grouped(plain: &str) -> String {
    let (sign, digits) = plain
        .strip_prefix('-')
        .map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = match digits.find('.') {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(fraction);
    text
}

/// A value that rounds to nothing has no sign.
fn without_negative_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| b == b'0' || b == b'.') => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn money_is_grouped_and_rounded_half_even() {
        assert_eq!(money(d("10013.225"), 2), "10,013.22");
        assert_eq!(money(d("-1234567.891"), 2), "-1,234,567.89");
        assert_eq!(money(d("-0.001"), 2), "0.00");
        assert_eq!(money(d("999"), 0), "999");
        assert_eq!(money_or_dash(None, 2), "-");
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn ratios_are_never_nan_or_infinite_or_minus_nothing() {
        assert_eq!(percent(Some(-12.345)), "-12.35 %");
        assert_eq!(percent(Some(-0.001)), "0.00 %");
        assert_eq!(ratio(Some(f64::NAN)), "-");
        assert_eq!(percent(Some(f64::INFINITY)), "-");
        assert_eq!(ratio(Some(1e300)), "1.00e300");
        assert_eq!(ratio(None), "-");
    }

    #[test]
    fn values_fit_their_column() {
        assert_eq!(fit(d("64000.1"), 9), "64000.1");
        assert_eq!(fit(d("64000.123456"), 9), "64000.123");
        assert_eq!(fit(d("0.0000123456789"), 9), "0.0000123");
        assert_eq!(fit(d("-0.0000000001"), 6), "0.000");
        assert_eq!(fit(d("123456789012"), 9), "123456789012");
        assert_eq!(
            minute(Timestamp(1_514_764_802_610_000_000)),
            "2018-01-01 00:00"
        );
    }

    #[test]
    fn text_of_a_ledger_cannot_command_the_terminal() {
        assert_eq!(printable("no signal", 20), "no signal");
        assert_eq!(printable("a\x1b[2Jb\n", 20), "a?[2Jb?");
        assert_eq!(printable("0123456789", 8), "01234...");
        assert_eq!(printable("zwölf", 5), "zwölf");
    }

    proptest! {
        #[test]
        fn small_enough_values_never_pass_their_width(raw in -10i128.pow(24)..10i128.pow(24)) {
            prop_assert!(fit(Decimal::from_raw(raw), 10).len() <= 10);
        }
    }
}

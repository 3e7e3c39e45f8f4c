//! Numbers as a report prints them: rounded, grouped, in a given width; `-` for what is undefined.

use crate::core::units::{Decimal, Span, Timestamp};

/// What stands for an undefined value.
pub const UNDEFINED: &str = "-";

/// Money with `digits` decimals and commas between thousands: `10,013.22`. What would round to nothing
/// and is not is written with its power of ten: `-4e-5`.
pub fn money(value: Decimal, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if is_zero(&text) && !value.is_zero() {
        return scientific(value, digits + 6);
    }
    without_negative_zero(grouped(&text))
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

/// Digits from the first that is not 0 which a value near zero keeps at least, if it has them.
const SIGNIFICANT: usize = 4;

/// The exact value with as many decimals as it has and `width` allows; never cut before the point.
/// A value near zero of which too little would be left has its power of ten: `1.2346e-5`.
pub fn fit(value: Decimal, width: usize) -> String {
    let exact = value.to_string();
    if exact.len() <= width {
        return exact;
    }
    let whole = exact.find('.').unwrap_or(exact.len());
    let digits = width.saturating_sub(whole + 1).min(18);
    let text = format!("{value:.digits$}");
    if value.abs() < Decimal::ONE && significant(&text) < SIGNIFICANT.min(significant(&exact)) {
        return scientific(value, width);
    }
    without_negative_zero(text)
}

/// Digits from the first that is not 0.
fn significant(text: &str) -> usize {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    digits.skip_while(|digit| *digit == b'0').count()
}

/// `-1.25e-9` in at most `width` columns, half-even; one digit at least. Not for 0.
fn scientific(value: Decimal, width: usize) -> String {
    let scale = Decimal::ONE.raw().ilog10();
    let digits = value.raw().unsigned_abs();
    let length = digits.ilog10() + 1;
    let mut exponent = i64::from(length) - 1 - i64::from(scale);
    let sign = if value.is_negative() { "-" } else { "" };
    let room = width.saturating_sub(format!("{sign}e{exponent}").len());
    // One digit needs no point, each further one makes room for it.
    let kept = u32::try_from(room.saturating_sub(1)).unwrap_or(u32::MAX);
    let kept = kept.clamp(1, length);
    let cut = 10u128.pow(length - kept);
    let (mut mantissa, rest) = (digits / cut, digits % cut);
    if rest * 2 > cut || rest * 2 == cut && mantissa % 2 == 1 {
        mantissa += 1;
    }
    if mantissa == 10u128.pow(kept) {
        mantissa /= 10;
        exponent += 1;
    }
    let text = mantissa.to_string();
    let (first, further) = text.split_at(1);
    match further.trim_end_matches('0') {
        "" => format!("{sign}{first}e{exponent}"),
        further => format!("{sign}{first}.{further}e{exponent}"),
    }
}

/// `2018-01-01 00:00`.
pub fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    // The date has a fixed length for the years 1678 to 2261.
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

/// A length of time: `45 s`, `12 min`, `3.5 h`, `2.1 d`; fractions of a second are left out.
pub fn length(span: Span) -> String {
    let seconds = span.as_secs_f64().max(0.0);
    let (value, unit) = match seconds {
        s if s >= 172_800.0 => (s / 86_400.0, "d"),
        s if s >= 7_200.0 => (s / 3_600.0, "h"),
        s if s >= 120.0 => (s / 60.0, "min"),
        s => (s.floor(), "s"),
    };
    let text = format!("{value:.1}");
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
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
        Some(rest) if is_zero(rest) => rest.to_owned(),
        _ => text,
    }
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0' | b'.' | b'-'))
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
        assert_eq!(money(d("-0.001"), 2), "-1e-3");
        assert_eq!(money(d("0.0000123456"), 2), "1.235e-5");
        assert_eq!(money(d("0"), 2), "0.00");
        assert_eq!(money(d("0.004"), 2), "4e-3");
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
        assert_eq!(fit(d("0.0000123456789"), 9), "1.2346e-5");
        assert_eq!(fit(d("-0.0000000001"), 6), "-1e-10");
        assert_eq!(fit(d("0.00000012"), 9), "1.2e-7");
        assert_eq!(fit(d("0.0000099999999"), 9), "1e-5");
        assert_eq!(fit(d("0.123456789012"), 9), "0.1234568");
        assert_eq!(fit(d("0"), 9), "0");
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

        #[test]
        fn what_is_not_zero_is_not_shown_as_zero(raw in 1i128..10i128.pow(24), shift in 0u32..20) {
            let value = Decimal::from_raw((raw >> shift).max(1));
            for value in [value, -value] {
                for text in [fit(value, 9), money(value, 2)] {
                    prop_assert!(!is_zero(&text), "{} as {}", value, text);
                    prop_assert_eq!(text.starts_with('-'), value.is_negative());
                }
            }
        }
    }

    #[test]
    fn a_length_of_time_has_the_unit_that_suits_it() {
        let of = |seconds: i64| length(Span::from_secs(seconds));
        assert_eq!(
            [0, 60, 720, 5430, 12_600, 86_400, 183_000].map(of),
            [
                "0 s", "60 s", "12 min", "90.5 min", "3.5 h", "24 h", "2.1 d"
            ]
        );
    }
}

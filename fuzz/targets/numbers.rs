//! Text as decimals, times and intervals; numbers as operands.

#![no_main]

use libfuzzer_sys::arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use minnow::core::market::Interval;
use minnow::core::units::calendar::{day_start, month_start, parse_time, week_start};
use minnow::core::units::{Decimal, Rounding, Timestamp};
use minnow::store::recording::import::{Columns, TimeReader, TimeUnit};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        decimal_text(text);
        time_text(text);
        interval_text(text);
        column_text(text);
    }
    if let Ok([a, b, c]) = <[i128; 3]>::arbitrary(&mut Unstructured::new(bytes)) {
        arithmetic(a, b, c);
    }
    if let Ok(time) = i64::arbitrary(&mut Unstructured::new(bytes)) {
        boundaries(Timestamp(time));
    }
});

fn decimal_text(text: &str) {
    let Ok(value) = Decimal::parse(text) else {
        assert!(
            Decimal::parse_plain(text).is_err(),
            "plain is the stricter one"
        );
        return;
    };
    let shown = value.to_string();
    assert_eq!(Decimal::parse_plain(&shown), Ok(value), "text comes back");
    let json = serde_json::to_string(&value).expect("a decimal is JSON");
    assert_eq!(serde_json::from_str::<Decimal>(&json).ok(), Some(value));
    for digits in [0, 2, 8, 18] {
        let rounded = value.round(digits, Rounding::HalfEven);
        assert_eq!(rounded.round(digits, Rounding::HalfEven), rounded);
        let _ = format!("{value:.*}", digits as usize);
    }
    // A double is nearest: within one part in 2^52.
    let double: f64 = shown.parse().expect("a decimal is a double's text");
    assert!(
        (value.to_f64() - double).abs() <= double.abs() * 4.5e-16,
        "{shown}"
    );
    let plain = text.strip_prefix('+').unwrap_or(text);
    if let Ok(whole) = plain.parse::<i64>() {
        assert_eq!(value, Decimal::from_int(whole));
    }
}

fn time_text(text: &str) {
    if let Some(time) = parse_time(text) {
        assert!(text.len() >= 10, "a date has ten characters");
        let millis = Timestamp::from_millis(time.as_millis());
        if millis.0 <= time.0 {
            assert_eq!(
                parse_time(&time.to_string()),
                Some(millis),
                "{text} is {time}"
            );
        }
        assert_eq!(TimeReader::default().read(text), Ok(time));
        let known = |c: char| c.is_ascii_digit() || "-+:.TtZz ".contains(c);
        assert!(text.chars().all(known), "{text:?} is no time");
    }
    let units = [
        TimeUnit::Seconds,
        TimeUnit::Milliseconds,
        TimeUnit::Microseconds,
        TimeUnit::Nanoseconds,
    ];
    for unit in units {
        let mut reader = TimeReader { unit: Some(unit) };
        if let (Ok(time), Ok(number)) = (reader.read(text), text.trim().parse::<i64>()) {
            let exact = number.checked_mul(unit.nanoseconds());
            assert_eq!(exact.map(Timestamp), Some(time));
        }
    }
    if TimeReader::default().read(text).is_ok() {
        assert!(text.bytes().any(|b| b.is_ascii_digit()));
    }
}

fn interval_text(text: &str) {
    if let Some(interval) = Interval::parse(text) {
        assert_eq!(interval.to_string(), text);
        assert_eq!(Interval::from_seconds(interval.seconds()), Some(interval));
    }
}

fn column_text(text: &str) {
    if let Ok(columns) = Columns::parse(text) {
        let first: Vec<String> = text.split(',').map(str::to_owned).collect();
        if let Ok(columns) = columns.resolve(&first, &["time"]) {
            let place = columns.get("time").expect("it was needed");
            assert!(place < first.len());
        }
    }
}

fn arithmetic(a: i128, b: i128, c: i128) {
    // The most negative number has no magnitude; no operation makes it.
    if [a, b, c].contains(&i128::MIN) {
        return;
    }
    let [x, y] = [a, b].map(Decimal::from_raw);
    if let Some(sum) = x.checked_add(y).filter(|sum| sum.raw() != i128::MIN) {
        assert_eq!(sum.checked_sub(y), Some(x));
    }
    assert_eq!(
        x.checked_mul(y, Rounding::HalfEven),
        y.checked_mul(x, Rounding::HalfEven)
    );
    if c != 0 {
        assert_eq!(x.mul_div(c, c, Rounding::HalfEven), Some(x));
        let [down, half, up] = [Rounding::Down, Rounding::HalfEven, Rounding::Up]
            .map(|rounding| x.mul_div(b, c, rounding));
        if let (Some(down), Some(half), Some(up)) = (down, half, up) {
            assert!(down.abs() <= half.abs() && half.abs() <= up.abs());
            assert!(up.abs().raw() - down.abs().raw() <= 1);
        }
    }
    assert_eq!(Decimal::parse(&x.to_string()), Ok(x));
    let _ = (x.to_f64(), x.round((b & 15) as u32, Rounding::Up));
}

fn boundaries(time: Timestamp) {
    let (day, week, month) = (day_start(time), week_start(time), month_start(time));
    assert!(week <= day && month <= day && day <= time);
    for seconds in [1, 60, 86_400] {
        let interval = Interval::from_seconds(seconds).expect("it is one of the fifteen");
        let bucket = interval.bucket(time);
        assert!(bucket <= time && time.since(bucket) < interval.span());
    }
    assert!(!time.to_string().is_empty());
}

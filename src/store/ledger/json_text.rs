//! A decision's checks and indicators as JSON text, without a serialiser's detours: a row holds
//! about 28 checks with three decimals each.
//!
//! The text is written into a buffer that the caller uses again and again.

use super::names;
use crate::core::records::{Check, CheckOutcome};
use crate::core::units::{Decimal, DecimalText};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// An indicator's name and value.
pub type Named = (&'static str, f64);

/// Bytes of valid UTF-8, bound as text.
#[derive(Debug, Default)]
pub struct JsonText(Vec<u8>);

impl JsonText {
    /// `[["max_daily_loss_pct","passed","0.4","5","4.6"],...]`: name, outcome, value, limit, margin.
    pub fn set_checks(&mut self, checks: &[Check]) {
        let out = &mut self.0;
        out.clear();
        out.push(b'[');
        for (index, check) in checks.iter().enumerate() {
            out.extend_from_slice(if index > 0 { b",[\"" } else { b"[\"" });
            // Names and outcomes are the program's own identifiers: nothing to escape.
            out.extend_from_slice(check.name.as_bytes());
            out.extend_from_slice(b"\",\"");
            out.extend_from_slice(names::check_outcome(check.outcome).as_bytes());
            out.push(b'"');
            for number in [check.value, check.limit, check.margin] {
                out.push(b',');
                push_number(out, number);
            }
            out.push(b']');
        }
        out.push(b']');
    }

    /// The same with the names elsewhere: `[[],["0.4","5","4.6"],["6","5","-1","refused"],...]`, value,
    /// limit, margin, and the outcome where it is another than `passed`.
    pub fn set_check_values(&mut self, checks: &[Check]) {
        let out = &mut self.0;
        out.clear();
        out.push(b'[');
        for (index, check) in checks.iter().enumerate() {
            out.extend_from_slice(if index > 0 { b",[" } else { b"[" });
            let numbers = [check.value, check.limit, check.margin];
            let passed = check.outcome == CheckOutcome::Passed;
            if !passed || numbers.iter().any(Option::is_some) {
                for (place, number) in numbers.into_iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    push_number(out, number);
                }
            }
            if !passed {
                out.extend_from_slice(b",\"");
                out.extend_from_slice(names::check_outcome(check.outcome).as_bytes());
                out.push(b'"');
            }
            out.push(b']');
        }
        out.push(b']');
    }

    /// Indicators with the names elsewhere: `[value,...,"flag",...]`; what is not a finite number becomes
    /// null, and flags, whose value is 1, are named.
    pub fn set_values(&mut self, values: &[Named], flags: &[Named]) {
        let out = &mut self.0;
        out.clear();
        out.push(b'[');
        for (index, (_, value)) in values.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            serde_json::to_writer(&mut *out, value).expect("writing to a vector cannot fail");
        }
        for (index, (name, _)) in flags.iter().enumerate() {
            let first = index == 0 && values.is_empty();
            out.extend_from_slice(if first { b"\"" } else { b",\"" });
            out.extend_from_slice(name.as_bytes());
            out.push(b'"');
        }
        out.push(b']');
    }

    /// `{"name":value,...}`; what is not a finite number becomes null.
    pub fn set_indicators(&mut self, indicators: &[Named]) {
        let out = &mut self.0;
        out.clear();
        out.push(b'{');
        for (index, (name, value)) in indicators.iter().enumerate() {
            out.extend_from_slice(if index > 0 { b",\"" } else { b"\"" });
            // The program's own identifiers, like those of checks.
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            serde_json::to_writer(&mut *out, value).expect("writing to a vector cannot fail");
        }
        out.push(b'}');
    }
}

fn push_number(out: &mut Vec<u8>, number: Option<Decimal>) {
    match number {
        None => out.extend_from_slice(b"null"),
        Some(number) => {
            out.push(b'"');
            out.extend_from_slice(DecimalText::of(number).as_bytes());
            out.push(b'"');
        }
    }
}

/// Indicators, and behind them what ends them with the value 1: the signals that fired, which are others
/// each time.
pub fn split_flags(indicators: &[Named]) -> (&[Named], &[Named]) {
    let last = indicators.iter().rposition(|(_, value)| *value != 1.0);
    indicators.split_at(last.map_or(0, |index| index + 1))
}

impl ToSql for JsonText {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &JsonText) -> serde_json::Value {
        serde_json::from_slice(&text.0).unwrap()
    }

    #[test]
    fn checks_are_lists_of_name_outcome_and_three_exact_numbers() {
        let mut text = JsonText::default();
        let check = |value: Option<Decimal>| Check {
            name: "data",
            outcome: CheckOutcome::Passed,
            value,
            limit: value,
            margin: None,
        };
        text.set_checks(&[check(None), check(Some(Decimal::new(-15, 3)))]);
        let expected = serde_json::json!([
            ["data", "passed", null, null, null],
            ["data", "passed", "-0.015", "-0.015", null]
        ]);
        assert_eq!(parsed(&text), expected);
        text.set_checks(&[]);
        assert_eq!(text.0, b"[]");
    }

    #[test]
    fn indicators_are_numbers_and_what_is_none_is_null() {
        let mut text = JsonText::default();
        let values = [
            ("rsi", 61.25),
            ("tiny", 1e-12),
            ("broken", f64::NAN),
            ("endless", f64::INFINITY),
        ];
        text.set_indicators(&values);
        let expected =
            serde_json::json!({"rsi": 61.25, "tiny": 1e-12, "broken": null, "endless": null});
        assert_eq!(parsed(&text), expected);
        text.set_indicators(&[]);
        assert_eq!(text.0, b"{}");
    }

    #[test]
    fn values_without_their_names_are_as_short_as_they_can_be() {
        let mut text = JsonText::default();
        let check = |outcome, value| Check {
            name: "data",
            outcome,
            value,
            limit: None,
            margin: None,
        };
        text.set_check_values(&[
            check(CheckOutcome::Passed, None),
            check(CheckOutcome::Passed, Some(Decimal::new(5, 1))),
            check(CheckOutcome::Refused, None),
        ]);
        let expected = br#"[[],["0.5",null,null],[null,null,null,"refused"]]"#;
        assert_eq!(text.0, expected);
        let values = [("rsi", 61.25), ("sure", 1.0), ("broken", f64::NAN)];
        text.set_values(&values, &[("green", 1.0), ("small", 1.0)]);
        assert_eq!(text.0, br#"[61.25,1.0,null,"green","small"]"#);
        text.set_values(&[], &[("green", 1.0)]);
        assert_eq!(text.0, br#"["green"]"#);
    }

    #[test]
    fn flags_are_what_ends_the_list_with_one() {
        let values = [("sure", 1.0), ("rsi", 3.0), ("a", 1.0), ("b", 1.0)];
        assert_eq!(split_flags(&values), (&values[..2], &values[2..]));
        assert_eq!(split_flags(&values[..2]), (&values[..2], &values[..0]));
        assert_eq!(split_flags(&values[2..]), (&values[..0], &values[2..]));
        assert_eq!(split_flags(&[]), (&values[..0], &values[..0]));
    }
}

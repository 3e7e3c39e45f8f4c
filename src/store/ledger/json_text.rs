//! A decision's checks and indicators as JSON text, without a serialiser's detours: a row holds
//! about 28 checks with three decimals each.
//!
//! The text is written into a buffer that the caller uses again and again.

use super::names;
use crate::core::records::Check;
use crate::core::units::DecimalText;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

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
                match number {
                    None => out.extend_from_slice(b",null"),
                    Some(number) => {
                        out.extend_from_slice(b",\"");
                        out.extend_from_slice(DecimalText::of(number).as_bytes());
                        out.push(b'"');
                    }
                }
            }
            out.push(b']');
        }
        out.push(b']');
    }

    /// `{"name":value,...}`; what is not a finite number becomes null.
    pub fn set_indicators(&mut self, indicators: &[(&'static str, f64)]) {
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

impl ToSql for JsonText {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::records::CheckOutcome;
    use crate::core::units::Decimal;

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
}

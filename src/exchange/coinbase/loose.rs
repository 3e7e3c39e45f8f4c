//! Amounts as REST answers and the user channel state them: text, a number, `{"value", "currency"}`,
//! nothing at all. Exact in every form.

use crate::core::units::{Decimal, DecimalError};
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::value::RawValue;

/// An amount; `None` = null or empty text. More than 18 digits after the point are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount(pub Option<Decimal>);

/// A quotient that the venue has rounded itself, such as an average price: digits after the 18th
/// are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Quotient(pub Option<Decimal>);

#[derive(Deserialize)]
struct Valued<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Decimal::parse).map(Self)
    }
}

impl<'de> Deserialize<'de> for Quotient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, cut).map(Self)
    }
}

type Parse = fn(&str) -> Result<Decimal, DecimalError>;

fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
    parse: Parse,
) -> Result<Option<Decimal>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if !raw.starts_with('{') {
        return plain(raw, parse).map_err(de::Error::custom);
    }
    // One level only: an object in the object is no amount.
    let valued: Valued<'_> = serde_json::from_str(raw).map_err(de::Error::custom)?;
    plain(valued.value.get(), parse).map_err(de::Error::custom)
}

/// Text, a number or null.
fn plain(raw: &str, parse: Parse) -> Result<Option<Decimal>, String> {
    let wrong = |error: &dyn std::fmt::Display| {
        let shown = super::fields::shown(raw);
        format!("amount {shown}: {error}: expected a decimal as text or number")
    };
    let text = match raw.as_bytes().first() {
        Some(b'n') => return Ok(None),
        Some(b'"') => serde_json::from_str::<&str>(raw).map_err(|error| wrong(&error))?,
        _ => raw,
    };
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).map_err(|error| wrong(&error))
}

/// Parses a decimal; digits after the 18th are left out.
fn cut(text: &str) -> Result<Decimal, DecimalError> {
    match (Decimal::parse(text), text.find('.')) {
        (Err(DecimalError::TooPrecise), Some(point)) if !text.contains(['e', 'E']) => {
            Decimal::parse(text.get(..point + 19).unwrap_or(text))
        }
        (result, _) => result,
    }
}

/// The value if it is above 0: venues write 0 where there is no price.
pub(super) fn positive(value: Option<Decimal>) -> Option<Decimal> {
    value.filter(|value| value.is_positive())
}

impl Amount {
    /// What cannot be below 0; missing is 0.
    pub(super) fn not_negative(self) -> Result<Decimal, String> {
        let value = self.0.unwrap_or(Decimal::ZERO);
        if value.is_negative() {
            return Err(format!("{value}: expected 0 or more"));
        }
        Ok(value)
    }

    /// A whole number of things; missing is 0.
    pub(super) fn count(self) -> Result<u32, String> {
        let value = self.not_negative()?;
        let whole = value.raw() % Decimal::ONE.raw() == 0;
        u32::try_from(value.raw() / Decimal::ONE.raw())
            .ok()
            .filter(|_| whole)
            .ok_or_else(|| format!("{value}: expected a whole number below 2^32"))
    }
}

/// The first text that says something: neither empty nor one of the venue's names for nothing.
pub(super) fn reason<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    texts
        .into_iter()
        .flatten()
        .find(|text| !text.is_empty() && !text.ends_with("_UNSPECIFIED"))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(json: &str) -> Result<Option<String>, String> {
        serde_json::from_str::<Amount>(json)
            .map(|amount| amount.0.map(|value| value.to_string()))
            .map_err(|error| error.to_string())
    }

    proptest! {
        #[test]
        fn decimals_survive_in_every_form(raw: i128) {
            let value = Decimal::from_raw(raw);
            for json in [
                format!("\"{value}\""),
                format!("{value}"),
                format!(r#"{{"value":"{value}","currency":"USD"}}"#),
                format!(r#"{{"currency":"USD","value":{value}}}"#),
            ] {
                prop_assert_eq!(amount(&json), Ok(Some(value.to_string())));
            }
        }
    }

    #[test]
    fn nothing_is_none_and_nonsense_is_an_error() {
        for nothing in ["null", "\"\"", r#"{"value":"","currency":""}"#] {
            assert_eq!(amount(nothing), Ok(None), "{nothing}");
        }
        assert_eq!(amount("1e-7"), Ok(Some("0.0000001".to_owned())));
        for (json, why) in [
            ("true", "not a decimal"),
            ("[1]", "not a decimal"),
            ("\"1,5\"", "not a decimal"),
            ("1e400", "outside"),
            ("\"0.0000000000000000001\"", "more than 18"),
            ("{}", "missing field `value`"),
            (r#"{"value":{"value":"1"}}"#, "not a decimal"),
        ] {
            let error = amount(json).unwrap_err();
            assert!(error.contains(why), "{json}: {error}");
        }
    }

    #[test]
    fn a_tower_of_objects_does_not_use_up_the_stack() {
        let tower = r#"{"value":"#.repeat(100_000);
        assert!(amount(&tower).is_err());
        let closed = format!("{tower}1{}", "}".repeat(100_000));
        assert!(amount(&closed).is_err());
    }

    #[test]
    fn only_quotients_are_cut() {
        let quotient = |json: &str| serde_json::from_str::<Quotient>(json).unwrap().0;
        let exact = Decimal::parse("0.123456789012345678").unwrap();
        assert_eq!(quotient("\"0.1234567890123456789\""), Some(exact));
        assert_eq!(
            quotient("21220.6399999973697697"),
            Decimal::parse("21220.6399999973697697").ok()
        );
        assert!(serde_json::from_str::<Quotient>("\"1e-19\"").is_err());
    }

    #[test]
    fn counts_are_whole() {
        let count = |json: &str| serde_json::from_str::<Amount>(json).unwrap().count();
        assert_eq!(
            (count("\"2\""), count("null"), count("7")),
            (Ok(2), Ok(0), Ok(7))
        );
        for wrong in ["1.5", "-1", "4294967296"] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reasons_that_say_nothing_are_passed_over() {
        assert_eq!(
            reason([
                Some(""),
                None,
                Some("REJECT_REASON_UNSPECIFIED"),
                Some("why")
            ]),
            "why"
        );
        assert_eq!(reason([Some("")]), "");
    }
}

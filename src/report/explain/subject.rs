//! What somebody wants explained, as it is named on the command line.

use crate::core::units::Timestamp;
use std::fmt;

/// One decision, order or trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Decision(i64),
    Order(i64),
    /// By its client order id.
    OrderNamed(String),
    Trade(i64),
}

/// The question: a subject, or the decision candle of a symbol that contains a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Subject(Subject),
    At {
        time: Timestamp,
        /// Needed where the session has several.
        symbol: Option<String>,
    },
}

impl Subject {
    /// `d17`, `o5`, `t3`, a bare number for a decision, or a client order id.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.parse().ok().filter(|n: &i64| *n > 0);
        type Made = fn(i64) -> Subject;
        let kinds: [(&str, Made); 4] = [
            ("", Self::Decision),
            ("d", Self::Decision),
            ("o", Self::Order),
            ("t", Self::Trade),
        ];
        for (letter, kind) in kinds {
            if let Some(n) = text.strip_prefix(letter).and_then(number) {
                return Ok(kind(n));
            }
        }
        if text.starts_with("mw") && text.matches('-').count() == 3 {
            return Ok(Self::OrderNamed(text.to_owned()));
        }
        Err("expected a decision d17, an order o5 or its client order id, or a trade t3".to_owned())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decision(n) => write!(f, "d{n}"),
            Self::Order(n) => write!(f, "o{n}"),
            Self::OrderNamed(name) => f.write_str(name),
            Self::Trade(n) => write!(f, "t{n}"),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(subject) => subject.fmt(f),
            Self::At { time, .. } => time.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_what_a_number_counts() {
        assert_eq!(Subject::parse("17"), Ok(Subject::Decision(17)));
        assert_eq!(Subject::parse("d17"), Ok(Subject::Decision(17)));
        assert_eq!(Subject::parse("o5"), Ok(Subject::Order(5)));
        assert_eq!(Subject::parse("t3"), Ok(Subject::Trade(3)));
        let name = "mwabc234-q7xyz-aaaaaar-e";
        assert_eq!(
            Subject::parse(name),
            Ok(Subject::OrderNamed(name.to_owned()))
        );
        for bad in ["", "d", "x3", "-1", "0", "d1.5", "t99999999999999999999"] {
            assert!(Subject::parse(bad).is_err(), "{bad}");
        }
    }
}

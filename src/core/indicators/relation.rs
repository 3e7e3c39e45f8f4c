//! How one value is held against another, in a form that can be shown.

use serde::{Deserialize, Serialize};

/// How a value is held against its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    #[serde(rename = ">")]
    Above,
    #[serde(rename = "<")]
    Below,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "<=")]
    AtMost,
    /// Above now, and not above on the candle before.
    #[serde(rename = "crosses over")]
    CrossesOver,
    /// Below now, and not below on the candle before.
    #[serde(rename = "crosses under")]
    CrossesUnder,
    #[serde(rename = "=")]
    Equals,
}

impl Relation {
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::Below => "<",
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::CrossesOver => "crosses over",
            Self::CrossesUnder => "crosses under",
            Self::Equals => "=",
        }
    }
}

//! Prices and quantities as whole numbers of an instrument's tick and lot.
//!
//! What a tick or lot is worth stands in `market::instrument`; two numbers of different
//! instruments must never meet.

use serde::{Deserialize, Serialize};

/// A price in ticks of its instrument. Positive when it comes from a market.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Price(pub i64);

/// A quantity in lots of its instrument. Orders, fills and lots hold it without sign; the side
/// stands beside it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Quantity(pub i64);

impl Quantity {
    pub const ZERO: Self = Self(0);

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl std::ops::Add for Quantity {
    type Output = Self;
    /// # Panics
    /// On overflow: quantities are range checked at the edge.
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("quantity overflows"))
    }
}

impl std::ops::Sub for Quantity {
    type Output = Self;
    /// # Panics
    /// On overflow, like addition.
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("quantity overflows"))
    }
}

impl std::ops::AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::ops::SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// The side of an order or of a trade's aggressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// +1 for a buy, -1 for a sell.
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }

    /// What [`name`](Self::name) gave; `None` for anything else.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Buy, Self::Sell]
            .into_iter()
            .find(|side| side.name() == name)
    }

    /// The position that an entry on this side makes.
    pub const fn position(self) -> &'static str {
        match self {
            Self::Buy => "LONG",
            Self::Sell => "SHORT",
        }
    }
}

//! A trade print on the instrument's grid.

use crate::units::{Price, Quantity, Stamp, Timestamp};
use serde::{Deserialize, Serialize};

/// Index of a symbol among those of the run, in the configured order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SymbolId(pub u16);

impl SymbolId {
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Who crossed the spread, where the source says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Aggressor {
    #[default]
    Unknown,
    Buy,
    Sell,
}

/// One public trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    pub symbol: SymbolId,
    pub aggressor: Aggressor,
    pub price: Price,
    /// 0 is possible in a venue's feed and is ignored.
    pub quantity: Quantity,
    /// The venue's time.
    pub time: Timestamp,
    /// The venue's trade id (or its 64-bit hash where it is no number); 0 = none given.
    pub id: u64,
}

/// A trade with the clock reading at which the core learns of it; the row of the fast path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedTrade {
    pub stamp: Stamp,
    pub trade: Trade,
}

//! What a reader of foreign files delivers, before anything is put on a grid.

use crate::core::market::Aggressor;
use crate::core::units::hexadecimal::hexadecimal;
use crate::core::units::{Decimal, Timestamp};
use crate::store::recording::RecordingError;
use sha2::{Digest, Sha256};
use std::fmt;

/// A trade as its source states it.
#[derive(Clone, Copy, Debug)]
pub struct TradeRecord<'a> {
    /// Name of the symbol; `None` where the source holds only one and does not say.
    pub symbol: Option<&'a str>,
    pub time: Timestamp,
    pub price: Decimal,
    /// Never negative: a sign has become the aggressor.
    pub quantity: Decimal,
    pub aggressor: Aggressor,
    /// The aggressor is nothing but the quantity's sign: it means something only in a source where
    /// some quantity is negative.
    pub from_sign: bool,
    /// 0 = none. `ordered` = larger ids are later, so that they may sort trades of one time.
    pub id: u64,
    pub ordered: bool,
}

/// A candle as its source states it.
#[derive(Clone, Copy, Debug)]
pub struct CandleRecord {
    pub open_time: Timestamp,
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    pub volume: Decimal,
}

/// Why a row was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// `trades.csv: line 17`.
    pub place: String,
    pub reason: String,
}

/// Rows left out: all counted, the first one kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRows {
    pub count: u64,
    pub first: Option<RowFault>,
}

impl BadRows {
    pub fn add(&mut self, place: String, reason: impl Into<String>) {
        self.count += 1;
        if self.first.is_none() {
            let reason = reason.into();
            self.first = Some(RowFault { place, reason });
        }
    }
}

/// Why an import ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// Reading or writing failed.
    Recording(RecordingError),
    /// The command line must say more.
    Usage(String),
    /// The data cannot be used.
    Data(String),
}

impl From<RecordingError> for ImportError {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording(error) => error.fmt(f),
            Self::Usage(text) | Self::Data(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ImportError {}

/// Takes the trades of a source in its order.
pub type TradeSink<'a> = dyn FnMut(&TradeRecord<'_>) -> Result<(), ImportError> + 'a;
/// Takes the candles of a source in its order.
pub type CandleSink<'a> = dyn FnMut(&CandleRecord) -> Result<(), ImportError> + 'a;

/// Follows an import while it reads its files.
pub trait Watch: fmt::Debug {
    /// So many more bytes of a file were read, as they lie on disk. `false`: give up, which ends
    /// the reading with an `Io` error.
    fn bytes(&self, count: usize) -> bool;

    /// One more row was read, usable or not.
    fn row(&self);
}

/// Nobody follows.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn bytes(&self, _count: usize) -> bool {
        true
    }

    fn row(&self) {}
}

/// Something that can be read for trades as often as wanted, with the same outcome.
pub trait TradeSource {
    /// Delivers every usable trade to the sink and counts the others. `checksum` sees all bytes.
    ///
    /// # Errors
    /// `Usage` when the columns cannot be told apart, `Recording` when the disk refuses, or what the
    /// sink returned.
    fn read(
        &mut self,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut TradeSink<'_>,
    ) -> Result<(), ImportError>;

    /// Numbers that carried the tail of a binary float, in the last reading.
    fn noisy(&self) -> u64;

    /// What was found out about the source, for the summary; empty = nothing to say.
    fn notes(&self) -> Vec<String>;
}

/// SHA-256 over all bytes of a source (unpacked); names imported history.
#[derive(Clone, Debug, Default)]
pub struct Checksum(Sha256);

impl Checksum {
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Eight hex digits for the instance and five base32 digits (a-z, 2-7) for the session.
    pub fn names(self) -> (String, String) {
        const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let hash = self.0.finalize();
        let instance = hexadecimal(&hash[..4]);
        let bits = hash[4..9]
            .iter()
            .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        let session = (0..5)
            .map(|digit| char::from(DIGITS[(bits >> (digit * 5) & 31) as usize]))
            .collect();
        (instance, session)
    }
}

//! What the user says about the product, and what an import amounted to.

use super::source::{BadRows, Checksum, ImportError};
use crate::core::market::{Instrument, ProductKind};
use crate::core::units::{Decimal, Stamp, Timestamp};
use crate::store::recording::{Header, TurnKind};

/// Silence of a symbol from which on the recording says `quiet`, ns: 1,000 s.
pub const QUIET_FROM: i64 = 1_000_000_000_000;

/// What is known of the product; what is `None` is taken from the data or from usage.
#[derive(Clone, Debug, Default)]
pub struct Product {
    pub symbol: Option<String>,
    pub kind: Option<ProductKind>,
    pub currency: Option<String>,
    pub tick: Option<Decimal>,
    pub lot: Option<Decimal>,
    /// Base units that a quantity of 1 stands for.
    pub contract_value: Option<Decimal>,
    pub maker_fee: Option<Decimal>,
    pub taker_fee: Option<Decimal>,
    /// Quantities are contracts of an inverse product worth one unit of the currency each:
    /// quantity = floor(contracts / price) on the lot.
    pub inverse: bool,
    /// Where the data comes from, in words.
    pub origin: Option<String>,
}

impl Product {
    /// The instrument of a symbol on this grid.
    ///
    /// # Errors
    /// When the grid or the name cannot be used.
    pub fn instrument(
        &self,
        symbol: &str,
        tick: Decimal,
        lot: Decimal,
    ) -> Result<Instrument, ImportError> {
        let kind = self.kind.unwrap_or(if symbol.ends_with("-PERP") {
            ProductKind::Perpetual
        } else {
            ProductKind::Spot
        });
        let currency =
            self.currency
                .clone()
                .unwrap_or_else(|| match symbol.rsplit_once(['-', '/', '_']) {
                    Some((_, quote)) if quote != "PERP" && !quote.is_empty() => quote.to_owned(),
                    _ => "USD".to_owned(),
                });
        let instrument = Instrument {
            symbol: symbol.to_owned(),
            kind,
            currency,
            tick,
            lot,
            contract_value: self.contract_value.unwrap_or(Decimal::ONE),
            min_quantity: lot,
            min_notional: Decimal::ZERO,
            maker_fee: self.maker_fee,
            taker_fee: self.taker_fee,
            protective: Default::default(),
            max_leverage: None,
            origin: if self.inverse {
                "inverse contracts presented as a linear product: quantity = floor(contracts / price) on the lot".to_owned()
            } else {
                String::new()
            },
        };
        instrument.check().map_err(ImportError::Data)?;
        Ok(instrument)
    }

    /// The header of an import.
    pub(super) fn header(
        &self,
        instruments: Vec<Instrument>,
        checksum: Checksum,
        first: Timestamp,
    ) -> Header {
        let (instance, session) = checksum.names();
        Header {
            turns: TurnKind::Bulk,
            instance,
            session,
            started: Stamp::of_history(first),
            origin: self.origin.clone().unwrap_or_default(),
            ..Header::new(instruments)
        }
    }
}

/// What an import wrote and what it left out.
#[derive(Clone, Debug, Default)]
pub struct ImportReport {
    pub trades: u64,
    pub candles: u64,
    /// Announced gaps.
    pub quiet: u64,
    /// Trades of quantity 0, or below one lot after conversion: ignored.
    pub without_quantity: u64,
    pub bad: BadRows,
    /// Numbers that carried the tail of a binary float and were rounded.
    pub noisy: u64,
    /// The rows were not in order and were sorted in memory.
    pub sorted: bool,
    pub first: Timestamp,
    pub last: Timestamp,
    /// Each symbol with its tick and lot.
    pub grids: Vec<(String, Decimal, Decimal)>,
    pub notes: Vec<String>,
}

/// The message for input that needs more memory than allowed.
pub(super) fn too_many(max_rows: usize) -> ImportError {
    ImportError::Data(format!(
        "the rows are not in order of time and more than {max_rows}: sorting them in memory would take over {} MB; sort the file first, or raise --max-rows",
        max_rows.saturating_mul(64) / 1_000_000
    ))
}

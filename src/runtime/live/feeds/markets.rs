//! The venue's names and decimals to the core's numbers: products to symbols, prices to the grid.
//!
//! What does not fit is refused and counted by reason; nothing is guessed or rounded.

use crate::core::market::{Candle, CandleSource, Instrument, ProductKind, SymbolId, Trade};
use crate::core::units::Rounding;
use crate::exchange::PublicTrade;
use crate::exchange::stream::VenueCandle;

/// A symbol of the run at its venue.
#[derive(Clone, Debug)]
pub struct Market {
    /// Name in the venue's calls and frames.
    pub product: String,
    /// Another name under which its frames may come.
    pub alias: Option<String>,
    /// What is bought and sold: `BTC`.
    pub base_currency: String,
    pub instrument: Instrument,
    /// It can be traded now, as the exchange said last.
    pub tradable: bool,
}

/// Why a trade or candle is no input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    UnknownProduct,
    PriceOffGrid,
    QuantityOffGrid,
    BrokenCandle,
}

impl Refusal {
    pub const ALL: [Self; 4] = [
        Self::UnknownProduct,
        Self::PriceOffGrid,
        Self::QuantityOffGrid,
        Self::BrokenCandle,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownProduct => "unknown_product",
            Self::PriceOffGrid => "price_off_grid",
            Self::QuantityOffGrid => "quantity_off_grid",
            Self::BrokenCandle => "broken_candle",
        }
    }
}

/// All symbols of the run, in the configured order.
#[derive(Clone, Debug)]
pub struct Markets {
    markets: Vec<Market>,
    refused: [u64; Refusal::ALL.len()],
}

impl Markets {
    pub fn new(markets: Vec<Market>) -> Self {
        Self {
            markets,
            refused: [0; Refusal::ALL.len()],
        }
    }

    pub fn len(&self) -> usize {
        self.markets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.markets.is_empty()
    }

    /// Names in the venue's calls.
    pub fn products(&self) -> Vec<String> {
        self.markets.iter().map(|m| m.product.clone()).collect()
    }

    pub fn market(&self, symbol: SymbolId) -> &Market {
        &self.markets[symbol.index()]
    }

    /// The exchange says whether it can be traded; returns whether that is news.
    pub fn note_tradable(&mut self, symbol: SymbolId, tradable: bool) -> bool {
        let market = &mut self.markets[symbol.index()];
        std::mem::replace(&mut market.tradable, tradable) != tradable
    }

    /// Symbols that trade in sessions: contracts.
    pub fn contracts(&self) -> Vec<SymbolId> {
        self.symbols()
            .filter(|id| self.market(*id).instrument.kind == ProductKind::Perpetual)
            .collect()
    }

    pub fn symbols(&self) -> impl Iterator<Item = SymbolId> + use<> {
        (0..self.markets.len() as u16).map(SymbolId)
    }

    /// The symbol behind a name of the venue. At most 20 of them: a list is the fastest map.
    pub fn symbol(&self, product: &str) -> Option<SymbolId> {
        self.markets
            .iter()
            .position(|m| m.product == product || m.alias.as_deref() == Some(product))
            .map(|index| SymbolId(index as u16))
    }

    /// Inputs refused so far, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (Refusal, u64)> + '_ {
        Refusal::ALL.into_iter().zip(self.refused)
    }

    fn count<T>(&mut self, result: Result<T, Refusal>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.refused[refusal as usize] += 1;
                None
            }
        }
    }

    /// A public trade on the grid; `None` (counted) when it does not fit.
    pub fn trade(&mut self, trade: &PublicTrade<'_>) -> Option<Trade> {
        let result = self.place(trade);
        self.count(result)
    }

    fn place(&self, trade: &PublicTrade<'_>) -> Result<Trade, Refusal> {
        let symbol = self.symbol(trade.product).ok_or(Refusal::UnknownProduct)?;
        let instrument = &self.market(symbol).instrument;
        Ok(Trade {
            symbol,
            aggressor: trade.aggressor,
            price: instrument
                .exact_price(trade.price)
                .ok_or(Refusal::PriceOffGrid)?,
            quantity: instrument
                .exact_quantity(trade.quantity)
                .ok_or(Refusal::QuantityOffGrid)?,
            time: trade.time,
            id: trade.id,
        })
    }

    /// A venue's candle on the grid; `None` (counted) when it does not fit. Its volume is cut to the
    /// lot: it is a sum of quantities and may have been rounded by the venue.
    pub fn candle(&mut self, symbol: SymbolId, candle: &VenueCandle) -> Option<Candle> {
        let result = self.place_candle(symbol, candle);
        self.count(result)
    }

    fn place_candle(&self, symbol: SymbolId, candle: &VenueCandle) -> Result<Candle, Refusal> {
        let instrument = &self.market(symbol).instrument;
        let price = |value| instrument.exact_price(value).ok_or(Refusal::PriceOffGrid);
        let volume = candle
            .volume
            .in_steps_of(instrument.lot, Rounding::Down)
            .filter(|lots| *lots >= 0)
            .ok_or(Refusal::QuantityOffGrid)?;
        let candle = Candle {
            open_time: candle.open_time,
            open: price(candle.open)?,
            high: price(candle.high)?,
            low: price(candle.low)?,
            close: price(candle.close)?,
            volume,
            quote_volume: 0,
            trades: 0,
            source: CandleSource::Venue,
            complete: true,
        };
        candle.check().map_err(|_| Refusal::BrokenCandle)?;
        Ok(candle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::Aggressor;
    use crate::core::units::{Decimal, Price, Quantity, Timestamp};

    fn markets() -> Markets {
        let instrument = Instrument::linear(
            "BTC-USD",
            ProductKind::Spot,
            "USD",
            Decimal::new(1, 2),
            Decimal::new(1, 8),
        );
        Markets::new(vec![Market {
            product: "BTC-USD".to_owned(),
            alias: Some("BTC-USDC".to_owned()),
            base_currency: "BTC".to_owned(),
            instrument,
            tradable: true,
        }])
    }

    fn trade(product: &str, price: Decimal) -> PublicTrade<'_> {
        PublicTrade {
            product,
            price,
            quantity: Decimal::new(5, 4),
            aggressor: Aggressor::Buy,
            time: Timestamp(7),
            id: 9,
        }
    }

    #[test]
    fn a_trade_lies_on_the_grid_of_its_symbol_under_either_name() {
        let mut markets = markets();
        for product in ["BTC-USD", "BTC-USDC"] {
            let placed = markets.trade(&trade(product, Decimal::new(6892367, 2)));
            let placed = placed.expect("it fits");
            assert_eq!(placed.price, Price(6_892_367));
            assert_eq!(placed.quantity, Quantity(50_000));
            assert_eq!((placed.symbol, placed.id), (SymbolId(0), 9));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_counted_by_reason() {
        let mut markets = markets();
        assert_eq!(markets.trade(&trade("ETH-USD", Decimal::ONE)), None);
        assert_eq!(markets.trade(&trade("BTC-USD", Decimal::new(1, 3))), None);
        let counted: Vec<u64> = markets.refused().map(|(_, count)| count).collect();
        assert_eq!(counted, [1, 1, 0, 0]);
    }

    #[test]
    fn a_candle_of_an_absurd_volume_never_reaches_the_core() {
        let mut markets = markets();
        let candle = |volume| VenueCandle {
            open_time: Timestamp(0),
            open: Decimal::ONE,
            high: Decimal::ONE,
            low: Decimal::ONE,
            close: Decimal::ONE,
            volume,
        };
        let symbol = SymbolId(0);
        assert!(
            markets
                .candle(symbol, &candle(Decimal::from_int(1_000_000)))
                .is_some()
        );
        let fine = Instrument {
            lot: Decimal::new(1, 18),
            ..markets.markets[0].instrument.clone()
        };
        markets.markets[0].instrument = fine;
        let absurd = Decimal::from_int(1_000_000_000_000_000_000);
        assert_eq!(markets.candle(symbol, &candle(absurd)), None);
        assert!(
            markets
                .refused()
                .any(|counted| counted == (Refusal::BrokenCandle, 1))
        );
    }
}

//! The products of the venue: spot pairs and contracts with their grid, their limits and how their book
//! looks.

use super::contract::Contract;
use crate::core::market::{Instrument, ProductKind};
use crate::core::units::{Decimal, Price, Quantity, Rounding};

/// A product as it is listed.
#[derive(Clone, Debug)]
pub struct Product {
    pub id: String,
    /// Empty for a contract: nothing is delivered into an account.
    pub base: String,
    pub quote: String,
    pub base_name: String,
    pub quote_name: String,
    /// Tick, lot, currency.
    pub instrument: Instrument,
    pub base_min: Decimal,
    pub base_max: Decimal,
    pub quote_min: Decimal,
    pub quote_max: Decimal,
    /// Where the random market begins.
    pub start: Price,
    /// Ticks between best bid and best ask.
    pub spread: i64,
    /// Ticks between two levels of the book.
    pub step: i64,
    /// Mean lots of a level.
    pub level_lots: i64,
    /// `None` for a spot pair.
    pub contract: Option<Contract>,
}

/// Full names of what is traded often; anything else is called by its code.
const NAMES: [(&str, &str); 6] = [
    ("BTC", "Bitcoin"),
    ("ETH", "Ethereum"),
    ("SOL", "Solana"),
    ("USD", "US Dollar"),
    ("USDC", "USDC"),
    ("EUR", "Euro"),
];

/// The name of a currency.
pub fn currency_name(code: &str) -> String {
    let known = NAMES.iter().find(|(name, _)| *name == code);
    known.map_or(code, |(_, name)| name).to_owned()
}

/// Money of states, as against coins.
pub fn is_fiat(code: &str) -> bool {
    matches!(code, "USD" | "EUR" | "GBP" | "CAD" | "JPY" | "CHF" | "AUD")
}

/// What the random market knows: base, price at the start, tick, lot, base units of a typical level.
/// Rounded prices of late 2026.
const BUILT_IN: [(&str, &str, &str, &str, &str); 20] = [
    ("BTC", "83000", "0.01", "0.00000001", "0.05"),
    ("ETH", "2660", "0.01", "0.00000001", "1.2"),
    ("SOL", "140", "0.01", "0.00000001", "40"),
    ("XRP", "2.2", "0.0001", "0.000001", "2300"),
    ("DOGE", "0.17", "0.00001", "0.1", "29000"),
    ("ADA", "0.55", "0.0001", "0.00000001", "9000"),
    ("AVAX", "19.5", "0.01", "0.00000001", "260"),
    ("LINK", "14.2", "0.001", "0.01", "350"),
    ("LTC", "88", "0.01", "0.00000001", "57"),
    ("BCH", "510", "0.01", "0.00000001", "10"),
    ("DOT", "3.4", "0.001", "0.00000001", "1500"),
    ("UNI", "6.8", "0.001", "0.000001", "740"),
    ("AAVE", "190", "0.01", "0.001", "26"),
    ("ATOM", "4.1", "0.001", "0.01", "1200"),
    ("XLM", "0.29", "0.000001", "0.00000001", "17000"),
    ("ALGO", "0.19", "0.0001", "1", "26000"),
    ("ETC", "17.3", "0.01", "0.00000001", "290"),
    ("FIL", "2.4", "0.001", "0.001", "2100"),
    ("NEAR", "2.6", "0.001", "0.001", "1900"),
    ("APT", "4.9", "0.01", "0.01", "1000"),
];

/// Products that the random market has at most.
pub const BUILT_IN_MAX: u8 = BUILT_IN.len() as u8;

/// The first `count` products of the random market, all in USD.
pub fn built_in(count: u8) -> Vec<Product> {
    let rows = BUILT_IN.iter().take(count.into());
    rows.map(|(base, start, tick, lot, level)| {
        let number = |text| Decimal::parse(text).expect("a decimal of this table");
        let grid = (number(tick), number(lot));
        Product::new(base, "USD", grid, number(start), number(level))
    })
    .collect()
}

impl Product {
    /// A spot pair with this grid (tick, lot), a book around `start`, and `level` base units at a
    /// typical price.
    pub fn new(
        base: &str,
        quote: &str,
        (tick, lot): (Decimal, Decimal),
        start: Decimal,
        level: Decimal,
    ) -> Self {
        let id = format!("{base}-{quote}");
        let instrument = Instrument::linear(&id, ProductKind::Spot, quote, tick, lot);
        let start = instrument
            .round_price(start, Rounding::HalfEven)
            .unwrap_or(Price(1));
        // A spread of about a hundredth of a percent, and levels as far apart.
        let spread = (start.0 / 10_000).max(1);
        let level_lots = instrument.floor_quantity(level).unwrap_or(Quantity(1));
        Self {
            base: base.to_owned(),
            quote: quote.to_owned(),
            base_name: currency_name(base),
            quote_name: currency_name(quote),
            base_min: lot,
            base_max: level
                .checked_mul(Decimal::from_int(70_000), Rounding::Down)
                .unwrap_or(level),
            quote_min: Decimal::ONE,
            quote_max: Decimal::from_int(150_000_000),
            start,
            spread,
            step: spread,
            level_lots: level_lots.0.max(4),
            contract: None,
            instrument,
            id,
        }
    }

    /// A futures contract whose market begins at `start`; its instrument counts contracts. `level`:
    /// contracts of a typical level.
    pub fn contract(
        instrument: Instrument,
        contract: Contract,
        start: Decimal,
        level: i64,
    ) -> Self {
        let start = instrument
            .round_price(start, Rounding::HalfEven)
            .unwrap_or(Price(1));
        let spread = (start.0 / 20_000).max(1);
        Self {
            id: instrument.symbol.clone(),
            base: String::new(),
            base_name: String::new(),
            quote: instrument.currency.clone(),
            quote_name: currency_name(&instrument.currency),
            base_min: instrument.min_quantity,
            base_max: Decimal::from_int(100_000_000),
            quote_min: Decimal::ZERO,
            quote_max: Decimal::from_int(100_000_000),
            start,
            spread,
            step: spread,
            level_lots: level.max(4),
            contract: Some(contract),
            instrument,
        }
    }

    /// As the protocol spells what kind of product it is.
    pub const fn kind_name(&self) -> &'static str {
        match self.contract {
            Some(_) => "FUTURE",
            None => "SPOT",
        }
    }

    pub fn price(&self, price: Price) -> Decimal {
        self.instrument.price(price)
    }

    /// Lots as base units; of a contract, contracts.
    pub fn size(&self, lots: i64) -> Decimal {
        self.instrument.quantity(Quantity(lots))
    }

    /// Price x lots in quote currency; `None` beyond every limit.
    pub fn value(&self, price: Price, lots: i64) -> Option<Decimal> {
        let tick_lots = i128::from(price.0) * i128::from(lots);
        self.instrument.checked_value_of(tick_lots)
    }
}

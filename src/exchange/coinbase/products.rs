//! Products: their grid, what may be done with them now, and their other name.
//!
//! Futures are counted in contracts: lot and minimum are contracts, `contract_value` is what one of
//! them stands for.

use super::fields::shown;
use super::loose::{Amount, positive};
use super::rest_answers::{Read, read};
use crate::core::market::{Instrument, ProductKind};
use crate::core::units::Decimal;
use crate::exchange::calls::CallAnswer;
use crate::exchange::orders::Product;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct ProductsBody<'a> {
    #[serde(borrow)]
    products: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow)]
    product_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct ProductFields<'a> {
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(default)]
    price: Amount,
    base_increment: Amount,
    #[serde(default)]
    price_increment: Amount,
    #[serde(default)]
    quote_increment: Amount,
    #[serde(default)]
    quote_min_size: Amount,
    #[serde(default)]
    base_min_size: Amount,
    #[serde(borrow)]
    product_type: Cow<'a, str>,
    #[serde(borrow)]
    quote_currency_id: Cow<'a, str>,
    #[serde(borrow, default)]
    base_currency_id: Cow<'a, str>,
    #[serde(borrow, default)]
    status: Cow<'a, str>,
    #[serde(default)]
    is_disabled: bool,
    #[serde(default)]
    trading_disabled: bool,
    #[serde(default)]
    view_only: bool,
    #[serde(default)]
    cancel_only: bool,
    #[serde(default)]
    auction_mode: bool,
    #[serde(default)]
    limit_only: bool,
    #[serde(default)]
    post_only: bool,
    #[serde(borrow, default)]
    alias: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    alias_to: Option<Vec<Cow<'a, str>>>,
    #[serde(default)]
    fcm_trading_session_details: Option<Session>,
    #[serde(borrow, default)]
    future_product_details: Option<Future<'a>>,
}

/// Futures trade in sessions.
#[derive(Deserialize)]
struct Session {
    #[serde(default)]
    is_session_open: Option<bool>,
}

#[derive(Deserialize)]
struct Future<'a> {
    contract_size: Amount,
    #[serde(borrow, default)]
    contract_root_unit: Cow<'a, str>,
    #[serde(default)]
    perpetual_details: Option<Perpetual>,
}

#[derive(Deserialize)]
struct Perpetual {
    #[serde(default)]
    max_leverage: Amount,
}

impl Perpetual {
    /// Rounded down; `None` where none is stated, or nothing that leverage could be.
    fn max_leverage(&self) -> Option<u32> {
        let whole = positive(self.max_leverage.0)?.raw() / Decimal::ONE.raw();
        u32::try_from(whole).ok().filter(|most| *most > 0)
    }
}

/// A list of products, or the one that was asked for by its id.
pub(super) fn products(body: &[u8], ids: &[String]) -> Read {
    let (mut products, mut refused) = (Vec::new(), Vec::new());
    let raw: Vec<&RawValue> = if ids.len() == 1 {
        vec![read(body)?]
    } else {
        read::<ProductsBody<'_>>(body)?.products
    };
    for (index, raw) in raw.into_iter().enumerate() {
        match serde_json::from_str::<ProductFields<'_>>(raw.get())
            .map_err(|error| error.to_string())
            .and_then(|fields| fields.product())
        {
            Ok(product) => products.push(product),
            Err(error) => {
                let id = serde_json::from_str::<Identity<'_>>(raw.get());
                let name = id.map_or_else(
                    |_| format!("product {}", index + 1),
                    |id| shown(&id.product_id).to_owned(),
                );
                refused.push(super::failures::excerpt(&format!("{name}: {error}")));
            }
        }
    }
    if let ([id], [product]) = (ids, products.as_slice())
        && product.id != *id
    {
        return Err(format!("product {:?}: expected {id}", shown(&product.id)));
    }
    Ok(CallAnswer::Products { products, refused })
}

impl ProductFields<'_> {
    fn product(&self) -> Result<Product, String> {
        let kind = match self.product_type.as_ref() {
            "SPOT" => ProductKind::Spot,
            "FUTURE" => ProductKind::Perpetual,
            other => {
                let other = shown(other);
                return Err(format!("product_type {other:?}: expected SPOT or FUTURE"));
            }
        };
        let (contract_size, base) = match (kind, &self.future_product_details) {
            (ProductKind::Spot, _) => (Decimal::ONE, &self.base_currency_id),
            (ProductKind::Perpetual, Some(future)) => (
                needed("contract_size", future.contract_size)?,
                &future.contract_root_unit,
            ),
            (ProductKind::Perpetual, None) => {
                return Err("a future without future_product_details".to_owned());
            }
        };
        let tick = positive(self.price_increment.0).or(positive(self.quote_increment.0));
        let mut instrument = Instrument::linear(
            &self.product_id,
            kind,
            &self.quote_currency_id,
            tick.ok_or("neither price_increment nor quote_increment above 0")?,
            needed("base_increment", self.base_increment)?,
        );
        instrument.contract_value = contract_size;
        instrument.max_leverage = self
            .future_product_details
            .as_ref()
            .and_then(|future| future.perpetual_details.as_ref()?.max_leverage());
        instrument.min_quantity = about("base_min_size", self.base_min_size)?;
        instrument.min_notional = about("quote_min_size", self.quote_min_size)?;
        instrument.check()?;
        Ok(Product {
            id: self.product_id.clone().into_owned(),
            alias: self.alias(),
            instrument,
            contract_size,
            base_currency: base.clone().into_owned(),
            price: positive(self.price.0),
            tradable: self.is_tradable(),
            limit_only: self.limit_only,
            post_only: self.post_only,
        })
    }

    /// The book that this is another name of, else the first other name of this book.
    fn alias(&self) -> Option<String> {
        let others = self.alias_to.iter().flatten();
        self.alias
            .iter()
            .chain(others)
            .find(|name| !name.is_empty())
            .map(|name| name.clone().into_owned())
    }

    /// Futures have no status text, but sessions.
    fn is_tradable(&self) -> bool {
        let is_future = self.product_type == "FUTURE";
        let session = self.fcm_trading_session_details.as_ref();
        let is_closed = session.is_some_and(|session| session.is_session_open == Some(false));
        let barred = self.is_disabled
            || self.trading_disabled
            || self.view_only
            || self.cancel_only
            || self.auction_mode;
        let is_online = self.status == "online" || is_future && self.status.is_empty();
        is_online && !barred && !(is_future && is_closed)
    }
}

fn needed(name: &str, amount: Amount) -> Result<Decimal, String> {
    positive(amount.0).ok_or_else(|| format!("{name}: expected above 0"))
}

fn about(name: &str, amount: Amount) -> Result<Decimal, String> {
    amount
        .not_negative()
        .map_err(|error| format!("{name}: {error}"))
}

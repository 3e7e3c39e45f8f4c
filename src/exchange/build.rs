//! From an exchange's name to its codec: the one line that another exchange adds here.

use super::codec::ExchangeCodec;
use super::coinbase::{Addresses, ApiKey, Coinbase};

/// How an exchange is reached and who asks.
#[derive(Clone, Copy, Default)]
pub struct Access<'a> {
    /// REST address; empty = the exchange's own.
    pub rest: &'a str,
    /// Stream address; empty = the exchange's own.
    pub stream: &'a str,
    /// Name and private key; `None` = public data only.
    pub key: Option<(&'a str, &'a str)>,
}

/// The codec of an exchange that is built. `venue` is the local one, which speaks Coinbase's
/// protocol.
///
/// # Errors
/// An exchange that is not built, an address or a key that is none: in words without secret.
pub fn build(name: &str, access: Access<'_>) -> Result<Box<dyn ExchangeCodec>, String> {
    let key = access
        .key
        .map(|(name, private)| ApiKey::new(name, private))
        .transpose()?;
    match name {
        "coinbase" | "venue" => {
            let mut addresses = Addresses::default();
            if !access.rest.is_empty() {
                access.rest.clone_into(&mut addresses.rest);
            }
            if !access.stream.is_empty() {
                access.stream.clone_into(&mut addresses.market_stream);
                access.stream.clone_into(&mut addresses.account_stream);
            }
            Ok(Box::new(Coinbase::new(addresses, key)?))
        }
        "none" => Err("exchange.name = none: recordings only".to_owned()),
        other => Err(format!("{other}: not built yet; built are coinbase, venue")),
    }
}

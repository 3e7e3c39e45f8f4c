//! Products of one book under two names: whoever subscribes to `BTC-USDC` gets frames of `BTC-USD`.
//!
//! What was subscribed under an alias is told under the alias. The venue names the aliases in its
//! products; before they are known, `X-USDC` alone is taken for `X-USD`, whose frames would not come
//! otherwise.

use crate::exchange::codec::EventSink;
use crate::exchange::orders::Product;
use crate::exchange::stream::StreamEvent;
use std::collections::{BTreeMap, BTreeSet};

/// Both names of each book that has two; each leads to the other.
pub(super) type Pairs = BTreeMap<String, String>;

/// Learns the pairs that products state.
pub(super) fn learn(pairs: &mut Pairs, products: &[Product]) {
    for product in products {
        if let Some(alias) = &product.alias {
            pairs.insert(product.id.clone(), alias.clone());
            pairs.insert(alias.clone(), product.id.clone());
        }
    }
}

/// The names that a connection subscribed to.
#[derive(Debug, Default)]
pub(super) struct Names {
    subscribed: BTreeSet<String>,
    /// Name in frames, and the subscribed name that it also stands for.
    also: Vec<(String, String)>,
}

impl Names {
    pub(super) fn add(&mut self, products: &[String], pairs: &Pairs) {
        self.subscribed.extend(products.iter().cloned());
        self.settle(pairs);
    }

    pub(super) fn remove(&mut self, products: &[String], pairs: &Pairs) {
        for product in products {
            self.subscribed.remove(product);
        }
        self.settle(pairs);
    }

    /// Finds anew what frames may be called.
    pub(super) fn settle(&mut self, pairs: &Pairs) {
        self.also.clear();
        for name in &self.subscribed {
            let guessed = || {
                let canonical = format!("{}-USD", name.strip_suffix("-USDC")?);
                (!self.subscribed.contains(&canonical)).then_some(canonical)
            };
            if let Some(other) = pairs.get(name).cloned().or_else(guessed) {
                self.also.push((other, name.clone()));
            }
        }
    }

    /// Everything comes under the names that were subscribed.
    pub(super) fn are_stated(&self) -> bool {
        self.also.is_empty()
    }

    /// Tells an event under every name that was subscribed: usually its own and no other.
    pub(super) fn tell(&self, event: StreamEvent<'_>, sink: &mut EventSink<'_>) {
        if let StreamEvent::Subscribed { channel, products } = event {
            let also = self.also.iter().filter_map(|(stated, meant)| {
                let missing = !products.contains(&meant.as_str());
                (missing && products.contains(&stated.as_str())).then_some(meant.as_str())
            });
            let products = products.iter().copied().chain(also).collect();
            return sink(StreamEvent::Subscribed { channel, products });
        }
        let Some(product) = product_of(&event) else {
            return sink(event);
        };
        let mut told = self.subscribed.contains(product);
        if told {
            sink(event.clone());
        }
        for (stated, meant) in &self.also {
            if stated == product {
                told = true;
                sink(named(event.clone(), meant));
            }
        }
        if !told {
            sink(event);
        }
    }
}

/// The product of market data. Orders and positions keep the venue's name: they were placed under it.
fn product_of<'a>(event: &StreamEvent<'a>) -> Option<&'a str> {
    match event {
        StreamEvent::Trade { trade, .. } => Some(trade.product),
        StreamEvent::Ticker(ticker) => Some(ticker.product),
        StreamEvent::BookStart { product }
        | StreamEvent::BookLevel { product, .. }
        | StreamEvent::BookEnd { product }
        | StreamEvent::Candle { product, .. }
        | StreamEvent::ProductStatus { product, .. } => Some(product),
        _ => None,
    }
}

/// The same event under another name.
fn named<'a>(mut event: StreamEvent<'a>, name: &'a str) -> StreamEvent<'a> {
    match &mut event {
        StreamEvent::Trade { trade, .. } => trade.product = name,
        StreamEvent::Ticker(ticker) => ticker.product = name,
        StreamEvent::BookStart { product }
        | StreamEvent::BookLevel { product, .. }
        | StreamEvent::BookEnd { product }
        | StreamEvent::Candle { product, .. }
        | StreamEvent::ProductStatus { product, .. } => *product = name,
        _ => {}
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::stream::Channel;

    fn names(subscribed: &[&str], pairs: &[(&str, &str)]) -> Names {
        let mut both = Pairs::new();
        for (a, b) in pairs {
            both.insert((*a).to_owned(), (*b).to_owned());
            both.insert((*b).to_owned(), (*a).to_owned());
        }
        let subscribed: Vec<String> = subscribed.iter().map(|s| (*s).to_owned()).collect();
        let mut names = Names::default();
        names.add(&subscribed, &both);
        names
    }

    fn told(names: &Names, product: &str) -> Vec<String> {
        let mut told = Vec::new();
        names.tell(StreamEvent::BookEnd { product }, &mut |event| {
            told.push(product_of(&event).unwrap().to_owned());
        });
        told
    }

    #[test]
    fn what_was_subscribed_under_an_alias_is_told_under_it() {
        for pairs in [&[][..], &[("BTC-USD", "BTC-USDC")]] {
            let names = names(&["BTC-USDC", "ETH-USD"], pairs);
            assert_eq!(told(&names, "BTC-USD"), ["BTC-USDC"]);
            assert_eq!(told(&names, "BTC-USDC"), ["BTC-USDC"]);
            assert_eq!(told(&names, "ETH-USD"), ["ETH-USD"]);
            assert_eq!(told(&names, "XRP-USD"), ["XRP-USD"]);
        }
    }

    #[test]
    fn both_names_are_told_when_both_were_subscribed_and_are_one_book() {
        let both = ["BTC-USD", "BTC-USDC"];
        let one_book = names(&both, &[("BTC-USD", "BTC-USDC")]);
        assert_eq!(told(&one_book, "BTC-USD"), ["BTC-USD", "BTC-USDC"]);
        // Nobody said that they are one: each speaks for itself.
        let two_books = names(&both, &[]);
        assert_eq!(told(&two_books, "BTC-USD"), ["BTC-USD"]);
    }

    #[test]
    fn a_confirmation_of_the_one_name_confirms_the_other() {
        let names = names(&["BTC-USDC"], &[]);
        let mut confirmed = Vec::new();
        let event = StreamEvent::Subscribed {
            channel: Channel::Trades,
            products: vec!["BTC-USD"],
        };
        names.tell(event, &mut |event| {
            if let StreamEvent::Subscribed { products, .. } = event {
                confirmed = products.iter().map(|p| (*p).to_owned()).collect();
            }
        });
        assert_eq!(confirmed, ["BTC-USD", "BTC-USDC"]);
    }
}

//! Which feeds of a symbol are silent: what blocks its entries, by name.

use serde::{Deserialize, Serialize};

/// Feeds with a name of their own and the reason that stands against an entry. A name that is not
/// here counts as `other`. Places are bits of what is recorded: they do not change.
const FEEDS: [(&str, &str); 10] = [
    ("trades", "stale:trades"),
    ("ticker", "stale:ticker"),
    ("book", "stale:book"),
    ("candles", "stale:candles"),
    ("orders", "stale:orders"),
    ("account", "stale:account"),
    ("other", "stale:other"),
    // Not a feed of data, but what every one of them is dated by.
    ("clock", "stale:clock"),
    // The periodic task that looks after risk, once it is disabled (behaviour 3.4).
    ("risk_monitoring", "stale:risk_monitoring"),
    // The session of a contract, or a halt of it: nothing can be traded.
    ("session", "session_closed"),
];
/// Place of the names that are not in the table.
const OTHER: usize = 6;

/// The silent feeds of one symbol, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Staleness(u16);

impl Staleness {
    /// Nothing is silent.
    pub const fn is_fresh(&self) -> bool {
        self.0 == 0
    }

    /// A feed fell silent or is fresh again.
    pub fn set(&mut self, feed: &str, fresh: bool) {
        let bit = 1 << place(feed);
        if fresh {
            self.0 &= !bit;
        } else {
            self.0 |= bit;
        }
    }

    /// Why there is no entry; the first silent feed in the order of the table.
    pub fn reason(self) -> Option<&'static str> {
        let at = self.0.trailing_zeros() as usize;
        FEEDS.get(at).map(|(_, reason)| *reason)
    }

    /// No prices come: whether a bucket was empty cannot be known.
    pub fn hides_prices(self) -> bool {
        self.0 & (1 << place("trades") | 1 << place("candles")) != 0
    }

    /// What happens to our orders is not told.
    pub fn hides_orders(self) -> bool {
        self.0 & (1 << place("orders") | 1 << place("account")) != 0
    }
}

fn place(feed: &str) -> usize {
    FEEDS
        .iter()
        .position(|(name, _)| *name == feed)
        .unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_silent_feed_blocks_until_it_is_fresh_itself() {
        let mut stale = Staleness::default();
        assert_eq!(stale.reason(), None);
        stale.set("book", false);
        stale.set("trades", false);
        assert_eq!(stale.reason(), Some("stale:trades"));
        assert!(stale.hides_prices() && !stale.hides_orders());
        stale.set("trades", true);
        assert_eq!(stale.reason(), Some("stale:book"));
        stale.set("something new", false);
        stale.set("book", true);
        assert_eq!(stale.reason(), Some("stale:other"));
        stale.set("orders", false);
        assert!(stale.hides_orders() && !stale.hides_prices());
        stale.set("another", true);
        stale.set("orders", true);
        assert!(stale.is_fresh());
        stale.set("clock", false);
        assert_eq!(stale.reason(), Some("stale:clock"));
        assert!(!stale.hides_orders() && !stale.hides_prices());
        stale.set("risk_monitoring", false);
        stale.set("clock", true);
        assert_eq!(stale.reason(), Some("stale:risk_monitoring"));
        assert!(!stale.hides_orders() && !stale.hides_prices());
        stale.set("session", false);
        stale.set("risk_monitoring", true);
        assert_eq!(stale.reason(), Some("session_closed"));
        assert!(!stale.hides_orders() && !stale.hides_prices());
        stale.set("what is not known", true);
        assert!(!stale.is_fresh());
    }
}

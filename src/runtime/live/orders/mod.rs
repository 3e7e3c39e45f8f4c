//! Real orders and what the venue has of them.
//!
//! | file | what it is |
//! |---|---|
//! | `venue_orders` | an intent is durable, then sent, once; what became of it |
//! | `terms` | what an order asks, in the words that exchanges share |
//! | `reconciliation` | everything of ours at the venue, asked for in rounds |
//! | `contracts` | what such a round says of the money behind contracts, in the core's terms |

mod contracts;
pub(super) mod reconciliation;
mod terms;
pub(super) mod venue_orders;

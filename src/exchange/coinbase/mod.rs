//! Coinbase Advanced Trade and its older Exchange feed.
//!
//! [`Coinbase`] is the codec: `frames.rs` reads the streams (`market.rs`, `book.rs`, `user.rs`),
//! `rest_requests.rs` and `rest_answers.rs` are the calls, `auth.rs` signs. `stream.rs` reads the
//! public trades of recorded frames.

mod account_answers;
mod aliases;
mod auth;
mod book;
mod codec;
mod failures;
mod fields;
mod frames;
mod loose;
mod market;
mod market_answers;
mod order_answers;
mod private_key;
mod products;
mod rate_limit;
mod rest_answers;
mod rest_requests;
mod sequence;
pub mod stream;
pub mod terms;
mod user;

pub use auth::ApiKey;
pub use codec::{Addresses, Coinbase};
pub use private_key::check as check_private_key;

//! Execution at a real venue: what `paper` computes, told by somebody else here.
//!
//! Orders leave as effects and live by what the venue says of them; positions, lots and cash go the
//! same way as on paper (`orders`).

pub mod news;
pub mod request;

pub use news::{
    AccountNews, ListedFill, ListedOrder, ListedPosition, OrderEvent, OrderNews, VenueListing,
    VenueState,
};
pub use request::OrderRequest;

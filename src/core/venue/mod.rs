//! Execution at a real venue: what `paper` computes, told by somebody else here.
//!
//! Orders leave as effects (`submit`) and live by what the venue says of them (`orders`, `fills`);
//! positions, lots and cash go the same way as on paper. `protective` keeps stop and target at the
//! venue where the product takes them, `exits` watches them here and closes anew what a close left over, `account` holds what stands between an entry and the venue, `listing`
//! resolves what a reconciliation finds.

mod account;
mod adoption;
pub mod desk;
mod exits;
mod fills;
mod listing;
pub mod news;
mod orders;
pub mod protective;
pub mod request;
mod submit;
pub mod track;

pub use news::{
    AccountNews, ListedFill, ListedOrder, ListedPosition, OrderEvent, OrderNews, VenueListing,
    VenueState,
};
pub use request::OrderRequest;

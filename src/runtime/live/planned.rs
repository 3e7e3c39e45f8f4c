//! The bounded buffers of a session beside those that a replay has too.

use super::calls::caller::{Planned, WAITING_MAX};
use super::feeds::backfill::TRADES_WAITING;
use super::feeds::bridge::BRIDGED_MAX;
use super::ledger_rows::ROWS_MAX;
use super::orders::venue_orders::NEWS_MAX;
use super::promises::PROMISES_MAX;
use super::session::Purpose;
use crate::core::market::Trade;
use crate::core::planned::Buffer;
use crate::core::units::{Price, Quantity};
use crate::exchange::orders::VenueOrder;
use crate::runtime::control::{ANSWER_MAX, CLIENTS_MAX, LINE_MAX};
use crate::runtime::replay::{FRAMES_MAX, ITEMS_MAX, Item};
use crate::store::ledger::Row;

/// Bytes that a websocket link keeps: what is read at once, what waits to be sent, and what TLS holds
/// of both.
const LINK_BYTES: usize = (16 + 256 + 64 + 64) << 10;

/// What a session of `symbols` over `connections` websockets may take, with `book_levels` kept per side
/// of each book (0 = no books).
pub fn planned_buffers(symbols: usize, connections: usize, book_levels: usize) -> Vec<Buffer> {
    let of = |name, bound, count, bytes| Buffer::new("session", name, bound, count, bytes);
    // A level comes in before the worst one goes.
    let side = if book_levels > 0 { book_levels + 1 } else { 0 };
    vec![
        of(
            "levels of order books",
            "orderbook.depth_levels, orderbook.rest_levels, LEVELS_KEPT, trading.symbols",
            2 * side * symbols,
            size_of::<(Price, Quantity)>(),
        ),
        of(
            "trades that wait for candles",
            "TRADES_WAITING, trading.symbols",
            TRADES_WAITING * symbols,
            size_of::<Trade>(),
        ),
        of(
            "trades that bridge an outage",
            "BRIDGED_MAX, trading.symbols",
            BRIDGED_MAX * symbols,
            size_of::<Trade>(),
        ),
        of(
            "calls to the exchange",
            "WAITING_MAX",
            WAITING_MAX,
            size_of::<Planned<Purpose>>(),
        ),
        of(
            "rows of a ledger that refuses",
            "ROWS_MAX",
            ROWS_MAX,
            size_of::<Row>(),
        ),
        of(
            "order events of a turn",
            "NEWS_MAX",
            NEWS_MAX,
            size_of::<VenueOrder>(),
        ),
        of(
            "answers that wait for the ledger",
            "PROMISES_MAX",
            PROMISES_MAX,
            size_of::<(mio::Token, serde_json::Value)>() + 256,
        ),
        of(
            "recorded items that wait for the disk",
            "ITEMS_MAX",
            ITEMS_MAX,
            size_of::<Item>(),
        ),
        // One batch is collected while another is written.
        of("messages recorded as received", "FRAMES_MAX", 2, FRAMES_MAX),
        of("websocket links", "LINK_BYTES", connections, LINK_BYTES),
        of(
            "control socket",
            "CLIENTS_MAX, LINE_MAX, ANSWER_MAX",
            CLIENTS_MAX,
            LINE_MAX + ANSWER_MAX,
        ),
    ]
}

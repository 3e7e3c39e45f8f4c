//! The bounded buffers of a session beside those that a replay has too.

use super::calls::caller::{Planned, WAITING_MAX};
use super::feeds::backfill::TRADES_WAITING;
use super::feeds::bridge::BRIDGED_MAX;
use super::ledger_rows::ROWS_MAX;
use super::orders::venue_orders::NEWS_MAX;
use super::session::Purpose;
use crate::core::market::Trade;
use crate::core::planned::Buffer;
use crate::exchange::orders::VenueOrder;
use crate::runtime::control::{ANSWER_MAX, CLIENTS_MAX, LINE_MAX};
use crate::store::ledger::Row;

/// Bytes that a websocket link keeps: what is read at once, what waits to be sent, and what TLS holds
/// of both.
const LINK_BYTES: usize = (16 + 256 + 64 + 64) << 10;

/// What a session of `symbols` over `connections` websockets may take.
pub fn planned_buffers(symbols: usize, connections: usize) -> Vec<Buffer> {
    let of = |name, bound, count, bytes| Buffer::new("session", name, bound, count, bytes);
    vec![
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
        of("websocket links", "LINK_BYTES", connections, LINK_BYTES),
        of(
            "control socket",
            "CLIENTS_MAX, LINE_MAX, ANSWER_MAX",
            CLIENTS_MAX,
            LINE_MAX + ANSWER_MAX,
        ),
    ]
}

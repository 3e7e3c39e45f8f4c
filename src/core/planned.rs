//! How much memory the bounded buffers of a run may take: what a buffer is, and the core's own.
//!
//! Every room lists its buffers with the constant or setting that bounds each. Sizes are those of
//! the types; text that a value owns (a reason, a name) is not in them. Nothing is allocated here.

use super::Core;
use super::effect::Effect;
use super::machine::Timer;
use super::market::filter::{CONFIRMATIONS, IDS_KEPT};
use super::market::{Candle, TimedTrade};
use super::orders::Working;
use super::orders::position::LOTS_MAX;
use super::records::Lot;
use super::risk::emergency::RAPID_LOSS_POINTS;
use super::schedule::Wheel;
use super::strategy::mean_reversion::MeanReversion;
use super::strategy::vumanchu::VuManChu;
use super::symbol::Symbol;
use super::units::Decimal;

/// One kind of bounded buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    pub room: &'static str,
    pub name: &'static str,
    /// The constants and configuration keys that bound it.
    pub bound: &'static str,
    /// Values it holds at most, over all of its kind.
    pub count: u64,
    /// Bytes of one value.
    pub bytes_each: u64,
}

impl Buffer {
    pub const fn new(
        room: &'static str,
        name: &'static str,
        bound: &'static str,
        count: usize,
        bytes_each: usize,
    ) -> Self {
        Self {
            room,
            name,
            bound,
            count: count as u64,
            bytes_each: bytes_each as u64,
        }
    }

    /// Bytes it takes when it is full.
    pub const fn bytes(&self) -> u64 {
        self.count.saturating_mul(self.bytes_each)
    }
}

/// What the size of the core depends on.
#[derive(Clone, Copy, Debug)]
pub struct CoreSizes {
    pub symbols: usize,
    /// Closed candles kept a symbol.
    pub candle_limit: usize,
    /// Longest window of the momentum strategy, candles.
    pub lookback: usize,
    /// Window of the mean reversion strategy, candles.
    pub mean_window: usize,
    /// Values that the windows of both ciphers hold, a symbol.
    pub cipher_windows: usize,
    /// Entries a minute that are remembered.
    pub order_rate: usize,
    pub breaker_failures: usize,
    pub api_failures: usize,
    pub position_errors: usize,
}

/// Effects between two visits of whoever carries them out; one input rarely yields more than ten.
pub const EFFECTS_ROOM: usize = 256;
/// Places of working orders a symbol has: entry, exit, stop, target.
const ORDER_SLOTS: usize = 4;
/// Kinds of timers a symbol may have armed on paper, one of each.
const TIMERS: usize = 4;

/// The core's buffers, for a run on trades.
pub fn buffers(sizes: &CoreSizes) -> Vec<Buffer> {
    let mut all = of_symbols(sizes);
    all.extend(of_account(sizes));
    all
}

/// What each symbol has.
fn of_symbols(sizes: &CoreSizes) -> Vec<Buffer> {
    let each = |name, bound, count: usize, bytes| {
        Buffer::new("core", name, bound, count * sizes.symbols, bytes)
    };
    // Two averages of all, one of half, and the extremes with their places.
    let window =
        2 * sizes.lookback * size_of::<f64>() + 2 * (sizes.lookback + 1) * size_of::<(u64, f64)>();
    // Count, mean and squares of each place.
    let moments = size_of::<MeanReversion>() + sizes.mean_window * size_of::<[f64; 3]>();
    // The largest value of a window is one with its place.
    let ciphers = size_of::<VuManChu>() + sizes.cipher_windows * size_of::<(u64, f64)>();
    vec![
        each(
            "candle history",
            "indicators.candle_limit",
            sizes.candle_limit,
            size_of::<Candle>(),
        ),
        each("trade ids", "IDS_KEPT", IDS_KEPT, size_of::<u64>()),
        each(
            "held price jumps",
            "CONFIRMATIONS",
            CONFIRMATIONS + 1,
            size_of::<TimedTrade>(),
        ),
        each("indicator windows", "strategy.momentum.lookback", 1, window),
        each(
            "mean and deviation",
            "strategy.mean_reversion.window",
            1,
            moments,
        ),
        each(
            "ciphers A and B",
            "indicators.cipher_a.*, indicators.cipher_b.*",
            1,
            ciphers,
        ),
        each(
            "order slots",
            "ORDER_SLOTS",
            ORDER_SLOTS,
            size_of::<Working>(),
        ),
        each("lots of a position", "LOTS_MAX", LOTS_MAX, size_of::<Lot>()),
        each("symbol state", "trading.symbols", 1, size_of::<Symbol>()),
    ]
}

/// What there is once, for the account and the machine.
fn of_account(sizes: &CoreSizes) -> [Buffer; 5] {
    let once = |name, bound, count, bytes| Buffer::new("core", name, bound, count, bytes);
    let stamps = sizes.order_rate.max(2)
        + sizes.breaker_failures
        + sizes.api_failures
        + sizes.position_errors
        + 3;
    [
        once(
            "timers",
            "wheel: LEVELS, SLOTS",
            1,
            Wheel::<Timer>::bytes(TIMERS * sizes.symbols),
        ),
        once(
            "equity peaks",
            "RAPID_LOSS_POINTS",
            RAPID_LOSS_POINTS,
            size_of::<(i64, Decimal)>(),
        ),
        once(
            "stamps of entries and failures",
            "risk.order_rate, risk.breaker_failures, risk.emergency_*",
            stamps,
            size_of::<i64>(),
        ),
        once("effects", "EFFECTS_ROOM", EFFECTS_ROOM, size_of::<Effect>()),
        once("core state", "one", 1, size_of::<Core>()),
    ]
}

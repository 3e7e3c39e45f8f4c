//! Everything the core holds about one symbol, and the fast path through it.

use super::ahead::Ahead;
use super::market::filter::TradeFilter;
use super::market::freshness::Staleness;
use super::market::instrument::{GRID_MAX, GridScale};
use super::market::{Candle, Instrument, Interval, Series, SymbolId, TimedTrade};
use super::orders::{Position, Working};
use super::records::Proposal;
use super::risk::countable::Countable;
use super::schedule::Armed;
use super::settings::{FeeRates, Settings};
use super::state_hash::StateHash;
use super::strategy::Strategy;
use super::strategy::cipher_b_filter::CipherBFilter;
use super::strategy::decision::CandleView;
use super::strategy::errors::DecisionErrors;
use super::units::stamp::SECOND;
use super::units::{Decimal, Price, Side, Timestamp};
use super::venue::desk::SymbolDesk;
use serde::{Deserialize, Serialize};

/// Where a working order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    Entry,
    /// A close, or a stop that was triggered: at market, reduce-only.
    Exit,
    Stop,
    Target,
}

/// What a symbol's prices come from. The first input decides, so that no quantity counts twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Feed {
    Trades,
    Candles,
}

/// Distance of the best prices, and how wide it may be for an entry; basis points of mid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    pub bps: Decimal,
    pub limit: Decimal,
}

/// A decision that waits for a model's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingRun {
    pub run: u64,
    pub decision: u64,
    pub view: CandleView,
    pub candle: Timestamp,
    /// Last traded price when the model was asked.
    pub asked_at: Price,
    /// When its answer is given up.
    #[serde(skip)]
    pub timer: Option<Armed>,
}

/// An opposite entry that follows once the close has filled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reversal {
    pub proposal: Proposal,
    pub candle: Timestamp,
}

/// Range of prices and times in which a trade can change nothing but the open candle: no level, no
/// order, no deadline and no doubt lies in it. Empty when in question.
#[derive(Clone, Copy, Debug, Default)]
struct QuietZone {
    low: i64,
    /// Number of ticks from `low`, inclusive; meaningless when `length` is 0.
    reach: u64,
    from: i64,
    /// Length of the open bucket in nanoseconds; 0 = no zone.
    length: u64,
}

/// Closes that a buy-and-hold of the whole run is measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closes {
    pub count: u64,
    /// Close of candle number `min_candles_for_trading` (the first one if that is 0).
    pub first: Option<Price>,
    pub last: Option<Price>,
}

impl Closes {
    pub fn note(&mut self, close: Price, first_after: u64) {
        self.count += 1;
        if self.count == first_after.max(1) {
            self.first = Some(close);
        }
        self.last = Some(close);
    }
}

#[derive(Debug)]
pub struct Symbol {
    pub id: SymbolId,
    pub instrument: Instrument,
    pub scale: GridScale,
    pub fees: FeeRates,
    pub countable: Countable,
    pub filter: TradeFilter,
    pub series: Series,
    /// What was met while the series waits for candles.
    pub ahead: Option<Box<Ahead>>,
    pub strategy: Box<dyn Strategy>,
    /// What entries are held against, where configured.
    pub entry_filter: Option<CipherBFilter>,
    pub feed: Option<Feed>,
    /// Last traded price: the mark.
    pub last: Option<Price>,
    /// Lowest and highest traded price since the position's first fill (or since the start).
    pub extremes: (Price, Price),
    pub entry: Option<Working>,
    pub exit: Option<Working>,
    pub stop: Option<Working>,
    pub target: Option<Working>,
    pub position: Option<Position>,
    pub reversal: Option<Reversal>,
    pub pending: Option<PendingRun>,
    /// Open time of the last decided candle: none is decided twice.
    pub decided: Option<Timestamp>,
    pub closes: Closes,
    /// Wall time of the last decision, for a configured minimum distance.
    pub decided_at: Option<Timestamp>,
    pub decision_errors: DecisionErrors,
    /// Candle and side of the last entry.
    pub last_entry: Option<(Timestamp, Side)>,
    /// The armed end of the open bucket, and the wall time it stands for.
    pub roll_over: Option<(Armed, Timestamp)>,
    pub max_hold: Option<Armed>,
    /// Feeds that are silent.
    pub stale: Staleness,
    /// Where quotes come.
    pub spread: Option<Spread>,
    /// What is known of it at the venue beside its orders.
    pub desk: SymbolDesk,
    zone: QuietZone,
}

impl Symbol {
    pub fn new(id: SymbolId, settings: &Settings, strategy: Box<dyn Strategy>) -> Self {
        let instrument = settings.instruments[id.index()].clone();
        let filter = settings.trading.cipher_b_filter.as_deref();
        let shared = strategy.cipher_b().is_some();
        let entry_filter = filter.and_then(|filter| {
            CipherBFilter::new(filter, settings.trading.interval, strategy.name(), shared)
        });
        Self {
            id,
            scale: instrument.scale(),
            countable: Countable::of(&instrument),
            instrument,
            fees: settings.paper.fees[id.index()],
            filter: TradeFilter::new(settings.market.outlier_pct),
            series: Series::new(
                settings.trading.interval,
                settings.market.close_grace,
                settings.market.candle_limit,
            ),
            ahead: None,
            strategy,
            entry_filter,
            feed: None,
            last: None,
            extremes: (Price(i64::MAX), Price(0)),
            entry: None,
            exit: None,
            stop: None,
            target: None,
            position: None,
            reversal: None,
            pending: None,
            decided: None,
            closes: Closes::default(),
            decided_at: None,
            decision_errors: DecisionErrors::default(),
            last_entry: None,
            roll_over: None,
            max_hold: None,
            stale: Staleness::default(),
            spread: None,
            desk: SymbolDesk::default(),
            zone: QuietZone::default(),
        }
    }

    /// Shows a closed candle to the strategy and to the filter of its entries.
    pub fn observe(&mut self, candle: &CandleView) {
        self.strategy.observe(candle);
        if let Some(filter) = &mut self.entry_filter {
            filter.observe(candle, self.strategy.cipher_b());
        }
    }

    /// A candle closed while the position was open.
    pub fn hold_through(&mut self, candle: &Candle) {
        let end = candle.open_time + self.series.interval().span();
        if let Some(position) = &mut self.position
            && position.opened.wall < end
        {
            position.bars_held = position.bars_held.saturating_add(1);
            let better = position.best_close.is_none_or(|best| match position.side {
                Side::Buy => candle.close > best,
                Side::Sell => candle.close < best,
            });
            if better {
                position.best_close = Some(candle.close);
            }
        }
    }

    /// Shows a closed candle of the venue's that is longer than the series' own, from before it.
    pub fn warm_up(&mut self, candle: &CandleView, length: Interval) {
        self.strategy.warm_up(candle, length);
        if let Some(filter) = &mut self.entry_filter {
            filter.warm_up(candle, length);
        }
    }

    /// The series restarted: strategy and filter begin anew.
    pub fn forget_candles(&mut self) {
        self.strategy.reset();
        if let Some(filter) = &mut self.entry_filter {
            filter.reset();
        }
    }

    pub fn slot(&mut self, slot: Slot) -> &mut Option<Working> {
        match slot {
            Slot::Entry => &mut self.entry,
            Slot::Exit => &mut self.exit,
            Slot::Stop => &mut self.stop,
            Slot::Target => &mut self.target,
        }
    }

    /// An entry or close works at the venue (protective orders do not count).
    pub fn has_working_order(&self) -> bool {
        self.entry.is_some() || self.exit.is_some()
    }

    /// Whether what is held, and what an entry may still add, can be counted at this price.
    pub fn can_count(&self, price: Price) -> bool {
        let held = self.position.as_ref().map(Position::quantity);
        let entering = self.entry.as_ref().map(Working::remaining);
        let quantity = held.unwrap_or_default() + entering.unwrap_or_default();
        self.countable.holds(price, quantity)
    }

    pub fn note_price(&mut self, price: Price) {
        self.last = Some(price);
        self.note_range(price, price);
    }

    /// The market went from `low` to `high`, in an order that nobody told: no mark follows from it.
    pub fn note_range(&mut self, low: Price, high: Price) {
        self.extremes.0 = self.extremes.0.min(low);
        self.extremes.1 = self.extremes.1.max(high);
    }

    /// Something changed that the quiet zone depends on: the next trade takes the plain path.
    pub fn disturb(&mut self) {
        self.zone.length = 0;
    }

    /// Computes the quiet zone anew.
    pub fn settle(&mut self, trailing: bool) {
        self.zone.length = 0;
        let (Some(last), Some((start, end))) = (self.last, self.series.open_bucket()) else {
            return;
        };
        if self.has_working_order()
            || self.desk.compare_again
            || self.series.building().is_none()
            || self.feed != Some(Feed::Trades)
            // A trade that comes all the same takes the announcement back: on the plain path.
            || self.series.is_announced_quiet()
        {
            return;
        }
        let (mut low, mut high) = self.filter.calm_range(last);
        if let Some(position) = &self.position {
            let p = &position.protection;
            let against = [p.stop, p.liquidation, p.emergency].into_iter().flatten();
            let (for_side, trail) = match position.side {
                Side::Buy => (Side::Buy, self.extremes.1),
                Side::Sell => (Side::Sell, self.extremes.0),
            };
            let mut bound = |price: i64, below: bool| {
                if below {
                    low = low.max(price + 1);
                } else {
                    high = high.min(price - 1);
                }
            };
            for level in against {
                bound(level.price.0, for_side == Side::Buy);
            }
            let favourable = p
                .target
                .map(|l| l.price)
                .into_iter()
                .chain(p.break_even_trigger);
            for price in favourable {
                bound(price.0, for_side == Side::Sell);
            }
            if trailing {
                // Any new extreme moves the stop; the extreme itself does not.
                match for_side {
                    Side::Buy => high = high.min(trail.0),
                    Side::Sell => low = low.max(trail.0),
                }
            }
        }
        // A price that cannot be counted is refused: on the plain path.
        if low <= high && self.can_count(Price(high)) {
            self.zone = QuietZone {
                low,
                reach: (high - low) as u64,
                from: start.0,
                length: (end.0 - start.0) as u64,
            };
        }
    }

    /// Folds the leading trades that lie in the quiet zone and before `deadline` (monotonic);
    /// returns how many. Exactly what the plain path would do with them.
    ///
    /// # Panics
    /// Not for `rows` of at most 4,096 (the sum of their lots then fits 64 bits).
    pub fn fold_quiet(
        &mut self,
        rows: &[TimedTrade],
        deadline: i64,
        hash: &mut StateHash,
    ) -> usize {
        /// Oldest and youngest age of a trade at reception that is neither lagging nor early.
        const AGE_LOW: i64 = -5 * SECOND;
        const AGE_REACH: u64 = 35 * SECOND as u64;
        let zone = self.zone;
        if zone.length == 0 {
            return 0;
        }
        assert!(rows.len() <= 4096, "a run is short");
        let Some(building) = self.series.building_mut() else {
            return 0;
        };
        let mut state = *hash;
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        let (mut lots, mut tick_lots) = (0i64, 0i128);
        let mut count = 0;
        for row in rows {
            let trade = &row.trade;
            let calm = trade.symbol == self.id
                && ((trade.price.0.wrapping_sub(zone.low)) as u64) <= zone.reach
                && ((trade.time.0.wrapping_sub(zone.from)) as u64) < zone.length
                && row.stamp.mono < deadline
                && ((row.stamp.wall.0 - trade.time.0).wrapping_sub(AGE_LOW) as u64) <= AGE_REACH
                && ((trade.quantity.0 - 1) as u64) < GRID_MAX as u64
                && self.filter.is_new_id(trade.id);
            if !calm {
                break;
            }
            state.trade(row);
            // The candle's fold, its sums taken over the run.
            low = low.min(trade.price.0);
            high = high.max(trade.price.0);
            lots += trade.quantity.0;
            tick_lots += i128::from(trade.price.0) * i128::from(trade.quantity.0);
            self.filter.note_calm(trade);
            count += 1;
        }
        if count > 0 {
            let close = rows[count - 1].trade.price;
            *hash = state;
            building.high = building.high.max(Price(high));
            building.low = building.low.min(Price(low));
            building.close = close;
            building.volume += i128::from(lots);
            building.quote_volume += tick_lots;
            building.trades += count as u64;
            self.extremes.0 = self.extremes.0.min(Price(low));
            self.extremes.1 = self.extremes.1.max(Price(high));
            self.last = Some(close);
            self.filter.end_calm_run(count as u64, close);
        }
        count
    }
}

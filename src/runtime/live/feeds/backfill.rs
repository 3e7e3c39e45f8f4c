//! Candles from before live data: which pages to ask for, and what comes of the answers.
//!
//! At start the history that indicators need, after an outage the buckets that are missing. The
//! venue's forming bucket is never taken as closed; buckets that the venue itself does not have
//! become flat candles. Where indicators look at longer frames, a page of the venue's longer candles
//! comes first. While a symbol waits for its candles its trades wait too, so that the core
//! sees them in order. Pure: calls are said, not made.

use crate::core::market::{Candle, Interval, SymbolId, Trade};
use crate::core::units::Timestamp;
use std::collections::VecDeque;

/// Trades that wait for their symbol's candles; the oldest go first, counted, because what they
/// would have filled lies in candles that are asked for.
pub const TRADES_WAITING: usize = 4096;

/// Candles between two times, at most a page of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub symbol: SymbolId,
    /// Length of the venue's candles; it divides the decision interval.
    pub interval: Interval,
    /// Open time of the first bucket.
    pub from: Timestamp,
    /// Open time of the last bucket.
    pub to: Timestamp,
}

/// What one symbol waits for.
#[derive(Clone, Debug)]
pub struct Backfill {
    symbol: SymbolId,
    interval: Interval,
    source: Interval,
    /// Candles of a page at most.
    page: u32,
    /// Where the buckets that are asked for end; `None`: the venue has none of this length.
    end: Option<Timestamp>,
    /// Pages that are still to be asked for, oldest first.
    pages: VecDeque<Page>,
    /// Asked for and not answered.
    asked: Option<Page>,
    /// The venue's candles so far, oldest first.
    candles: Vec<Candle>,
    /// Its longer ones, for longer frames, each length by itself.
    longer: Vec<(Interval, Vec<Candle>)>,
    trades: VecDeque<Trade>,
    dropped: u64,
}

impl Backfill {
    /// Asks for the `wanted` closed buckets of `interval` before `now`, or for those since `since`
    /// where that is later, in pages of at most `page` candles of the length `source`.
    pub fn new(
        symbol: SymbolId,
        (interval, source): (Interval, Interval),
        (wanted, since): (usize, Option<Timestamp>),
        page: u32,
        now: Timestamp,
    ) -> Self {
        let mut backfill = Self {
            symbol,
            interval,
            source,
            page,
            end: (wanted > 0).then(|| interval.bucket(now)),
            pages: VecDeque::new(),
            asked: None,
            candles: Vec::new(),
            longer: Vec::new(),
            trades: VecDeque::new(),
            dropped: 0,
        };
        let end = interval.bucket(now);
        let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
        let span = wanted.saturating_mul(interval.span().0);
        let mut from = Timestamp(end.0.saturating_sub(span));
        if let Some(since) = since {
            from = from.max(interval.bucket(since));
        }
        backfill.ask_for(from, end);
        backfill
    }

    fn ask_for(&mut self, mut from: Timestamp, end: Timestamp) {
        let source = self.source.span();
        let step = i64::from(self.page.max(1)).saturating_mul(source.0);
        while from < end {
            let next = Timestamp(from.0.saturating_add(step)).min(end);
            self.pages.push_back(Page {
                symbol: self.symbol,
                interval: self.source,
                from,
                to: Timestamp(next.0 - source.0),
            });
            from = next;
        }
    }

    /// Asks also for what has closed since it was begun: answers may take long, and trades that waited
    /// for them are too old by then to build candles of.
    pub fn extend(&mut self, now: Timestamp) {
        let end = self.interval.bucket(now);
        if let Some(known) = self.end {
            self.ask_for(known, end);
            self.end = Some(known.max(end));
        }
    }

    /// Asks first for the last page of closed candles of each of these lengths, in their order; each is
    /// longer than the decision interval.
    pub fn with_longer(mut self, lengths: &[Interval], page: u32, now: Timestamp) -> Self {
        for length in lengths.iter().rev() {
            let (span, end) = (length.span().0, length.bucket(now).0);
            self.longer.insert(0, (*length, Vec::new()));
            self.pages.push_front(Page {
                symbol: self.symbol,
                interval: *length,
                from: Timestamp(end.saturating_sub(i64::from(page.max(1)).saturating_mul(span))),
                to: Timestamp(end - span),
            });
        }
        self
    }

    /// Open time of the first of the interval's own buckets that is asked for.
    pub fn first(&self) -> Option<Timestamp> {
        let own = |page: &&Page| page.interval == self.source;
        self.pages.iter().find(own).map(|page| page.from)
    }

    pub fn symbol(&self) -> SymbolId {
        self.symbol
    }

    /// The page that is asked for and not answered.
    pub fn page(&self) -> Option<Page> {
        self.asked
    }

    /// The next page to ask for; `None` while one is asked for, and when all are.
    pub fn next_page(&mut self) -> Option<Page> {
        if self.asked.is_some() {
            return None;
        }
        self.asked = self.pages.pop_front();
        self.asked
    }

    /// The page asked for was not answered: it is asked for again.
    pub fn failed(&mut self) {
        if let Some(page) = self.asked.take() {
            self.pages.push_front(page);
        }
    }

    /// The page asked for was answered. Candles outside of it, the forming one above all, are left
    /// out.
    pub fn answered(&mut self, candles: impl IntoIterator<Item = Candle>) {
        let Some(page) = self.asked.take() else {
            return;
        };
        let length = page.interval;
        let longer = self.longer.iter_mut().find(|(each, _)| *each == length);
        let known = longer.map_or(&mut self.candles, |(_, candles)| candles);
        let last = known.last().map(|candle| candle.open_time);
        let mut next = last.map_or(page.from, |last| last + length.span());
        for candle in candles {
            let aligned = length.bucket(candle.open_time) == candle.open_time;
            if aligned && candle.open_time >= next && candle.open_time <= page.to {
                next = candle.open_time + length.span();
                known.push(candle);
            }
        }
    }

    /// Every page was answered.
    pub fn is_complete(&self) -> bool {
        self.asked.is_none() && self.pages.is_empty()
    }

    /// A live trade waits until the candles are there.
    pub fn wait(&mut self, trade: Trade) {
        if self.trades.len() >= TRADES_WAITING {
            self.trades.pop_front();
            self.dropped += 1;
        }
        self.trades.push_back(trade);
    }

    /// Trades that had no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The trades that waited: their candles are asked for anew.
    pub fn into_trades(self) -> VecDeque<Trade> {
        self.trades
    }

    /// The longer candles, those of each length without a hole.
    pub fn take_longer(&mut self) -> Vec<(Interval, Vec<Candle>)> {
        let longer = std::mem::take(&mut self.longer);
        let filled =
            |(length, candles): (Interval, Vec<Candle>)| (length, without_holes(&candles, length));
        longer.into_iter().map(filled).collect()
    }

    /// The closed candles of the decision interval without a hole, oldest first, and the trades that
    /// waited. A run of missing buckets is flat at the close before it.
    pub fn finish(self) -> (Vec<Candle>, VecDeque<Trade>) {
        let filled = without_holes(&self.candles, self.source);
        let candles = if self.source == self.interval {
            filled
        } else {
            aggregated(&filled, self.interval, self.source)
        };
        (candles, self.trades)
    }
}

/// The candles with flat ones in the buckets that the venue does not have.
fn without_holes(candles: &[Candle], interval: Interval) -> Vec<Candle> {
    let mut whole: Vec<Candle> = Vec::with_capacity(candles.len());
    for candle in candles {
        if let Some(last) = whole.last().copied() {
            let mut open_time = last.open_time + interval.span();
            while open_time < candle.open_time {
                whole.push(Candle::flat(open_time, last.close));
                open_time = open_time + interval.span();
            }
        }
        whole.push(*candle);
    }
    whole
}

/// Whole buckets of `interval` made of the candles of `source`; those joined or left midway are left
/// out.
fn aggregated(candles: &[Candle], interval: Interval, source: Interval) -> Vec<Candle> {
    let mut closed = Vec::new();
    let mut building: Option<Candle> = None;
    for candle in candles {
        let start = interval.bucket(candle.open_time);
        match &mut building {
            Some(bucket) => bucket.absorb(candle),
            None if candle.open_time == start => building = Some(*candle),
            None => continue,
        }
        if candle.open_time + source.span() == start + interval.span() {
            closed.extend(building.take());
        }
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::{Aggressor, CandleSource};
    use crate::core::units::{Price, Quantity};

    const MINUTE: i64 = 60_000_000_000;

    fn at(minute: i64) -> Timestamp {
        Timestamp(minute * MINUTE)
    }

    fn candle(minute: i64, price: i64) -> Candle {
        Candle {
            volume: 10,
            source: CandleSource::Venue,
            ..Candle::flat(at(minute), Price(price))
        }
    }

    fn backfill(interval: &str, wanted: usize, page: u32, now: Timestamp) -> Backfill {
        let interval = Interval::parse(interval).unwrap();
        let lengths = (interval, Interval::MINUTE);
        Backfill::new(SymbolId(0), lengths, (wanted, None), page, now)
    }

    #[test]
    fn pages_cover_the_closed_buckets_and_nothing_else() {
        let now = Timestamp(at(100).0 + 17);
        let mut backfill = backfill("1m", 7, 3, now);
        let mut seen = Vec::new();
        while let Some(page) = backfill.next_page() {
            assert_eq!(backfill.next_page(), None, "one at a time");
            seen.push((page.from, page.to));
            backfill.answered([]);
        }
        assert_eq!(seen, [(at(93), at(95)), (at(96), at(98)), (at(99), at(99))]);
        assert!(backfill.is_complete());
    }

    #[test]
    fn longer_candles_come_first_and_stay_apart() {
        let hour = |n: i64| n * 60;
        let now = at(hour(1000) + 90);
        let lengths = [Interval::SIX_HOURS, Interval::HOUR];
        let mut backfill = backfill("1m", 2, 300, now).with_longer(&lengths, 3, now);
        assert_eq!(backfill.first(), Some(at(hour(1000) + 88)));
        let mut seen = Vec::new();
        while let Some(page) = backfill.next_page() {
            seen.push((page.interval.name(), page.from, page.to));
            // A hole in the middle, and one that is not closed yet.
            let span = page.interval.seconds() / 60;
            let first = page.from.0 / MINUTE;
            backfill.answered([0, 2, 3].map(|n| candle(first + n * span, 50 + n)));
        }
        let expected = [
            ("6h", at(hour(984 - 6)), at(hour(996 - 6))),
            ("1h", at(hour(998)), at(hour(1000))),
            ("1m", at(hour(1000) + 88), at(hour(1000) + 89)),
        ];
        assert_eq!(seen, expected);
        let closes = |candles: &[Candle]| candles.iter().map(|c| c.close.0).collect::<Vec<_>>();
        let longer = backfill.take_longer();
        let found: Vec<_> = longer.iter().map(|(i, c)| (i.name(), closes(c))).collect();
        assert_eq!(found, [("6h", vec![50, 50, 52]), ("1h", vec![50, 50, 52])]);
        assert_eq!(closes(&backfill.finish().0), [50]);
    }

    #[test]
    fn after_an_outage_only_what_is_missing_is_asked_for() {
        let lengths = (Interval::MINUTE, Interval::MINUTE);
        let since = Some(Timestamp(at(98).0 + 5));
        let mut backfill = Backfill::new(SymbolId(1), lengths, (1000, since), 300, at(100));
        let page = backfill.next_page().unwrap();
        assert_eq!((page.from, page.to), (at(98), at(99)));
        backfill.failed();
        assert_eq!(backfill.next_page(), Some(page), "asked for again");
    }

    #[test]
    fn the_forming_bucket_is_never_taken_and_holes_are_flat() {
        let mut backfill = backfill("1m", 4, 300, Timestamp(at(10).0 + 1));
        backfill.next_page().unwrap();
        backfill.answered([candle(6, 5), candle(9, 7), candle(10, 99)]);
        let (candles, trades) = backfill.finish();
        assert!(trades.is_empty());
        let shown: Vec<_> = candles
            .iter()
            .map(|c| (c.open_time.0 / MINUTE, c.close.0, c.source))
            .collect();
        assert_eq!(
            shown,
            [
                (6, 5, CandleSource::Venue),
                (7, 5, CandleSource::Flat),
                (8, 5, CandleSource::Flat),
                (9, 7, CandleSource::Venue)
            ]
        );
    }

    #[test]
    fn a_length_that_the_venue_has_not_is_made_of_whole_smaller_ones() {
        let mut backfill = backfill("3m", 2, 300, at(12));
        backfill.next_page().unwrap();
        backfill.answered((6..12).map(|minute| candle(minute, 100 + minute)));
        let (candles, _) = backfill.finish();
        let shown: Vec<_> = candles
            .iter()
            .map(|c| (c.open_time.0 / MINUTE, c.open.0, c.close.0, c.volume))
            .collect();
        assert_eq!(shown, [(6, 106, 108, 30), (9, 109, 111, 30)]);
    }

    #[test]
    fn what_closes_while_answers_take_their_time_is_asked_for_too() {
        let mut backfill = backfill("1m", 2, 300, at(10));
        backfill.next_page().unwrap();
        backfill.answered([8, 9].map(|minute| candle(minute, 5)));
        assert!(backfill.is_complete());
        backfill.extend(Timestamp(at(10).0 + MINUTE - 1));
        assert!(backfill.is_complete(), "nothing has closed");
        backfill.extend(Timestamp(at(13).0 + 5));
        let page = backfill.next_page().unwrap();
        assert_eq!((page.from, page.to), (at(10), at(12)));
        backfill.answered([10, 11, 12].map(|minute| candle(minute, 6)));
        backfill.extend(Timestamp(at(13).0 + 7));
        assert!(backfill.is_complete());
        assert_eq!(backfill.finish().0.len(), 5);
        let mut none = self::backfill("1m", 0, 300, at(10));
        none.extend(at(13));
        assert!(none.is_complete(), "made of trades alone");
    }

    #[test]
    fn trades_wait_in_a_bounded_queue_and_the_oldest_give_way() {
        let mut backfill = backfill("1m", 1, 300, at(10));
        for id in 0..TRADES_WAITING as u64 + 3 {
            backfill.wait(Trade {
                symbol: SymbolId(0),
                aggressor: Aggressor::Buy,
                price: Price(1),
                quantity: Quantity(1),
                time: at(10),
                id,
            });
        }
        assert_eq!(backfill.dropped(), 3);
        let (_, trades) = backfill.finish();
        assert_eq!(trades.len(), TRADES_WAITING);
        assert_eq!(trades[0].id, 3);
    }
}

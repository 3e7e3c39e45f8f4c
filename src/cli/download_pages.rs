//! Which page of a range is asked for next, and the rows that its answer becomes. Pure.
//!
//! Candles come in pages of closed buckets. Trades are asked for by windows of whole seconds, because
//! the exchange tells at most a page of the latest in a window: a window that comes back full is
//! halved and asked for again, one that comes back nearly empty makes the next one longer.

use crate::core::market::{Aggressor, Interval};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Timestamp};
use crate::exchange::calls::{Call, CallAnswer, OwnedTrade};
use crate::exchange::stream::VenueCandle;
use std::fmt::Write;

/// Trades of one answer; the venue's most.
const TRADES_PAGE: u16 = 1000;
/// Seconds of the first window of trades, and of the longest.
const FIRST_WINDOW: i64 = 60;
const LONGEST_WINDOW: i64 = 6 * 3600;

/// First cells of a file of candles and of one of trades.
pub const CANDLES_HEADING: &str = "symbol,interval,timestamp,open,high,low,close,volume";
pub const TRADES_HEADING: &str = "symbol,timestamp,id,side,price,quantity";

/// Times in milliseconds, with a fraction where the exchange is finer.
fn millis(time: Timestamp) -> Decimal {
    Decimal::new(time.0, 6)
}

/// A range that is asked for page by page.
pub trait Cursor {
    /// The call for the next page; `None` at the end.
    fn next(&self) -> Option<Call>;

    /// The rows of an answer, whole lines in order of time, and how many; the cursor moves on.
    ///
    /// # Errors
    /// An answer of another kind, or one that shows that the exchange does not tell this range.
    fn rows(&mut self, answer: CallAnswer) -> Result<(String, u64), String>;

    /// Everything before this time is there.
    fn reached(&self) -> Timestamp;
}

/// Candles of one length.
#[derive(Clone, Debug)]
pub struct Candles {
    product: String,
    interval: Interval,
    next: Timestamp,
    end: Timestamp,
    page: i64,
}

impl Candles {
    /// The buckets that open from `from` on and close by `end`; at most `page` in a call.
    pub fn new(
        product: &str,
        interval: Interval,
        (from, end): (Timestamp, Timestamp),
        page: u32,
    ) -> Self {
        let first = interval.bucket(from);
        Self {
            product: product.to_owned(),
            interval,
            next: if first < from {
                first + interval.span()
            } else {
                first
            },
            end: interval.bucket(end),
            page: i64::from(page.max(1)),
        }
    }

    /// The page's last bucket opens then.
    fn last_of_page(&self) -> Timestamp {
        let span = self.interval.span();
        let whole = self.next.0.saturating_add(self.page.saturating_mul(span.0));
        Timestamp(whole.min(self.end.0) - span.0)
    }

    fn row(&self, text: &mut String, candle: &VenueCandle) {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{}",
            self.product,
            self.interval,
            millis(candle.open_time),
            candle.open,
            candle.high,
            candle.low,
            candle.close,
            candle.volume
        );
    }
}

impl Cursor for Candles {
    fn next(&self) -> Option<Call> {
        (self.next < self.end).then(|| Call::Candles {
            product: self.product.clone(),
            interval: self.interval,
            from: self.next,
            to: self.last_of_page(),
        })
    }

    fn rows(&mut self, answer: CallAnswer) -> Result<(String, u64), String> {
        let CallAnswer::Candles(candles) = answer else {
            return Err("candles: an answer of another kind".to_owned());
        };
        let last = self.last_of_page();
        let (mut text, mut count) = (String::new(), 0);
        let mut next = self.next;
        for candle in &candles {
            let is_aligned = self.interval.bucket(candle.open_time) == candle.open_time;
            if is_aligned && candle.open_time >= next && candle.open_time <= last {
                self.row(&mut text, candle);
                count += 1;
                next = candle.open_time + self.interval.span();
            }
        }
        self.next = last + self.interval.span();
        Ok((text, count))
    }

    fn reached(&self) -> Timestamp {
        self.next
    }
}

/// Trades of one product.
#[derive(Clone, Debug)]
pub struct Trades {
    product: String,
    /// Whole seconds since 1970; the end is not part of it.
    next: i64,
    end: i64,
    window: i64,
    /// Seconds with more trades than the exchange tells.
    pub cut: u64,
}

impl Trades {
    /// Of the whole seconds from `from` up to `end`.
    pub fn new(product: &str, from: Timestamp, end: Timestamp) -> Self {
        Self {
            product: product.to_owned(),
            next: from.0.div_euclid(SECOND),
            end: end.0.div_euclid(SECOND),
            window: FIRST_WINDOW,
            cut: 0,
        }
    }

    fn window_end(&self) -> i64 {
        self.next.saturating_add(self.window).min(self.end)
    }

    fn row(&self, text: &mut String, trade: &OwnedTrade) {
        let side = match trade.aggressor {
            Aggressor::Buy => "buy",
            Aggressor::Sell => "sell",
            Aggressor::Unknown => "",
        };
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{side},{},{}",
            self.product,
            millis(trade.time),
            trade.id,
            trade.price,
            trade.quantity
        );
    }
}

impl Cursor for Trades {
    fn next(&self) -> Option<Call> {
        (self.next < self.end).then(|| Call::Trades {
            product: self.product.clone(),
            limit: TRADES_PAGE,
            from: Some(Timestamp(self.next * SECOND)),
            // The next second too: whether it belongs to the window differs; what is beyond ours is
            // left out below.
            to: Some(Timestamp(self.window_end() * SECOND)),
        })
    }

    fn rows(&mut self, answer: CallAnswer) -> Result<(String, u64), String> {
        let CallAnswer::Trades(mut trades) = answer else {
            return Err("trades: an answer of another kind".to_owned());
        };
        let told = trades.len();
        let is_full = told >= usize::from(TRADES_PAGE);
        let end = self.window_end();
        let within = |trade: &OwnedTrade| {
            (self.next * SECOND..end.saturating_mul(SECOND)).contains(&trade.time.0)
        };
        let asked = self.next * SECOND..=end.saturating_add(1).saturating_mul(SECOND);
        if is_full && !trades.iter().any(|trade| asked.contains(&trade.time.0)) {
            let other = trades.last().map_or(Timestamp(0), |trade| trade.time);
            return Err(format!(
                "trades of {}: the exchange tells those of {other} instead; it does not go back \
                 that far",
                Timestamp(self.next * SECOND)
            ));
        }
        if is_full && self.window > 1 {
            self.window = (end - self.next).max(2) / 2;
            return Ok((String::new(), 0));
        }
        self.cut += u64::from(is_full);
        trades.retain(within);
        trades.sort_by_key(|trade| (trade.time, trade.id));
        trades.dedup_by_key(|trade| (trade.time, trade.id));
        let mut text = String::new();
        for trade in &trades {
            self.row(&mut text, trade);
        }
        self.next = end;
        if told < usize::from(TRADES_PAGE) / 4 {
            self.window = (self.window * 2).min(LONGEST_WINDOW);
        }
        Ok((text, trades.len() as u64))
    }

    fn reached(&self) -> Timestamp {
        Timestamp(self.next * SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(minute: i64) -> VenueCandle {
        VenueCandle {
            open_time: Timestamp(minute * 60 * SECOND),
            open: Decimal::ONE,
            high: Decimal::ONE,
            low: Decimal::ONE,
            close: Decimal::ONE,
            volume: Decimal::new(15, 1),
        }
    }

    fn trade(millis: i64, id: u64) -> OwnedTrade {
        OwnedTrade {
            price: Decimal::from_int(7),
            quantity: Decimal::new(5, 1),
            aggressor: Aggressor::Sell,
            time: Timestamp(millis * 1_000_000),
            id,
        }
    }

    #[test]
    fn candles_are_asked_for_in_pages_of_closed_buckets() {
        let at = |minute: i64, second: i64| Timestamp((minute * 60 + second) * SECOND);
        let range = (at(10, 1), at(15, 59));
        let mut candles = Candles::new("BTC-USD", Interval::MINUTE, range, 3);
        let mut asked = Vec::new();
        let mut rows = String::new();
        while let Some(Call::Candles { from, to, .. }) = candles.next() {
            asked.push((from.0 / 60 / SECOND, to.0 / 60 / SECOND));
            // One before the page, the page without a hole in it, and the forming one.
            let minutes = [from.0 / 60 / SECOND - 1, to.0 / 60 / SECOND, 15];
            let answer = CallAnswer::Candles(minutes.map(candle).into());
            rows.push_str(&candles.rows(answer).unwrap().0);
        }
        assert_eq!(asked, [(11, 13), (14, 14)]);
        assert_eq!(
            rows,
            "BTC-USD,1m,780000,1,1,1,1,1.5\nBTC-USD,1m,840000,1,1,1,1,1.5\n"
        );
        assert_eq!(candles.reached(), at(15, 0));
    }

    #[test]
    fn a_full_window_of_trades_is_halved_until_it_is_whole() {
        // 40 trades a second, all told newest 1000 of the window.
        let all: Vec<OwnedTrade> = (0..4000).map(|n| trade(n * 25, n as u64 + 1)).collect();
        let mut trades = Trades::new("X", Timestamp(0), Timestamp(100 * SECOND));
        let (mut rows, mut calls, mut counted) = (String::new(), 0, 0);
        while let Some(Call::Trades { from, to, .. }) = trades.next() {
            calls += 1;
            assert!(calls < 100, "it goes on");
            let (from, to) = (from.unwrap(), to.unwrap());
            let asked = all
                .iter()
                .filter(|t| t.time >= from && t.time.0 < to.0 + SECOND);
            let mut asked: Vec<OwnedTrade> = asked.cloned().collect();
            let cut = asked.len().saturating_sub(1000);
            asked.drain(..cut);
            let (text, count) = trades.rows(CallAnswer::Trades(asked)).unwrap();
            rows.push_str(&text);
            counted += count;
        }
        assert_eq!((counted, trades.cut), (4000, 0));
        assert_eq!(rows.lines().count(), 4000);
        assert!(
            rows.starts_with("X,0,1,sell,7,0.5\nX,25,2,sell,7,0.5\n"),
            "{}",
            &rows[..60]
        );
        let ids: Vec<u64> = rows
            .lines()
            .map(|row| row.split(',').nth(2).unwrap().parse().unwrap())
            .collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_second_with_more_trades_than_are_told_is_counted_and_passed() {
        let mut trades = Trades::new("X", Timestamp(0), Timestamp(SECOND));
        let busy: Vec<OwnedTrade> = (0..1000).map(|id| trade(500, id + 1)).collect();
        for _ in 0..10 {
            if trades.next().is_none() {
                break;
            }
            trades.rows(CallAnswer::Trades(busy.clone())).unwrap();
        }
        assert_eq!((trades.next(), trades.cut), (None, 1));
    }

    #[test]
    fn an_exchange_that_tells_other_times_is_named() {
        let mut trades = Trades::new("X", Timestamp(0), Timestamp(100 * SECOND));
        let later: Vec<OwnedTrade> = (0..1000).map(|id| trade(9_000_000, id + 1)).collect();
        let error = trades.rows(CallAnswer::Trades(later)).unwrap_err();
        assert!(error.contains("1970-01-01T02:30:00"), "{error}");
    }
}

//! Books of a session: what comes of frames, time and lost connections.

use super::*;
use crate::core::market::{Instrument, ProductKind};
use crate::core::units::{Price, Timestamp};
use crate::exchange::stream::{BookLevel, StreamRole};
use crate::exchange::{Access, ExchangeCodec, build};
use crate::runtime::live::Market;

const A: SymbolId = SymbolId(0);
const B: SymbolId = SymbolId(1);

fn markets() -> Markets {
    let of = |name: &str| Market {
        product: name.to_owned(),
        alias: None,
        base_currency: "X".to_owned(),
        instrument: Instrument::linear(
            name,
            ProductKind::Spot,
            "USD",
            Decimal::new(1, 2),
            Decimal::new(1, 3),
        ),
        tradable: true,
    };
    Markets::new(vec![of("BTC-USD"), of("ETH-USD")])
}

fn books(source: BookSource) -> Books {
    let settings = BookSettings {
        source,
        depth: 2,
        stale_after: Span::from_secs(2),
        snapshot_every: Span::from_secs(5),
        refresh_every: Span::from_secs(30),
        max_drift: Span::from_secs(5),
        max_spread_bps: Decimal::from_int(200),
    };
    Books::new(2, settings)
}

/// A frame of levels: side, price and quantity.
fn frame(product: &str, sequence: u64, kind: &str, levels: &[(&str, &str, &str)]) -> String {
    let levels: Vec<String> = levels
        .iter()
        .map(|(side, price, quantity)| {
            format!(
                r#"{{"side":"{side}","event_time":"2026-09-30T12:00:00Z","price_level":"{price}",
                "new_quantity":"{quantity}"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"channel":"l2_data","client_id":"","timestamp":"2026-09-30T12:00:00Z",
        "sequence_num":{sequence},"events":[{{"type":"{kind}","product_id":"{product}",
        "updates":[{}]}}]}}"#,
        levels.join(",")
    )
}

struct Feed {
    codec: Box<dyn ExchangeCodec>,
    markets: Markets,
    books: Books,
    sequence: u64,
}

impl Feed {
    fn new() -> Self {
        let mut codec = build("coinbase", Access::default()).unwrap();
        codec.connected(StreamRole::Book);
        Self {
            codec,
            markets: markets(),
            books: books(BookSource::Level2),
            sequence: 0,
        }
    }

    fn read(&mut self, product: &str, kind: &str, levels: &[(&str, &str, &str)], now: i64) {
        let text = frame(product, self.sequence, kind, levels);
        self.sequence += 1;
        let (books, markets) = (&mut self.books, &self.markets);
        self.codec
            .decode(StreamRole::Book, &text, &mut |event| {
                books.take(&event, markets, now);
            })
            .unwrap();
    }
}

const BOTH: [(&str, &str, &str); 2] = [("bid", "100.00", "1.5"), ("offer", "100.10", "2")];

#[test]
fn one_snapshot_is_under_way_at_a_time_and_the_next_follows_it() {
    let mut feed = Feed::new();
    assert_eq!(feed.books.ask(0), Some((A, false)));
    assert_eq!(feed.books.ask(0), None, "one at a time");
    assert_eq!(feed.books.arrived(0), None);
    feed.read("BTC-USD", "snapshot", &BOTH, 1);
    assert_eq!(feed.books.arrived(1), Some(A));
    let changes = feed.books.changes(1);
    let fresh = BookChange {
        symbol: A,
        problem: None,
    };
    assert_eq!(changes, [fresh]);
    let quote = Quote {
        bid: Price(10_000),
        ask: Price(10_010),
    };
    assert_eq!(feed.books.quotes(1), [(A, quote)]);
    assert_eq!(feed.books.ask(1), Some((B, false)));
    assert_eq!(feed.books.overdue(SNAPSHOT_WITHIN), None);
    assert_eq!(feed.books.overdue(SNAPSHOT_WITHIN + 1), Some(B));
}

#[test]
fn a_book_that_is_damaged_asks_for_a_snapshot_but_not_too_often() {
    let mut feed = Feed::new();
    feed.books.ask(0);
    feed.read("BTC-USD", "snapshot", &BOTH, 1);
    feed.books.arrived(1);
    feed.books.changes(1);
    feed.books.damaged();
    let problem = feed.books.changes(2)[0].problem.unwrap();
    assert!(problem.needs_snapshot());
    assert_eq!(feed.books.problem(A, 2), Some("a frame could not be read"));
    // The other product has not been asked for yet, this one waits its time.
    assert_eq!(feed.books.ask(2), Some((B, false)));
    feed.read("ETH-USD", "snapshot", &BOTH, 3);
    feed.books.arrived(3);
    assert_eq!(feed.books.ask(3), None);
    assert_eq!(feed.books.next_deadline(3), Some(3 + 2 * SECOND + 1));
    assert_eq!(
        feed.books.ask(5 * SECOND),
        Some((A, true)),
        "subscribed anew"
    );
    // An update in between does not mend it.
    feed.read("BTC-USD", "update", &BOTH[..1], 5 * SECOND);
    assert_eq!(feed.books.arrived(5 * SECOND), None);
    feed.read("BTC-USD", "snapshot", &BOTH, 5 * SECOND);
    assert_eq!(feed.books.arrived(5 * SECOND), Some(A));
}

#[test]
fn silence_makes_a_book_stale_and_the_next_message_fresh() {
    let mut feed = Feed::new();
    feed.books.ask(0);
    feed.read("BTC-USD", "snapshot", &BOTH, 0);
    feed.books.changes(0);
    assert_eq!(feed.books.changes(2 * SECOND), []);
    let due = feed.books.next_deadline(1).unwrap();
    let changes = feed.books.changes(due);
    assert_eq!(changes[0].problem, Some(BookProblem::Stale));
    feed.read("BTC-USD", "update", &[("bid", "100.01", "1")], due + 1);
    assert_eq!(feed.books.changes(due + 1)[0].problem, None);
    assert_eq!(feed.books.counts.problems, 1);
}

#[test]
fn a_lost_connection_leaves_no_book() {
    let mut feed = Feed::new();
    feed.books.ask(0);
    feed.read("BTC-USD", "snapshot", &BOTH, 1);
    feed.books.changes(1);
    feed.books.lost();
    assert_eq!(feed.books.changes(2)[0].problem, Some(BookProblem::Missing));
    assert_eq!(feed.books.quotes(2), []);
    assert_eq!(feed.books.ask(5 * SECOND), Some((A, false)));
}

#[test]
fn levels_of_other_products_and_off_the_grid_are_counted_and_left_out() {
    let mut feed = Feed::new();
    feed.books.ask(0);
    feed.read("BTC-USD", "snapshot", &BOTH, 1);
    feed.read("BTC-USD", "update", &[("bid", "100.005", "1")], 1);
    // Beginning, level and end.
    feed.read("SOL-USD", "snapshot", &BOTH[..1], 1);
    assert_eq!(feed.books.counts.levels_refused, 4);
    assert_eq!(feed.books.quotes(1)[0].1.bid, Price(10_000));
}

#[test]
fn a_level_of_quantity_zero_is_gone() {
    let mut feed = Feed::new();
    feed.books.ask(0);
    let levels = [BOTH[0], BOTH[1], ("bid", "99.00", "1")];
    feed.read("BTC-USD", "snapshot", &levels, 1);
    feed.read("BTC-USD", "update", &[("bid", "100.00", "0")], 2);
    assert_eq!(feed.books.quotes(2)[0].1.bid, Price(9_900));
    assert_eq!(feed.books.counts.levels_refused, 0);
}

#[test]
fn a_large_snapshot_leaves_a_small_book() {
    let prices: Vec<String> = (0..15_000)
        .map(|n| format!("{}.{:02}", 100 + n / 100, n % 100))
        .collect();
    let mut levels = Vec::new();
    for price in &prices {
        levels.push(("offer", price.as_str(), "1"));
    }
    levels.push(("bid", "99.99", "1"));
    let mut feed = Feed::new();
    feed.books.ask(0);
    feed.read("BTC-USD", "snapshot", &levels, 1);
    assert_eq!(feed.books.counts.levels, 15_001);
    let asks: Vec<_> = feed.books.feeds[0].book.levels(Side::Sell).collect();
    assert_eq!(asks.len(), 2);
    assert_eq!(asks[0].0, Price(10_000));
}

#[test]
fn tickers_tell_when_the_spread_passes_its_limit_and_otherwise_rarely() {
    let mut books = books(BookSource::Tickers);
    let quote = |ask| Quote {
        bid: Price(10_000),
        ask: Price(ask),
    };
    assert!(books.ticker(A, quote(10_001), 0), "the first one");
    assert!(!books.ticker(A, quote(10_002), 1));
    assert!(books.ticker(A, quote(10_300), 2), "too wide");
    assert!(!books.ticker(A, quote(10_301), 3));
    assert!(books.ticker(A, quote(10_001), 4), "narrow again");
    assert!(!books.ticker(A, quote(10_001), 5 + TOLD_EVERY), "the same");
    assert!(books.ticker(A, quote(10_002), 5 + TOLD_EVERY));
    assert!(!books.ticker(B, quote(0), 9), "no price");
    let ticker = Ticker {
        product: "ETH-USD",
        price: Decimal::ONE,
        best_bid: Some(Decimal::new(1, 2)),
        best_bid_quantity: None,
        best_ask: None,
        best_ask_quantity: None,
        time: Timestamp(0),
    };
    assert_eq!(ticker_quote(&ticker, &markets()), None, "one side only");
}

/// A book by REST: levels as a stream would bring them, as the exchange showed them at `at`.
fn shown(books: &mut Books, levels: &[(bool, i64)], at: i64) {
    let markets = markets();
    let product = "BTC-USD";
    let levels = levels.iter().map(|(is_bid, cents)| StreamEvent::BookLevel {
        product,
        level: BookLevel {
            is_bid: *is_bid,
            price: Decimal::new(*cents, 2),
            quantity: Decimal::ONE,
        },
        time: Timestamp(0),
    });
    let first = std::iter::once(StreamEvent::BookStart { product });
    let last = std::iter::once(StreamEvent::BookEnd { product });
    for event in first.chain(levels).chain(last) {
        assert!(books.take(&event, &markets, at));
    }
}

fn by_rest() -> Books {
    books(BookSource::Rest { levels: 50 })
}

const SOUND: [(bool, i64); 2] = [(true, 10_000), (false, 10_010)];

#[test]
fn an_old_book_by_rest_gives_no_price_and_keeps_nobody_off() {
    let mut books = by_rest();
    assert_eq!(books.changes(0), [], "nothing has come");
    assert_eq!(books.view(A, 0), None);
    shown(&mut books, &SOUND, 0);
    let quote = Quote {
        bid: Price(10_000),
        ask: Price(10_010),
    };
    assert_eq!(books.quotes(SECOND), [(A, quote)]);
    assert_eq!(books.problem(A, 2 * SECOND), None);
    assert_eq!(books.problem(A, 2 * SECOND + 1), Some("stale"));
    let view = books.view(A, 3 * SECOND).unwrap();
    assert_eq!((view.bids, view.asks, view.age_ms), (1, 1, 3000));
    assert_eq!(view.imbalance, None, "of a book that gives no price");
    assert_eq!(books.changes(3 * SECOND), []);
    assert!(!books.is_wrong(A, 3 * SECOND));
    // It was old when it came.
    shown(&mut books, &[(true, 9_000), (false, 10_010)], SECOND);
    assert_eq!(books.quotes(4 * SECOND), []);
}

#[test]
fn a_wrong_book_by_rest_keeps_entries_off_until_a_sound_one_comes() {
    let mut books = by_rest();
    for (levels, why) in [
        (&[(true, 10_010), (false, 10_000)][..], "crossed"),
        (&SOUND[..1], "a side is empty"),
        (&[], "a side is empty"),
    ] {
        shown(&mut books, levels, 0);
        let changes = books.changes(0);
        let problem = changes[0].problem.map(BookProblem::name);
        assert_eq!((changes.len(), problem), (1, Some(why)));
        assert!(books.is_wrong(A, 0) && !books.is_wrong(B, 0));
        assert_eq!(books.quotes(0), []);
        assert_eq!(books.changes(9 * SECOND), [], "told once");
        shown(&mut books, &SOUND, 9 * SECOND);
        assert_eq!(books.changes(9 * SECOND)[0].problem, None);
        books.quotes(9 * SECOND);
    }
    assert_eq!(books.counts.problems, 3);
}

#[test]
fn a_ticker_that_is_newer_than_a_book_by_rest_stands() {
    let mut books = by_rest();
    let quote = |bid| Quote {
        bid: Price(bid),
        ask: Price(10_010),
    };
    assert!(books.ticker(A, quote(10_000), 2));
    // Far too wide, but of before.
    shown(&mut books, &[(true, 9_000), (false, 10_010)], 1);
    assert_eq!(books.quotes(3), []);
    shown(&mut books, &[(true, 9_000), (false, 10_010)], 2);
    assert_eq!(books.quotes(3), [(A, quote(9_000))]);
    assert_eq!(books.counts.quotes, 1);
}

#[test]
fn a_book_by_rest_keeps_as_many_levels_as_are_asked_for() {
    let mut books = by_rest();
    let bids = (0..80).map(|n| (true, 9_000 + n));
    let asks = (0..80).map(|n| (false, 10_000 - n));
    let levels: Vec<_> = bids.chain(asks).collect();
    shown(&mut books, &levels, 0);
    let view = books.view(A, 0).unwrap();
    assert_eq!((view.bids, view.asks), (50, 50));
    assert_eq!(books.quotes(0)[0].1.bid, Price(9_079));
}

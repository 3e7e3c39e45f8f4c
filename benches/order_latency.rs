//! From what a bot sees to its order at the exchange: a bot trades at the local venue, over TLS on
//! loopback, and each order's time at the venue is compared with that of the turn that caused it.
//!
//! What lies between: the core, the intent committed to the ledger, the request signed and sent. Run
//! with `cargo bench --bench order_latency`; `SECONDS=300` for longer.

// Shared with the tests, which use more of them.
#![allow(dead_code)]

#[path = "../tests/live/bot.rs"]
mod bot;
#[path = "../tests/support/eager.rs"]
mod eager;
#[path = "../tests/support/folder.rs"]
mod folder;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/venue.rs"]
mod venue;

use bot::Desk;
use std::collections::BTreeMap;
use std::time::Duration;
use venue::{Rest, Venue};

const LIST: &str = "/api/v3/brokerage/orders/historical/batch?limit=250";

/// Nanoseconds since 1970 of the venue's RFC 3339 with microseconds; the day is left out.
fn of_the_day(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().expect("digits");
    let seconds = (number(11..13) * 60 + number(14..16)) * 60 + number(17..19);
    seconds * 1_000_000_000 + number(20..26) * 1_000
}

/// When each order came to the venue, nanoseconds of its day.
fn arrivals(rest: &mut Rest) -> BTreeMap<String, i64> {
    let (mut found, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let target = match cursor.as_str() {
            "" => LIST.to_owned(),
            cursor => format!("{LIST}&cursor={cursor}"),
        };
        let page = rest.get(&target);
        for order in page["orders"].as_array().expect("orders") {
            let text = |name: &str| order[name].as_str().expect("a text").to_owned();
            found.insert(text("client_order_id"), of_the_day(&text("created_time")));
        }
        cursor = page["cursor"].as_str().unwrap_or_default().to_owned();
        if cursor.is_empty() {
            return found;
        }
    }
}

fn main() {
    let seconds = std::env::var("SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(90);
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let bot = desk.start();
    std::thread::sleep(Duration::from_secs(seconds));
    bot.stop();
    let arrived = arrivals(&mut venue.rest());
    let ledger = desk.ledger("venue");
    let mut statement = ledger
        .prepare("SELECT client_id, created FROM orders WHERE leg <> 'protective'")
        .expect("the schema is known");
    let rows = statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })
        .expect("it can be asked");
    const DAY: i64 = 86_400_000_000_000;
    let mut took: Vec<i64> = rows
        .map(|row| row.expect("a row"))
        .filter_map(|(id, caused)| Some((arrived.get(&id)? - caused.rem_euclid(DAY)) / 1_000))
        .filter(|took| (0..60_000_000).contains(took))
        .collect();
    took.sort_unstable();
    assert!(!took.is_empty(), "no order arrived in {seconds} s");
    let at = |part: usize| took[(took.len() - 1) * part / 100];
    println!(
        "{} orders: cause to order at the venue: median {} us, p99 {} us, least {} us",
        took.len(),
        at(50),
        at(99),
        took[0]
    );
}

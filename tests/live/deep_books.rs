//! Level 2 as the exchange sends it: a whole book of tens of thousands of levels in one message.

use crate::bot::{Desk, connection, is_whole};
use crate::process::count;
use crate::venue::Venue;

/// Of a build without optimisation included, kB.
const PEAK_MAX: u64 = 96 * 1024;
/// What may stay of a passed snapshot, kB.
const KEPT_MAX: u64 = 12 * 1024;
/// Three books of this many bytes in one message each have been read.
const READ_MIN: u64 = 6_000_000;

#[test]
fn whole_books_pass_in_bounded_memory_that_is_given_back() {
    let venue = Venue::start(&["--levels", "15000"]);
    let field = |bot: &crate::bot::Bot, name: &str| {
        let text = bot.process.status_field(name).expect("it runs");
        let number = text.trim_end_matches("kB").trim();
        number.parse::<u64>().expect("a number of kB")
    };
    let desk = Desk::paper(&venue);
    let mut bot = desk.start();
    bot.until("whole", is_whole);
    let without = field(&bot, "VmRSS");
    bot.stop();

    let desk = Desk::paper(&venue).with("orderbook.enabled=true");
    let mut bot = desk.start();
    let session = bot.until("whole, with books that move", |session| {
        is_whole(session)
            && count(&session["books"]["snapshots"]) >= 3
            && count(&session["books"]["messages"]) >= 20
    });
    let books = connection(&session, "book");
    assert!(count(&books["bytes"]) > READ_MIN, "{session:#}");
    assert_eq!(books["lost"], 0, "{session:#}");
    assert_eq!(session["frames_refused"], 0, "{session:#}");
    assert_eq!(session["gaps"], 0, "{session:#}");
    // As many as are kept, not as many as there are; a price that jumps over all of them leaves none
    // until the next whole book.
    let symbols = session["symbols"].as_array().expect("symbols").iter();
    let kept: Vec<[u64; 2]> = symbols
        .map(|symbol| ["bids", "asks"].map(|side| count(&symbol["book_levels"][side])))
        .collect();
    assert!(
        kept.iter().flatten().all(|levels| *levels <= 500),
        "{kept:?}"
    );
    assert!(
        kept.iter().flatten().any(|levels| *levels >= 20),
        "{kept:?}"
    );
    let (peak, now) = (field(&bot, "VmHWM"), field(&bot, "VmRSS"));
    eprintln!("kB: {without} without books, {now} with them, {peak} at most");
    assert!(peak < PEAK_MAX, "{peak} kB at most");
    assert!(now < without + KEPT_MAX, "{without} kB, now {now} kB");
    bot.stop();
}

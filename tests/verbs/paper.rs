//! reset-paper: the old account is put aside, the new one begins with its own balance.

use crate::desk::Desk;
use crate::venue::Venue;

/// It trades already: about what it began with.
fn equity(desk: &Desk) -> f64 {
    let session = desk.session();
    let text = session["equity"].as_str().expect("a number");
    text.parse().expect("a number")
}

#[test]
fn the_next_start_begins_anew_with_the_balance_and_the_old_ledger_stays() {
    let venue = Venue::start(&[]);
    let desk = Desk::eager(&venue);
    desk.run(&["reset-paper", "--balance", "5000"]).with(2);
    let low = desk
        .run(&["reset-paper", "--balance", "1", "--confirm"])
        .with(2);
    assert!(low.stderr.contains("100"), "{low:?}");
    let first = desk
        .run(&["reset-paper", "--balance", "5000", "--confirm", "--json"])
        .with(0)
        .json();
    assert!(first["archived"].is_null(), "{first}");
    let mut bot = desk.trade();
    assert!((4_900.0..=5_100.0).contains(&equity(&desk)));
    let refused = desk
        .run(&["reset-paper", "--balance", "700", "--confirm"])
        .with(1);
    assert!(refused.stderr.contains("a bot runs"), "{refused:?}");
    bot.signal(libc::SIGTERM);
    assert_eq!(bot.wait().code(), Some(0));
    let second = desk
        .run(&["reset-paper", "--balance", "700", "--confirm", "--json"])
        .with(0)
        .json();
    let archived = second["archived"].as_str().expect("a name");
    let report = desk
        .run(&["report", "--ledger", archived, "--json"])
        .with(0)
        .json();
    assert_eq!(report["session"]["starting_balance"], "5000", "{report:#}");
    let mut bot = desk.trade();
    assert!((680.0..=720.0).contains(&equity(&desk)));
    bot.signal(libc::SIGKILL);
    bot.wait();
}

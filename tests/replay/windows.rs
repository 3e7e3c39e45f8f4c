//! Parts of recordings, recordings in parts, several symbols.

use crate::book::Book;
use crate::bot::{Bot, Report, reference};
use crate::market::{later, record, trades};
use crate::support::folder::Folder;
use minnow::core::market::{SymbolId, TimedTrade};
use minnow::store::recording::Header;

/// About seven hours.
const ROWS: usize = 60_000;

/// The same in report, rows and hash at every candle.
fn assert_equal(what: &str, (bot, report): &(Bot, Report), (other, expected): &(Bot, Report)) {
    assert_eq!(report.essence(), expected.essence(), "{what}");
    let (ours, theirs) = (Book::open(bot.ledger()), Book::open(other.ledger()));
    assert_eq!(ours.content(), theirs.content(), "{what}");
}

fn run(bot: Bot) -> (Bot, Report) {
    let report = bot.report();
    (bot, report)
}

/// RFC 3339 of a row's time.
fn time_of(row: &TimedTrade) -> String {
    row.stamp.wall.to_string()
}

#[test]
fn a_window_is_the_recording_cut_there() {
    let (header, trades) = trades();
    let folder = Folder::new();
    // Not a whole minute, not the edge of a block.
    let (from, to) = (70_001, 120_003);
    let (from_time, to_time) = (time_of(&trades[from]), time_of(&trades[to]));
    let first = trades.partition_point(|row| row.stamp.wall < trades[from].stamp.wall);
    let end = trades.partition_point(|row| row.stamp.wall < trades[to].stamp.wall);
    for (name, rows, arguments) in [
        ("to", &trades[..end], vec!["--to", &to_time]),
        (
            "from and to",
            &trades[first..end],
            vec!["--from", &from_time, "--to", &to_time],
        ),
        ("from", &trades[first..], vec!["--from", &from_time]),
    ] {
        let cut = folder.file(&format!("{name}.mrec"));
        record(&cut, header, [rows]);
        let window = run(Bot::bundled().with(&arguments));
        assert_eq!(window.1.inputs(), rows.len() as u64, "{name}");
        assert_equal(name, &window, &run(Bot::new(&[&cut])));
    }
}

#[test]
fn a_run_that_ends_earlier_is_the_beginning_of_one_that_ends_later() {
    let (bot, _) = run(Bot::bundled().with(&["--to", "2018-01-02"]));
    let ours = Book::open(bot.ledger()).candle_hashes();
    let all = Book::open(reference().bot.ledger()).candle_hashes();
    assert!(ours.len() > 1_400);
    assert_eq!(ours[..], all[..ours.len()]);
}

#[test]
fn a_window_without_data_is_said() {
    for window in [["--to", "2017-12-31"], ["--from", "2018-02-01"]] {
        let run = Bot::bundled().with(&window).run();
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert_eq!(run.report().inputs(), 0);
        assert!(run.stderr.contains("no market data"), "{}", run.stderr);
    }
}

#[test]
fn a_recorded_session_is_compared_as_a_whole_and_replayed_from_within_without() {
    let folder = Folder::new();
    let session = folder.file("session");
    let to = "2018-01-01T06:00:00Z";
    let record = session.to_str().expect("a path in text").to_owned();
    let (_, first) = run(Bot::bundled().with(&["--to", to, "--record", &record]));
    let (_, again) = run(Bot::new(&[&session]));
    assert_eq!(again.hash(), first.hash());
    // What came before is missing: another past, so no recorded hash can come again.
    let from = "2018-01-01T03:00:30Z";
    let (_, part) = run(Bot::new(&[&session]).with(&["--from", from]));
    assert!(part.inputs() > 0 && part.inputs() < first.inputs());
    assert_ne!(part.hash(), first.hash());
}

#[test]
fn a_session_without_a_closed_candle_is_compared_at_its_end() {
    let folder = Folder::new();
    let session = folder.file("session");
    let record = session.to_str().expect("a path in text").to_owned();
    let to = "2018-01-01T00:00:20Z";
    run(Bot::bundled().with(&["--to", to, "--record", &record]));
    let again = Bot::new(&[&session]).run();
    assert_eq!(again.status, Some(0), "{}", again.stderr);
    assert!(
        again.stderr.contains("recording: 1 state hashes compared"),
        "{}",
        again.stderr
    );
}

#[test]
fn two_files_are_one_recording_wherever_it_is_cut() {
    let (header, trades) = trades();
    let rows = &trades[..ROWS];
    let folder = Folder::new();
    let whole = folder.file("whole.mrec");
    record(&whole, header, [rows]);
    let expected = run(Bot::new(&[&whole]));
    // Between two trades of one millisecond, too: at equal stamps the file named first goes first.
    let tie = (30_000..ROWS)
        .find(|n| rows[*n].stamp == rows[n - 1].stamp)
        .expect("trades of one millisecond");
    for cut in [1, 16_384, tie, ROWS - 1] {
        let (left, right) = (
            folder.file(&format!("{cut}-left.mrec")),
            folder.file(&format!("{cut}-right.mrec")),
        );
        record(&left, header, [&rows[..cut]]);
        record(&right, header, [&rows[cut..]]);
        let parts = run(Bot::new(&[&left, &right]));
        assert_equal(&format!("cut before {cut}"), &parts, &expected);
    }
    // Row by row in turn.
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let sides = [&mut left, &mut right];
    let mut side = 0;
    for (n, row) in rows.iter().enumerate() {
        // Ties stay together, as their order over files is that of the files.
        if n > 0 && rows[n - 1].stamp != row.stamp && n % 3 == 0 {
            side = 1 - side;
        }
        sides[side].push(*row);
    }
    let (odd, even) = (folder.file("odd.mrec"), folder.file("even.mrec"));
    record(&odd, header, [left]);
    record(&even, header, [right]);
    assert_equal("in turn", &run(Bot::new(&[&odd, &even])), &expected);
}

/// A second symbol out of the same market, half a second later.
fn second_symbol(header: &Header, rows: &[TimedTrade]) -> (Header, Vec<TimedTrade>) {
    let mut header = header.clone();
    header.instruments[0].symbol = "ALT-PERP".to_owned();
    let rows: Vec<TimedTrade> = rows
        .iter()
        .copied()
        .filter(|row| row.trade.price.0 % 3 != 0)
        .collect();
    (header, later(&rows, 500_000_000))
}

#[test]
fn two_symbols_in_two_files_are_the_merged_recording() {
    let (header, trades) = trades();
    let rows = &trades[..ROWS];
    let (alt_header, alt_rows) = second_symbol(header, rows);
    let folder = Folder::new();
    let (first, second, merged) = (
        folder.file("first.mrec"),
        folder.file("second.mrec"),
        folder.file("merged.mrec"),
    );
    record(&first, header, [rows]);
    record(&second, &alt_header, [&alt_rows]);
    let mut both_header = header.clone();
    both_header
        .instruments
        .extend(alt_header.instruments.clone());
    let mut both: Vec<TimedTrade> = rows.to_vec();
    both.extend(alt_rows.iter().map(|row| {
        let mut row = *row;
        row.trade.symbol = SymbolId(1);
        row
    }));
    // Stable: at equal stamps the first symbol stays first.
    both.sort_by_key(|row| row.stamp.mono);
    record(&merged, &both_header, [both]);

    let expected = run(Bot::new(&[&merged]));
    let files = run(Bot::new(&[&first, &second]));
    assert_equal("two symbols", &files, &expected);
    let per_symbol = Book::open(files.0.ledger())
        .rows("SELECT symbol, count(*) FROM trades GROUP BY symbol ORDER BY symbol");
    assert_eq!(per_symbol.len(), 2, "both trade: {per_symbol:?}");

    // One of the two alone is as if the other were not there.
    let alone = run(Bot::new(&[&merged]).with(&["--set", "trading.symbol=BTC-PERP"]));
    let only = run(Bot::new(&[&first]));
    assert_eq!(alone.1.0["trades"], only.1.0["trades"]);
    assert_eq!(alone.1.0["account"], only.1.0["account"]);
}

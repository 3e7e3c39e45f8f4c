//! Books by REST on their way to the core: what each end of a call tells it.

use super::super::books::BookView;
use super::*;
use crate::core::units::{Decimal, Span};
use crate::runtime::live::calls::caller::CallTrouble;
use crate::runtime::live::scene::{A, at, with_session};

/// The end of a call for a book.
fn ended(result: Result<CallAnswer, CallTrouble>) -> Ended<Purpose> {
    Ended {
        purpose: Purpose::Book(A),
        call: Call::Book {
            product: "BTC-USD".to_owned(),
            levels: 50,
        },
        result,
        half_trip: Span::from_millis(20),
    }
}

/// A book of these sides and prices in dollars, of this second.
fn book(levels: &[(bool, i64)], second: i64) -> Result<CallAnswer, CallTrouble> {
    let levels = levels.iter().map(|(is_bid, dollars)| BookLevel {
        is_bid: *is_bid,
        price: Decimal::from_int(*dollars),
        quantity: Decimal::ONE,
    });
    Ok(CallAnswer::Book {
        levels: levels.collect(),
        time: Some(at(second).wall),
    })
}

const SOUND: [(bool, i64); 4] = [
    (true, 60_000),
    (true, 59_990),
    (false, 60_010),
    (false, 60_020),
];

/// Asks for the book at a second and answers at once.
fn answer(session: &mut Session<'_>, second: i64, result: Result<CallAnswer, CallTrouble>) {
    let stamp = at(second);
    session.book_calls.news(A);
    assert_eq!(session.book_calls.ask(&session.books, stamp.mono), Some(A));
    session.book_answered(A, ended(result), (stamp.mono, stamp));
}

/// Why nothing is entered.
fn reason<'a>(session: &'a Session<'_>) -> Option<&'a str> {
    session.core.symbols()[0].stale.reason()
}

fn spread(session: &Session<'_>) -> Option<String> {
    let spread = session.core.symbols()[0].spread;
    spread.map(|spread| {
        spread
            .bps
            .round(3, crate::core::units::Rounding::Down)
            .to_string()
    })
}

fn view(session: &Session<'_>, second: i64) -> Option<BookView> {
    session.books.view(A, at(second).mono)
}

#[test]
fn a_sound_book_tells_the_core_its_spread() {
    with_session("rest-book", |session| {
        assert_eq!((reason(session), spread(session)), (None, None));
        answer(session, 10, book(&SOUND, 10));
        assert_eq!(spread(session).as_deref(), Some("1.666"));
        let view = view(session, 11).unwrap();
        assert_eq!((view.bids, view.asks, view.age_ms), (2, 2, 1000));
        assert_eq!(view.imbalance, Some(Decimal::ZERO));
    });
}

#[test]
fn entries_wait_while_the_exchange_shows_a_book_that_cannot_be() {
    with_session("wrong-book", |session| {
        answer(session, 10, book(&[(true, 60_010), (false, 60_000)], 10));
        assert_eq!(reason(session), Some("stale:book"));
        // No answer at all takes nothing back.
        let lost = CallTrouble::Ambiguous("timeout".to_owned());
        answer(session, 100, Err(lost));
        assert_eq!(reason(session), Some("stale:book"));
        answer(session, 200, book(&SOUND, 200));
        assert_eq!(reason(session), None);
        assert_eq!(spread(session).as_deref(), Some("1.666"));
    });
}

#[test]
fn an_answer_that_failed_or_is_old_is_no_empty_book() {
    with_session("failed-book", |session| {
        answer(session, 10, book(&SOUND, 10));
        let refused = CallTrouble::NotSent("no way there".to_owned());
        answer(session, 100, Err(refused));
        answer(session, 200, book(&[], 190));
        answer(session, 300, Ok(CallAnswer::Trades(Vec::new())));
        let counts = session.book_calls.counts;
        assert_eq!((counts.taken, counts.failed, counts.stale), (1, 2, 1));
        let view = view(session, 300).unwrap();
        assert_eq!((view.bids, view.asks, view.age_ms), (2, 2, 290_000));
        assert_eq!(session.books.problem(A, at(300).mono), Some("stale"));
        assert_eq!(reason(session), None, "tickers have best prices");
    });
}

#[test]
fn an_answer_without_a_time_is_as_old_as_its_call_was_long() {
    with_session("timeless-book", |session| {
        let Ok(CallAnswer::Book { levels, .. }) = book(&SOUND, 10) else {
            panic!("a book");
        };
        answer(session, 10, Ok(CallAnswer::Book { levels, time: None }));
        assert_eq!(view(session, 10).map(|view| view.age_ms), Some(40));
    });
}

#[test]
fn candles_of_before_go_first() {
    with_session("patient-book", |session| {
        session.book_calls.news(A);
        session.want_candles(A, at(10), None);
        session.ask_for_book(at(10).mono);
        assert_eq!(
            (session.caller.open(), session.books_deadline(0)),
            (0, None)
        );
        session.backfills.clear();
        assert!(session.books_deadline(0).is_some());
        session.ask_for_book(at(10).mono);
        assert_eq!(
            (session.caller.open(), session.books_deadline(0)),
            (1, None)
        );
    });
}

#[test]
fn an_answer_after_the_end_of_the_recording_reaches_nobody() {
    with_session("late-book", |session| {
        session.sockets_stopped = true;
        let (hash, inputs) = (session.core.state_hash(), session.core.inputs());
        answer(session, 100, book(&SOUND, 100));
        // The candle's end is past too.
        session.core_turn(at(200));
        let after = (session.core.state_hash(), session.core.inputs());
        assert_eq!(after, (hash, inputs));
        session.sockets_stopped = false;
        session.core_turn(at(200));
        assert_ne!(session.core.state_hash(), hash);
    });
}

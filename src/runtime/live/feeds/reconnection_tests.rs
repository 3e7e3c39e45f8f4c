//! Outages of the trade stream, from the exchange's frames to the core's candles.

use crate::core::market::Candle;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Price, Timestamp};
use crate::exchange::stream::StreamRole;
use crate::runtime::live::Session;
use crate::runtime::live::scene::{A, MINUTE, at, read, trades, with_session};

fn reconnect(session: &mut Session<'_>, second: i64) {
    session.market_lost(at(second));
    session.codec.connected(StreamRole::Market);
    session.symbol_subscribed(A, at(second + 1));
}

fn last(session: &Session<'_>) -> Candle {
    *session.core.symbols()[0].series.history().newest().unwrap()
}

#[test]
fn trades_of_the_new_subscription_close_a_short_outage_exactly() {
    let missing = [(6, 60_500, 45), (7, 59_000, 58), (8, 60_020, 61)];
    let rows: Vec<_> = [(4, 60_000, 1), (5, 60_010, 2)]
        .into_iter()
        .chain(missing)
        .collect();
    let mut candle = None;
    with_session("bridge", |session| {
        reconnect(session, 40);
        assert!(!session.core.symbols()[0].stale.is_fresh());
        read(session, 62, &[trades(0, "snapshot", &rows)]);
        assert!(session.backfills.is_empty() && session.bridges.is_empty());
        assert!(session.core.symbols()[0].stale.is_fresh());
        assert_eq!(session.counts().bridged, 1);
        let closed = last(session);
        assert!(closed.complete, "the bucket of the outage has no hole");
        assert_eq!(closed.open_time, Timestamp(MINUTE));
        assert_eq!(
            (closed.high, closed.low),
            (Price(6_050_000), Price(5_900_000))
        );
        assert_eq!(closed.trades, 4);
        candle = Some(closed);
    });
    with_session("without", |session| {
        read(session, 59, &[trades(1, "update", &missing[..2])]);
        read(session, 62, &[trades(2, "update", &missing[2..])]);
        assert_eq!(
            Some(last(session)),
            candle,
            "as if there had been no outage"
        );
    });
}

#[test]
fn a_snapshot_that_does_not_reach_back_leaves_a_hole_to_candles() {
    with_session("hole", |session| {
        reconnect(session, 40);
        let rows = [(7, 59_000, 58), (8, 60_020, 61)];
        read(session, 62, &[trades(0, "snapshot", &rows)]);
        assert_eq!(session.counts().bridged, 0);
        assert!(session.backfills.contains_key(&A), "candles are asked for");
        assert!(!session.core.symbols()[0].stale.is_fresh());
        read(session, 63, &[trades(1, "update", &[(9, 60_030, 63)])]);
        assert_eq!(last(session).open_time, Timestamp(MINUTE - 60 * SECOND));
    });
}

#[test]
fn a_second_loss_before_the_first_trades_counts_from_what_is_known() {
    with_session("twice", |session| {
        reconnect(session, 10);
        reconnect(session, 20);
        let rows = [(5, 60_010, 2), (6, 60_011, 12), (7, 60_012, 15)];
        read(session, 22, &[trades(0, "snapshot", &rows)]);
        assert_eq!(session.counts().bridged, 1);
        let building = session.core.symbols()[0].series.building().copied();
        assert_eq!(building.unwrap().trades, 4);
        // What is known already is not taken again.
        read(session, 23, &[trades(1, "update", &rows)]);
        let building = session.core.symbols()[0].series.building().copied();
        assert_eq!(building.unwrap().trades, 4);
    });
}

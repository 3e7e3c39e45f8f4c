//! A damaged frame tells nothing, whatever stands in front of the damage.

use super::Decoded;
use crate::core::units::Timestamp;
use crate::exchange::stream::{Channel, StreamRole};
use crate::runtime::live::Session;
use crate::runtime::live::scene::{MINUTE, trades, with_session};

/// Reads frames of a role after a good one.
fn read(session: &mut Session<'_>, role: StreamRole, frames: &[&str]) -> Decoded {
    let mut decoded = Decoded::default();
    for frame in frames {
        let parts = (
            &mut session.markets,
            &mut session.order_news,
            &mut session.books,
        );
        decoded.read(frame, (&mut *session.codec, role), parts, 0);
    }
    decoded
}

/// The frame with its end missing, with a second channel, and with a further event that is none.
fn damaged(frame: &str) -> [String; 3] {
    let end = frame.rfind('}').expect("an object");
    let list = frame.rfind(']').expect("a list");
    [
        frame[..end].to_owned(),
        format!("{},\"channel\":\"market_trades\"}}", &frame[..end]),
        format!("{},7{}", &frame[..list], &frame[list..]),
    ]
}

#[test]
fn trades_of_a_damaged_frame_are_none_and_their_loss_is_told() {
    let good = trades(1, "update", &[(6, 60_020, 3)]);
    for bad in damaged(&trades(2, "update", &[(7, 40_000, 4)])) {
        with_session("damaged-trades", |session| {
            let decoded = read(session, StreamRole::Market, &[&good, &bad]);
            assert_eq!(decoded.refused().len(), 1, "{bad}");
            let prices: Vec<_> = decoded.trades.iter().map(|(trade, _)| trade.id).collect();
            assert_eq!(prices, [6], "{bad}");
            assert_eq!((decoded.lost, decoded.gap), (Some(Channel::Trades), None));
        });
    }
}

#[test]
fn prices_and_orders_of_a_damaged_frame_are_none() {
    let time = Timestamp(MINUTE);
    let ticker = format!(
        r#"{{"channel":"ticker","client_id":"","timestamp":"{time}","sequence_num":1,"events":[{{"type":"update",
        "tickers":[{{"type":"ticker","product_id":"BTC-USD","price":"60000","best_bid":"59999","best_ask":"60001",
        "best_bid_quantity":"1","best_ask_quantity":"1"}}]}}]}}"#
    );
    let user = format!(
        r#"{{"channel":"user","client_id":"","timestamp":"{time}","sequence_num":0,"events":[{{"type":"update",
        "orders":[{{"order_id":"v1","client_order_id":"mwabc234-q7xyz-aaaaaab-e","product_id":"BTC-USD",
        "order_side":"BUY","status":"CANCELLED","cumulative_quantity":"0"}}]}}]}}"#
    );
    with_session("whole", |session| {
        let decoded = read(session, StreamRole::Market, &[&ticker]);
        assert_eq!((decoded.quotes.len(), decoded.damaged.len()), (1, 0));
        session.codec.connected(StreamRole::Account);
        let decoded = read(session, StreamRole::Account, &[&user]);
        assert_eq!(decoded.refused(), [""; 0]);
        assert_eq!((session.order_news.len(), decoded.lost), (1, None));
    });
    for which in 0..3 {
        with_session("damaged-others", |session| {
            let decoded = read(session, StreamRole::Market, &[&damaged(&ticker)[which]]);
            assert_eq!((decoded.quotes.len(), decoded.damaged.len()), (0, 1));
            assert_eq!(decoded.lost, None, "the next one tells the same");
            session.codec.connected(StreamRole::Account);
            let decoded = read(session, StreamRole::Account, &[&damaged(&user)[which]]);
            assert_eq!((session.order_news.len(), decoded.damaged.len()), (0, 1));
            assert_eq!(decoded.lost, Some(Channel::Orders));
        });
    }
}

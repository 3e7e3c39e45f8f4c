//! hftbacktest on a recording of minnow: a quoting strategy over its fastest order book.
//!
//! `minnow-rivals <recording.mrec> <quotes-every-ms> <with-book|trades-only>` prints one line:
//! events fed, quoting steps, orders sent, seconds of the backtest alone (events are made before the clock starts), events a
//! second. It is a different job from minnow's: an order book with queue positions and latencies,
//! doubles throughout, nothing decoded, nothing written. What is alike is that every market event
//! is looked at once and working orders are checked against it.
//!
//! `with-book`: before each trade whose price differs from the last one, the book moves there: the
//! old best bid and ask are taken out, new ones put in (four depth events; one tick of spread, the
//! trade at the side that its aggressor took). `trades-only`: the first book stays as it is, which
//! is the least that hftbacktest can be asked to do for a trade.

use hftbacktest::backtest::assettype::LinearAsset;
use hftbacktest::backtest::data::{Data, DataSource};
use hftbacktest::backtest::models::{
    CommonFees, ConstantLatency, PowerProbQueueFunc3, ProbQueueModel, TradingValueFeeModel,
};
use hftbacktest::backtest::{Backtest, ExchangeKind, L2AssetBuilder};
use hftbacktest::prelude::*;
use minnow::core::market::{Aggressor, Instrument, TimedTrade};
use minnow::store::recording::{Batch, OpenOptions, Rows, open};
use std::path::Path;
use std::time::Instant;

type Fault = Box<dyn std::error::Error>;

/// From the venue to the strategy, and from an order to the venue and back.
const LATENCY_NS: i64 = 1_000_000;

#[derive(Clone, Copy, PartialEq)]
enum Feed {
    WithBook,
    TradesOnly,
}

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [recording, every, feed] = arguments.as_slice() else {
        return Err("expected: <recording.mrec> <quotes-every-ms> <with-book|trades-only>".into());
    };
    let every: i64 = every.parse()?;
    let feed = match feed.as_str() {
        "with-book" => Feed::WithBook,
        "trades-only" => Feed::TradesOnly,
        other => return Err(format!("{other}: expected with-book or trades-only").into()),
    };
    let (instrument, trades) = read(Path::new(recording))?;
    let events = events(&instrument, &trades, feed);
    let fed = events.len();
    let mut backtest = prepare(&instrument, &trades, &events)?;
    drop((trades, events));
    let start = Instant::now();
    let (steps, orders) = quote(&mut backtest, every * 1_000_000)?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{fed} events, {steps} steps, {orders} orders, {seconds:.4} s, {:.0} events/s",
        fed as f64 / seconds
    );
    Ok(())
}

fn read(path: &Path) -> Result<(Instrument, Vec<TimedTrade>), Fault> {
    let mut opened = open(path, &OpenOptions::default())?;
    let instrument = opened.header.instruments[0].clone();
    let mut rows = Rows::new(512);
    let (mut all, mut spare) = (Vec::new(), Vec::new());
    while let Some(chunk) = opened.reader.next(spare)? {
        spare = opened.decoder.begin(chunk)?;
        while let Some(batch) = opened.decoder.next_batch(&mut rows)? {
            if matches!(batch, Batch::Trades) {
                all.extend_from_slice(&rows);
            }
        }
    }
    if all.is_empty() {
        return Err("the recording holds no trades".into());
    }
    Ok((instrument, all))
}

fn event(kind: u64, at: i64, price: f64, quantity: f64) -> Event {
    Event {
        ev: kind | EXCH_EVENT | LOCAL_EVENT,
        exch_ts: at,
        local_ts: at + LATENCY_NS,
        px: price,
        qty: quantity,
        order_id: 0,
        ival: 0,
        fval: 0.0,
    }
}

fn events(instrument: &Instrument, trades: &[TimedTrade], feed: Feed) -> Vec<Event> {
    const BID: u64 = DEPTH_EVENT | BUY_EVENT;
    const ASK: u64 = DEPTH_EVENT | SELL_EVENT;
    const SIZE: f64 = 10.0;
    let tick = instrument.tick.to_f64();
    let mut all = Vec::with_capacity(trades.len() * 2);
    // Best bid in ticks; the ask is one above.
    let mut book: Option<i64> = None;
    for row in trades {
        let trade = &row.trade;
        let at = trade.time.0;
        let price = trade.price.0;
        let bid = if trade.aggressor == Aggressor::Buy { price - 1 } else { price };
        let price_of = |ticks: i64| ticks as f64 * tick;
        let moves = book != Some(bid) && (feed == Feed::WithBook || book.is_none());
        if moves {
            if let Some(old) = book {
                all.push(event(BID, at, price_of(old), 0.0));
                all.push(event(ASK, at, price_of(old + 1), 0.0));
            }
            all.push(event(BID, at, price_of(bid), SIZE));
            all.push(event(ASK, at, price_of(bid + 1), SIZE));
            book = Some(bid);
        }
        let side = if trade.aggressor == Aggressor::Buy { BUY_EVENT } else { SELL_EVENT };
        let quantity = instrument.quantity(trade.quantity).to_f64();
        all.push(event(TRADE_EVENT | side, at, price_of(price), quantity));
    }
    all
}

fn prepare(
    instrument: &Instrument,
    trades: &[TimedTrade],
    events: &[Event],
) -> Result<Backtest<ROIVectorMarketDepth>, Fault> {
    let (tick, lot) = (instrument.tick.to_f64(), instrument.lot.to_f64());
    let prices = || trades.iter().map(|row| row.trade.price.0);
    // The range of interest: every price of the recording and some room for the quotes around it.
    let low = prices().min().unwrap_or(0) as f64 * tick * 0.98;
    let high = prices().max().unwrap_or(0) as f64 * tick * 1.02;
    let asset = L2AssetBuilder::new()
        .data(vec![DataSource::Data(Data::from_data(events))])
        .parallel_load(false)
        .latency_model(ConstantLatency::new(LATENCY_NS, LATENCY_NS))
        .asset_type(LinearAsset::new(1.0))
        .fee_model(TradingValueFeeModel::new(CommonFees::new(-0.00025, 0.00075)))
        .exchange(ExchangeKind::NoPartialFillExchange)
        .queue_model(ProbQueueModel::new(PowerProbQueueFunc3::new(3.0)))
        .depth(move || ROIVectorMarketDepth::new(tick, lot, low, high))
        .build()
        .map_err(|error| format!("the asset cannot be made: {error:?}"))?;
    Backtest::builder()
        .add_asset(asset)
        .build()
        .map_err(|error| format!("the backtest cannot be made: {error:?}").into())
}

/// One bid and one ask around the mid, skewed by the position: hftbacktest's own grid-trading example
/// with one level, and without its hash maps. An order's id is its price in ticks.
fn quote(backtest: &mut Backtest<ROIVectorMarketDepth>, every_ns: i64) -> Result<(u64, u64), Fault> {
    const HALF_SPREAD: f64 = 0.0005;
    const SIZE: f64 = 0.01;
    const POSITION_MAX: f64 = 0.1;
    const SKEW: f64 = HALF_SPREAD / 10.0;
    let fault = |error| format!("{error:?}");
    let (mut steps, mut sent) = (0, 0);
    while backtest.elapse(every_ns).map_err(fault)? == ElapseResult::Ok {
        steps += 1;
        let depth = backtest.depth(0);
        if depth.best_bid_tick() == INVALID_MIN || depth.best_ask_tick() == INVALID_MAX {
            continue;
        }
        let (tick, best_bid, best_ask) = (depth.tick_size(), depth.best_bid(), depth.best_ask());
        let mid = (best_bid + best_ask) / 2.0;
        let position = backtest.position(0);
        let held = position / SIZE;
        let bid = (mid * (1.0 - HALF_SPREAD - SKEW * held)).min(best_bid);
        let ask = (mid * (1.0 + HALF_SPREAD - SKEW * held)).max(best_ask);
        let bid_tick = (bid / tick).floor() as u64;
        let ask_tick = (ask / tick).ceil() as u64;
        let want_bid = position < POSITION_MAX;
        let want_ask = position > -POSITION_MAX;
        backtest.clear_inactive_orders(Some(0));
        let orders = backtest.orders(0);
        let stale = orders.values().filter(|order| {
            let wanted = match order.side {
                Side::Buy => want_bid && order.order_id == bid_tick,
                _ => want_ask && order.order_id == ask_tick,
            };
            order.cancellable() && !wanted
        });
        let stale: Vec<u64> = stale.map(|order| order.order_id).collect();
        let new_bid = want_bid && !orders.contains_key(&bid_tick);
        let new_ask = want_ask && !orders.contains_key(&ask_tick);
        for id in stale {
            backtest.cancel(0, id, false).map_err(fault)?;
        }
        let (gtx, limit) = (TimeInForce::GTX, OrdType::Limit);
        if new_bid {
            let price = bid_tick as f64 * tick;
            backtest
                .submit_buy_order(0, bid_tick, price, SIZE, gtx, limit, false)
                .map_err(fault)?;
            sent += 1;
        }
        if new_ask {
            let price = ask_tick as f64 * tick;
            backtest
                .submit_sell_order(0, ask_tick, price, SIZE, gtx, limit, false)
                .map_err(fault)?;
            sent += 1;
        }
    }
    Ok((steps, sent))
}

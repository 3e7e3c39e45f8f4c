//! A small world around the core: a scripted strategy, trades in the words of a trader, and
//! everything the core wrote down.

use minnow::core::Core;
use minnow::core::effect::{Effect, Effects, ModelRequest};
use minnow::core::input::{Answer, Command, Input};
use minnow::core::market::{
    Aggressor, Candle, CandleSource, Instrument, Interval, ProductKind, SymbolId, TimedTrade, Trade,
};
use minnow::core::modes::Turns;
use minnow::core::records::*;
use minnow::core::settings::*;
use minnow::core::strategy::decision::{CandleView, hold};
use minnow::core::strategy::{Context, Reply, Strategy};
use minnow::core::units::*;
use std::collections::BTreeMap;

pub fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// What a scripted strategy says about its nth candle (from 1).
#[derive(Clone, Debug)]
pub enum Line {
    Say(Proposal),
    AskModel,
}

#[derive(Clone, Debug, Default)]
pub struct Script {
    pub lines: BTreeMap<usize, Line>,
    seen: usize,
}

impl Strategy for Script {
    fn name(&self) -> &'static str {
        "script"
    }
    fn observe(&mut self, _: &CandleView) {
        self.seen += 1;
    }
    fn reset(&mut self) {}
    fn propose(&mut self, _: &Context<'_>) -> Reply {
        match self.lines.get(&self.seen) {
            Some(Line::Say(proposal)) => Reply::Decide(proposal.clone()),
            Some(Line::AskModel) => Reply::Ask {
                prompt: format!("candle {}", self.seen),
            },
            None => Reply::Decide(hold()),
        }
    }
    fn answered(&mut self, answer: &Answer, _: &Context<'_>) -> Result<Proposal, String> {
        match answer {
            Answer::Text { body, .. } if body == "LONG" => Ok(long("20", "3", "1")),
            Answer::Text { .. } => Ok(hold()),
            Answer::Failed { text } => Err(text.clone()),
        }
    }
    fn save(&self) -> serde_json::Value {
        self.seen.into()
    }
    fn load(&mut self, state: &serde_json::Value) -> Result<(), String> {
        self.seen = state.as_u64().ok_or("not a number of candles")? as usize;
        Ok(())
    }
    fn indicators(&self, out: &mut Vec<(&'static str, f64)>) {
        out.push(("seen", self.seen as f64));
    }
}

fn entry(action: Action, size: &str, target: &str, stop: &str) -> Proposal {
    Proposal {
        action,
        strength: 1.0,
        confidence: 1.0,
        size_pct: d(size),
        take_profit_pct: Some(d(target)),
        stop_loss_pct: Some(d(stop)),
        leverage: None,
        rationale: "script".into(),
    }
}

pub fn long(size: &str, target: &str, stop: &str) -> Proposal {
    entry(Action::Long, size, target, stop)
}

pub fn short(size: &str, target: &str, stop: &str) -> Proposal {
    entry(Action::Short, size, target, stop)
}

pub fn close() -> Proposal {
    Proposal {
        action: Action::Close,
        ..hold()
    }
}

pub fn say(lines: impl IntoIterator<Item = (usize, Proposal)>) -> Script {
    Script {
        lines: lines.into_iter().map(|(n, p)| (n, Line::Say(p))).collect(),
        seen: 0,
    }
}

/// BTC-PERP, tick 0.5, lot 0.001, USD.
pub fn instrument(symbol: &str) -> Instrument {
    Instrument {
        min_quantity: d("0.001"),
        ..Instrument::linear(symbol, ProductKind::Perpetual, "USD", d("0.5"), d("0.001"))
    }
}

/// Defaults of the product, with futures on, leverage 5, fee 0.0015, no slippage, no warm-up.
pub fn settings() -> Settings {
    let pct = Decimal::from_int;
    Settings {
        seed: 1,
        identity: Identity {
            instance_head: "abc234".into(),
            session: "q7xyz".into(),
        },
        instruments: vec![instrument("BTC-PERP")],
        market: MarketSettings {
            close_grace: Span::from_millis(1000),
            outlier_pct: pct(20),
            candle_limit: 200,
            stale_after: Span::from_secs(120),
        },
        trading: TradingSettings {
            interval: Interval::MINUTE,
            leverage: 5,
            max_futures_leverage: 20,
            enable_futures: true,
            max_size_pct: pct(20),
            order_timeout: Span::from_secs(30),
            order_type: EntryOrderType::Market,
            slippage_tolerance_pct: d("0.1"),
            min_profit_pct: d("0.5"),
            min_trading_interval: Span::from_secs(60),
            decision_interval: Span::ZERO,
            min_candles: 1,
            require_24h_data: false,
            entries_from: None,
            reversal: false,
            on_shutdown: OnShutdown::Keep,
            adopt_foreign: false,
            cipher_b_filter: None,
        },
        strategy: StrategySettings::Momentum(MomentumSettings {
            lookback: 20,
            entry_threshold: 0.002,
            exit_threshold: 0.01,
            use_volume: true,
        }),
        risk: RiskSettings::defaults(),
        paper: PaperSettings {
            starting_balance: pct(10_000),
            fees: vec![FeeRates {
                maker: d("0.0015"),
                taker: d("0.0015"),
            }],
            slippage_rate: Decimal::ZERO,
            latency: Span::ZERO,
            funding_enabled: false,
            funding_interval: Span::from_secs(28_800),
            fill_volume_fraction: Decimal::ONE,
            intrabar: Intrabar::Worst,
            report_time: Span::from_secs(86_340),
        },
        execution: Execution::Paper,
    }
}

/// The core with its outputs collected. Time is in milliseconds after a Monday, 2024-01-01T00:00Z.
pub struct World {
    pub core: Core,
    pub orders: BTreeMap<u64, Order>,
    pub fills: Vec<Fill>,
    pub trades: Vec<ClosedTrade>,
    pub decisions: Vec<Decision>,
    pub events: Vec<Event>,
    pub questions: Vec<ModelRequest>,
    pub equity: Vec<EquityPoint>,
    /// What the core wants of a venue.
    pub wishes: Vec<Effect>,
    out: Effects,
}

pub const START: i64 = 1_704_067_200_000;

impl World {
    pub fn new(settings: Settings, script: Script) -> Self {
        Self::of(Core::with_strategies(settings, Turns::History, |_| {
            Box::new(script.clone())
        }))
    }

    pub fn of(core: Core) -> Self {
        Self {
            core,
            orders: BTreeMap::new(),
            fills: Vec::new(),
            trades: Vec::new(),
            decisions: Vec::new(),
            events: Vec::new(),
            questions: Vec::new(),
            equity: Vec::new(),
            wishes: Vec::new(),
            out: Vec::new(),
        }
    }

    pub fn input(&mut self, millis: i64, input: Input) {
        let at = Stamp::of_history(Timestamp::from_millis(START + millis));
        self.core.handle(at, input, &mut self.out);
        self.collect();
    }

    pub fn rows(&mut self, rows: &[TimedTrade]) {
        self.core.handle_trades(rows, &mut self.out);
        self.collect();
    }

    fn collect(&mut self) {
        for effect in self.out.drain(..) {
            match effect {
                Effect::Persist(record) => match *record {
                    Record::Order(order) => {
                        self.orders.insert(order.id, order);
                    }
                    Record::Fill(fill) => self.fills.push(fill),
                    Record::Trade(trade) => self.trades.push(trade),
                    Record::Decision(decision) => self.decisions.push(decision),
                    Record::Event(event) => self.events.push(event),
                    Record::Lot(_) => {}
                },
                Effect::Equity(point) => self.equity.push(point),
                Effect::Ask(question) => self.questions.push(question),
                Effect::Alert(_) | Effect::Checkpoint(_) => {}
                wish @ (Effect::Submit(_)
                | Effect::Cancel { .. }
                | Effect::Query { .. }
                | Effect::Reconcile) => self.wishes.push(wish),
            }
        }
    }

    /// A trade of symbol 0 at `millis`.
    pub fn trade(&mut self, millis: i64, price: &str, quantity: &str) {
        self.trade_of(0, millis, price, quantity);
    }

    pub fn trade_of(&mut self, symbol: u16, millis: i64, price: &str, quantity: &str) {
        let instrument = &self.core.symbols()[usize::from(symbol)].instrument;
        let trade = Trade {
            symbol: SymbolId(symbol),
            aggressor: Aggressor::Unknown,
            price: instrument.exact_price(d(price)).expect("on the grid"),
            quantity: instrument.exact_quantity(d(quantity)).expect("on the lot"),
            time: Timestamp::from_millis(START + millis),
            id: 0,
        };
        self.input(millis, Input::Trade(trade));
    }

    /// One trade in each minute from `from` to `to` (exclusive), so that the candles before close.
    pub fn minutes(&mut self, from: i64, to: i64, price: &str) {
        for minute in from..to {
            self.trade(minute * 60_000 + 30_000, price, "10");
        }
    }

    /// A finished one-minute candle, minute `minute`.
    pub fn candle(&mut self, minute: i64, ohlc: [&str; 4], volume: &str) {
        let instrument = &self.core.symbols()[0].instrument;
        let [open, high, low, close] =
            ohlc.map(|p| instrument.exact_price(d(p)).expect("on the grid"));
        let candle = Candle {
            open_time: Timestamp::from_millis(START + minute * 60_000),
            open,
            high,
            low,
            close,
            volume: i128::from(instrument.floor_quantity(d(volume)).unwrap().0),
            quote_volume: 0,
            trades: 0,
            source: CandleSource::Venue,
            complete: true,
        };
        self.input(
            (minute + 1) * 60_000,
            Input::Candle {
                symbol: SymbolId(0),
                interval: Interval::MINUTE,
                candle,
            },
        );
    }

    pub fn command(&mut self, millis: i64, command: Command) {
        self.input(millis, Input::Command(command));
    }

    /// Signed position of symbol 0 as a decimal.
    pub fn position(&self) -> Decimal {
        let symbol = &self.core.symbols()[0];
        symbol.position.as_ref().map_or(Decimal::ZERO, |p| {
            let held = symbol.instrument.quantity(p.quantity());
            if p.side == Side::Buy { held } else { -held }
        })
    }

    /// How often a decision was to hold for a reason.
    pub fn held(&self, reason: &'static str) -> Option<u64> {
        self.core.holds().get(reason).copied()
    }

    pub fn cash(&self) -> Decimal {
        self.core.account().cash
    }

    /// Level of the stop (or target) of symbol 0.
    pub fn stop(&self) -> Decimal {
        let symbol = &self.core.symbols()[0];
        let level = symbol.position.as_ref().unwrap().protection.stop.unwrap();
        symbol.instrument.price(level.price)
    }

    pub fn last_order(&self, leg: Leg) -> &Order {
        self.orders
            .values()
            .rev()
            .find(|o| o.leg == leg)
            .unwrap_or_else(|| panic!("no {leg:?} order"))
    }

    pub fn price(&self, fill: &Fill) -> Decimal {
        self.core.symbols()[fill.symbol.index()]
            .instrument
            .price(fill.price)
    }
}

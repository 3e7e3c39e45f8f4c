//! Strategies that know the future, and one that does not. They exist in this test only.

use minnow::core::market::SymbolId;
use minnow::core::records::{Action, Proposal};
use minnow::core::strategy::decision::{CandleView, hold};
use minnow::core::strategy::{Context, Reply, Strategy};
use minnow::core::units::{Decimal, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Last price of each minute of the data that a run is given: what a careless strategy would read
/// from a data set prepared in advance.
pub type Future = Arc<BTreeMap<Timestamp, f64>>;

/// What it does with the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Nothing: it compares the last two closes.
    Honest,
    /// It buys what will rise.
    Trades,
    /// It shows the next close among its indicators and acts without it.
    ShowsIt,
    /// It scales by the highest price of all the data, as a normalised data set does.
    Normalises,
}

#[derive(Debug)]
pub struct Peeking {
    habit: Habit,
    future: Future,
    highest: f64,
    last: Option<CandleView>,
    before: f64,
}

impl Peeking {
    pub fn boxed(habit: Habit, future: &Future, _symbol: SymbolId) -> Box<dyn Strategy> {
        let highest = future.values().fold(0.0, |a: f64, b| a.max(*b));
        Box::new(Self {
            habit,
            future: Arc::clone(future),
            highest,
            last: None,
            before: 0.0,
        })
    }

    fn close(&self) -> f64 {
        self.last.map_or(0.0, |candle| candle.close)
    }

    /// Close of the candle after the last one.
    fn next_close(&self) -> f64 {
        let next = self
            .last
            .map(|c| Timestamp(c.open_time.0 + 60_000_000_000))
            .and_then(|time| self.future.get(&time));
        next.copied().unwrap_or(self.close())
    }
}

impl Strategy for Peeking {
    fn name(&self) -> &'static str {
        "peeking"
    }

    fn observe(&mut self, candle: &CandleView) {
        self.before = self.close();
        self.last = Some(*candle);
    }

    fn reset(&mut self) {
        self.last = None;
        self.before = 0.0;
    }

    fn propose(&mut self, context: &Context<'_>) -> Reply {
        let rises = match self.habit {
            Habit::Trades => self.next_close() > self.close(),
            _ => self.close() > self.before,
        };
        let action = match (rises, context.position.is_some()) {
            (true, false) => Action::Long,
            (false, true) => Action::Close,
            _ => Action::Hold,
        };
        Reply::Decide(Proposal {
            action,
            strength: 0.5,
            confidence: 0.5,
            size_pct: Decimal::from_int(10),
            take_profit_pct: Some(Decimal::from_int(4)),
            stop_loss_pct: Some(Decimal::from_int(2)),
            ..hold()
        })
    }

    fn save(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn load(&mut self, _: &serde_json::Value) -> Result<(), String> {
        Err("not kept".to_owned())
    }

    fn indicators(&self, out: &mut Vec<(&'static str, f64)>) {
        out.push(("close", self.close()));
        match self.habit {
            Habit::ShowsIt => out.push(("next", self.next_close())),
            Habit::Normalises => out.push(("scaled", self.close() / self.highest)),
            Habit::Honest | Habit::Trades => {}
        }
    }
}

//! A core driven by the steps of a program, and what must hold after each of them.

use minnow::core::Core;
use minnow::core::counts::Counts;
use minnow::core::effect::{Effect, Effects};
use minnow::core::holds::HoldRows;
use minnow::core::input::Input;
use minnow::core::market::TimedTrade;
use minnow::core::modes::Turns;
use minnow::core::records::Record;
use minnow::core::snapshot::Snapshot;
use minnow::core::units::Stamp;

/// One step of a program, as the core meets it.
pub enum Event {
    /// Trades in a row, as they come out of a recording.
    Trades(Vec<TimedTrade>),
    Input(Stamp, Input),
    Turn(Stamp),
    Restart(Stamp),
}

/// How a core is driven.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Each trade alone, on the plain path.
    pub plain: bool,
    pub turns: Turns,
    /// A restart restores the core of the plain path.
    pub restarts: bool,
    pub keep_holds: HoldRows,
}

/// A core with what its fills add up to.
pub struct Books {
    core: Core,
    way: Way,
    held: Vec<i64>,
    out: Effects,
}

impl Books {
    pub fn new(mut core: Core, way: Way) -> Self {
        core.use_plain_path(way.plain);
        core.keep_holds(way.keep_holds);
        Self {
            held: vec![0; core.symbols().len()],
            core,
            way,
            out: Vec::new(),
        }
    }

    pub fn counts(&self) -> Counts {
        self.core.counts().clone()
    }

    /// Hands a step to the core; the books are right afterwards.
    pub fn take(&mut self, event: &Event) {
        self.out.clear();
        match event {
            Event::Trades(rows) if self.way.plain => {
                for row in rows {
                    self.due(row.stamp);
                    self.core
                        .handle(row.stamp, Input::Trade(row.trade), &mut self.out);
                }
            }
            Event::Trades(rows) if self.is_history() => {
                self.core.handle_trades(rows, &mut self.out)
            }
            Event::Trades(rows) => {
                for row in rows {
                    self.due(row.stamp);
                    self.core
                        .handle_trades(std::slice::from_ref(row), &mut self.out);
                }
            }
            Event::Input(at, input) => {
                self.due(*at);
                self.core.handle(*at, input.clone(), &mut self.out);
            }
            Event::Turn(at) => self.due(*at),
            Event::Restart(at) if self.way.plain && self.way.restarts => self.restart(*at),
            Event::Restart(_) => {}
        }
        self.balance();
    }

    fn is_history(&self) -> bool {
        self.way.turns == Turns::History
    }

    fn restart(&mut self, at: Stamp) {
        let text = serde_json::to_string(&self.core.snapshot(at)).expect("a snapshot is JSON");
        let snapshot: Snapshot = serde_json::from_str(&text).expect("it was just written");
        self.core = Core::restore(self.core.settings().clone(), self.way.turns, snapshot)
            .unwrap_or_else(|error| panic!("{error}"));
        self.core.use_plain_path(self.way.plain);
        self.core.keep_holds(self.way.keep_holds);
        let again = serde_json::to_string(&self.core.snapshot(at)).expect("a snapshot is JSON");
        assert_eq!(text, again, "the form is canonical");
    }

    /// In a session the runtime gives the turn when it is due.
    fn due(&mut self, at: Stamp) {
        if !self.is_history() && self.core.next_deadline().is_some_and(|due| due <= at.mono) {
            self.core.turn(at, &mut self.out);
        }
    }

    fn balance(&mut self) {
        for effect in &self.out {
            if let Effect::Persist(record) = effect
                && let Record::Fill(fill) = record.as_ref()
            {
                assert!(fill.price.0 > 0 && fill.quantity.0 > 0, "{fill:?}");
                self.held[fill.symbol.index()] += fill.quantity.0 * fill.side.sign();
            }
        }
        assert!(self.core.account().adds_up(), "{:?}", self.core.account());
        for (symbol, held) in self.core.symbols().iter().zip(&self.held) {
            let position = symbol.position.as_ref();
            assert_eq!(*held, position.map_or(0, |p| p.signed()), "fills add up");
        }
        assert_eq!(
            self.core.equity(),
            self.core.account().cash + self.core.unrealised()
        );
    }

    /// Two ways through the same steps lead to the same.
    pub fn assert_like(&self, other: &Self) {
        assert_eq!(self.core.state_hash(), other.core.state_hash());
        assert_eq!(self.core.inputs(), other.core.inputs());
        assert_eq!(self.core.account(), other.core.account());
        assert_eq!(self.core.next_deadline(), other.core.next_deadline());
        // An indicator may be no number, which equals nothing.
        assert!(
            self.out == other.out || format!("{:?}", self.out) == format!("{:?}", other.out),
            "other effects:\n{:?}\n{:?}",
            self.out,
            other.out
        );
        for (a, b) in self.core.symbols().iter().zip(other.core.symbols()) {
            assert_eq!(a.filter.counts, b.filter.counts);
            assert_eq!(a.series.building(), b.series.building());
        }
    }
}

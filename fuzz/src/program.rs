//! A program for the core: settings, a plan of what the strategy says, and inputs one after the
//! other; run on the fast and on the plain path, which must agree.

use crate::world::{Choice, Planned, Say};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use minnow::core::Core;
use minnow::core::effect::{Effect, Effects};
use minnow::core::input::{Answer, Command, Input};
use minnow::core::market::instrument::GRID_MAX;
use minnow::core::market::{
    Aggressor, Candle, CandleSource, Interval, SymbolId, TimedTrade, Trade,
};
use minnow::core::modes::Turns;
use minnow::core::records::Record;
use minnow::core::units::stamp::{MILLISECOND, SECOND};
use minnow::core::units::{Price, Quantity, Span, Stamp, Timestamp};

/// Longest program, so that one run stays short.
const STEPS_MAX: usize = 400;
/// 2024-01-01T00:00:00Z, a Monday.
const START: i64 = 1_704_067_200 * SECOND;

#[derive(Arbitrary, Clone, Debug)]
pub struct Program {
    choice: Choice,
    session: bool,
    plan: Vec<Say>,
    steps: Vec<Step>,
}

/// Time that passes before an input.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Wait {
    None,
    Nanoseconds(u8),
    Milliseconds(u16),
    Seconds(u8),
    Minutes(u8),
    Days(u8),
    /// To a clock reading anywhere.
    Until(i64),
}

/// The next price, from the last one of the symbol.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Move {
    Ticks(i8),
    /// In 1 / 10,000.
    Fraction(i16),
    To(u32),
    /// Anywhere on the grid.
    Anywhere(u64),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Lots {
    Few(u8),
    Many(u32),
    Any(u64),
}

#[derive(Arbitrary, Clone, Debug)]
enum Step {
    Trade {
        wait: Wait,
        second: bool,
        price: Move,
        lots: Lots,
        /// Milliseconds that the trade is older than its arrival (history: none).
        age: i16,
        id: u8,
    },
    Trades {
        wait: Wait,
        second: bool,
        price: Move,
        lots: Lots,
        count: u8,
    },
    Candle {
        wait: Wait,
        second: bool,
        moves: [Move; 4],
        lots: Lots,
        interval: u8,
        /// Buckets before the one that ends now.
        back: u8,
    },
    Quiet {
        second: bool,
        seconds: u32,
    },
    Pause,
    Resume {
        long_reason: bool,
    },
    EmergencyStop {
        close: bool,
    },
    Answer {
        wait: Wait,
        run: u8,
        failed: bool,
    },
    LedgerFailed,
    Stop,
    Turn(Wait),
    /// The wall clock is set (session only).
    SetWall(i32),
}

/// An input with its clock reading, or a turn.
enum Event {
    Trades(Vec<TimedTrade>),
    Input(Stamp, Input),
    Turn(Stamp),
}

impl Program {
    /// Runs the program both ways and checks that they agree and that the books are right.
    pub fn check(&self) {
        let events = self.events();
        let (mut fast, mut plain) = (self.books(false), self.books(true));
        for event in &events {
            fast.take(event);
            plain.take(event);
            agree(&fast, &plain);
        }
    }

    fn books(&self, plain: bool) -> Books {
        let settings = self.choice.settings();
        let turns = self.turns();
        let mut core = if self.choice.momentum {
            Core::new(settings, turns)
        } else {
            Core::with_strategies(settings, turns, |_| {
                Box::new(Planned {
                    plan: self.plan.clone(),
                    seen: 0,
                })
            })
        };
        core.use_plain_path(plain);
        core.keep_holds(true);
        Books {
            held: vec![0; core.symbols().len()],
            core,
            plain,
            history: !self.session,
            out: Vec::new(),
        }
    }

    fn turns(&self) -> Turns {
        if self.session {
            Turns::Session
        } else {
            Turns::History
        }
    }

    fn events(&self) -> Vec<Event> {
        let mut maker = Maker {
            session: self.session,
            symbols: if self.choice.two_symbols { 2 } else { 1 },
            clock: START,
            wall_offset: 0,
            prices: [100_000, 4_000],
            events: Vec::new(),
        };
        for step in self.steps.iter().take(STEPS_MAX) {
            maker.step(step);
        }
        maker.events
    }
}

struct Maker {
    session: bool,
    symbols: u16,
    clock: i64,
    wall_offset: i64,
    prices: [i64; 2],
    events: Vec<Event>,
}

impl Maker {
    fn stamp(&self) -> Stamp {
        if self.session {
            Stamp {
                mono: self.clock,
                wall: Timestamp(self.clock) + Span(self.wall_offset),
            }
        } else {
            Stamp::of_history(Timestamp(self.clock))
        }
    }

    fn wait(&mut self, wait: Wait) -> Stamp {
        let clock = match wait {
            Wait::None => self.clock,
            Wait::Nanoseconds(n) => self.clock.saturating_add(n.into()),
            Wait::Milliseconds(n) => self.clock.saturating_add(i64::from(n) * MILLISECOND),
            Wait::Seconds(n) => self.clock.saturating_add(i64::from(n) * SECOND),
            Wait::Minutes(n) => self.clock.saturating_add(i64::from(n) * 60 * SECOND),
            Wait::Days(n) => self.clock.saturating_add(i64::from(n) * 86_400 * SECOND),
            Wait::Until(clock) => clock,
        };
        self.clock = self.clock.max(clock);
        self.stamp()
    }

    fn symbol(&self, second: bool) -> SymbolId {
        // One too many now and then: the core refuses what it does not know.
        SymbolId(u16::from(second).min(self.symbols))
    }

    fn price(&mut self, symbol: SymbolId, step: Move) -> Price {
        let last = &mut self.prices[symbol.index()];
        let next = match step {
            Move::Ticks(n) => last.saturating_add(n.into()),
            Move::Fraction(n) => (i128::from(*last) * (10_000 + i128::from(n)) / 10_000) as i64,
            Move::To(n) => i64::from(n),
            Move::Anywhere(n) => (n % (GRID_MAX as u64 + 1)) as i64,
        };
        *last = next.clamp(0, GRID_MAX);
        Price(*last)
    }

    fn trade(&mut self, at: Stamp, symbol: SymbolId, step: Move, lots: Lots) -> TimedTrade {
        TimedTrade {
            stamp: at,
            trade: Trade {
                symbol,
                aggressor: Aggressor::Unknown,
                price: self.price(symbol, step),
                quantity: Quantity(lots.number()),
                time: at.wall,
                id: 0,
            },
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Trade {
                wait,
                second,
                price,
                lots,
                age,
                id,
            } => {
                let at = self.wait(wait);
                let mut row = self.trade(at, self.symbol(second), price, lots);
                row.trade.id = id.into();
                if self.session {
                    row.trade.time = at.wall - Span::from_millis(age.into());
                }
                self.push_trades(vec![row]);
            }
            Step::Trades {
                wait,
                second,
                price,
                lots,
                count,
            } => {
                let symbol = self.symbol(second);
                let rows = (0..count)
                    .map(|_| {
                        let at = self.wait(wait);
                        self.trade(at, symbol, price, lots)
                    })
                    .collect();
                self.push_trades(rows);
            }
            Step::Candle {
                wait,
                second,
                moves,
                lots,
                interval,
                back,
            } => {
                let at = self.wait(wait);
                self.candle(at, self.symbol(second), moves, lots, interval, back);
            }
            Step::Turn(wait) => {
                let at = self.wait(wait);
                self.events.push(Event::Turn(at));
            }
            Step::SetWall(seconds) => self.wall_offset = i64::from(seconds) * SECOND,
            ref other => self.others(other),
        }
    }

    fn others(&mut self, step: &Step) {
        let input = match *step {
            Step::Quiet { second, seconds } => Input::Quiet {
                symbol: self.symbol(second),
                until: self.stamp().wall + Span::from_secs(seconds.into()),
            },
            Step::Pause => Input::Command(Command::Pause),
            Step::Resume { long_reason } => Input::Command(Command::Resume {
                reason: if long_reason { "looked after" } else { "" }.to_owned(),
            }),
            Step::EmergencyStop { close } => Input::Command(Command::EmergencyStop { close }),
            Step::Answer { wait, run, failed } => {
                self.wait(wait);
                let answer = if failed {
                    Answer::Failed {
                        text: "refused".to_owned(),
                    }
                } else {
                    Answer::Text {
                        body: "LONG".to_owned(),
                        latency_ms: 5,
                    }
                };
                Input::Answer {
                    run: run.into(),
                    answer,
                }
            }
            Step::LedgerFailed => Input::LedgerFailed {
                text: "disk full".to_owned(),
            },
            _ => Input::Stop,
        };
        self.events.push(Event::Input(self.stamp(), input));
    }

    /// Runs of trades stay together, as they come out of a recording.
    fn push_trades(&mut self, mut rows: Vec<TimedTrade>) {
        match self.events.last_mut() {
            Some(Event::Trades(run)) => run.append(&mut rows),
            _ => self.events.push(Event::Trades(rows)),
        }
    }

    fn candle(
        &mut self,
        at: Stamp,
        symbol: SymbolId,
        moves: [Move; 4],
        lots: Lots,
        interval: u8,
        back: u8,
    ) {
        let seconds = [1, 5, 15, 60, 3600, 86_400];
        let interval = Interval::from_seconds(seconds[usize::from(interval) % seconds.len()])
            .expect("one of the fifteen");
        let span = interval.span().0;
        let end = at
            .wall
            .0
            .saturating_sub(span.saturating_mul(i64::from(back % 4)));
        let open_time = Timestamp(
            end.saturating_sub(span)
                .div_euclid(span)
                .saturating_mul(span),
        );
        let prices = moves.map(|step| self.price(symbol, step));
        let candle = Candle {
            open_time,
            open: prices[0],
            high: prices.into_iter().max().unwrap_or_default(),
            low: prices.into_iter().min().unwrap_or_default(),
            close: prices[3],
            volume: lots.number().into(),
            quote_volume: 0,
            trades: 0,
            source: CandleSource::Venue,
            complete: true,
        };
        let input = Input::Candle {
            symbol,
            interval,
            candle,
        };
        self.events.push(Event::Input(at, input));
    }
}

impl Lots {
    fn number(self) -> i64 {
        match self {
            Self::Few(n) => n.into(),
            Self::Many(n) => n.into(),
            Self::Any(n) => (n % (GRID_MAX as u64 + 1)) as i64,
        }
    }
}

/// A core with what its fills add up to.
struct Books {
    core: Core,
    plain: bool,
    history: bool,
    held: Vec<i64>,
    out: Effects,
}

impl Books {
    fn take(&mut self, event: &Event) {
        self.out.clear();
        match event {
            Event::Trades(rows) if self.plain => {
                for row in rows {
                    self.due(row.stamp);
                    self.core
                        .handle(row.stamp, Input::Trade(row.trade), &mut self.out);
                }
            }
            Event::Trades(rows) if self.history => self.core.handle_trades(rows, &mut self.out),
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
        }
        self.balance();
    }

    /// In a session the runtime gives the turn when it is due.
    fn due(&mut self, at: Stamp) {
        if !self.history && self.core.next_deadline().is_some_and(|due| due <= at.mono) {
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
}

fn agree(fast: &Books, plain: &Books) {
    assert_eq!(fast.core.state_hash(), plain.core.state_hash());
    assert_eq!(fast.core.inputs(), plain.core.inputs());
    assert_eq!(fast.core.account(), plain.core.account());
    assert_eq!(fast.core.next_deadline(), plain.core.next_deadline());
    // An indicator may be no number, which equals nothing.
    assert!(
        fast.out == plain.out || format!("{:?}", fast.out) == format!("{:?}", plain.out),
        "other effects:\n{:?}\n{:?}",
        fast.out,
        plain.out
    );
    for (a, b) in fast.core.symbols().iter().zip(plain.core.symbols()) {
        assert_eq!(a.filter.counts, b.filter.counts);
        assert_eq!(a.series.building(), b.series.building());
    }
}

//! A program for the core: settings, a plan of what the strategy says, and inputs one after the
//! other; run on the fast and on the plain path, which must agree.

use crate::books::{Books, Event, Way};
use crate::world::{Choice, Planned, Say};
use libfuzzer_sys::arbitrary::{self, Arbitrary, Unstructured};
use minnow::core::Core;
use minnow::core::counts::Counts;
use minnow::core::holds::HoldRows;
use minnow::core::input::{Answer, Command, Input};
use minnow::core::market::instrument::GRID_MAX;
use minnow::core::market::{
    Aggressor, Candle, CandleSource, Interval, SymbolId, TimedTrade, Trade,
};
use minnow::core::modes::Turns;
use minnow::core::units::stamp::{MILLISECOND, SECOND};
use minnow::core::units::{Price, Quantity, Span, Stamp, Timestamp};

/// Bounds of one run, so that it stays short: steps, trades of one step, trades handed over at once,
/// and candles that may close.
const STEPS_MAX: usize = 400;
const TRADES_MAX: u8 = 32;
const RUN_MAX: usize = 128;
const CANDLES_MAX: i64 = 10_000;
/// First prices; a market may go anywhere on the grid from there.
const PRICES: [i64; 2] = [100_000, 4_000];
/// Prints that no market confirms, far from each other.
const IMPOSSIBLE: [i64; 5] = [0, GRID_MAX, 1, GRID_MAX / 1000, 20];
/// 2024-01-01T00:00:00Z, a Monday.
const START: i64 = 1_704_067_200 * SECOND;

#[derive(Clone, Debug)]
pub struct Program {
    choice: Choice,
    session: bool,
    plan: Vec<Say>,
    steps: Vec<Step>,
}

impl<'a> Arbitrary<'a> for Program {
    /// A plan of stated length, then steps for as long as there are bytes.
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let (choice, session) = (Choice::arbitrary(bytes)?, bool::arbitrary(bytes)?);
        let plan = (0..1 + u8::arbitrary(bytes)? % 16)
            .map(|_| Say::arbitrary(bytes))
            .collect::<Result<_, _>>()?;
        let mut steps = Vec::new();
        while !bytes.is_empty() && steps.len() < STEPS_MAX {
            steps.push(Step::arbitrary(bytes)?);
        }
        Ok(Self {
            choice,
            session,
            plan,
            steps,
        })
    }
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
    /// To a clock reading anywhere, when rare is 0; else as many milliseconds.
    Until {
        rare: u8,
        clock: i64,
    },
}

/// The next price, from the last one of the symbol.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Move {
    Ticks(i8),
    /// In 1 / 10,000.
    Fraction(i16),
    /// A lone print that cannot be, or a price far away, when rare is 0 or 1; else as many ticks.
    Far {
        rare: u8,
        price: u64,
    },
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
    Resume {
        long_reason: bool,
    },
    /// What ends entries, when rare is below 4; else an end of a pause.
    Halt {
        rare: u8,
        close: bool,
    },
    Answer {
        wait: Wait,
        run: u8,
        failed: bool,
    },
    Turn(Wait),
    /// The core of the plain path is restored from its snapshot (not under the planned strategy: a
    /// restored core makes its own).
    Restart,
    /// The wall clock is set (session only).
    SetWall(i32),
}

impl Program {
    /// Runs the program both ways and checks that they agree and that the books are right; what it
    /// came to.
    pub fn check(&self) -> Counts {
        let events = self.events();
        let (mut fast, mut plain) = (self.books(false), self.books(true));
        for event in &events {
            fast.take(event);
            plain.take(event);
            fast.assert_like(&plain);
        }
        fast.counts()
    }

    fn books(&self, plain: bool) -> Books {
        let settings = self.choice.settings();
        let turns = self.turns();
        let core = if self.choice.own_strategy() {
            Core::new(settings, turns)
        } else {
            Core::with_strategies(settings, turns, |_| {
                Box::new(Planned {
                    plan: self.plan.clone(),
                    seen: 0,
                })
            })
        };
        Books::new(
            core,
            Way {
                plain,
                turns,
                restarts: self.choice.own_strategy(),
                keep_holds: match self.choice.keep_holds {
                    true => HoldRows::All,
                    false => HoldRows::Refused,
                },
            },
        )
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
            interval: self.choice.settings().trading.interval.span().0,
            candles: 0,
            prices: PRICES,
            impossible: 0,
            events: Vec::new(),
        };
        for step in &self.steps {
            maker.step(step);
            if maker.candles > CANDLES_MAX {
                break;
            }
        }
        maker.events
    }
}

struct Maker {
    session: bool,
    symbols: u16,
    clock: i64,
    wall_offset: i64,
    /// Length of a candle in nanoseconds, and how many may have closed so far.
    interval: i64,
    candles: i64,
    prices: [i64; 2],
    impossible: usize,
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
            Wait::Until { rare: 0, clock } => clock,
            Wait::Until { rare, .. } => self.clock.saturating_add(i64::from(rare) * MILLISECOND),
        };
        let passed = clock.saturating_sub(self.clock).max(0);
        // A longer gap restarts the series.
        self.candles += (passed / self.interval).min(1001);
        self.clock += passed;
        self.stamp()
    }

    fn symbol(&self, second: bool) -> SymbolId {
        SymbolId(if second { self.symbols - 1 } else { 0 })
    }

    fn price(&mut self, symbol: SymbolId, step: Move) -> Price {
        if let Move::Far { rare: 0, .. } = step {
            self.impossible += 1;
            return Price(IMPOSSIBLE[self.impossible % IMPOSSIBLE.len()]);
        }
        let last = &mut self.prices[symbol.index()];
        let next = match step {
            Move::Ticks(n) => last.saturating_add(n.into()),
            Move::Fraction(n) => (i128::from(*last) * (10_000 + i128::from(n)) / 10_000) as i64,
            // Spread over the powers of ten, where the grid's upper half would be all.
            Move::Far { rare: 1, price } => {
                (price % GRID_MAX as u64) as i64 / 10i64.pow((price % 16) as u32)
            }
            Move::Far { rare, .. } => last.saturating_add(rare.into()),
        };
        *last = next.clamp(1, GRID_MAX);
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
                let rows = (0..count % (TRADES_MAX + 1))
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
            Step::Restart => self.events.push(Event::Restart(self.stamp())),
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
            Step::Resume { long_reason } => Input::Command(Command::Resume {
                reason: if long_reason { "looked after" } else { "" }.to_owned(),
            }),
            Step::Halt { rare: 0, .. } => Input::Stop,
            Step::Halt { rare: 1, .. } => Input::LedgerFailed {
                text: "disk full".to_owned(),
            },
            Step::Halt { rare: 2, close } => Input::Command(Command::EmergencyStop { close }),
            Step::Halt { rare: 3, .. } => Input::Command(Command::Pause),
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
            _ => Input::Command(Command::Resume {
                reason: String::new(),
            }),
        };
        self.events.push(Event::Input(self.stamp(), input));
    }

    /// Runs of trades stay together, as they come out of a recording.
    fn push_trades(&mut self, mut rows: Vec<TimedTrade>) {
        match self.events.last_mut() {
            Some(Event::Trades(run)) if run.len() < RUN_MAX => run.append(&mut rows),
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

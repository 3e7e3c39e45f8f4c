//! Follows a run's effects and sums them up, in bounded memory: no list of points or trades.
//!
//! Memory: the thinned curve, one entry a day with data, one number a symbol, the open lots, what `outcome_tally` counts. A
//! point of equity allocates nothing but, once a day, room in the daily series. Sums of money are
//! exact; like all sums of the core they stop the process when they leave the range of a decimal.

use super::curve::EquityCurve;
use super::daily::{DailySeries, daily_returns};
use super::drawdown::DrawdownTracker;
use super::metrics;
use super::outcome_tally::OutcomeTally;
use super::summary::{Account, Metrics, OpenPosition, Summary, SymbolSummary};
use super::time_in_position::TimeInPosition;
use super::trade_tally::TradeTally;
use crate::core::effect::Effect;
use crate::core::holds::HeldBack;
use crate::core::market::{Instrument, SymbolId};
use crate::core::records::{ClosedTrade, EquityKind, EquityPoint, Fill, Lot, Record};
use crate::core::units::{Decimal, Price, Quantity, Span, Timestamp};
use crate::store::ledger::open_lots::OpenLots;

/// What only the runtime knows at the end of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ending {
    /// First and last market data (exchange time): the length of the run.
    pub first_data: Option<Timestamp>,
    pub last_data: Option<Timestamp>,
    /// The account after the last input, valued at the last prices; `None` = the last point stands.
    pub last_equity: Option<EquityPoint>,
    /// In the order of `SymbolId`; missing ones are unknown.
    pub symbols: Vec<SymbolEnding>,
    /// Proposals that became HOLD without a decision of their own among the effects.
    pub held_back: Vec<HeldBack>,
    /// What else has to be known of the run, in words.
    pub notes: Vec<String>,
}

/// The market of one symbol over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SymbolEnding {
    /// Close of candle number `min_candles_for_trading`; `None` if there were fewer.
    pub first_close: Option<Price>,
    /// Close of the last closed candle.
    pub last_close: Option<Price>,
    /// Last traded price: what an open position is valued at.
    pub last_price: Option<Price>,
    /// Taker fee rate as a fraction.
    pub taker_fee: Decimal,
}

/// Fed with every effect of the core, in order.
#[derive(Clone, Debug)]
pub struct Accumulator {
    instruments: Vec<Instrument>,
    start: Decimal,
    last: Option<EquityPoint>,
    drawdown: DrawdownTracker,
    daily: DailySeries,
    curve: EquityCurve,
    /// Sum of equity over candle points; what passes the range of i128 is kept apart.
    candle_equity: i128,
    candle_equity_beyond: f64,
    candle_points: u64,
    tally: TradeTally,
    outcomes: OutcomeTally,
    fills: u64,
    fees: Decimal,
    slippage: Decimal,
    notional: Decimal,
    time_in_position: TimeInPosition,
    lots: OpenLots,
}

impl Accumulator {
    /// `start` is the starting equity, instruments are in the order of `SymbolId`.
    pub fn new(start: Decimal, instruments: Vec<Instrument>) -> Self {
        Self {
            instruments,
            start,
            last: None,
            drawdown: DrawdownTracker::new(start),
            daily: DailySeries::default(),
            curve: EquityCurve::default(),
            candle_equity: 0,
            candle_equity_beyond: 0.0,
            candle_points: 0,
            tally: TradeTally::default(),
            outcomes: OutcomeTally::default(),
            fills: 0,
            fees: Decimal::ZERO,
            slippage: Decimal::ZERO,
            notional: Decimal::ZERO,
            time_in_position: TimeInPosition::default(),
            lots: OpenLots::default(),
        }
    }

    /// Takes any effect of the core; those that no metric is made of are ignored.
    pub fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Persist(record) => self.record(record),
            Effect::Equity(point) => self.equity(point),
            _ => {}
        }
    }

    /// Takes any record.
    pub fn record(&mut self, record: &Record) {
        match record {
            Record::Fill(fill) => self.fill(fill),
            Record::Lot(lot) => self.lot(lot),
            Record::Trade(trade) => self.trade(trade),
            Record::Decision(decision) => self.outcomes.decision(decision),
            Record::Order(order) => self.outcomes.order(order),
            Record::Event(_) => {}
        }
    }

    /// One point of the equity series: some nanoseconds.
    #[inline]
    pub fn equity(&mut self, point: &EquityPoint) {
        self.drawdown.push(point.time, point.equity);
        self.daily.push(point.time, point.equity);
        if point.kind == EquityKind::Candle {
            self.curve.push(point.time, point.equity);
            self.candle_points += 1;
            let raw = point.equity.raw();
            match self.candle_equity.checked_add(raw) {
                Some(sum) => self.candle_equity = sum,
                None => {
                    self.candle_equity_beyond += self.candle_equity as f64;
                    self.candle_equity = raw;
                }
            }
        }
        match &mut self.last {
            Some(last) => last.clone_from(point),
            none => *none = Some(point.clone()),
        }
    }

    pub fn fill(&mut self, fill: &Fill) {
        self.fills += 1;
        self.fees += fill.fee;
        self.time_in_position.fill(fill);
        // A record of an instrument that the run does not have is a bug elsewhere; its ledger row
        // is refused there.
        if let Some(instrument) = self.instruments.get(fill.symbol.index()) {
            self.notional += instrument.notional(fill.price, fill.quantity);
            self.slippage += slippage(instrument, fill);
        }
    }

    pub fn lot(&mut self, lot: &Lot) {
        self.lots.apply(lot);
        self.lots.written();
    }

    pub fn trade(&mut self, trade: &ClosedTrade) {
        self.tally.add(trade);
    }

    /// Sums up; the accumulator may go on afterwards.
    pub fn summary(&self, ending: &Ending) -> Summary {
        let mut series = self.clone_series();
        if let Some(point) = &ending.last_equity {
            series.0.push(point.time, point.equity);
            // What has not changed since its last point begins no day of its own: recorded candles
            // end at the very midnight that the next day begins with.
            if self
                .last
                .as_ref()
                .is_none_or(|last| last.equity != point.equity)
            {
                series.1.push(point.time, point.equity);
            }
            series.2.push(point.time, point.equity);
        }
        let (drawdown, daily, curve) = series;
        let last = ending.last_equity.as_ref().or(self.last.as_ref());
        let account = Account {
            start: self.start,
            end: last.map_or(self.start, |point| point.equity),
            cash: last.map_or(self.start, |point| point.cash),
            unrealised: last.map_or(Decimal::ZERO, |point| point.unrealised),
        };
        let days = daily.days();
        let symbols = self.symbols(ending);
        let metrics = self.metrics(ending, &account, &drawdown, &days, &symbols);
        let mut notes = Vec::new();
        if metrics.few_observations {
            notes.push("few observations".to_owned());
        }
        notes.extend(ending.notes.iter().cloned());
        Summary {
            account,
            metrics,
            equity_curve: to_millis(curve.points()),
            daily_equity: to_millis(days),
            open_positions: self.open_positions(ending),
            symbols,
            outcomes: Some(self.outcomes.outcomes(&self.instruments, &ending.held_back)),
            notes,
        }
    }

    fn clone_series(&self) -> (DrawdownTracker, DailySeries, EquityCurve) {
        (
            self.drawdown.clone(),
            self.daily.clone(),
            self.curve.clone(),
        )
    }

    fn metrics(
        &self,
        ending: &Ending,
        account: &Account,
        drawdown: &DrawdownTracker,
        days: &[(Timestamp, Decimal)],
        symbols: &[SymbolSummary],
    ) -> Metrics {
        let run = match (ending.first_data, ending.last_data) {
            (Some(first), Some(last)) => Span(last.since(first).0.max(0)),
            _ => Span::ZERO,
        };
        let in_position = ending
            .last_data
            .map_or(Span::ZERO, |end| self.time_in_position.until(end));
        let returns = daily_returns(self.start, days).unwrap_or_default();
        let cagr_pct = metrics::cagr_pct(account.start, account.end, run);
        let worst = drawdown.worst();
        let max_drawdown_pct = self
            .start
            .is_positive()
            .then(|| worst.map_or(0.0, |w| w.pct));
        let tally = &self.tally;
        let run_days = metrics::days(run);
        Metrics {
            days: run_days,
            total_return_pct: metrics::total_return_pct(account.start, account.end),
            cagr_pct,
            sharpe: metrics::sharpe(&returns),
            sortino: metrics::sortino(&returns),
            max_drawdown_pct,
            drawdown_start_ms: worst.map(|w| w.start.into()),
            drawdown_bottom_ms: worst.map(|w| w.bottom.into()),
            drawdown_recovery_ms: worst.and_then(|w| w.recovery).map(Into::into),
            calmar: metrics::calmar(cagr_pct, max_drawdown_pct),
            trades: tally.trades,
            wins: tally.wins,
            win_rate_pct: metrics::share_pct(tally.wins, tally.trades),
            profit_factor: metrics::profit_factor(tally.net_wins, tally.net_losses),
            expectancy: tally.expectancy(),
            expectancy_margin_pct: tally.expectancy_margin_pct(),
            average_win: tally.average_win(),
            average_loss: tally.average_loss(),
            largest_win: tally.largest_win,
            largest_loss: tally.largest_loss,
            longest_losing_run: tally.longest_losing_run,
            average_minutes: tally.average_minutes(),
            exposure_pct: metrics::exposure_pct(in_position.min(run), run),
            turnover: metrics::turnover(self.notional, self.mean_equity()),
            fills: self.fills,
            net: tally.net,
            fees: self.fees,
            funding: tally.funding,
            insurance: tally.insurance,
            slippage: self.slippage,
            buy_and_hold_pct: mean_buy_and_hold(symbols),
            few_observations: tally.trades < metrics::FEW_OBSERVATIONS
                || run_days < metrics::FEW_OBSERVATIONS as f64,
        }
    }

    /// Mean over candle points; `None` without any.
    fn mean_equity(&self) -> Option<f64> {
        if self.candle_points == 0 {
            return None;
        }
        let units = if self.candle_equity_beyond == 0.0 {
            Decimal::from_raw(self.candle_equity).to_f64()
        } else {
            (self.candle_equity_beyond + self.candle_equity as f64) / 1e18
        };
        metrics::finite(units / self.candle_points as f64)
    }

    fn symbols(&self, ending: &Ending) -> Vec<SymbolSummary> {
        let unknown = SymbolEnding::default();
        self.instruments
            .iter()
            .enumerate()
            .map(|(index, instrument)| {
                let market = ending.symbols.get(index).unwrap_or(&unknown);
                let first_close = market.first_close.map(|price| instrument.price(price));
                let last_close = market.last_close.map(|price| instrument.price(price));
                let buy_and_hold_pct = match (first_close, last_close) {
                    (Some(first), Some(last)) => {
                        metrics::buy_and_hold_pct(first, last, market.taker_fee)
                    }
                    _ => None,
                };
                SymbolSummary {
                    symbol: instrument.symbol.clone(),
                    first_close,
                    last_close,
                    buy_and_hold_pct,
                }
            })
            .collect()
    }

    fn open_positions(&self, ending: &Ending) -> Vec<OpenPosition> {
        let mut open = Vec::new();
        for (index, instrument) in self.instruments.iter().enumerate() {
            let Some(position) = self.lots.position(SymbolId(index as u16)) else {
                continue;
            };
            let price = ending.symbols.get(index).and_then(|s| s.last_price);
            let lots = i64::try_from(position.quantity).unwrap_or(i64::MAX);
            open.push(OpenPosition {
                symbol: instrument.symbol.clone(),
                side: position.side.position().to_owned(),
                quantity: instrument.quantity(Quantity(lots)),
                entry_price: position.entry_price(instrument),
                last_price: price.map(|price| instrument.price(price)),
                unrealised: price.map(|price| position.unrealised(instrument, price)),
                since_ms: position.since.into(),
            });
        }
        open
    }
}

/// side x (fill - reference) x quantity x contract value: positive = cost.
fn slippage(instrument: &Instrument, fill: &Fill) -> Decimal {
    let ticks = i128::from(fill.price.0) - i128::from(fill.reference.0);
    instrument.value_of(ticks * i128::from(fill.quantity.0) * i128::from(fill.side.sign()))
}

/// Equal parts of every symbol that has both closes.
fn mean_buy_and_hold(symbols: &[SymbolSummary]) -> Option<f64> {
    let known: Vec<f64> = symbols.iter().filter_map(|s| s.buy_and_hold_pct).collect();
    if known.is_empty() {
        return None;
    }
    metrics::finite(known.iter().sum::<f64>() / known.len() as f64)
}

fn to_millis(points: Vec<(Timestamp, Decimal)>) -> Vec<(super::summary::Millis, Decimal)> {
    points
        .into_iter()
        .map(|(time, equity)| (time.into(), equity))
        .collect()
}

//! The daily report: what a day came to, at the first candle close at or after a time of day.
//!
//! Made of the core's own numbers alone. A report covers the time since the one before it, the first
//! one the time since the start; days without a candle have none. It is a row of the ledger's events
//! (code `daily_report`, the figures as JSON) and an alert in words. It decides nothing and is no
//! part of the state hash.

use super::effect::{Alert, AlertLevel, Effect, Effects};
use super::machine::Core;
use super::records::{Action, Event, Record};
use super::risk::limits::share_pct;
use super::strategy::outcome::Outcome;
use super::units::calendar::{DAY, Date, day_start};
use super::units::{Decimal, Rounding, Span, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Code of its event and name of its alert.
pub const CODE: &str = "daily_report";
/// Digits of a percentage.
const PCT_DIGITS: u32 = 4;

/// A position that was open when the day was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAtReport {
    pub symbol: String,
    /// Signed, in the instrument's unit.
    pub quantity: Decimal,
    pub unrealised: Decimal,
}

/// One day's figures, in the account's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyReport {
    /// UTC date of the time of day that it was due at.
    pub date: String,
    pub start_equity: Decimal,
    pub end_equity: Decimal,
    /// Change of equity, open positions at their marks.
    pub pnl: Decimal,
    /// Change of cash: the same without what is not realised.
    pub realised_pnl: Decimal,
    /// Positions opened.
    pub opened: u64,
    /// Trades closed.
    pub closed: u64,
    /// % of the closed trades with a net profit, 4 decimals; null without one.
    pub win_rate_pct: Option<Decimal>,
    pub fees: Decimal,
    /// Deepest fall from the day's highest equity at candle closes so far, % of that, 4 decimals.
    pub drawdown_pct: Decimal,
    pub open_positions: Vec<OpenAtReport>,
    /// Refused proposals by the first check that refused them, or by their reason.
    pub refusals: BTreeMap<String, u64>,
    /// Null: no model is paid for in this version.
    pub llm_cost: Option<Decimal>,
}

/// What the day has come to so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DailyTally {
    /// When the next report is due; unknown before the first candle.
    due: Option<Timestamp>,
    /// Equity, cash and fees paid when the day began; unknown before the first candle.
    began: Option<[Decimal; 3]>,
    peak: Decimal,
    /// Lowest equity since the peak.
    low: Decimal,
    drawdown_pct: Decimal,
    opened: u64,
    closed: u64,
    won: u64,
    /// Reasons are the program's own words: there are some thirty.
    refusals: BTreeMap<String, u64>,
}

impl DailyTally {
    /// Nothing yet, from this starting equity.
    pub fn new(starting: Decimal) -> Self {
        Self::from([starting, starting, Decimal::ZERO], None)
    }

    fn from(began: [Decimal; 3], due: Option<Timestamp>) -> Self {
        Self {
            due,
            peak: began[0],
            low: began[0],
            began: Some(began),
            ..Self::default()
        }
    }

    pub fn position_opened(&mut self) {
        self.opened += 1;
    }

    pub fn trade_closed(&mut self, net: Decimal) {
        self.closed += 1;
        self.won += u64::from(net.is_positive());
    }

    /// What became of a proposal; refusals are counted.
    pub fn decided(&mut self, proposed: Action, outcome: &Outcome) {
        if proposed == Action::Hold || outcome.action != Action::Hold {
            return;
        }
        let why = outcome.held_by();
        match self.refusals.get_mut(why) {
            Some(count) => *count += 1,
            None => {
                self.refusals.insert(why.to_owned(), 1);
            }
        }
    }

    fn equity(&mut self, equity: Decimal) {
        if equity > self.peak {
            (self.peak, self.low) = (equity, equity);
        } else if equity < self.low {
            self.low = equity;
            let fall = share_pct(self.peak - equity, self.peak);
            self.drawdown_pct = self.drawdown_pct.max(fall);
        }
    }
}

/// First time at or after `time` that has this time of day.
fn next_due(time: Timestamp, time_of_day: Span) -> Timestamp {
    let today = day_start(time) + time_of_day;
    if today < time {
        today + Span(DAY)
    } else {
        today
    }
}

impl Core {
    /// A candle that ends at `end` has closed with this equity.
    pub(crate) fn day_goes_on(
        &mut self,
        end: Timestamp,
        equity: Decimal,
        at: Stamp,
        out: &mut Effects,
    ) {
        let now = [equity, self.account.cash, self.account.fees];
        if self.daily.began.is_none() {
            self.daily = DailyTally::from(now, self.daily.due);
        }
        self.daily.equity(equity);
        let time_of_day = self.settings.paper.report_time;
        let due = *self
            .daily
            .due
            .get_or_insert_with(|| next_due(end, time_of_day));
        if end < due {
            return;
        }
        // After a gap of days the last of their times is reported, once.
        let next = next_due(Timestamp(end.0.saturating_add(1)), time_of_day);
        let reported = Timestamp(next.0.saturating_sub(DAY));
        let report = self.daily_report(reported, equity);
        self.daily = DailyTally::from(now, Some(next));
        let alert = report.to_string();
        // Plain values: nothing in it can fail to be written.
        let text = serde_json::to_string(&report).unwrap_or_else(|_| alert.clone());
        let level = AlertLevel::Info;
        out.push(Effect::Persist(Box::new(Record::Event(Event {
            time: at.wall,
            level,
            code: CODE,
            text,
        }))));
        out.push(Effect::Alert(Alert {
            time: at.wall,
            level,
            name: CODE,
            text: alert,
        }));
    }

    fn daily_report(&self, due: Timestamp, equity: Decimal) -> DailyReport {
        let day = &self.daily;
        let now = [equity, self.account.cash, self.account.fees];
        let [start_equity, cash, fees] = day.began.unwrap_or(now);
        let rounded = |pct: Decimal| pct.round(PCT_DIGITS, Rounding::HalfEven);
        let count = |n: u64| Decimal::from_int(i64::try_from(n).unwrap_or(i64::MAX));
        let open = self.symbols.iter().filter_map(|symbol| {
            let position = symbol.position.as_ref()?;
            let instrument = &symbol.instrument;
            let held = instrument.quantity(position.quantity());
            Some(OpenAtReport {
                symbol: instrument.symbol.clone(),
                quantity: if position.side.sign() > 0 {
                    held
                } else {
                    -held
                },
                unrealised: position.unrealised(symbol.last?, instrument),
            })
        });
        DailyReport {
            date: Date::of(due).to_string(),
            start_equity,
            end_equity: equity,
            pnl: equity - start_equity,
            realised_pnl: self.account.cash - cash,
            opened: day.opened,
            closed: day.closed,
            win_rate_pct: (day.closed > 0)
                .then(|| rounded(share_pct(count(day.won), count(day.closed)))),
            fees: self.account.fees - fees,
            drawdown_pct: rounded(day.drawdown_pct),
            open_positions: open.collect(),
            refusals: day.refusals.clone(),
            llm_cost: None,
        }
    }
}

impl fmt::Display for DailyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: equity {:.2} to {:.2}, {:.2} ({:.2} without unrealised); {} opened, {} closed, won ",
            self.date,
            self.start_equity,
            self.end_equity,
            self.pnl,
            self.realised_pnl,
            self.opened,
            self.closed
        )?;
        match self.win_rate_pct {
            Some(pct) => write!(f, "{pct:.2} %")?,
            None => f.write_str("-")?,
        }
        write!(
            f,
            "; fees {:.2}, drawdown {:.2} %, open",
            self.fees, self.drawdown_pct
        )?;
        for open in &self.open_positions {
            write!(f, " {} {}", open.quantity, open.symbol)?;
        }
        if self.open_positions.is_empty() {
            f.write_str(" none")?;
        }
        f.write_str("; refused")?;
        for (reason, count) in &self.refusals {
            write!(f, " {reason} {count}")?;
        }
        if self.refusals.is_empty() {
            f.write_str(" none")?;
        }
        f.write_str("; LLM cost -")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::calendar::parse_time;

    #[test]
    fn a_report_is_due_at_the_next_time_of_day() {
        let due = |at: &str, minutes: i64| {
            let at = parse_time(at).unwrap();
            next_due(at, Span::from_secs(minutes * 60)).to_string()
        };
        assert_eq!(due("2024-02-28T00:00:00Z", 0), "2024-02-28T00:00:00.000Z");
        assert_eq!(due("2024-02-28T00:01:00Z", 0), "2024-02-29T00:00:00.000Z");
        assert_eq!(
            due("2024-02-29T23:59:00Z", 1439),
            "2024-02-29T23:59:00.000Z"
        );
        assert_eq!(
            due("2024-02-29T23:59:01Z", 1439),
            "2024-03-01T23:59:00.000Z"
        );
    }

    #[test]
    fn the_drawdown_is_the_deepest_fall_of_the_day() {
        let mut day = DailyTally::new(Decimal::from_int(100));
        for equity in [110, 99, 104, 120, 114, 119] {
            day.equity(Decimal::from_int(equity));
        }
        assert_eq!(day.drawdown_pct, Decimal::from_int(10));
    }
}

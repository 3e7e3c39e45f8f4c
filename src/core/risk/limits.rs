//! Loss limits of the day, the ISO week and the month; entry counts; losing runs.
//!
//! A baseline is the equity at the close of the last candle that ends at or before the boundary,
//! set before that candle's decision, which already counts for the new period.

use crate::settings::RiskSettings;
use crate::units::calendar::{day_start, month_start, week_start};
use crate::units::stamp::SECOND;
use crate::units::{Decimal, Rounding, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// `part` in % of `whole`; enormous when there is nothing to compare with, so that limits hold.
pub fn share_pct(part: Decimal, whole: Decimal) -> Decimal {
    const ENORMOUS: Decimal = Decimal::from_int(1_000_000_000);
    if !whole.is_positive() {
        return ENORMOUS;
    }
    part.mul_div(100 * Decimal::ONE.raw(), whole.raw(), Rounding::HalfEven)
        .filter(|pct| *pct < ENORMOUS)
        .unwrap_or(ENORMOUS)
}

/// `pct` % of `whole`.
pub fn pct_of(whole: Decimal, pct: Decimal) -> Decimal {
    whole
        .mul_div(pct.raw(), 100 * Decimal::ONE.raw(), Rounding::HalfEven)
        .expect("a percentage of a balance fits")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Day => "max_daily_loss_pct",
            Self::Week => "max_weekly_loss_pct",
            Self::Month => "max_monthly_loss_pct",
        }
    }

    fn start(self, time: Timestamp) -> Timestamp {
        match self {
            Self::Day => day_start(time),
            Self::Week => week_start(time),
            Self::Month => month_start(time),
        }
    }

    fn floor(self, equity: Decimal, settings: &RiskSettings) -> Decimal {
        equity - pct_of(equity, self.limit(settings))
    }

    pub fn limit(self, settings: &RiskSettings) -> Decimal {
        match self {
            Self::Day => settings.max_daily_loss_pct,
            Self::Week => settings.max_weekly_loss_pct,
            Self::Month => settings.max_monthly_loss_pct,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Baseline {
    start: Option<Timestamp>,
    equity: Decimal,
    /// Equity at or below which the limit is hit.
    floor: Decimal,
    /// Latched until the period ends, even if equity recovers.
    hit: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossLimits {
    baselines: [Baseline; 3],
    last_candle_equity: Decimal,
    /// No boundary lies before this time: most candles need only this comparison.
    next_boundary: Timestamp,
}

impl LossLimits {
    pub fn new(starting_equity: Decimal, settings: &RiskSettings) -> Self {
        Self {
            baselines: Period::ALL.map(|period| Baseline {
                start: None,
                equity: starting_equity,
                floor: period.floor(starting_equity, settings),
                hit: false,
            }),
            last_candle_equity: starting_equity,
            next_boundary: Timestamp(i64::MIN),
        }
    }

    /// Floors anew from limits that may have changed.
    pub fn adopt(&mut self, settings: &RiskSettings) {
        for (period, baseline) in Period::ALL.into_iter().zip(&mut self.baselines) {
            baseline.floor = period.floor(baseline.equity, settings);
        }
    }

    /// A decision candle that ends at `end` has closed with this equity. Whether a day began.
    pub fn candle_closed(
        &mut self,
        end: Timestamp,
        equity: Decimal,
        settings: &RiskSettings,
    ) -> bool {
        let begins = end >= self.next_boundary;
        if begins {
            for (period, baseline) in Period::ALL.into_iter().zip(&mut self.baselines) {
                let start = period.start(end);
                match baseline.start {
                    // The starting equity stands before the first boundary.
                    None => baseline.start = Some(start),
                    Some(known) if known < start => {
                        let equity = if start == end {
                            equity
                        } else {
                            self.last_candle_equity
                        };
                        *baseline = Baseline {
                            start: Some(start),
                            equity,
                            floor: period.floor(equity, settings),
                            hit: false,
                        };
                    }
                    Some(_) => {}
                }
            }
            self.next_boundary = day_start(end) + crate::units::Span(86_400 * SECOND);
        }
        self.last_candle_equity = equity;
        begins
    }

    /// Moves every baseline by money that came or went beside trading; hits stay.
    pub fn shift(&mut self, amount: Decimal, settings: &RiskSettings) {
        for (period, baseline) in Period::ALL.into_iter().zip(&mut self.baselines) {
            baseline.equity += amount;
            baseline.floor = period.floor(baseline.equity, settings);
        }
        self.last_candle_equity += amount;
    }

    /// Latches the limits that this equity hits; returns the newly hit ones.
    pub fn assess(&mut self, equity: Decimal) -> [bool; 3] {
        self.baselines.each_mut().map(|baseline| {
            let newly = equity <= baseline.floor && !baseline.hit;
            baseline.hit |= newly;
            newly
        })
    }

    pub fn is_hit(&self, period: Period) -> bool {
        self.baselines[period as usize].hit
    }

    /// Start of the period; `None` before the first candle.
    pub fn since(&self, period: Period) -> Option<Timestamp> {
        self.baselines[period as usize].start
    }

    /// Equity at the start of the period.
    pub fn baseline(&self, period: Period) -> Decimal {
        self.baselines[period as usize].equity
    }

    /// Loss since the start of the period in %, negative for a gain.
    pub fn loss_pct(&self, period: Period, equity: Decimal) -> Decimal {
        let baseline = self.baselines[period as usize].equity;
        share_pct(baseline - equity, baseline)
    }
}

/// Entries made, for the limits on their number and rhythm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLog {
    day: Option<Timestamp>,
    today: u32,
    /// Monotonic stamps of recent entries; at most the configured rate of them.
    recent: VecDeque<i64>,
}

impl EntryLog {
    pub const RATE_WINDOW: i64 = 60 * SECOND;

    pub fn note(&mut self, wall: Timestamp, mono: i64, rate: u32) {
        self.roll(wall);
        self.today += 1;
        self.recent.push_back(mono);
        while self.recent.len() > rate.max(2) as usize {
            self.recent.pop_front();
        }
    }

    /// Entries since 00:00 UTC.
    pub fn today(&self, wall: Timestamp) -> u32 {
        if self.day == Some(day_start(wall)) {
            self.today
        } else {
            0
        }
    }

    /// Entries within `window` before `mono`.
    pub fn within(&self, mono: i64, window: i64) -> u32 {
        self.recent.iter().filter(|at| mono - **at < window).count() as u32
    }

    fn roll(&mut self, wall: Timestamp) {
        let day = day_start(wall);
        if self.day != Some(day) {
            self.day = Some(day);
            self.today = 0;
        }
    }
}

/// Losing trades in a row and the pause they bring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LosingRun {
    length: u32,
    pause_until: Option<i64>,
}

impl LosingRun {
    /// A trade closed with this net profit; 0 neither counts nor resets. Returns whether a pause
    /// begins.
    pub fn note(&mut self, net: Decimal, mono: i64, settings: &RiskSettings) -> bool {
        if net.is_positive() {
            self.length = 0;
        } else if net.is_negative() {
            self.length += 1;
            if self.length >= settings.consecutive_losses {
                self.pause(mono, settings);
                return true;
            }
        }
        false
    }

    /// The limit became smaller. Returns whether a pause begins by it.
    pub fn catch_up(&mut self, mono: i64, settings: &RiskSettings) -> bool {
        let beyond = self.length >= settings.consecutive_losses;
        if beyond {
            self.pause(mono, settings);
        }
        beyond
    }

    fn pause(&mut self, mono: i64, settings: &RiskSettings) {
        self.length = 0;
        self.pause_until = Some(mono.saturating_add(settings.consecutive_losses_pause.0));
    }

    pub fn length(&self) -> u32 {
        self.length
    }

    pub fn is_paused(&self, mono: i64) -> bool {
        self.pause_until.is_some_and(|until| mono < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::calendar::parse_time;

    fn at(text: &str) -> Timestamp {
        parse_time(text).unwrap()
    }

    fn money(n: i64) -> Decimal {
        Decimal::from_int(n)
    }

    #[test]
    fn the_candle_that_ends_at_midnight_sets_the_new_baseline() {
        let settings = RiskSettings::defaults();
        let mut limits = LossLimits::new(money(10_000), &settings);
        limits.candle_closed(at("2024-03-01T12:00:00Z"), money(9_900), &settings);
        assert_eq!(limits.loss_pct(Period::Day, money(9_500)), money(5));
        limits.candle_closed(at("2024-03-02T00:00:00Z"), money(9_000), &settings);
        assert_eq!(limits.baseline(Period::Day), money(9_000));
        assert_eq!(limits.baseline(Period::Week), money(10_000));
        assert_eq!(limits.assess(money(8_551)), [false, false, false]);
        assert_eq!(
            limits.assess(money(8_550)),
            [true, false, false],
            "5 % of 9,000"
        );
        assert_eq!(
            limits.assess(money(8_500)),
            [false, true, false],
            "15 % of 10,000"
        );
        assert!(limits.is_hit(Period::Day) && !limits.is_hit(Period::Month));
        assert_eq!(limits.loss_pct(Period::Day, money(9_000)), money(0));
    }

    #[test]
    fn without_a_candle_at_midnight_the_last_one_before_counts() {
        let settings = RiskSettings::defaults();
        let mut limits = LossLimits::new(money(10_000), &settings);
        limits.candle_closed(at("2024-03-03T23:50:00Z"), money(9_000), &settings);
        limits.candle_closed(at("2024-03-04T00:05:00Z"), money(8_000), &settings);
        assert_eq!(limits.baseline(Period::Day), money(9_000));
        assert_eq!(limits.baseline(Period::Week), money(9_000), "a Monday");
        assert_eq!(limits.baseline(Period::Month), money(10_000));
    }

    #[test]
    fn the_losing_run_pauses_and_counts_anew() {
        let mut settings = crate::settings::RiskSettings::defaults();
        settings.consecutive_losses = 2;
        let mut run = LosingRun::default();
        assert!(!run.note(money(-1), 0, &settings));
        assert!(!run.note(money(0), 0, &settings));
        assert!(run.note(money(-1), 10, &settings));
        let pause = settings.consecutive_losses_pause.0;
        assert!(run.is_paused(10 + pause - 1));
        assert!(!run.is_paused(10 + pause));
        assert_eq!(run.length(), 0);
    }

    #[test]
    fn entries_count_by_day_and_by_window() {
        let mut log = EntryLog::default();
        let day = at("2024-03-01T10:00:00Z");
        log.note(day, 0, 10);
        log.note(day, SECOND / 2, 10);
        assert_eq!(log.today(day), 2);
        assert_eq!(log.today(at("2024-03-02T00:00:00Z")), 0);
        assert_eq!(log.within(SECOND / 2, SECOND), 2);
        assert_eq!(
            log.within(SECOND, SECOND),
            1,
            "exactly a second ago is over"
        );
    }
}

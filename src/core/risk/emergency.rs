//! The emergency stop: latched, left only by an operator with a reason.

use crate::units::stamp::SECOND;
use crate::units::{Decimal, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Equity is compared with its highest value within this time.
const RAPID_LOSS_WINDOW: i64 = 300 * SECOND;
/// Points of the rapid-loss window kept; beyond it the two newest become one (the higher equity
/// with the later stamp, which can only make the stop come earlier).
pub const RAPID_LOSS_POINTS: usize = 512;

/// What stopped trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    Operator,
    RapidLoss,
    MarginUsed,
    NearLiquidation,
    Bankruptcy,
    ExchangeFailures,
    PositionErrors,
    LedgerFailure,
    /// A price or an account beyond what decimals count.
    Uncountable,
}

impl Trigger {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::RapidLoss => "rapid_loss",
            Self::MarginUsed => "margin_used",
            Self::NearLiquidation => "near_liquidation",
            Self::Bankruptcy => "bankruptcy",
            Self::ExchangeFailures => "exchange_failures",
            Self::PositionErrors => "position_errors",
            Self::LedgerFailure => "ledger_failure",
            Self::Uncountable => "uncountable",
        }
    }

    /// Triggers about money close positions; the others only stop entries.
    pub const fn closes_positions(self) -> bool {
        !matches!(
            self,
            Self::ExchangeFailures | Self::PositionErrors | Self::LedgerFailure
        )
    }
}

/// The latch and the windows that may trip it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Emergency {
    latched: Option<(Trigger, Timestamp)>,
    rapid: RapidLoss,
    exchange_failures: VecDeque<i64>,
    position_errors: VecDeque<i64>,
}

impl Emergency {
    pub const EXCHANGE_WINDOW: i64 = 600 * SECOND;
    pub const POSITION_WINDOW: i64 = 60 * SECOND;

    pub fn latched(&self) -> Option<(Trigger, Timestamp)> {
        self.latched
    }

    pub fn is_latched(&self) -> bool {
        self.latched.is_some()
    }

    /// Latches; returns false if it was latched already (the first trigger stays).
    pub fn latch(&mut self, trigger: Trigger, at: Timestamp) -> bool {
        if self.latched.is_some() {
            return false;
        }
        self.latched = Some((trigger, at));
        true
    }

    /// Leaves the stop; the windows start anew so that an old loss does not trip it again.
    pub fn release(&mut self) {
        *self = Self::default();
    }

    /// Moves the equity of the window by money that came or went beside trading.
    pub fn shift(&mut self, amount: Decimal) {
        for (_, equity) in &mut self.rapid.peaks {
            *equity += amount;
        }
    }

    /// Loss in % of the highest equity of the last 300 s.
    pub fn rapid_loss_pct(&mut self, mono: i64, equity: Decimal) -> Decimal {
        self.rapid.note(mono, equity)
    }

    /// Notes the equity where it alone stands in the window, without any loss; false, and nothing
    /// noted, where it does not.
    pub fn repeats(&mut self, mono: i64, equity: Decimal) -> bool {
        self.rapid.repeats(mono, equity)
    }

    /// Notes an exchange failure; returns how many lie in the window.
    pub fn note_exchange_failure(&mut self, mono: i64, limit: u32) -> u32 {
        note(
            &mut self.exchange_failures,
            mono,
            Self::EXCHANGE_WINDOW,
            limit,
        )
    }

    /// Notes a position inconsistency; returns how many lie in the window.
    pub fn note_position_error(&mut self, mono: i64, limit: u32) -> u32 {
        note(
            &mut self.position_errors,
            mono,
            Self::POSITION_WINDOW,
            limit,
        )
    }
}

fn note(stamps: &mut VecDeque<i64>, mono: i64, window: i64, limit: u32) -> u32 {
    stamps.push_back(mono);
    while stamps.front().is_some_and(|at| mono - at >= window) || stamps.len() > limit as usize {
        stamps.pop_front();
    }
    stamps.len() as u32
}

/// Highest equity of a sliding window: a monotonic deque.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct RapidLoss {
    /// (stamp, equity), equity falling from front to back.
    peaks: VecDeque<(i64, Decimal)>,
}

impl RapidLoss {
    /// Whether this equity alone stands in the window; then it is noted.
    fn repeats(&mut self, mono: i64, equity: Decimal) -> bool {
        let alone = self.peaks.len() == 1 && self.peaks[0].1 == equity;
        if alone {
            self.peaks[0].0 = mono;
        }
        alone
    }

    fn note(&mut self, mono: i64, equity: Decimal) -> Decimal {
        if self.repeats(mono, equity) {
            return Decimal::ZERO;
        }
        while self
            .peaks
            .front()
            .is_some_and(|(at, _)| mono - at > RAPID_LOSS_WINDOW)
        {
            self.peaks.pop_front();
        }
        while self.peaks.back().is_some_and(|(_, e)| *e <= equity) {
            self.peaks.pop_back();
        }
        if self.peaks.len() >= RAPID_LOSS_POINTS {
            let newest = self.peaks.back_mut().expect("the window is full");
            newest.0 = mono;
        } else {
            self.peaks.push_back((mono, equity));
        }
        let peak = self.peaks.front().map_or(equity, |(_, e)| *e);
        if equity >= peak {
            return Decimal::ZERO;
        }
        super::limits::share_pct(peak - equity, peak)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rapid_loss_looks_back_300_seconds() {
        let mut e = Emergency::default();
        let money = Decimal::from_int;
        assert_eq!(e.rapid_loss_pct(0, money(1000)), money(0));
        assert_eq!(e.rapid_loss_pct(100 * SECOND, money(960)), money(4));
        assert_eq!(e.rapid_loss_pct(300 * SECOND, money(950)), money(5));
        // The peak is older than 300 s now: compared with 960.
        assert_eq!(e.rapid_loss_pct(301 * SECOND, money(960)), money(0));
    }

    #[test]
    fn the_first_trigger_stays() {
        let mut e = Emergency::default();
        assert!(e.latch(Trigger::RapidLoss, Timestamp(1)));
        assert!(!e.latch(Trigger::Operator, Timestamp(2)));
        assert_eq!(e.latched(), Some((Trigger::RapidLoss, Timestamp(1))));
    }

    #[test]
    fn failures_count_within_their_window() {
        let mut e = Emergency::default();
        for second in 0..9 {
            e.note_exchange_failure(second * SECOND, 10);
        }
        assert_eq!(e.note_exchange_failure(599 * SECOND, 10), 10);
        assert_eq!(e.note_exchange_failure(700 * SECOND, 10), 2);
    }
}

//! The definitions of the performance metrics, each a pure function.
//!
//! `None` = undefined. Percentages are percent (2.0 = 2 %). A year has 365 days: these markets
//! never close. Nothing here is rounded; that is for display.

use crate::core::units::{Decimal, Rounding, Span};

/// Seconds in a day.
const DAY_SECONDS: f64 = 86_400.0;
/// Days in a year.
const YEAR_DAYS: f64 = 365.0;
/// Under that many trades or days a result says little.
pub const FEW_OBSERVATIONS: u64 = 30;

/// The value, unless it is NaN or infinite.
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// `a / b` as a ratio; undefined for `b` = 0.
pub fn ratio(a: Decimal, b: Decimal) -> Option<f64> {
    if b.is_zero() {
        return None;
    }
    finite(a.to_f64() / b.to_f64())
}

/// `sum / count`, half-even to 1e-18; undefined for no observation.
pub fn mean(sum: Decimal, count: u64) -> Option<Decimal> {
    sum.mul_div(1, i128::from(count), Rounding::HalfEven)
}

/// 100 (end / start - 1); undefined unless the start is positive.
pub fn total_return_pct(start: Decimal, end: Decimal) -> Option<f64> {
    if !start.is_positive() {
        return None;
    }
    ratio(end.checked_sub(start)?, start).map(|r| 100.0 * r)
}

/// Length in days.
pub fn days(run: Span) -> f64 {
    run.as_secs_f64() / DAY_SECONDS
}

/// 100 ((end / start)^(365 / days) - 1); undefined below one day, for a start that is not positive
/// and for an account that ended below zero.
pub fn cagr_pct(start: Decimal, end: Decimal, run: Span) -> Option<f64> {
    let days = days(run);
    if days < 1.0 || !start.is_positive() || end.is_negative() {
        return None;
    }
    finite(100.0 * (libm::pow(ratio(end, start)?, YEAR_DAYS / days) - 1.0))
}

/// Mean over sample standard deviation (n - 1) of daily returns, times sqrt(365); risk-free 0.
/// Undefined for fewer than two days or no deviation.
pub fn sharpe(returns: &[f64]) -> Option<f64> {
    if returns.len() < 2 {
        return None;
    }
    let n = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / n;
    let squares: f64 = returns.iter().map(|r| (r - mean).powi(2)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    // Equal returns leave a deviation of rounding errors only: that is none.
    if deviation <= mean.abs() * 1e-12 {
        return None;
    }
    finite(mean / deviation * YEAR_DAYS.sqrt())
}

/// Mean over downside deviation sqrt(mean(min(r, 0)^2)), times sqrt(365); undefined without a
/// losing day.
pub fn sortino(returns: &[f64]) -> Option<f64> {
    let n = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / n;
    let squares: f64 = returns.iter().map(|r| r.min(0.0).powi(2)).sum();
    let downside = (squares / n).sqrt();
    if downside == 0.0 {
        return None;
    }
    finite(mean / downside * YEAR_DAYS.sqrt())
}

/// CAGR over maximum drawdown; undefined without either.
pub fn calmar(cagr_pct: Option<f64>, max_drawdown_pct: Option<f64>) -> Option<f64> {
    match (cagr_pct, max_drawdown_pct) {
        (Some(cagr), Some(drawdown)) if drawdown > 0.0 => finite(cagr / drawdown),
        _ => None,
    }
}

/// Share of `part` in `whole` in percent; undefined for an empty whole. Win rate: trades with a
/// net profit in closed trades.
pub fn share_pct(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

/// Sum of net wins over the magnitude of the sum of net losses; undefined without a loss.
pub fn profit_factor(wins: Decimal, losses: Decimal) -> Option<f64> {
    ratio(wins, losses.abs())
}

/// Time with a position in the time of the run, in percent; undefined for a run without length.
pub fn exposure_pct(in_position: Span, run: Span) -> Option<f64> {
    (run.0 > 0).then(|| 100.0 * in_position.0 as f64 / run.0 as f64)
}

/// Sum of fill notionals over the mean equity at candle closes; undefined unless that is positive.
pub fn turnover(notional: Decimal, mean_equity: Option<f64>) -> Option<f64> {
    let mean = mean_equity.filter(|m| *m > 0.0)?;
    finite(notional.to_f64() / mean)
}

/// 100 (C1 (1 - f) / (C0 (1 + f)) - 1) for the closes C0 and C1 and the taker fee rate f.
pub fn buy_and_hold_pct(first: Decimal, last: Decimal, fee: Decimal) -> Option<f64> {
    let fee = fee.to_f64();
    ratio(last, first).and_then(|r| finite(100.0 * (r * (1.0 - fee) / (1.0 + fee) - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn near(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!(
            (value - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{value} is not {expected}"
        );
    }

    const DAY: Span = Span::from_secs(86_400);

    #[test]
    fn total_return_of_a_gain_and_a_loss() {
        near(total_return_pct(d("10000"), d("10250")), 2.5);
        near(total_return_pct(d("10000"), d("-500")), -105.0);
        assert_eq!(total_return_pct(d("0"), d("1")), None);
    }

    #[test]
    fn cagr_compounds_over_365_days() {
        // +10 % in 73 days, five times a year: 1.1^5 - 1.
        near(cagr_pct(d("100"), d("110"), Span(73 * DAY.0)), 61.051);
        near(cagr_pct(d("100"), d("121"), Span(730 * DAY.0)), 10.0);
        near(cagr_pct(d("100"), d("0"), Span(2 * DAY.0)), -100.0);
        assert_eq!(cagr_pct(d("100"), d("110"), Span(DAY.0 - 1)), None);
        assert!(cagr_pct(d("100"), d("101"), DAY).is_some());
        assert_eq!(cagr_pct(d("100"), d("-1"), DAY), None);
        // 1e20^365 is no number.
        assert_eq!(cagr_pct(d("1"), d("1e20"), DAY), None);
    }

    #[test]
    fn sharpe_of_three_days() {
        // Mean 0.01, deviations 0.01, -0.02, 0.01: sd = sqrt(0.0006 / 2) = 0.0173205...
        let returns = [0.02, -0.01, 0.02];
        near(sharpe(&returns), 0.01 / 0.0003f64.sqrt() * 365f64.sqrt());
        near(sharpe(&returns), 11.030_261_405_182);
        assert_eq!(sharpe(&[0.02]), None);
        assert_eq!(sharpe(&[]), None);
        assert_eq!(sharpe(&[0.0, 0.0, 0.0]), None);
        assert_eq!(sharpe(&[0.1, 0.1, 0.1]), None);
    }

    #[test]
    fn sortino_counts_losing_days_over_all_days() {
        // Mean 0.01, downside sqrt(0.0001 / 3) = 0.0057735: 1.7320508 x 19.1049732.
        near(sortino(&[0.02, -0.01, 0.02]), 33.090_784_215_548);
        assert_eq!(sortino(&[0.02, 0.0]), None);
        assert_eq!(sortino(&[]), None);
    }

    #[test]
    fn calmar_needs_a_drawdown() {
        near(calmar(Some(30.0), Some(12.0)), 2.5);
        assert_eq!(calmar(Some(30.0), Some(0.0)), None);
        assert_eq!(calmar(None, Some(12.0)), None);
        assert_eq!(calmar(Some(30.0), None), None);
    }

    #[test]
    fn shares_factors_and_means() {
        near(share_pct(3, 8), 37.5);
        assert_eq!(share_pct(0, 0), None);
        near(profit_factor(d("150"), d("-60")), 2.5);
        near(profit_factor(d("0"), d("-60")), 0.0);
        assert_eq!(profit_factor(d("150"), d("0")), None);
        assert_eq!(mean(d("1"), 3), Some(d("0.333333333333333333")));
        assert_eq!(mean(d("1"), 0), None);
    }

    #[test]
    fn exposure_and_turnover() {
        near(exposure_pct(Span(30), Span(120)), 25.0);
        assert_eq!(exposure_pct(Span(0), Span(0)), None);
        near(turnover(d("25000"), Some(10_000.0)), 2.5);
        assert_eq!(turnover(d("25000"), Some(0.0)), None);
        assert_eq!(turnover(d("25000"), None), None);
    }

    #[test]
    fn buying_and_holding_pays_the_fee_twice() {
        // 200 x 0.99 / (100 x 1.01) - 1 = 198 / 101 - 1
        near(
            buy_and_hold_pct(d("100"), d("200"), d("0.01")),
            9700.0 / 101.0,
        );
        near(buy_and_hold_pct(d("100"), d("90"), d("0")), -10.0);
        assert_eq!(buy_and_hold_pct(d("0"), d("90"), d("0")), None);
    }

    proptest! {
        #[test]
        fn no_metric_is_ever_nan_or_infinite(
            a: i128, b: i128, count: u64, span: i64,
            returns in prop::collection::vec(any::<f64>(), 0..8),
            small in prop::collection::vec(-1.0f64..10.0, 0..8),
        ) {
            let (a, b) = (Decimal::from_raw(a), Decimal::from_raw(b));
            let run = Span(span);
            let values = [
                ratio(a, b), total_return_pct(a, b), cagr_pct(a, b, run), sharpe(&returns),
                sortino(&returns), sharpe(&small), sortino(&small), calmar(Some(1e308), Some(1e-308)),
                share_pct(count, count / 2), profit_factor(a, b), exposure_pct(Span(span / 2), run),
                turnover(a, Some(1e-300)), buy_and_hold_pct(a, b, Decimal::new(1, 3)),
            ];
            prop_assert!(values.iter().flatten().all(|v| v.is_finite()), "{:?}", values);
        }
    }
}

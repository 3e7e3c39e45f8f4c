//! Which configuration was best where the choice may look, and what it did where it may not.
//!
//! Per window the configurations are ordered by a criterion of their in-sample rows; the out-of-sample
//! row of each stands beside it and has no say. In walk-forward the first of every window forms a
//! chain: what somebody would have earned who chose anew each time.

use super::deflated::{expected_maximum, probability, variance};
use crate::core::units::Decimal;
use crate::store::sweep_results::{Figures, Moments, Part, ResultRow};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What the best is best in; higher is better, undefined is worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// Sharpe ratio of the plan's period.
    Sharpe,
    /// Total return.
    Return,
    ProfitFactor,
}

impl Criterion {
    fn of(self, figures: &Figures) -> Option<f64> {
        match self {
            Self::Sharpe => figures.returns.and_then(|returns| returns.sharpe()),
            Self::Return => figures.return_pct,
            Self::ProfitFactor => figures.profit_factor,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sharpe => "Sharpe ratio",
            Self::Return => "return",
            Self::ProfitFactor => "profit factor",
        }
    }
}

/// A row that came to its end, with its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run<'a> {
    pub row: &'a ResultRow,
    pub figures: &'a Figures,
}

impl Run<'_> {
    /// Of the plan's period, not annualised.
    pub fn sharpe(&self) -> Option<f64> {
        self.figures.returns.and_then(|returns| returns.sharpe())
    }
}

/// One configuration in one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked<'a> {
    pub in_sample: Run<'a>,
    pub out_of_sample: Option<Run<'a>>,
    /// Deflated Sharpe ratio of the in-sample part: the probability that its true Sharpe ratio is
    /// above what the best of as many tries would show by luck. `None` without that bar.
    pub deflated: Option<f64>,
    /// Probability that the true Sharpe ratio in-sample is above 0, the choice left out of account.
    pub uncorrected: Option<f64>,
    /// Probability that the true Sharpe ratio out-of-sample is above 0; nothing was chosen by it.
    pub confirmed: Option<f64>,
}

/// The configurations of one window, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowRanking<'a> {
    pub window: u32,
    /// Configurations whose in-sample part came to its end: what the best is the best of.
    pub tries: u64,
    /// Tries that have a Sharpe ratio, and the variance of these; `None` for fewer than two.
    pub with_sharpe: u64,
    pub variance: Option<f64>,
    /// Sharpe ratio that luck alone would give the best of them; `None` without a variance.
    pub expected_maximum: Option<f64>,
    pub ranked: Vec<Ranked<'a>>,
}

impl WindowRanking<'_> {
    /// Why no deflated Sharpe ratio can be computed.
    pub fn not_deflated(&self) -> Option<String> {
        let (tries, with_sharpe) = (self.tries, self.with_sharpe);
        match (self.expected_maximum, tries, with_sharpe) {
            (Some(_), ..) => None,
            (None, 0, _) => Some("no try came to its end".to_owned()),
            (None, 1, 1) => Some(
                "one try: nothing was chosen among several, no correction is needed".to_owned(),
            ),
            (None, 1, _) => Some("the one try has no Sharpe ratio".to_owned()),
            (None, _, 0) => Some(format!("none of {tries} tries has a Sharpe ratio")),
            (None, ..) => Some(format!(
                "{with_sharpe} of {tries} tries has a Sharpe ratio: how much those of tries differ is \
                 unknown"
            )),
        }
    }
}

/// Ranks every window.
pub fn rank(rows: &[ResultRow], criterion: Criterion) -> Vec<WindowRanking<'_>> {
    let mut windows: BTreeMap<u32, (Vec<Run<'_>>, BTreeMap<u32, Run<'_>>)> = BTreeMap::new();
    for row in rows {
        let Ok(figures) = &row.outcome else {
            continue;
        };
        let (ins, outs) = windows.entry(row.window).or_default();
        let run = Run { row, figures };
        match row.part {
            Part::In => ins.push(run),
            Part::Out => {
                outs.insert(row.combination, run);
            }
        }
    }
    windows
        .into_iter()
        .map(|(window, (ins, outs))| rank_window(window, ins, &outs, criterion))
        .collect()
}

fn rank_window<'a>(
    window: u32,
    mut ins: Vec<Run<'a>>,
    outs: &BTreeMap<u32, Run<'a>>,
    criterion: Criterion,
) -> WindowRanking<'a> {
    ins.sort_by(|a, b| {
        let key = |run: &Run<'_>| criterion.of(run.figures).unwrap_or(f64::NEG_INFINITY);
        key(b)
            .partial_cmp(&key(a))
            .unwrap_or(Ordering::Equal)
            .then(a.row.combination.cmp(&b.row.combination))
    });
    let tries = ins.len() as u64;
    let with_sharpe = ins.iter().filter(|run| run.sharpe().is_some()).count() as u64;
    let variance = variance(ins.iter().filter_map(Run::sharpe));
    let bar = variance.map(|variance| expected_maximum(tries, variance));
    let ranked = ins
        .into_iter()
        .map(|in_sample| {
            let out_of_sample = outs.get(&in_sample.row.combination).copied();
            let held = |run: &Run<'_>, bar| run.figures.returns.and_then(|r| probability(&r, bar));
            Ranked {
                in_sample,
                out_of_sample,
                deflated: bar.and_then(|bar| held(&in_sample, bar)),
                uncorrected: held(&in_sample, 0.0),
                confirmed: out_of_sample.as_ref().and_then(|run| held(run, 0.0)),
            }
        })
        .collect();
    WindowRanking {
        window,
        tries,
        with_sharpe,
        variance,
        expected_maximum: bar,
        ranked,
    }
}

/// The out-of-sample parts of each window's best, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub windows: u64,
    /// Returns multiplied; `None` when one of them is undefined.
    pub return_pct: Option<f64>,
    pub net: Decimal,
    pub trades: u64,
    /// Windows with a return above 0.
    pub winning: u64,
    /// The deepest drawdown within a window; not across them.
    pub worst_drawdown_pct: Option<f64>,
    /// Of all returns together.
    pub sharpe: Option<f64>,
    /// Probability that its true Sharpe ratio is above 0.
    pub confirmed: Option<f64>,
}

/// `None` unless some window's best has an out-of-sample part.
pub fn chain(windows: &[WindowRanking<'_>]) -> Option<Chain> {
    let runs: Vec<Run<'_>> = windows
        .iter()
        .filter_map(|window| window.ranked.first()?.out_of_sample)
        .collect();
    if runs.is_empty() {
        return None;
    }
    let mut returns = Some(Moments::default());
    let mut factor = Some(1.0);
    let (mut net, mut trades, mut winning) = (Decimal::ZERO, 0, 0);
    let mut worst: Option<f64> = None;
    for Run { figures, .. } in &runs {
        factor = factor
            .zip(figures.return_pct)
            .map(|(factor, pct): (f64, f64)| factor * (1.0 + pct / 100.0));
        returns = returns.zip(figures.returns).map(|(mut all, more)| {
            all.add(&more);
            all
        });
        // Sums of that size never come from one account.
        net = net.checked_add(figures.net).unwrap_or(net);
        trades += figures.trades;
        winning += u64::from(figures.return_pct.is_some_and(|pct| pct > 0.0));
        worst = match (worst, figures.max_drawdown_pct) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
    Some(Chain {
        windows: runs.len() as u64,
        return_pct: factor.map(|f| 100.0 * (f - 1.0)).filter(|r| r.is_finite()),
        net,
        trades,
        winning,
        worst_drawdown_pct: worst,
        sharpe: returns.and_then(|returns| returns.sharpe()),
        confirmed: returns.and_then(|returns| probability(&returns, 0.0)),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A row whose returns have a mean of `sharpe` deviations.
    pub(in crate::sweep) fn row(
        window: u32,
        part: Part,
        combination: u32,
        sharpe: f64,
    ) -> ResultRow {
        // Fifty returns above and fifty below the mean, one deviation each.
        let deviation = 0.01;
        let m2 = 99.0 * deviation * deviation;
        let figures = Figures {
            fingerprint: "f".into(),
            state_hash: format!("{combination:016x}"),
            inputs: 10,
            trades: 4,
            wins: 2,
            net: Decimal::from_int(5),
            fees: Decimal::ONE,
            slippage: Decimal::ZERO,
            return_pct: Some(100.0 * sharpe),
            win_rate_pct: Some(50.0),
            profit_factor: None,
            sharpe: None,
            max_drawdown_pct: Some(f64::from(combination)),
            exposure_pct: None,
            returns: Some(Moments {
                n: 100,
                mean: sharpe * deviation,
                m2,
                m3: 0.0,
                m4: m2 * m2 / 100.0,
            }),
            notes: Vec::new(),
            elapsed_us: 1,
        };
        ResultRow {
            task: 100 * window + 2 * combination + u32::from(part == Part::Out),
            combination,
            window,
            part,
            settings: vec![format!("a.b={combination}")],
            from: None,
            to: None,
            outcome: Ok(figures),
        }
    }

    #[test]
    fn the_best_is_chosen_in_sample_and_its_other_part_stands_beside_it() {
        let mut rows = vec![
            row(1, Part::In, 1, 0.1),
            row(1, Part::Out, 1, 0.3),
            row(1, Part::In, 2, 0.2),
            row(1, Part::Out, 2, -0.1),
            row(1, Part::In, 3, 0.2),
        ];
        rows.push(ResultRow {
            outcome: Err("crashed".into()),
            ..row(1, Part::In, 4, 9.0)
        });
        let windows = rank(&rows, Criterion::Sharpe);
        let [window] = &windows[..] else {
            panic!("one window: {windows:?}")
        };
        let order: Vec<u32> = window
            .ranked
            .iter()
            .map(|ranked| ranked.in_sample.row.combination)
            .collect();
        assert_eq!(order, [2, 3, 1], "of equal ones the first");
        let best = &window.ranked[0];
        assert_eq!(best.out_of_sample.unwrap().row.combination, 2);
        assert_eq!(window.ranked[1].out_of_sample, None);
        assert_eq!((window.tries, window.with_sharpe), (3, 3));
        // Sharpe ratios 0.1, 0.2, 0.2: variance 0.02 / 6.
        assert!((window.variance.unwrap() - 0.02 / 6.0).abs() < 1e-12);
        let bar = window.expected_maximum.unwrap();
        assert!((bar - expected_maximum(3, 0.02 / 6.0)).abs() < 1e-15);
        let undeflated = probability(&best.in_sample.figures.returns.unwrap(), 0.0).unwrap();
        assert!(best.deflated.unwrap() < undeflated);
        assert!(best.confirmed.unwrap() < 0.5, "it lost afterwards");
        // By return the order is the same here, by an undefined criterion that of the numbers.
        let by = |criterion| {
            rank(&rows, criterion)[0].ranked[0]
                .in_sample
                .row
                .combination
        };
        assert_eq!((by(Criterion::Return), by(Criterion::ProfitFactor)), (2, 1));
    }

    #[test]
    fn the_chain_is_what_the_choices_earned_afterwards() {
        let rows = [
            row(1, Part::In, 1, 0.2),
            row(1, Part::Out, 1, 0.1),
            row(1, Part::In, 2, 0.1),
            row(1, Part::Out, 2, 0.9),
            row(2, Part::In, 1, 0.1),
            row(2, Part::Out, 1, 0.9),
            row(2, Part::In, 2, 0.2),
            row(2, Part::Out, 2, -0.2),
        ];
        let chain = chain(&rank(&rows, Criterion::Sharpe)).unwrap();
        // +10 %, then -20 %.
        assert!((chain.return_pct.unwrap() + 12.0).abs() < 1e-9);
        assert_eq!((chain.windows, chain.winning, chain.trades), (2, 1, 8));
        assert_eq!(chain.net, Decimal::from_int(10));
        assert_eq!(chain.worst_drawdown_pct, Some(2.0));
        assert!(chain.sharpe.unwrap() < 0.0 && chain.confirmed.unwrap() < 0.5);
        assert_eq!(super::chain(&rank(&rows[..1], Criterion::Sharpe)), None);
    }

    #[test]
    fn tries_without_a_sharpe_ratio_are_tries_all_the_same() {
        let mut flat = row(1, Part::In, 9, 0.0);
        if let Ok(figures) = &mut flat.outcome {
            figures.returns = Some(Moments::of_equal(100, 0.0));
        }
        let rows = [row(1, Part::In, 1, 0.1), row(1, Part::In, 2, 0.2), flat];
        let windows = rank(&rows, Criterion::Sharpe);
        assert_eq!((windows[0].tries, windows[0].with_sharpe), (3, 2));
        assert_eq!(windows[0].ranked[2].in_sample.row.combination, 9);
        assert_eq!(windows[0].ranked[2].deflated, None);
        assert_eq!(windows[0].not_deflated(), None);
    }

    #[test]
    fn fewer_than_two_sharpe_ratios_make_no_bar_and_say_why() {
        let flat = |combination| {
            let mut flat = row(1, Part::In, combination, 0.0);
            if let Ok(figures) = &mut flat.outcome {
                figures.returns = Some(Moments::of_equal(100, 0.0));
            }
            flat
        };
        let why = |rows: &[ResultRow]| {
            let windows = rank(rows, Criterion::Sharpe);
            let window = &windows[0];
            assert_eq!((window.variance, window.expected_maximum), (None, None));
            assert!(window.ranked.iter().all(|ranked| ranked.deflated.is_none()));
            let best = &window.ranked[0];
            assert_eq!(
                best.uncorrected.is_some(),
                best.in_sample.sharpe().is_some()
            );
            window.not_deflated().unwrap()
        };
        let traded = row(1, Part::In, 1, 0.3);
        let one_of_three = why(&[traded.clone(), flat(2), flat(3)]);
        assert!(one_of_three.starts_with("1 of 3 tries"), "{one_of_three}");
        assert!(why(&[traded]).contains("no correction is needed"));
        assert!(why(&[flat(1)]).contains("no Sharpe ratio"));
        assert!(why(&[flat(1), flat(2)]).contains("none of 2 tries"));
    }
}

//! The best of a sweep as text: in-sample and out-of-sample side by side, and what of it is luck.
//!
//! 80 columns where settings are short. Undefined is `-`.

use super::notes;
use super::plan::{Plan, Task};
use super::ranking::{Chain, Criterion, Ranked, Run, WindowRanking, chain, rank};
use super::verdict::{more_than_luck, verdict};
use crate::core::units::Timestamp;
use crate::store::sweep_results::{Part, ResultRow};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What is shown of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Configurations of a window at most.
    pub top: usize,
    pub criterion: Criterion,
}

/// The whole text.
pub fn render(plan: &Plan, rows: &[ResultRow], shown: Shown) -> String {
    let mut text = String::new();
    head(&mut text, plan, rows, shown);
    let windows = rank(rows, shown.criterion);
    if windows.iter().all(|window| window.ranked.is_empty()) {
        text.push_str("\nNothing is done yet.\n");
        return text;
    }
    if windows.len() > 1 || plan.windows.iter().any(|window| window.number > 1) {
        walk_forward(&mut text, plan, &windows);
    } else {
        single(&mut text, &windows[0], shown);
    }
    text.push_str(&notes::lines(rows));
    again(&mut text, plan, &windows);
    text
}

// Writing into a string cannot fail: the results of `writeln!` are left alone in this file.

fn head(text: &mut String, plan: &Plan, rows: &[ResultRow], shown: Shown) {
    let failed = rows.iter().filter(|row| row.outcome.is_err()).count();
    let files: Vec<String> = plan
        .recordings
        .iter()
        .map(|file| {
            let name = file.path.file_name().unwrap_or(file.path.as_os_str());
            name.to_string_lossy().into_owned()
        })
        .collect();
    let _ = writeln!(
        text,
        "Sweep of {} configurations over {}",
        plan.configurations(),
        files.join(", ")
    );
    let _ = writeln!(text, "  data       {} to {}", plan.first, plan.last);
    let _ = writeln!(text, "  division   {}", plan.division);
    let _ = write!(
        text,
        "  tasks      {} of {} done",
        rows.len() - failed,
        plan.tasks.len()
    );
    let _ = writeln!(text, ", {failed} failed");
    let _ = writeln!(
        text,
        "  returns    by {} s, not annualised; Sharpe ratios are theirs",
        plan.period.0 / 1_000_000_000
    );
    let _ = writeln!(text, "  best by    in-sample {}", shown.criterion.name());
    if plan.left_out > 0 {
        let _ = writeln!(
            text,
            "  left out   {} configurations that contradict themselves",
            plan.left_out
        );
    }
    let same = same_as_another(rows);
    if same > 0 {
        let _ = writeln!(
            text,
            "  the same   {same} tasks did exactly what another configuration did"
        );
    }
    for row in rows.iter().filter(|row| row.outcome.is_err()).take(3) {
        if let Err(reason) = &row.outcome {
            let _ = writeln!(text, "  failed     task {}: {reason}", row.task);
        }
    }
}

/// Tasks whose part of a window ended in the state hash of an earlier one.
fn same_as_another(rows: &[ResultRow]) -> usize {
    let mut seen = BTreeSet::new();
    rows.iter()
        .filter_map(|row| Some((row, row.outcome.as_ref().ok()?)))
        .filter(|(row, figures)| !seen.insert((row.window, row.part, &figures.state_hash)))
        .count()
}

fn single(text: &mut String, window: &WindowRanking<'_>, shown: Shown) {
    let both = window.ranked.iter().any(|r| r.out_of_sample.is_some());
    let out = if both { "out-of-sample" } else { "" };
    let _ = writeln!(text, "\n{:>9}{:<38}{out}", "", "in-sample");
    let columns = format!(
        "{:>9} {:>6} {:>8} {:>7}",
        "return %", "trades", "Sharpe", "maxDD %"
    );
    let second = if both {
        format!("  {columns}")
    } else {
        String::new()
    };
    let _ = writeln!(text, "{:>7} {columns} {:>5}{second}", "config", "DSR");
    for ranked in window.ranked.iter().take(shown.top) {
        let second = if both {
            format!("  {}", figures(ranked.out_of_sample.as_ref()))
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "{:>7} {} {:>5}{second}",
            ranked.in_sample.row.combination,
            figures(Some(&ranked.in_sample)),
            ratio(ranked.deflated, 2),
        );
    }
    settings(text, window.ranked.iter().take(shown.top));
    if let Some(best) = window.ranked.first() {
        verdict(text, window, best);
        afterwards(text, best);
    }
}

fn walk_forward(text: &mut String, plan: &Plan, windows: &[WindowRanking<'_>]) {
    let _ = writeln!(text, "\n{:>33}{:<26}out-of-sample", "", "in-sample");
    let columns = format!("{:>9} {:>8}", "return %", "Sharpe");
    let _ = writeln!(
        text,
        "{:>4} {:<20} {:>6} {columns} {:>5} {:>9} {:>6} {:>8}",
        "", "test from", "config", "DSR", "return %", "trades", "Sharpe"
    );
    let mut best_of_all: Vec<Ranked<'_>> = Vec::new();
    for window in windows {
        let Some(best) = window.ranked.first() else {
            continue;
        };
        let from = plan
            .windows
            .iter()
            .find(|w| w.number == window.window && w.part == Part::Out)
            .and_then(|w| w.from);
        let (inside, outside) = (&best.in_sample, best.out_of_sample);
        let out = outside.map(|run| run.figures);
        let trades = out.map_or("-".to_owned(), |figures| figures.trades.to_string());
        let _ = writeln!(
            text,
            "{:>4} {:<20} {:>6} {:>9} {:>8} {:>5} {:>9} {trades:>6} {:>8}",
            window.window,
            second(from),
            inside.row.combination,
            ratio(inside.figures.return_pct, 2),
            ratio(inside.sharpe(), 4),
            ratio(best.deflated, 2),
            ratio(out.and_then(|figures| figures.return_pct), 2),
            ratio(outside.and_then(|run| run.sharpe()), 4),
        );
        let known = |r: &Ranked<'_>| r.in_sample.row.combination == inside.row.combination;
        if !best_of_all.iter().any(known) {
            best_of_all.push(*best);
        }
    }
    settings(text, best_of_all.iter());
    text.push_str(&more_than_luck(windows));
    match chain(windows) {
        Some(chain) => chained(text, &chain),
        None => text.push_str("No test is done yet.\n"),
    }
}

fn chained(text: &mut String, chain: &Chain) {
    let _ = writeln!(
        text,
        "Chosen anew each time and tested on what followed: {} % in {} tests ({} with a gain),\n\
         {} trades, net {}, deepest drawdown within a test {} %, Sharpe ratio {};\n\
         probability that it is truly above 0: {}.",
        ratio(chain.return_pct, 2),
        chain.windows,
        chain.winning,
        chain.trades,
        chain.net.round(2, crate::core::units::Rounding::HalfEven),
        ratio(chain.worst_drawdown_pct, 2),
        ratio(chain.sharpe, 4),
        ratio(chain.confirmed, 2),
    );
}

/// Return, trades, Sharpe ratio and drawdown of a part, 33 columns.
fn figures(run: Option<&Run<'_>>) -> String {
    let of = run.map(|run| run.figures);
    format!(
        "{:>9} {:>6} {:>8} {:>7}",
        ratio(of.and_then(|figures| figures.return_pct), 2),
        of.map_or("-".to_owned(), |figures| figures.trades.to_string()),
        ratio(run.and_then(Run::sharpe), 4),
        ratio(of.and_then(|figures| figures.max_drawdown_pct), 2),
    )
}

fn settings<'a, 'b: 'a>(text: &mut String, ranked: impl Iterator<Item = &'a Ranked<'b>>) {
    text.push('\n');
    for ranked in ranked {
        let row = ranked.in_sample.row;
        let _ = writeln!(text, "{:>7} {}", row.combination, row.settings.join(" "));
    }
}

fn afterwards(text: &mut String, best: &Ranked<'_>) {
    let said = match &best.out_of_sample {
        None => {
            "Nothing was held back: plan with --split or --walk-forward to see what becomes of \
                 it.\n"
                .to_owned()
        }
        Some(run) => format!(
            "Out-of-sample it made {} % in {} trades;\n\
             probability that its Sharpe ratio is truly above 0: {}.\n",
            ratio(run.figures.return_pct, 2),
            run.figures.trades,
            ratio(best.confirmed, 2)
        ),
    };
    text.push_str(&said);
}

/// How to run the best once more.
fn again(text: &mut String, plan: &Plan, windows: &[WindowRanking<'_>]) {
    let Some(best) = windows.iter().find_map(|window| window.ranked.first()) else {
        return;
    };
    let run = best.out_of_sample.unwrap_or(best.in_sample);
    let _ = writeln!(
        text,
        "\nThe same again, ending in the state hash {}:\n  {}",
        run.figures.state_hash,
        command(plan, run.row)
    );
}

/// The command line that replays a row; settings that a file of this machine states come on top.
pub fn command(plan: &Plan, row: &ResultRow) -> String {
    let mut words = vec!["minnow".to_owned(), "replay".to_owned()];
    words.extend(
        plan.recordings
            .iter()
            .map(|file| quoted(&file.path.display().to_string())),
    );
    for (option, time) in [("--from", row.from), ("--to", row.to)] {
        if let Some(time) = time {
            words.extend([option.to_owned(), time.to_string()]);
        }
    }
    let task = plan.tasks.iter().find(|task| task.number == row.task);
    let entries = task.and_then(Task::entries_from);
    for pair in plan.base.iter().chain(&row.settings).chain(&entries) {
        words.extend(["--set".to_owned(), quoted(pair)]);
    }
    words.join(" ")
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/=+:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

pub(super) fn ratio(value: Option<f64>, digits: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
}

/// To the second.
fn second(time: Option<Timestamp>) -> String {
    time.map_or("-".to_owned(), |time| {
        let whole = Timestamp(time.0 - time.0.rem_euclid(1_000_000_000));
        whole.to_string().replace(".000", "")
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::sweep::plan::tests::plan;
    use crate::sweep::ranking::tests::row;

    pub(in crate::sweep) const SHOWN: Shown = Shown {
        top: 2,
        criterion: Criterion::Sharpe,
    };

    #[test]
    fn the_best_stand_first_with_both_parts_and_a_verdict() {
        let mut rows = Vec::new();
        for combination in 1..=5 {
            rows.push(row(1, Part::In, combination, 0.02 * f64::from(combination)));
            rows.push(row(1, Part::Out, combination, -0.05));
        }
        let text = render(&plan(5), &rows, SHOWN);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.len() <= 90), "{text}");
        let place = |start: &str| lines.iter().position(|line| line.starts_with(start));
        assert!(place("      5 ") < place("      4 "), "{text}");
        assert!(
            !text.contains("      3 "),
            "only two were asked for: {text}"
        );
        assert!(text.contains("Best of 5 tries"), "{text}");
        assert!(text.contains("not more than luck explains"), "{text}");
        assert!(text.contains("-5.00 %"), "{text}");
        assert!(!text.contains("exactly what another"), "{text}");
        let twin = ResultRow {
            combination: 6,
            task: 99,
            ..rows[0].clone()
        };
        rows.push(twin);
        let text = render(&plan(6), &rows, SHOWN);
        assert!(text.contains("1 tasks did exactly what another"), "{text}");
        assert!(
            text.contains("--set trading.enable_futures=true --set a.b=5"),
            "{text}"
        );
    }

    #[test]
    fn a_sweep_that_has_not_begun_says_so() {
        let text = render(&plan(5), &[], SHOWN);
        assert!(text.contains("0 of 5 done") && text.contains("Nothing is done yet"));
    }

    #[test]
    fn walk_forward_shows_a_line_a_window_and_the_chain() {
        let rows: Vec<ResultRow> = (1..=3)
            .flat_map(|window| {
                [
                    row(window, Part::In, 1, 0.3),
                    row(window, Part::Out, 1, 0.1),
                    row(window, Part::In, 2, 0.1),
                    row(window, Part::Out, 2, 0.9),
                ]
            })
            .collect();
        let text = render(&plan(2), &rows, SHOWN);
        // 1.1^3 - 1
        assert!(
            text.contains("33.10 % in 3 tests (3 with a gain)"),
            "{text}"
        );
        assert_eq!(
            text.matches("a.b=1").count(),
            2,
            "settings and command: {text}"
        );
    }

    #[test]
    fn words_with_spaces_and_quotes_reach_the_shell_whole() {
        assert_eq!(quoted("a.b=1"), "a.b=1");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}

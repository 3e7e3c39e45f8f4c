//! What of the best of a sweep is luck, in words.
//!
//! Without a bar (`ranking::WindowRanking::not_deflated`) luck is not spoken of: it says why.

use super::ranking::{Ranked, WindowRanking};
use super::table::ratio;
use std::fmt::Write as _;

/// A deflated Sharpe ratio from here on is more than luck explains.
pub const SIGNIFICANT: f64 = 0.95;

// Writing into a string cannot fail: the results of `writeln!` are left alone in this file.

/// Of one window.
pub fn verdict(text: &mut String, window: &WindowRanking<'_>, best: &Ranked<'_>) {
    let Some(bar) = window.expected_maximum else {
        return without_bar(text, window, best);
    };
    let _ = writeln!(
        text,
        "\nBest of {} tries. Luck alone would give the best of so many a Sharpe ratio of {bar:.4};",
        window.tries,
    );
    let said = match best.deflated {
        None => "the best has none that could be held against it.".to_owned(),
        Some(deflated) => format!(
            "the best has {}. Deflated Sharpe ratio {deflated:.2}: {}.",
            ratio(best.in_sample.sharpe(), 4),
            if deflated >= SIGNIFICANT {
                "more than luck explains"
            } else {
                "not more than luck explains"
            }
        ),
    };
    let _ = writeln!(text, "{said}");
}

/// Where it is unknown what luck alone would give the best.
fn without_bar(text: &mut String, window: &WindowRanking<'_>, best: &Ranked<'_>) {
    let why = window.not_deflated().unwrap_or_default();
    if window.tries == 1 && best.uncorrected.is_some() {
        text.push_str(
            "\nOne try: nothing was chosen among several, no correction for luck is needed.\n",
        );
    } else {
        let _ = writeln!(
            text,
            "\nBest of {} tries. No deflated Sharpe ratio can be computed:\n{why}.",
            window.tries
        );
    }
    if best.uncorrected.is_some() {
        let _ = writeln!(
            text,
            "Its Sharpe ratio is {};\nprobability that it is truly above 0{}: {}.",
            ratio(best.in_sample.sharpe(), 4),
            if window.tries == 1 {
                ""
            } else {
                ", the choice not allowed for"
            },
            ratio(best.uncorrected, 2)
        );
    }
}

/// In how many windows the best was more than luck explains, as far as there is a bar to hold it
/// against.
pub fn more_than_luck(windows: &[WindowRanking<'_>]) -> String {
    let barred = || windows.iter().filter(|w| w.expected_maximum.is_some());
    let (with_bar, all) = (barred().count(), windows.len());
    let convincing = barred()
        .filter_map(|window| window.ranked.first()?.deflated)
        .filter(|deflated| *deflated >= SIGNIFICANT)
        .count();
    let tries = windows.iter().map(|window| window.tries).max().unwrap_or(0);
    let mut text = String::new();
    if with_bar > 0 {
        let _ = writeln!(
            text,
            "\nIn {convincing} of {with_bar} windows the best of up to {tries} tries was more than luck \
             explains\n(deflated Sharpe ratio of at least {SIGNIFICANT})."
        );
    }
    if tries == 1 {
        text.push_str(
            "\nOne try in each window: nothing was chosen, no correction for luck is needed.\n",
        );
    } else if with_bar < all {
        let _ = writeln!(
            text,
            "\nIn {} of {all} windows fewer than two tries have a Sharpe ratio: what luck alone\n\
             would give their best is unknown, and no deflated Sharpe ratio can be computed.",
            all - with_bar
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::store::sweep_results::Part;
    use crate::sweep::plan::tests::plan;
    use crate::sweep::ranking::tests::row;
    use crate::sweep::table::render;
    use crate::sweep::table::tests::SHOWN;

    #[test]
    fn without_two_sharpe_ratios_there_is_no_bar_and_no_word_on_luck() {
        let flat = |window, combination| {
            let mut flat = row(window, Part::In, combination, 0.0);
            if let Ok(figures) = &mut flat.outcome {
                figures.returns = None;
            }
            flat
        };
        let one = [row(1, Part::In, 1, 0.4)];
        let text = render(&plan(1), &one, SHOWN);
        assert!(text.contains("no correction for luck is needed"), "{text}");
        assert!(!text.contains("than luck explains"), "{text}");
        let some = [row(1, Part::In, 1, 0.4), flat(1, 2)];
        let text = render(&plan(2), &some, SHOWN);
        assert!(text.contains("No deflated Sharpe ratio can be computed"));
        assert!(text.contains("1 of 2 tries has a Sharpe ratio"), "{text}");
        assert!(!text.contains("than luck explains"), "{text}");
        let json = crate::sweep::json::render(&plan(2), &some, SHOWN);
        let window = &json["windows"][0];
        assert!(window["expected_maximum"].is_null() && window["variance_of_sharpe"].is_null());
        assert!(window["best"][0]["deflated_sharpe"].is_null());
        assert!(window["not_deflated"].is_string());
        let more = [
            row(1, Part::In, 1, 0.4),
            row(1, Part::In, 2, 0.1),
            row(2, Part::In, 1, 0.4),
            flat(2, 2),
        ];
        let text = render(&plan(2), &more, SHOWN);
        assert!(text.contains(" of 1 windows the best of up to 2"), "{text}");
        assert!(text.contains("In 1 of 2 windows fewer than two"), "{text}");
    }
}

//! A chart of bars, one a period; its numbers stand in the table beside it.

use super::axis::{Tick, ValueAxis};
use super::chart::{grid, label_scale, value_scale, value_text};
use super::drawing::{HEIGHT, WIDTH, bars, slots};
use super::markup::Markup;

/// Labels under the bars, about.
const LABELS: usize = 8;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub label: String,
    /// `None` = nothing to draw.
    pub value: Option<f64>,
}

/// The figure.
pub fn bar_chart(id: &'static str, title: &str, unit: &str, all: &[Bar], out: &mut Markup) {
    let values: Vec<Option<f64>> = all.iter().map(|bar| bar.value).collect();
    let known = || values.iter().flatten().copied();
    let axis = ValueAxis::holding(known().chain([0.0]));
    let low = known().all(|v| v >= 0.0).then_some(0.0);
    let high = known().all(|v| v <= 0.0).then_some(0.0);
    let axis = axis.bounded(low, high);
    out.raw("<figure class=\"chart low\"")
        .attribute("id", id)
        .raw(">\n")
        .element("figcaption", &summary(all, unit))
        .raw("<div class=\"frame\">\n");
    value_scale(&axis, out);
    grid(&axis.ticks(), &[], out);
    let (named, described) = (format!("{id}-title"), format!("{id}-desc"));
    out.raw("<svg class=\"plot\" role=\"img\" preserveAspectRatio=\"none\"")
        .attribute("viewBox", &format!("0 0 {WIDTH} {HEIGHT}"))
        .attribute("aria-labelledby", &named)
        .attribute("aria-describedby", &described)
        .raw(">\n<title")
        .attribute("id", &named)
        .raw(">")
        .text(title)
        .raw("</title><desc")
        .attribute("id", &described)
        .raw(">")
        .text(&format!(
            "{} bars; the table below has their values.",
            all.len()
        ))
        .raw("</desc>\n")
        .append(&bars(&values, &axis))
        .raw("</svg>\n");
    label_scale(&labels(all), out);
    out.raw("</div>\n</figure>\n");
}

/// The labels of some bars, at their middles.
fn labels(all: &[Bar]) -> Vec<Tick> {
    let each = all.len().div_ceil(LABELS).max(1);
    let middle = |index: usize| (index as f64 + 0.5) / slots(all.len()) as f64;
    all.iter()
        .enumerate()
        .step_by(each)
        .map(|(index, bar)| Tick {
            fraction: middle(index),
            label: bar.label.clone(),
        })
        .collect()
}

fn summary(all: &[Bar], unit: &str) -> String {
    let known = || all.iter().filter_map(|bar| Some((bar, bar.value?)));
    let by_value = |a: &(&Bar, f64), b: &(&Bar, f64)| a.1.total_cmp(&b.1);
    match (known().max_by(by_value), known().min_by(by_value)) {
        (Some(best), Some(worst)) => format!(
            "Best {}: {}{unit}; worst {}: {}{unit}.",
            best.0.label,
            value_text(best.1, 2),
            worst.0.label,
            value_text(worst.1, 2),
        ),
        _ => "Nothing to draw.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: Option<f64>) -> Bar {
        Bar {
            label: label.to_owned(),
            value,
        }
    }

    #[test]
    fn the_best_and_the_worst_are_told() {
        let all = [bar("a", Some(-1.0)), bar("b", None), bar("c", Some(2.5))];
        assert_eq!(summary(&all, " %"), "Best c: 2.50 %; worst a: -1.00 %.");
        assert_eq!(summary(&[], ""), "Nothing to draw.");
    }

    #[test]
    fn few_labels_of_many_bars() {
        let all: Vec<Bar> = (0..24).map(|n| bar(&n.to_string(), None)).collect();
        let labels: Vec<String> = labels(&all).into_iter().map(|t| t.label).collect();
        assert_eq!(labels, ["0", "3", "6", "9", "12", "15", "18", "21"]);
    }

    #[test]
    fn no_bars_make_a_chart_without_a_wrong_number() {
        let mut out = Markup::new();
        bar_chart("b", "nothing", "", &[], &mut out);
        assert!(!out.as_str().contains("NaN"));
        assert!(out.as_str().contains("Nothing to draw."));
    }
}

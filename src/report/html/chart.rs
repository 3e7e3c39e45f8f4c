//! A chart of values over time as a figure: drawing, scales, legend, and the same in words and
//! numbers.
//!
//! Scales and their labels are apart from the drawing, at percentages of its box, so that they keep
//! their size on every screen. Whoever cannot see the picture has its description, a summary under
//! the heading and a table of some of its points.

use super::axis::{Tick, TimeAxis, ValueAxis};
use super::drawing::{Canvas, HEIGHT, Mark, WIDTH};
use super::markup::Markup;
use super::palette::Role;
use super::table::{Column, Table};
use super::thin::Point;
use crate::core::units::{Span, Timestamp};
use crate::report::figures::{UNDEFINED, count, grouped_text, length, minute};

/// Rows of the table under a chart.
const SAMPLES: usize = 12;
/// Half of a letter of a scale's label, as a fraction of the chart's width on a telephone.
const HALF_LETTER: f64 = 0.012;
/// Values from here on are shown in powers of ten.
const PLAIN_MAX: f64 = 1e12;

/// A named line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: String,
    pub role: Role,
    /// In the order of time.
    pub points: Vec<Point>,
}

/// A closed trade on its price: from the entry to the exit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TradeMark {
    pub entry: Point,
    pub exit: Point,
    /// Long or Short.
    pub side: Role,
    /// Win or Loss.
    pub outcome: Role,
}

/// What is drawn, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    Line(Line),
    /// The area from a low to a high; both of the same times. Without a name it only fills.
    Band {
        name: Option<String>,
        role: Role,
        lows: Vec<Point>,
        highs: Vec<Point>,
    },
    /// A fixed value.
    Level(f64),
    Trades(Vec<TradeMark>),
}

/// How high a chart is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Tall,
    Low,
}

/// Everything about one chart.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeChart {
    /// Unique in the page.
    pub id: String,
    /// What the picture is, in a few words.
    pub title: String,
    /// What it shows, in a sentence or two.
    pub summary: String,
    /// After each value: ` %`, ` USD`.
    pub unit: String,
    /// Decimals of a value where it is read off.
    pub digits: usize,
    pub time: TimeAxis,
    pub value: ValueAxis,
    pub layers: Vec<Layer>,
    pub size: Size,
}

/// A value as text, with its decimals and commas; in powers of ten where it is huge.
pub fn value_text(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return UNDEFINED.to_owned();
    }
    if value.abs() >= PLAIN_MAX {
        return format!("{value:.3e}");
    }
    grouped_text(&format!("{value:.digits$}"))
}

impl TimeChart {
    /// The figure, without a heading.
    pub fn markup(&self) -> Markup {
        let mut out = Markup::new();
        out.raw(match self.size {
            Size::Tall => "<figure class=\"chart\"",
            Size::Low => "<figure class=\"chart low\"",
        });
        out.attribute("id", &self.id)
            .attribute("data-from", &self.time.first().as_millis().to_string())
            .attribute("data-to", &self.time.last().as_millis().to_string())
            .attribute("data-low", &format!("{:e}", self.value.low()))
            .attribute("data-high", &format!("{:e}", self.value.high()))
            .attribute("data-digits", &self.digits.to_string())
            .attribute("data-unit", &self.unit)
            .raw(">\n")
            .element("figcaption", &format!("{}{}", self.summary, self.density()));
        self.legend(&mut out);
        out.raw("<div class=\"frame\">\n");
        value_scale(&self.value, &mut out);
        let times = self.time.ticks();
        grid(&self.value.ticks(), &times, &mut out);
        self.plot(&mut out);
        label_scale(&times, &mut out);
        out.raw("</div>\n");
        self.samples(&mut out);
        out.raw("</figure>\n");
        out
    }

    fn legend(&self, out: &mut Markup) {
        out.raw("<ul class=\"legend\">\n");
        for layer in &self.layers {
            match layer {
                Layer::Line(line) => series_key(&line.name, line.role, KEY_LINE, out),
                Layer::Band {
                    name: Some(name),
                    role,
                    ..
                } => series_key(name, *role, KEY_BAND, out),
                Layer::Band { name: None, .. } | Layer::Level(_) => {}
                Layer::Trades(_) => {
                    for (name, role, shape) in TRADE_KEYS {
                        out.raw("<li>");
                        key(role, shape, out);
                        out.raw(name).raw("</li>\n");
                    }
                }
            }
        }
        out.raw("</ul>\n");
    }

    fn plot(&self, out: &mut Markup) {
        let canvas = Canvas {
            time: self.time,
            value: self.value,
        };
        let (title, described) = (format!("{}-title", self.id), format!("{}-desc", self.id));
        out.raw("<svg class=\"plot\" role=\"img\" preserveAspectRatio=\"none\"")
            .attribute("viewBox", &format!("0 0 {WIDTH} {HEIGHT}"))
            .attribute("aria-labelledby", &title)
            .attribute("aria-describedby", &described)
            .raw(">\n<title")
            .attribute("id", &title)
            .raw(">")
            .text(&self.title)
            .raw("</title><desc")
            .attribute("id", &described)
            .raw(">")
            .text(&self.description())
            .raw("</desc>\n");
        for layer in &self.layers {
            out.raw(match layer {
                Layer::Line(_) => "<g class=\"line\">",
                Layer::Band { name: Some(_), .. } => "<g class=\"band\">",
                _ => "<g>",
            });
            match layer {
                Layer::Line(line) => {
                    out.append(&canvas.line(&line.points, line.role));
                }
                Layer::Band {
                    role, lows, highs, ..
                } => {
                    out.append(&canvas.band(lows, highs, *role));
                }
                Layer::Level(value) => {
                    out.append(&canvas.level(*value, Role::Level));
                }
                Layer::Trades(trades) => draw_trades(&canvas, trades, out),
            }
            out.raw("</g>\n");
        }
        out.raw("</svg>\n");
    }

    /// What the scales span.
    fn description(&self) -> String {
        format!(
            "Time from {} to {} UTC; scale from {} to {}{}.",
            minute(self.time.first()),
            minute(self.time.last()),
            value_text(self.value.low(), self.digits),
            value_text(self.value.high(), self.digits),
            self.unit,
        )
    }

    /// How far apart the points of the lines are: what lies between two of them is not told by them.
    fn density(&self) -> String {
        let apart = |points: &[Point]| {
            let gaps = i64::try_from(points.len()).ok()?.checked_sub(1)?;
            let span = points.last()?.0.since(points.first()?.0);
            Some(Span(span.0.checked_div(gaps)?))
        };
        let all: Vec<Span> = self.series().iter().filter_map(|s| apart(s.1)).collect();
        match (all.iter().min(), all.iter().max()) {
            (Some(least), Some(most)) => {
                let (least, most) = (length(*least), length(*most));
                let between = if least == most {
                    most
                } else {
                    format!("{least} to {most}")
                };
                format!(" Points are {between} apart on average.")
            }
            _ => String::new(),
        }
    }

    /// Some of the points as a table: at even distances the value of each series at that time.
    fn samples(&self, out: &mut Markup) {
        let series = self.series();
        let longest = series.iter().max_by_key(|(_, points)| points.len());
        let Some((_, longest)) = longest.filter(|(_, points)| !points.is_empty()) else {
            return;
        };
        let rows = SAMPLES.min(longest.len());
        let times = (0..rows).map(|row| longest[row * (longest.len() - 1) / (rows - 1).max(1)].0);
        let mut columns = vec![Column::text("time UTC")];
        columns.extend(series.iter().map(|(name, _)| Column::number(name)));
        let caption = format!(
            "{}: {} of {} points",
            self.title,
            rows,
            count(longest.len() as u64)
        );
        let mut table = Table::new(&caption, columns);
        for time in times {
            let mut cells = vec![minute(time)];
            cells.extend(series.iter().map(|(_, points)| match at(points, time) {
                Some(value) => value_text(value, self.digits),
                None => UNDEFINED.to_owned(),
            }));
            table.row(cells);
        }
        out.raw("<details><summary>Values of the chart \u{201c}")
            .text(&self.title)
            .raw("\u{201d}</summary>\n");
        table.write(out);
        out.raw("</details>\n");
    }

    fn series(&self) -> Vec<(String, &[Point])> {
        let mut series: Vec<(String, &[Point])> = Vec::new();
        for layer in &self.layers {
            match layer {
                Layer::Line(line) => series.push((line.name.clone(), &line.points)),
                Layer::Band {
                    name: Some(name),
                    lows,
                    highs,
                    ..
                } => {
                    series.push((format!("{name}: low"), lows));
                    series.push((format!("{name}: high"), highs));
                }
                Layer::Band { name: None, .. } | Layer::Level(_) | Layer::Trades(_) => {}
            }
        }
        series
    }
}

/// The last value at or before a time.
fn at(points: &[Point], time: Timestamp) -> Option<f64> {
    let after = points.partition_point(|(t, _)| *t <= time);
    Some(points.get(after.checked_sub(1)?)?.1)
}

fn draw_trades(canvas: &Canvas, trades: &[TradeMark], out: &mut Markup) {
    for trade in trades {
        out.append(&canvas.stretch(trade.entry, trade.exit, trade.outcome));
    }
    for trade in trades {
        out.append(&canvas.mark(trade.entry, Mark::Entry(trade.side)))
            .append(&canvas.mark(trade.exit, Mark::Exit(trade.outcome)));
    }
}

const KEY_LINE: &str = "d=\"M1 6H21\"/>";
const KEY_BAND: &str = "d=\"M1 1H21V11H1Z\"/>";
const KEY_DOT: &str = "d=\"M11 2.5a3.5 3.5 0 1 0 .01 0z\"/>";
const KEY_SQUARE: &str = "d=\"M7.5 2.5h7v7h-7z\"/>";
const KEY_RING: &str = "fill=\"none\" d=\"M11 2.5a3.5 3.5 0 1 0 .01 0z\"/>";
const TRADE_KEYS: [(&str, Role, &str); 4] = [
    ("long entry", Role::Long, KEY_DOT),
    ("short entry", Role::Short, KEY_SQUARE),
    ("exit with gain", Role::Win, KEY_RING),
    ("exit with loss", Role::Loss, KEY_RING),
];

fn series_key(name: &str, role: Role, shape: &'static str, out: &mut Markup) {
    out.raw("<li>");
    key(role, shape, out);
    out.text(name).raw(" <output></output></li>\n");
}

fn key(role: Role, shape: &'static str, out: &mut Markup) {
    let filled = shape != KEY_LINE && shape != KEY_RING;
    out.raw("<svg class=\"key\" viewBox=\"0 0 22 12\" aria-hidden=\"true\"><path class=\"s-")
        .raw(role.name());
    if filled {
        out.raw(" f-").raw(role.name());
    }
    out.raw("\" ").raw(shape).raw("</svg>");
}

/// Labels of the values at the left; as wide as the longest needs.
pub(super) fn value_scale(axis: &ValueAxis, out: &mut Markup) {
    let ticks = axis.ticks();
    let longest = ticks.iter().map(|t| t.label.len()).max().unwrap_or(0);
    out.raw("<svg class=\"y\" aria-hidden=\"true\"")
        .attribute("width", &(7 * longest + 10).max(62).to_string())
        .raw(">");
    for tick in &ticks {
        out.raw("<text x=\"100%\" dx=\"-6\" dy=\".35em\" text-anchor=\"end\"")
            .attribute("y", &percent(1.0 - tick.fraction))
            .raw(">")
            .text(&tick.label)
            .raw("</text>");
    }
    out.raw("</svg>\n");
}

/// Lines at the ticks of both axes.
pub(super) fn grid(values: &[Tick], times: &[Tick], out: &mut Markup) {
    out.raw("<svg class=\"grid\" aria-hidden=\"true\">");
    for tick in values {
        let y = percent(1.0 - tick.fraction);
        out.raw("<line x1=\"0\" x2=\"100%\"")
            .attribute("y1", &y)
            .attribute("y2", &y)
            .raw("/>");
    }
    for tick in times {
        let x = percent(tick.fraction);
        out.raw("<line y1=\"0\" y2=\"100%\"")
            .attribute("x1", &x)
            .attribute("x2", &x)
            .raw("/>");
    }
    out.raw("</svg>\n");
}

/// Labels under the drawing; of every second the style may leave out on narrow screens.
pub(super) fn label_scale(ticks: &[Tick], out: &mut Markup) {
    out.raw("<svg class=\"x\" aria-hidden=\"true\">");
    for (index, tick) in ticks.iter().enumerate() {
        // What would reach over an edge is cut off there.
        let half = HALF_LETTER * tick.label.chars().count() as f64;
        let anchor = if tick.fraction < half {
            "start"
        } else if tick.fraction > 1.0 - half {
            "end"
        } else {
            "middle"
        };
        out.raw("<text y=\"1.2em\"")
            .attribute("x", &percent(tick.fraction))
            .attribute("text-anchor", anchor);
        if index % 2 == 1 {
            out.raw(" class=\"odd\"");
        }
        out.raw(">").text(&tick.label).raw("</text>");
    }
    out.raw("</svg>\n");
}

fn percent(fraction: f64) -> String {
    format!("{:.2}%", 100.0 * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_says_how_far_apart_its_points_are() {
        let every = |seconds: i64| -> Vec<Point> {
            (0..11)
                .map(|n| (Timestamp(n * seconds * 1_000_000_000), n as f64))
                .collect()
        };
        let line = |points: Vec<Point>| {
            Layer::Line(Line {
                name: "close".into(),
                role: Role::Price,
                points,
            })
        };
        let mut chart = TimeChart {
            id: "c".into(),
            title: "Price".into(),
            summary: "Up.".into(),
            unit: String::new(),
            digits: 2,
            time: TimeAxis::new(Timestamp(0), Timestamp(9_000_000_000)),
            value: ValueAxis::holding([0.0, 10.0].into_iter()),
            layers: vec![line(every(720))],
            size: Size::Low,
        };
        let said = |chart: &TimeChart| chart.markup().as_str().to_owned();
        let caption = "<figcaption>Up. Points are 12 min apart on average.</figcaption>";
        assert!(said(&chart).contains(caption), "{}", said(&chart));
        chart.layers.push(line(every(60)));
        assert!(said(&chart).contains("are 60 s to 12 min apart"));
        chart.layers = vec![line(every(60)[..1].to_vec())];
        assert!(said(&chart).contains("<figcaption>Up.</figcaption>"));
    }

    #[test]
    fn a_label_near_an_edge_stays_within_the_width_of_a_telephone() {
        let anchor = |fraction: f64, label: &str| {
            let mut out = Markup::default();
            let label = label.to_owned();
            label_scale(&[Tick { fraction, label }], &mut out);
            let (_, after) = out.as_str().split_once("text-anchor=\"").unwrap();
            after.split('"').next().unwrap().to_owned()
        };
        let date = "2018-01-03";
        for (fraction, expected) in [(0.1, "start"), (0.5, "middle"), (0.9, "end")] {
            assert_eq!(anchor(fraction, date), expected);
        }
        assert_eq!(anchor(0.06, "Mon"), "middle");
        assert_eq!(anchor(0.94, "Mon"), "middle");
    }

    #[test]
    fn a_value_read_off_stands_beside_the_time_of_its_point() {
        let script = include_str!("script.js");
        assert!(script.contains("at ${chart.when(points[0], x)}"));
        assert!(script.contains("last points until"));
    }
}

//! The inside of a chart as SVG elements, drawn by `plotters`; the only file that names its parts.
//!
//! Everything is drawn on one canvas of [`WIDTH`] by [`HEIGHT`] units that the page stretches to its
//! place. The units are so fine that a value can be read back from the drawing: the readout under
//! the pointer does. Text is not drawn here: it would be stretched.

use super::axis::{TimeAxis, ValueAxis};
use super::markup::Markup;
use super::palette::{Role, as_classes};
use super::thin::Point;
use crate::core::units::Timestamp;
use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};
use plotters::drawing::IntoDrawingArea;
use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::series::LineSeries;
use plotters::style::{Color, ShapeStyle};
use std::ops::Range;

/// Units of the canvas.
pub const WIDTH: u32 = 100_000;
pub const HEIGHT: u32 = 1_000_000;

/// Strokes, in pixels of the screen: the page does not stretch them.
const LINE: u32 = 2;
const HAIRLINE: u32 = 1;
const MARK: u32 = 9;
const MARK_INSIDE: u32 = 4;

/// An axis in the drawing crate's terms: fractions of the canvas.
#[derive(Clone)]
struct Fraction;

impl Ranged for Fraction {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let extent = f64::from(limit.1) - f64::from(limit.0);
        limit.0 + (extent * value.clamp(0.0, 1.0)).round() as i32
    }

    /// Ticks and their labels belong to the page, which places them anew when it is zoomed.
    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        Vec::new()
    }

    fn range(&self) -> Range<f64> {
        0.0..1.0
    }
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Fraction, Fraction>>;

/// What a mark on a price stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Filled.
    Entry(Role),
    /// Hollow.
    Exit(Role),
}

/// Draws on one canvas.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    pub time: TimeAxis,
    pub value: ValueAxis,
}

impl Canvas {
    fn at(&self, time: Timestamp, value: f64) -> (f64, f64) {
        (self.time.fraction(time), self.value.fraction(value))
    }

    /// One line through all points; a single point is a short stroke.
    pub fn line(&self, points: &[Point], role: Role) -> Markup {
        let mut path: Vec<_> = points.iter().map(|(t, v)| self.at(*t, *v)).collect();
        if let [(x, y)] = path[..] {
            path = vec![((x - 0.001).max(0.0), y), ((x + 0.001).min(1.0), y)];
        }
        draw(|chart| {
            if !path.is_empty() {
                let series = LineSeries::new(path.iter().copied(), stroke(role, LINE));
                chart.draw_series(series)?;
            }
            Ok(())
        })
    }

    /// A horizontal line over the whole width.
    pub fn level(&self, value: f64, role: Role) -> Markup {
        let y = self.value.fraction(value);
        draw(|chart| {
            let path = PathElement::new(vec![(0.0, y), (1.0, y)], stroke(role, HAIRLINE));
            chart.draw_series([path])?;
            Ok(())
        })
    }

    /// The area between two series of the same times.
    pub fn band(&self, lows: &[Point], highs: &[Point], role: Role) -> Markup {
        let outline: Vec<_> = highs
            .iter()
            .chain(lows.iter().rev())
            .map(|(t, v)| self.at(*t, *v))
            .collect();
        draw(|chart| {
            if outline.len() > 2 {
                let style = role.colour().filled();
                chart.draw_series([Polygon::new(outline.clone(), style)])?;
            }
            Ok(())
        })
    }

    /// A straight stretch from one point to another.
    pub fn stretch(&self, from: Point, to: Point, role: Role) -> Markup {
        let path = vec![self.at(from.0, from.1), self.at(to.0, to.1)];
        draw(|chart| {
            let path = PathElement::new(path.clone(), stroke(role, HAIRLINE));
            chart.draw_series([path])?;
            Ok(())
        })
    }

    /// A dot or square (the style gives a role its shape) that keeps its size when stretched.
    pub fn mark(&self, at: Point, mark: Mark) -> Markup {
        let (x, y) = self.at(at.0, at.1);
        // Two units long: some renderers leave out strokes without length.
        let end = (x + 2.0 / f64::from(WIDTH)).min(1.0);
        let path = vec![(end - 2.0 / f64::from(WIDTH), y), (end, y)];
        let dot = |role, width| PathElement::new(path.clone(), stroke(role, width));
        draw(|chart| {
            match mark {
                Mark::Entry(role) => chart.draw_series([dot(role, MARK)])?,
                Mark::Exit(role) => {
                    chart.draw_series([dot(role, MARK), dot(Role::Hollow, MARK_INSIDE)])?
                }
            };
            Ok(())
        })
    }
}

/// Bars that a chart has room for: a few do not become walls.
pub fn slots(bars: usize) -> usize {
    bars.max(6)
}

/// Upright bars from zero, one a value in even distances; gains and losses by their roles.
pub fn bars(values: &[Option<f64>], axis: &ValueAxis) -> Markup {
    let zero = axis.fraction(0.0);
    let share = 1.0 / slots(values.len()) as f64;
    draw(|chart| {
        for (index, value) in values.iter().enumerate() {
            let Some(value) = value.filter(|v| v.is_finite()) else {
                continue;
            };
            let left = (index as f64 + 0.15) * share;
            let role = if value < 0.0 { Role::Loss } else { Role::Win };
            let corners = [(left, axis.fraction(value)), (left + 0.7 * share, zero)];
            chart.draw_series([Rectangle::new(corners, role.colour().filled())])?;
        }
        Ok(())
    })
}

fn stroke(role: Role, width: u32) -> ShapeStyle {
    role.colour().stroke_width(width)
}

type Failure<'b> = plotters::drawing::DrawingAreaErrorKind<
    <SVGBackend<'b> as plotters::backend::DrawingBackend>::ErrorType,
>;

/// What `content` draws, as elements without the document around them.
fn draw(content: impl for<'a, 'b> Fn(&mut Chart<'a, 'b>) -> Result<(), Failure<'b>>) -> Markup {
    let mut document = String::new();
    {
        // The last place of a canvas is its size less one.
        let size = (WIDTH + 1, HEIGHT + 1);
        let area = SVGBackend::with_string(&mut document, size).into_drawing_area();
        let drawn = ChartBuilder::on(&area)
            .build_cartesian_2d(Fraction, Fraction)
            .and_then(|mut chart| content(&mut chart))
            .and_then(|()| area.present());
        drawn.expect("drawing into a string cannot fail");
    }
    let start = document.find('>').map_or(0, |at| at + 1);
    let end = document.rfind("</svg>").unwrap_or(document.len());
    let elements = document.get(start..end).unwrap_or_default();
    Markup::drawn(as_classes(elements.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> Canvas {
        Canvas {
            time: TimeAxis::new(Timestamp(0), Timestamp(100_000_000_000)),
            value: ValueAxis::holding([0.0, 100.0].into_iter()).bounded(Some(0.0), Some(100.0)),
        }
    }

    fn at(second: i64, value: f64) -> Point {
        (Timestamp(second * 1_000_000_000), value)
    }

    #[test]
    fn a_line_goes_through_its_points_with_the_highest_value_on_top() {
        let line = canvas().line(&[at(0, 0.0), at(50, 25.0), at(100, 100.0)], Role::Equity);
        assert_eq!(
            line.as_str(),
            "<polyline class=\"s-equity\" stroke-width=\"2\" points=\"0,1000000 50000,750000 100000,0\"/>"
        );
    }

    #[test]
    fn an_area_goes_along_the_highs_and_back_along_the_lows() {
        let lows = [at(0, 10.0), at(100, 20.0)];
        let highs = [at(0, 30.0), at(100, 40.0)];
        let band = canvas().band(&lows, &highs, Role::Range);
        assert_eq!(
            band.as_str(),
            "<polygon class=\"f-range\" points=\"0,700000 100000,600000 100000,800000 0,900000\"/>"
        );
    }

    #[test]
    fn a_level_a_single_point_and_nothing_can_be_drawn() {
        let level = canvas().level(70.0, Role::Level);
        assert!(level.as_str().contains("points=\"0,300000 100000,300000\""));
        let point = canvas().line(&[at(50, 50.0)], Role::First);
        assert!(point.as_str().contains("49900,500000 50100,500000"));
        assert!(canvas().line(&[], Role::First).is_empty());
        assert!(canvas().band(&[], &[], Role::Range).is_empty());
        assert!(bars(&[], &canvas().value).is_empty());
    }

    #[test]
    fn an_entry_is_filled_and_an_exit_is_hollow() {
        let entry = canvas().mark(at(50, 50.0), Mark::Entry(Role::Long));
        assert_eq!(entry.as_str().matches("<polyline").count(), 1);
        let exit = canvas().mark(at(100, 50.0), Mark::Exit(Role::Win));
        assert!(
            exit.as_str()
                .contains("class=\"s-hollow\" stroke-width=\"4\"")
        );
        assert!(exit.as_str().contains("99998,500000 100000,500000"));
    }

    #[test]
    fn bars_stand_on_zero_or_hang_from_it() {
        let axis =
            ValueAxis::holding([-100.0, 100.0].into_iter()).bounded(Some(-100.0), Some(100.0));
        let drawn = bars(&[Some(50.0), None, Some(-50.0), Some(f64::NAN)], &axis);
        let expected =
            "<rect x=\"2500\" y=\"250000\" width=\"11667\" height=\"250000\" class=\"f-win\"/>";
        assert!(drawn.as_str().contains(expected), "{}", drawn.as_str());
        assert_eq!(drawn.as_str().matches("f-loss").count(), 1);
        assert!(!drawn.as_str().contains("NaN"));
    }

    #[test]
    fn no_colour_is_left_in_a_drawing() {
        for role in Role::ALL {
            assert!(
                !canvas()
                    .line(&[at(0, 1.0), at(9, 2.0)], role)
                    .as_str()
                    .contains('#')
            );
        }
    }
}

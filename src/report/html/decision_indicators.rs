//! Indicators as the ledger keeps them: at stored decisions only.
//!
//! What is shown of a run whose recording is gone. Between two decisions nothing is known; the page
//! says so. Values that are no finite numbers are left out, whatever a ledger holds.

use super::indicator_names::{Kind, in_order};
use super::indicator_series::{IndicatorSeries, NAMES_MAX, SymbolIndicators};
use crate::core::units::Timestamp;
use crate::store::ledger::read_charts::StoredIndicators;
use serde_json::{Map, Value};

/// Decisions taken, at even distances.
pub const DECISIONS: usize = 600;

/// By symbol in the given order, what decides first, then values in alphabetical order, then marks by
/// how often they were; times ascend.
pub fn of_decisions(decisions: &[StoredIndicators], symbols: &[&str]) -> Vec<SymbolIndicators> {
    symbols
        .iter()
        .map(|symbol| {
            let mut found = SymbolIndicators {
                symbol: (*symbol).to_owned(),
                series: Vec::new(),
                left_out: Vec::new(),
            };
            let own = || decisions.iter().filter(|d| d.symbol == *symbol);
            for decision in own() {
                take(decision, &mut found);
            }
            let times: Vec<Timestamp> = own().map(|decision| decision.candle).collect();
            for series in found.series.iter_mut().filter(|s| s.told.is_some()) {
                fill(series, &times);
            }
            found.left_out.sort();
            found.series.sort_by(|a, b| a.name.cmp(&b.name));
            in_order(&mut found.series);
            found
        })
        .collect()
}

fn take(decision: &StoredIndicators, found: &mut SymbolIndicators) {
    let values: Map<String, Value> = serde_json::from_str(&decision.values).unwrap_or_default();
    let close = decision.price.to_f64();
    for (name, value) in values {
        let Some(value) = value.as_f64().filter(|v| v.is_finite()) else {
            continue;
        };
        let index = match found.series.iter().position(|s| s.name == name) {
            Some(index) => index,
            None if has_room(found, Kind::of(&name)) => {
                let is_mark = Kind::of(&name).is_mark();
                found.series.push(IndicatorSeries {
                    name,
                    points: Vec::new(),
                    near_price: !is_mark,
                    told: is_mark.then_some(0),
                    acted: 0,
                });
                found.series.len() - 1
            }
            None => {
                // Names come from outside: what is told of them is bounded too.
                if found.left_out.len() < NAMES_MAX && !found.left_out.contains(&name) {
                    found.left_out.push(name);
                }
                continue;
            }
        };
        push(&mut found.series[index], decision.candle, value, close);
    }
}

fn push(series: &mut IndicatorSeries, time: Timestamp, value: f64, close: f64) {
    series.near_price &= value >= 0.5 * close && value <= 2.0 * close;
    if series.points.last().is_none_or(|last| last.0 < time) {
        series.points.push((time, value));
        if let Some(told) = &mut series.told {
            *told += 1;
        }
    }
}

/// Whether another value, or another mark, finds a place.
fn has_room(found: &SymbolIndicators, kind: Kind) -> bool {
    let alike = |s: &&IndicatorSeries| s.told.is_some() == kind.is_mark();
    found.series.iter().filter(alike).count() < NAMES_MAX
}

/// Makes a mark 0 at the decisions that did not tell it; both ascend.
fn fill(series: &mut IndicatorSeries, times: &[Timestamp]) {
    let mut told = std::mem::take(&mut series.points).into_iter().peekable();
    for time in times {
        let here = told.next_if(|point| point.0 == *time);
        if series.points.last().is_none_or(|last| last.0 < *time) {
            series.points.push(here.unwrap_or((*time, 0.0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Decimal;

    fn decision(symbol: &str, second: i64, values: &str) -> StoredIndicators {
        StoredIndicators {
            symbol: symbol.to_owned(),
            candle: Timestamp(second * 1_000_000_000),
            price: Decimal::from_int(100),
            values: values.to_owned(),
        }
    }

    #[test]
    fn a_mark_is_0_at_the_decisions_that_do_not_tell_it() {
        let decisions = [
            decision("A", 1, "{\"rsi\":20}"),
            decision("A", 2, "{\"rsi\":20,\"gold_buy\":1}"),
            decision("A", 3, "{\"rsi\":30,\"combined\":1}"),
        ];
        let found = &of_decisions(&decisions, &["A"])[0];
        let names: Vec<&str> = found.series.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["combined", "rsi", "gold_buy"]);
        let values: Vec<f64> = found.series[2].points.iter().map(|p| p.1).collect();
        assert_eq!(values, [0.0, 1.0, 0.0]);
        assert_eq!(found.series[2].told, Some(1));
    }

    #[test]
    fn values_come_by_symbol_and_name_in_the_order_of_time() {
        let decisions = [
            decision("A", 1, "{\"sma\":101.5,\"rsi\":20}"),
            decision("B", 2, "{\"rsi\":70}"),
            decision("A", 3, "{\"rsi\":30,\"sma\":null}"),
            decision("A", 3, "{\"rsi\":31}"),
            decision("A", 4, "no JSON"),
        ];
        let found = of_decisions(&decisions, &["A", "B"]);
        let at = |second: i64, value: f64| (Timestamp(second * 1_000_000_000), value);
        assert_eq!(found[0].series[0].name, "rsi");
        assert_eq!(found[0].series[0].points, [at(1, 20.0), at(3, 30.0)]);
        assert!(!found[0].series[0].near_price);
        assert_eq!(found[0].series[1].points, [at(1, 101.5)]);
        assert!(found[0].series[1].near_price);
        assert_eq!(found[1].series.len(), 1);
    }
}

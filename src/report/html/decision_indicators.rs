//! Indicators as the ledger keeps them: at stored decisions only.
//!
//! What is shown of a run whose recording is gone. Between two decisions nothing is known; the page
//! says so. Values that are no finite numbers are left out, whatever a ledger holds.

use super::indicator_series::{IndicatorSeries, NAMES_MAX, SymbolIndicators};
use crate::core::units::Timestamp;
use crate::store::ledger::read_charts::StoredIndicators;
use serde_json::{Map, Value};

/// Decisions taken, at even distances.
pub const DECISIONS: usize = 600;

/// By symbol in the given order, names in alphabetical order; times ascend.
pub fn of_decisions(decisions: &[StoredIndicators], symbols: &[&str]) -> Vec<SymbolIndicators> {
    symbols
        .iter()
        .map(|symbol| {
            let mut found = SymbolIndicators {
                symbol: (*symbol).to_owned(),
                series: Vec::new(),
                left_out: 0,
            };
            for decision in decisions.iter().filter(|d| d.symbol == *symbol) {
                take(decision, &mut found);
            }
            found.series.sort_by(|a, b| a.name.cmp(&b.name));
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
            None if found.series.len() < NAMES_MAX => {
                found.series.push(IndicatorSeries {
                    name,
                    points: Vec::new(),
                    near_price: true,
                });
                found.series.len() - 1
            }
            None => continue,
        };
        push(&mut found.series[index], decision.candle, value, close);
    }
}

fn push(series: &mut IndicatorSeries, time: Timestamp, value: f64, close: f64) {
    series.near_price &= value >= 0.5 * close && value <= 2.0 * close;
    if series.points.last().is_none_or(|last| last.0 < time) {
        series.points.push((time, value));
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

//! Every row of a sweep as CSV: one line a task, in the order of the plan.
//!
//! The swept settings have a column each. Undefined is empty. Times are RFC 3339; ratios have as many
//! digits as tell doubles apart.

use super::deflated::probability;
use super::plan::Plan;
use super::ranking::{Criterion, rank};
use crate::store::sweep_results::ResultRow;
use std::collections::BTreeMap;
use std::io::Write;

/// The columns of every version; newer ones follow behind.
const FIRST_COLUMNS: usize = 28;

const COLUMNS: [&str; 29] = [
    "task",
    "configuration",
    "window",
    "part",
    "replay_from",
    "replay_to",
    "failure",
    "fingerprint",
    "state_hash",
    "inputs",
    "trades",
    "wins",
    "win_rate_pct",
    "profit_factor",
    "net",
    "fees",
    "slippage",
    "return_pct",
    "max_drawdown_pct",
    "exposure_pct",
    "sharpe_daily",
    "returns",
    "sharpe_period",
    "skewness",
    "kurtosis",
    "probability_above_0",
    "deflated_sharpe",
    "elapsed_us",
    "notes",
];

/// Bytes of the columns that every table has.
pub const HEADING_MAX: u64 = 1024;

/// Whether a text begins as [`write`] begins a table.
pub fn is_table(start: &[u8]) -> bool {
    start.starts_with(COLUMNS[..FIRST_COLUMNS].join(",").as_bytes())
}

/// Writes a header and a line a row.
///
/// # Errors
/// The writer's.
pub fn write(out: impl Write, plan: &Plan, rows: &[ResultRow]) -> std::io::Result<()> {
    let deflated: BTreeMap<u32, f64> = rank(rows, Criterion::Sharpe)
        .iter()
        .flat_map(|window| &window.ranked)
        .filter_map(|ranked| Some((ranked.in_sample.row.task, ranked.deflated?)))
        .collect();
    let mut writer = csv::Writer::from_writer(out);
    let keys = plan.keys.iter().map(String::as_str);
    writer.write_record(COLUMNS.into_iter().chain(keys))?;
    for row in rows {
        let values = row.settings.iter().map(|pair| {
            let value = pair.split_once('=').map_or("", |(_, value)| value);
            value.to_owned()
        });
        let record = columns(row, deflated.get(&row.task).copied());
        writer.write_record(record.into_iter().chain(values))?;
    }
    writer.flush()
}

fn columns(row: &ResultRow, deflated: Option<f64>) -> Vec<String> {
    let ratio = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let time = |time: Option<crate::core::units::Timestamp>| {
        time.map_or(String::new(), |time| time.to_string())
    };
    let mut record = vec![
        row.task.to_string(),
        row.combination.to_string(),
        row.window.to_string(),
        row.part.name().to_owned(),
        time(row.from),
        time(row.to),
    ];
    match &row.outcome {
        Err(reason) => record.push(reason.clone()),
        Ok(figures) => {
            let returns = figures.returns;
            record.extend([
                String::new(),
                figures.fingerprint.clone(),
                figures.state_hash.clone(),
                figures.inputs.to_string(),
                figures.trades.to_string(),
                figures.wins.to_string(),
                ratio(figures.win_rate_pct),
                ratio(figures.profit_factor),
                figures.net.to_string(),
                figures.fees.to_string(),
                figures.slippage.to_string(),
                ratio(figures.return_pct),
                ratio(figures.max_drawdown_pct),
                ratio(figures.exposure_pct),
                ratio(figures.sharpe),
                returns.map_or(String::new(), |returns| returns.n.to_string()),
                ratio(returns.and_then(|returns| returns.sharpe())),
                ratio(returns.and_then(|returns| returns.skewness())),
                ratio(returns.and_then(|returns| returns.kurtosis())),
                ratio(returns.and_then(|returns| probability(&returns, 0.0))),
                ratio(deflated),
                figures.elapsed_us.to_string(),
                figures.notes.join("; "),
            ]);
        }
    }
    record.resize(COLUMNS.len(), String::new());
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sweep_results::Part;
    use crate::sweep::plan::tests::plan;
    use crate::sweep::ranking::tests::row;

    #[test]
    fn every_line_has_every_column_and_settings_have_their_own() {
        let mut first = row(1, Part::In, 1, 0.1);
        if let Ok(figures) = &mut first.outcome {
            figures.notes = vec!["280 candles were left out".into()];
        }
        let rows = [
            first,
            ResultRow {
                outcome: Err("its process ended by signal 9".into()),
                ..row(1, Part::In, 2, 0.2)
            },
            row(1, Part::Out, 1, 0.1),
            row(1, Part::In, 3, 0.3),
        ];
        let mut text = Vec::new();
        write(&mut text, &plan(2), &rows).unwrap();
        assert!(is_table(&text[..text.len().min(HEADING_MAX as usize)]));
        assert!(!is_table(b"task,configuration\n"));
        let mut reader = csv::Reader::from_reader(&text[..]);
        let header = reader.headers().unwrap().clone();
        let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(lines.len(), 4);
        let value = |line: usize, name: &str| {
            let place = header.iter().position(|column| column == name).unwrap();
            lines[line].get(place).unwrap().to_owned()
        };
        assert_eq!(value(0, "strategy.momentum.lookback"), "1");
        assert_eq!(value(1, "failure"), "its process ended by signal 9");
        assert_eq!(
            (value(1, "trades"), value(1, "strategy.momentum.lookback")),
            (String::new(), "2".into())
        );
        assert_eq!(value(0, "notes"), "280 candles were left out");
        assert_eq!(value(1, "notes"), "");
        assert_eq!(value(0, "kurtosis").parse::<f64>().unwrap().round(), 1.0);
        assert!(!value(0, "deflated_sharpe").is_empty());
        assert!(
            value(2, "deflated_sharpe").is_empty(),
            "nothing was chosen by it"
        );
    }
}

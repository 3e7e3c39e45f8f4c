//! Where the result comes from: the split of the profit, whether it is more than luck, what the
//! market did after the fills.

use super::markup::Markup;
use super::table::{Column, Table};
use crate::core::units::Decimal;
use crate::report::figures::{UNDEFINED, count, grouped_text, money, percent, ratio};
use crate::report::luck::Luck;
use crate::report::markouts::{MarkoutSum, Markouts};
use crate::report::profit_split::ProfitSplit;

/// Sum of the parts, line by line; amounts with every digit.
pub fn profit_split(split: &ProfitSplit, currency: &str, out: &mut Markup) {
    let caption = format!(
        "Net profit of {} closed trades ({} fills) in its parts, {currency}",
        count(split.trades),
        count(split.fills)
    );
    let columns = vec![Column::text("part"), Column::signed("amount")];
    let mut table = Table::new(&caption, columns);
    let mut add = |name: &str, value: Decimal| table.row([name.to_owned(), exact(value)]);
    add("price movement from entry to exit", split.movement);
    add("slippage", negative(split.slippage));
    add("fees", negative(split.fees));
    add("funding", split.funding);
    add("insurance given back", split.insurance);
    add("rounding", split.rounding);
    add("net", split.net);
    add("unexplained by the fills", split.residual);
    table.write(out);
    let unrealised = split.unrealised.map_or(UNDEFINED.to_owned(), exact);
    out.element(
        "p",
        &format!(
            "Not in it: {unrealised} {currency} unrealised in open positions, {} {currency} of fees paid for them.",
            exact(split.open_fees)
        ),
    );
    if split.carried_trades > 0 {
        out.element(
            "p",
            &format!(
                "{} trades that were entered before the ledger begins are not split; their net is {} {currency}.",
                count(split.carried_trades),
                exact(split.carried_net)
            ),
        );
    }
}

fn negative(value: Decimal) -> Decimal {
    Decimal::ZERO.checked_sub(value).unwrap_or(value)
}

fn exact(value: Decimal) -> String {
    grouped_text(&value.to_string())
}

/// Interval and random runs, with what they mean in words.
pub fn luck(luck: &Luck, out: &mut Markup) {
    out.element("p", &sentence(&luck.verdict));
    let columns = vec![
        Column::text("net return a trade, % of margin"),
        Column::signed("mean"),
        Column::signed("from"),
        Column::signed("to"),
    ];
    let mut table = Table::new("This run beside chance", columns);
    let bounds = luck.interval.map(|i| (i.low_pct, i.high_pct));
    table.row([
        format!("this run, {} trades", count(luck.trades)),
        percent(luck.mean_pct),
        percent(bounds.map(|b| b.0)),
        percent(bounds.map(|b| b.1)),
    ]);
    if let Some(random) = &luck.random {
        table.row([
            format!("{} random runs", count(random.runs)),
            percent(Some(random.mean_pct)),
            percent(Some(random.low_pct)),
            percent(Some(random.high_pct)),
        ]);
    }
    table.write(out);
    if let Some(interval) = &luck.interval {
        out.element(
            "p",
            &format!(
                "From and to are a 95 % interval: for this run of {} resamples in blocks of {} trades on average.",
                count(interval.resamples),
                interval.block
            ),
        );
    }
    if let Some(random) = &luck.random {
        out.element(
            "p",
            &format!(
                "{} of {} random runs with the same sides, holding times and fees, without slippage, were at least as good as this run before slippage ({}).",
                count(random.at_least_as_good),
                count(random.runs),
                percent(Some(random.before_slippage_pct))
            ),
        );
    }
    out.element("p", &format!("Seed {}.", luck.seed));
}

/// A phrase as a sentence.
fn sentence(phrase: &str) -> String {
    let mut letters = phrase.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// A row a horizon for all fills, entries and exits.
pub fn markouts(markouts: &Markouts, currency: &str, out: &mut Markup) {
    let columns = vec![
        Column::text("after"),
        Column::text("fills"),
        Column::number("number"),
        Column::number("went their way"),
        Column::signed("mean, bps"),
        Column::signed(&format!("sum, {currency}")),
        Column::number("beyond the end"),
    ];
    let caption = format!(
        "Move of the price in the direction of {} fills",
        count(markouts.fills)
    );
    let mut table = Table::new(&caption, columns);
    for horizon in &markouts.horizons {
        let sums: [(&str, &MarkoutSum); 3] = [
            ("all", &horizon.all),
            ("entries", &horizon.entries),
            ("exits", &horizon.exits),
        ];
        for (name, sum) in sums {
            let left_out = if name == "all" {
                count(horizon.left_out)
            } else {
                String::new()
            };
            table.row([
                horizon_name(horizon.horizon_seconds),
                name.to_owned(),
                count(sum.fills),
                count(sum.favourable),
                ratio(sum.mean_bps),
                money(sum.total, 2),
                left_out,
            ]);
        }
    }
    table.write(out);
    let within: u64 = markouts
        .horizons
        .iter()
        .map(|h| h.within_candle)
        .max()
        .unwrap_or(0);
    if within > 0 {
        out.element(
            "p",
            &format!(
                "{} fills lie on recorded candles longer than the shortest times; there they are left out.",
                count(within)
            ),
        );
    }
}

fn horizon_name(seconds: i64) -> String {
    if seconds % 60 == 0 {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

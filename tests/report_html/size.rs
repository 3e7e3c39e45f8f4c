//! Ledgers of any length, and pages that stay small.

use crate::folder::Folder;
use crate::run::{bundled, change, check, page, replay};

#[test]
fn a_ledger_of_many_thousand_trades_makes_a_page_below_two_megabytes() {
    let folder = Folder::new();
    let report = replay(&folder, &bundled(), &[]);
    let total = 500 * report["trade_count"].as_u64().expect("a count");
    assert!(total > 50_000);
    // The trades five hundred times over, a day apart; a row of equity a minute for a year.
    change(
        &folder,
        "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 499)
         INSERT INTO trades SELECT id + 1000 * k, session, symbol, side, quantity,
           entry_time + 86400000000000 * k, exit_time + 86400000000000 * k, entry_vwap, exit_vwap,
           leverage, margin, gross, fees, funding, insurance, net, slippage, mfe, mae, reason,
           entry_decision FROM trades, n;
         WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 525600)
         INSERT INTO equity SELECT 1, 1515121200000000000 + 60000000000 * k, 'candle',
           CASE k WHEN 77777 THEN '12345.67' WHEN 88888 THEN '-5' ELSE '9000' END, '0', '0', '0'
           FROM n",
    );
    let document = check(&page(&folder));
    let trades = document.text_of("trades");
    assert!(
        trades.contains(&format!(" of {} trades are listed", group(total))),
        "{trades}"
    );
    let listed = document
        .inside("trades")
        .iter()
        .filter(|e| e.name == "th" && e.attribute("scope") == Some("row"))
        .filter(|e| e.text.parse::<u64>().is_ok())
        .count();
    assert!((600..=1000).contains(&listed), "{listed}");
    let left_out = format!("{} are left out", group(total - listed as u64));
    assert!(trades.contains(&left_out), "{left_out}");
    // The one best and the one worst minute of a year are drawn.
    let equity = document.text_of("equity");
    assert!(equity.contains("lowest -5.00 on"), "{equity}");
    assert!(equity.contains("highest 12,345.67 on"), "{equity}");
    let price = document.text_of("price");
    let drawn = format!(" of {} trades are drawn: of ", group(total));
    assert!(price.contains(&drawn), "{price}");
}

fn group(n: u64) -> String {
    format!("{},{:03}", n / 1000, n % 1000)
}

#[test]
fn long_texts_in_every_row_are_cut() {
    let folder = Folder::new();
    replay(&folder, &bundled(), &["--to", "2018-01-02"]);
    let long = "<".repeat(20_000);
    change(
        &folder,
        &format!(
            "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 99)
             INSERT INTO trades SELECT id + 1000 * k, session, symbol, side, quantity, entry_time,
               exit_time, entry_vwap, exit_vwap, leverage, margin, gross, fees, funding, insurance,
               net, slippage, mfe, mae, reason, entry_decision FROM trades, n;
             UPDATE trades SET reason = '{long}' || id;
             INSERT INTO hold_counts SELECT 1, '{long}' || id, 1 FROM trades LIMIT 500;
             UPDATE sessions SET strategy = '{long}', name = '{long}', currency = '{long}'"
        ),
    );
    let document = check(&page(&folder));
    let exits = document.text_of("by-exit");
    assert!(exits.contains("rarer reasons are left out"), "{exits}");
    assert!(document.text_of("trades").contains("are left out"));
}

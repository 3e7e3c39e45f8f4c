//! What stands first: which run this is, its main figures, and what a reader has to know of it.

use super::content::Content;
use super::markup::Markup;
use super::table::{Column, Table};
use crate::report::figures::{count, minute, money, percent, ratio};
use crate::report::metric_table::metric_rows;

/// `BTC-PERP, momentum on 1m`.
pub fn title(content: &Content) -> String {
    let session = &content.full.report.session;
    let symbols: Vec<&str> = session
        .instruments
        .iter()
        .map(|i| i.symbol.as_str())
        .collect();
    format!(
        "{}, {} on {}",
        symbols.join(" "),
        session.strategy,
        session.interval
    )
}

/// Head of the page: name, span, main figures, notes.
pub fn head(content: &Content, out: &mut Markup) {
    let session = &content.full.report.session;
    out.element("h1", &title(content));
    let mut line = format!("{} session {}", session.mode, session.status.name());
    if let (Some(first), Some(last)) = (session.first_data, session.last_data) {
        let days = last.since(first).as_secs_f64() / 86_400.0;
        line = format!(
            "{} to {} UTC ({days:.1} days); {line}",
            minute(first),
            minute(last)
        );
    }
    out.element("p", &line);
    figures(content, out);
}

fn figures(content: &Content, out: &mut Markup) {
    let report = &content.full.report;
    let Some(summary) = &report.summary else {
        out.element("p", "The session has not ended: there are no figures yet.");
        return;
    };
    let m = &summary.metrics;
    let tiles = [
        ("start", money(summary.account.start, 2)),
        ("end", money(summary.account.end, 2)),
        ("return", percent(m.total_return_pct)),
        ("buy and hold", percent(m.buy_and_hold_pct)),
        ("max drawdown", percent(m.max_drawdown_pct)),
        ("trades", count(m.trades)),
        ("win rate", percent(m.win_rate_pct)),
        ("profit factor", ratio(m.profit_factor)),
        ("Sharpe", ratio(m.sharpe)),
        ("fees", money(m.fees, 2)),
    ];
    out.raw("<dl class=\"figures\">\n");
    for (name, value) in tiles {
        out.raw("<div><dt>").raw(name);
        if matches!(name, "start" | "end" | "fees") {
            out.raw(" (")
                .short_text(&report.session.currency, 12)
                .raw(")");
        }
        out.raw("</dt><dd>").text(&value).raw("</dd></div>\n");
    }
    out.raw("</dl>\n");
}

/// What limits the meaning of the figures.
pub fn notes(content: &Content, out: &mut Markup) {
    list(&content.full.report.notes, out);
}

/// All metrics.
pub fn metrics(content: &Content, out: &mut Markup) {
    let report = &content.full.report;
    let Some(summary) = &report.summary else {
        return;
    };
    let columns = || vec![Column::text("metric"), Column::number("value")];
    let currency = &report.session.currency;
    let mut account = Table::new(&format!("Account ({currency}; - = undefined)"), columns());
    let mut trades = Table::new(&format!("Trades ({currency}; - = undefined)"), columns());
    for (left, value, right, other) in metric_rows(&summary.metrics) {
        account.row([left.trim().to_owned(), value]);
        trades.row([right.trim().to_owned(), other]);
    }
    if !summary.metrics.insurance.is_zero() {
        account.row(["insurance".to_owned(), money(summary.metrics.insurance, 2)]);
    }
    out.raw("<div class=\"columns\">\n");
    account.write(out);
    trades.write(out);
    out.raw("</div>\n");
    if summary.symbols.len() > 1 {
        let columns = vec![Column::text("symbol"), Column::number("buy and hold")];
        let mut table = Table::new("Buy and hold by symbol", columns);
        for symbol in &summary.symbols {
            table.row([symbol.symbol.clone(), percent(symbol.buy_and_hold_pct)]);
        }
        table.write(out);
    }
}

/// What could not be computed, and why.
pub fn not_computed(content: &Content, out: &mut Markup) {
    let columns = vec![Column::text("metric"), Column::text("reason")];
    let mut table = Table::new("Shown as - or left out", columns).with_long_cells();
    for one in &content.full.not_computed {
        table.row([one.metric.clone(), one.reason.clone()]);
    }
    table.write(out);
}

/// Where the run comes from, so that it can be made again.
pub fn origin(content: &Content, out: &mut Markup) {
    let report = &content.full.report;
    let session = &report.session;
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    if !session.recording.is_empty() {
        facts.push(("recording", session.recording.clone()));
    }
    for i in &session.instruments {
        facts.push((
            "instrument",
            format!("{} (tick {}, lot {})", i.symbol, i.tick, i.lot),
        ));
    }
    facts.push((
        "strategy",
        format!("{} on {}", session.strategy, session.interval),
    ));
    facts.push(("session", format!("{}, {}", session.name, session.mode)));
    facts.push(("program", session.program.clone()));
    facts.push(("seed", session.seed.to_string()));
    facts.push(("fingerprint", session.fingerprint.clone()));
    facts.extend(session.state_hash.clone().map(|hash| ("state hash", hash)));
    facts.extend(session.inputs.map(|inputs| ("inputs", count(inputs))));
    let file = report.ledger.file_name().unwrap_or_default();
    facts.push(("ledger", file.to_string_lossy().into_owned()));
    out.raw("<dl class=\"facts\">\n");
    for (name, value) in facts {
        out.raw("<dt>").raw(name).raw("</dt><dd>");
        out.text(&value).raw("</dd>\n");
    }
    out.raw("</dl>\n");
}

/// Sentences as a list.
pub fn list(sentences: &[String], out: &mut Markup) {
    out.raw("<ul>\n");
    for sentence in sentences {
        out.element("li", sentence);
    }
    out.raw("</ul>\n");
}

//! The page of the bundled recording's run: complete, the same each time, asking nobody, readable
//! without eyes and without a mouse.

use crate::document::Element;
use crate::folder::Folder;
use crate::run::{bundled, check, minnow, page, reference, replay, succeed};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

#[test]
fn the_page_at_the_end_of_a_replay_is_that_of_its_ledger_byte_for_byte() {
    let reference = reference();
    let replayed = std::fs::read_to_string(reference.folder.file("replayed.html"));
    assert_eq!(replayed.expect("a page"), reference.page);
    let arguments = ["report", "--ledger", "run.sqlite", "--html", "again.html"];
    succeed(&reference.folder, &arguments);
    let again = std::fs::read_to_string(reference.folder.file("again.html"));
    assert_eq!(again.expect("a page"), reference.page);
}

#[test]
fn the_text_beside_a_page_is_the_text_alone() {
    let folder = &reference().folder;
    for more in [&["--trades", "3"][..], &["--json"], &["--brief", "--json"]] {
        let alone = [&["report", "--ledger", "run.sqlite"], more].concat();
        let beside = [&alone[..], &["--html", "beside.html"]].concat();
        assert_eq!(
            succeed(folder, &beside),
            succeed(folder, &alone),
            "{more:?}"
        );
        let page = std::fs::read_to_string(folder.file("beside.html"));
        assert_eq!(page.expect("a page"), reference().page, "{more:?}");
    }
}

#[test]
fn a_place_that_no_page_may_have_is_told_before_the_report() {
    let folder = Folder::new();
    folder.write("precious.csv", "1,2,3\n");
    let arguments = [
        "report",
        "--ledger",
        "none.sqlite",
        "--html",
        "precious.csv",
    ];
    let refused = minnow(&folder, &arguments);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("precious.csv: it exists and is no page"),
        "{said}"
    );
}

#[test]
fn a_page_that_does_not_fit_leaves_the_one_before() {
    let folder = Folder::new();
    replay(&folder, &bundled(), &[]);
    let before = page(&folder);
    // Where a limit of files stands for the disk's end; the ledger is only read.
    let script =
        "trap '' XFSZ; ulimit -f 64; exec \"$0\" report --ledger run.sqlite --html page.html";
    let output = std::process::Command::new("/bin/sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_minnow")])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("page.html: the report cannot be written"),
        "{said}"
    );
    let after = std::fs::read_to_string(folder.file("page.html")).expect("a page");
    assert!(after == before, "the page of before was changed");
    assert!(!folder.file("page.html.part").exists());
}

#[test]
fn every_part_of_the_report_is_there() {
    let document = check(&reference().page);
    for id in [
        "notes",
        "equity",
        "price",
        "indicators",
        "metrics",
        "split",
        "luck",
        "markouts",
        "by-month",
        "by-hour",
        "by-exit",
        "trades",
        "refusals",
        "holds",
        "warnings",
        "run",
    ] {
        let section = document.by_id(id).unwrap_or_else(|| panic!("no {id}"));
        assert_eq!(section.name, "section", "{id}");
        let linked = document
            .all("a")
            .any(|a| a.attribute("href") == Some(&format!("#{id}")));
        assert!(linked, "{id} is in the list of sections");
    }
    for id in [
        "equity-chart",
        "drawdown-chart",
        "price-0",
        "months",
        "hours",
    ] {
        assert!(
            document.by_id(id).is_some_and(|e| e.name == "figure"),
            "{id}"
        );
    }
    let indicators = document.text_of("indicators");
    for name in ["sma short", "ema long", "rsi14", "atr14", "volume average"] {
        assert!(indicators.contains(name), "{name}");
    }
}

#[test]
fn a_strategy_with_dozens_of_indicators_has_them_in_groups() {
    let folder = Folder::new();
    let window = ["--to", "2018-01-02", "--set", "strategy.type=vumanchu"];
    replay(&folder, &bundled(), &window);
    let document = check(&page(&folder));
    let charts = document.inside("indicators");
    let figures = charts.iter().filter(|e| e.name == "figure").count();
    assert!((5..=14).contains(&figures), "{figures}");
    let titles: Vec<&str> = charts
        .iter()
        .filter(|e| e.name == "h3")
        .map(|e| e.text.as_str())
        .collect();
    let together = titles
        .iter()
        .any(|t| t.contains("cipher a wt1") && t.contains("cipher b wt2"));
    assert!(together, "{titles:?}");
    // Every value is drawn or named, what the strategy decides by before all others.
    let text = document.text_of("indicators");
    for name in [
        "combined confidence",
        "combined balance",
        "sentiment",
        "signal a",
        "stc",
    ] {
        assert!(
            titles.iter().any(|t| t.contains(name)),
            "{name}: {titles:?}"
        );
    }
    let place = |name: &str| titles.iter().position(|t| t.contains(name));
    assert!(place("sentiment") < place("cipher a wt1"), "{titles:?}");
    let drawn = |name: &str| text.contains(name) || text.contains(&name.replace(' ', "_"));
    for name in ["green diamond", "small sell", "wt cross"] {
        assert!(drawn(name), "{name}");
    }
}

#[test]
fn figures_are_those_of_the_report() {
    let reference = reference();
    let metrics = &reference.report["metrics"];
    let figure = |name: &str| {
        let elements = &reference.document.elements;
        let term = elements
            .iter()
            .position(|e| e.name == "dt" && e.text == name);
        let term = term.unwrap_or_else(|| panic!("no {name}"));
        elements[term + 1].text.clone()
    };
    let percent = |name: &str| {
        let value = metrics[name].as_f64().expect("a number");
        format!("{value:.2} %")
    };
    assert_eq!(figure("return"), percent("total_return_pct"));
    assert_eq!(figure("buy and hold"), percent("buy_and_hold_pct"));
    assert_eq!(figure("max drawdown"), percent("max_drawdown_pct"));
    assert_eq!(figure("trades"), metrics["trades"].to_string());
    let equity = reference.document.text_of("equity");
    let pct = metrics["buy_and_hold_pct"].as_f64().expect("a number");
    let held = format!("{:.2}", 10_000.0 * (1.0 + pct / 100.0));
    assert!(
        equity.replace(',', "").contains(&held),
        "{held} in {equity}"
    );
    let split = reference.document.text_of("split");
    assert!(split.ends_with(" USD of fees paid for them."), "{split}");
    assert!(split.contains("unexplained by the fills\n0\n"), "{split}");
}

#[test]
fn every_trade_is_a_row_and_a_mark() {
    let reference = reference();
    let count = reference.report["trade_count"].as_u64().expect("a count") as usize;
    let trades = reference.document.inside("trades");
    let sortable = trades.iter().position(|e| e.has_class("sortable"));
    let heads = trades[sortable.expect("a table to sort")..].iter();
    let rows = heads
        .take_while(|e| e.name != "p")
        .filter(|e| e.name == "th" && e.attribute("scope") == Some("row"))
        .filter(|e| e.text.parse::<u64>().is_ok())
        .count();
    assert_eq!(rows, count);
    let price = reference.document.inside("price-0");
    let marks = |class: &str, width: &str| {
        let is_mark = |e: &&&Element| {
            e.name == "polyline" && e.has_class(class) && e.attribute("stroke-width") == Some(width)
        };
        price.iter().filter(is_mark).count()
    };
    assert_eq!(marks("s-long", "9") + marks("s-short", "9"), count);
    assert_eq!(marks("s-win", "9") + marks("s-loss", "9"), count);
    assert_eq!(marks("s-hollow", "4"), count);
    let wins = reference.report["metrics"]["wins"]
        .as_u64()
        .expect("a count");
    assert_eq!(marks("s-win", "9") as u64, wins);
}

#[test]
fn nothing_is_asked_from_outside_and_the_policy_allows_only_what_stands_in_the_page() {
    let reference = reference();
    let document = &reference.document;
    for outside in [
        "://", "url(", "@import", "src=", "fetch(", "XMLHttp", "import(", "eval(",
    ] {
        assert!(!reference.page.contains(outside), "{outside}");
    }
    for element in &document.elements {
        for (name, value) in &element.attributes {
            assert!(!name.starts_with("on") && name != "style", "{name}");
            assert!(name != "href" || value.starts_with('#'), "{value}");
        }
    }
    let policy = document
        .all("meta")
        .find(|e| e.attribute("http-equiv") == Some("Content-Security-Policy"))
        .and_then(|e| e.attribute("content"))
        .expect("a policy")
        .replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains('*'),
        "{policy}"
    );
    for (directive, text) in [("style", &document.style), ("script", &document.script)] {
        let hash = base64(&Sha256::digest(text.as_bytes()));
        let allowed = format!("{directive}-src 'sha256-{hash}'");
        assert!(policy.contains(&allowed), "{allowed} in {policy}");
    }
}

fn base64(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let text: String = bits
        .as_bytes()
        .chunks(6)
        .map(|six| {
            let six = std::str::from_utf8(six).expect("digits");
            let index = u8::from_str_radix(&format!("{six:0<6}"), 2).expect("bits");
            char::from(digits[usize::from(index)])
        })
        .collect();
    let padded = text.len().div_ceil(4) * 4;
    format!("{text:=<padded$}")
}

#[test]
fn headings_are_in_order_and_every_reference_has_its_target() {
    let document = &reference().document;
    let levels: Vec<u32> = document
        .elements
        .iter()
        .filter_map(|e| e.name.strip_prefix('h')?.parse().ok())
        .collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert_eq!(levels.first(), Some(&1));
    assert!(levels.windows(2).all(|w| w[1] <= w[0] + 1), "{levels:?}");
    let ids: Vec<&str> = document
        .elements
        .iter()
        .filter_map(|e| e.attribute("id"))
        .collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "an id is given twice");
    for element in &document.elements {
        for name in ["href", "aria-labelledby", "aria-describedby"] {
            if let Some(value) = element.attribute(name) {
                let id = value.trim_start_matches('#');
                assert!(unique.contains(id), "{name} of {value}");
            }
        }
    }
    let skip = document.all("a").next().expect("a link");
    assert_eq!(
        skip.attribute("href"),
        Some("#content"),
        "the first link skips"
    );
    let page = document.all("html").next().expect("a root");
    assert_eq!(page.attribute("lang"), Some("en"));
}

#[test]
fn pictures_have_names_descriptions_and_their_values_in_words() {
    let document = &reference().document;
    let mut pictures = 0;
    for (index, svg) in document.elements.iter().enumerate() {
        if svg.name != "svg" {
            continue;
        }
        if svg.attribute("aria-hidden") == Some("true") {
            continue;
        }
        pictures += 1;
        assert_eq!(svg.attribute("role"), Some("img"));
        let inside = &document.elements[index + 1..index + 3];
        assert_eq!(
            (inside[0].name.as_str(), inside[1].name.as_str()),
            ("title", "desc")
        );
        assert!(inside.iter().all(|e| !e.text.trim().is_empty()));
    }
    let figures: Vec<_> = document.all("figure").collect();
    assert!(pictures >= 9 && pictures == figures.len());
    for figure in figures {
        let id = figure.attribute("id").expect("a name");
        let inside = document.inside(id);
        let said = inside
            .iter()
            .find(|e| e.name == "figcaption")
            .expect("words");
        assert!(said.text.len() > 10, "{id}: {}", said.text);
        let has_table = inside.iter().any(|e| e.name == "table");
        // The numbers of bars are the table beside them.
        assert!(has_table || ["months", "hours"].contains(&id), "{id}");
    }
}

#[test]
fn tables_have_captions_scopes_and_a_box_to_scroll_in() {
    let document = &reference().document;
    for (index, table) in document.elements.iter().enumerate() {
        if table.name != "table" {
            continue;
        }
        let first = &document.elements[index + 1];
        assert_eq!(first.name, "caption");
        assert!(!first.text.is_empty());
        let around = &document.elements[table.parent.expect("a box around")];
        assert!(around.has_class("scroll"));
        assert_eq!(around.attribute("tabindex"), Some("0"));
        assert_eq!(around.attribute("role"), Some("region"));
        assert_eq!(around.attribute("aria-label"), Some(first.text.as_str()));
    }
    for head in document.all("th") {
        let scope = head.attribute("scope").expect("a scope");
        assert!(["row", "col"].contains(&scope));
    }
}

#[test]
fn the_style_knows_dark_narrow_calm_and_paper() {
    let style = &reference().document.style;
    for query in [
        "prefers-color-scheme: dark",
        "max-width: 600px",
        "prefers-reduced-motion: reduce",
        "@media print",
    ] {
        assert!(style.contains(query), "{query}");
    }
}

//! Ledgers whose texts are meant to do something.

use crate::folder::Folder;
use crate::run::{bundled, change, check, minnow, page, replay};
use std::collections::BTreeSet;

/// Every tag that the program itself writes.
const TAGS: [&str; 45] = [
    "a",
    "body",
    "button",
    "caption",
    "circle",
    "dd",
    "desc",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "g",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "li",
    "line",
    "main",
    "meta",
    "nav",
    "output",
    "p",
    "path",
    "polygon",
    "polyline",
    "rect",
    "script",
    "section",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

const ATTACK: &str =
    "</td></script></style></title>--><img src=x onerror=alert(1)><b a=''\"&amp;\u{202e}\u{0}";

#[test]
fn no_text_of_a_ledger_becomes_markup() {
    let folder = Folder::new();
    replay(&folder, &bundled(), &["--to", "2018-01-02"]);
    // A zero would end the text in SQL.
    let text = ATTACK.replace('\'', "''").replace('\u{0}', "\u{1}");
    // The summary is JSON, and what it counts by reason is a text of a strategy too.
    let json = serde_json::to_string(&text).expect("a text");
    let json = json.trim_matches('"');
    change(
        &folder,
        &format!(
            "UPDATE sessions SET summary = replace(summary, 'already in position', '{json}');
             UPDATE trades SET reason = '{text}';
             UPDATE decision_rows SET reason = '{text}', refused_by = '{text}', rationale = '{text}';
             UPDATE hold_counts SET reason = reason || '{text}';
             UPDATE events SET code = '{text}', level = 'warning';
             UPDATE orders SET leg = leg || '{text}' WHERE leg <> 'entry';
             UPDATE sessions SET name = '{text}', program = '{text}', strategy = '{text}',
               interval = '{text}', fingerprint = '{text}', state_hash = '{text}',
               currency = '{text}', mode = '{text}',
               instruments = replace(instruments, 'BTC-PERP', '<img src=x onerror=alert(1)>')"
        ),
    );
    let page = page(&folder);
    let document = check(&page);
    let known: BTreeSet<&str> = TAGS.into_iter().collect();
    let names = document.names();
    assert!(names.is_subset(&known), "{:?}", names.difference(&known));
    assert!(!page.contains("<img") && !page.contains("onerror=alert(1)>"));
    assert!(!page.contains(['\u{202e}', '\u{1}']));
    for section in ["trades", "refusals", "holds", "warnings", "run", "by-exit"] {
        let text = document.text_of(section);
        assert!(
            text.contains("&lt;/td&gt;&lt;/script&gt;"),
            "{section}: {text}"
        );
    }
    for element in &document.elements {
        let alien = element
            .attributes
            .iter()
            .find(|(name, _)| name.starts_with("on"));
        assert_eq!(alien, None, "{}", element.name);
    }
}

#[test]
fn a_session_that_never_ended_has_a_page_that_says_so() {
    let folder = Folder::new();
    replay(&folder, &bundled(), &["--to", "2018-01-02"]);
    change(
        &folder,
        "UPDATE sessions SET status = 'running', summary = NULL, ended = NULL, first_data = NULL,
         last_data = NULL, inputs = NULL, state_hash = NULL, elapsed_ns = NULL",
    );
    let document = check(&page(&folder));
    assert!(document.text_of("notes").contains("has not ended"));
    assert!(document.by_id("metrics").is_none());
    assert!(document.text_of("equity").contains("Equity from"));
}

#[test]
fn without_the_recording_the_page_says_what_it_lacks() {
    let folder = Folder::new();
    replay(&folder, &bundled(), &["--to", "2018-01-02"]);
    change(&folder, "UPDATE sessions SET recording = '/gone/away.mrec'");
    let document = check(&page(&folder));
    assert!(document.text_of("price").contains("needs the recording"));
    let indicators = document.text_of("indicators");
    assert!(indicators.contains("could not be read"), "{indicators}");
    assert!(
        indicators.contains("at stored decisions only"),
        "{indicators}"
    );
    assert!(indicators.contains("rsi14 between"), "{indicators}");
    assert!(
        document
            .text_of("equity")
            .contains("Buy and hold is not drawn")
    );
    assert!(document.text_of("not-computed").contains("markouts"));
    assert!(document.by_id("markouts").is_none());
}

#[test]
fn a_recording_is_never_overwritten_by_a_page() {
    let folder = Folder::new();
    let recording = folder.write("run.mrec", std::fs::read(bundled()).expect("the recording"));
    let before = std::fs::metadata(&recording).expect("a file").len();
    let arguments = [
        "replay",
        "run.mrec",
        "--dry-run",
        "--ledger",
        "run.sqlite",
        "--html",
        "run.mrec",
    ];
    let output = minnow(&folder, &arguments);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("run.mrec") && said.contains("no page"),
        "{said}"
    );
    assert_eq!(std::fs::metadata(&recording).expect("a file").len(), before);
    assert!(!folder.file("run.sqlite").exists(), "nothing was begun");
}

//! The document: head with a policy that allows nothing from outside, sections in order, script.
//!
//! Never larger than [`BYTES_MAX`]: where texts of a ledger are so long that it would be, fewer
//! trades are listed, then the indicators go, and the page says so.

use super::axis::TimeAxis;
use super::content::{Content, ROWS};
use super::markup::Markup;
use super::policy::policy;
use super::{breakdowns, explained, lists, market, overview};

/// Bytes of a page.
pub const BYTES_MAX: usize = 2_000_000;

/// What every page begins with.
pub const FIRST_LINE: &str = "<!DOCTYPE html>\n";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// How much of a run is shown.
#[derive(Clone, Copy, Debug)]
struct Extent {
    rows: usize,
    indicators: bool,
}

/// Most first.
const EXTENTS: [Extent; 4] = [
    Extent {
        rows: ROWS,
        indicators: true,
    },
    Extent {
        rows: 400,
        indicators: true,
    },
    Extent {
        rows: 400,
        indicators: false,
    },
    Extent {
        rows: 50,
        indicators: false,
    },
];

/// The whole page; ends with a line break.
pub fn render(content: &Content) -> String {
    let mut page = String::new();
    for extent in EXTENTS {
        page = document(content, extent).into_string();
        if page.len() <= BYTES_MAX {
            break;
        }
    }
    page
}

fn document(content: &Content, extent: Extent) -> Markup {
    let mut out = Markup::new();
    out.raw(FIRST_LINE)
        .raw("<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta http-equiv=\"Content-Security-Policy\"")
        .attribute("content", &policy(STYLE, SCRIPT))
        .raw(">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
        .raw("<meta name=\"referrer\" content=\"no-referrer\">\n")
        .element(
            "title",
            &format!("{}: minnow report", overview::title(content)),
        )
        .raw("<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n")
        .raw("<a class=\"skip\" href=\"#content\">To the content</a>\n<header>\n");
    overview::head(content, &mut out);
    let sections = sections(content, extent);
    out.raw("<nav aria-label=\"Sections\"><ul>\n");
    for section in &sections {
        out.raw("<li><a href=\"#")
            .raw(section.id)
            .raw("\">")
            .raw(section.name)
            .raw("</a></li>\n");
    }
    out.raw("</ul></nav>\n</header>\n<main id=\"content\">\n");
    for section in &sections {
        out.raw("<section id=\"")
            .raw(section.id)
            .raw("\" aria-labelledby=\"h-")
            .raw(section.id)
            .raw("\">\n<h2 id=\"h-")
            .raw(section.id)
            .raw("\">")
            .raw(section.name)
            .raw("</h2>\n")
            .append(&section.body)
            .raw("</section>\n");
    }
    out.raw("</main>\n")
        .raw(WINDOW)
        .raw("<script>")
        .raw(SCRIPT)
        .raw("</script>\n</body>\n</html>\n");
    out
}

/// The window of time that all charts share; the script shows it.
const WINDOW: &str =
    "<div id=\"window\" role=\"toolbar\" aria-label=\"Window of time of all charts\" hidden>
<button type=\"button\" value=\"in\" aria-label=\"Zoom in\">+</button>
<button type=\"button\" value=\"out\" aria-label=\"Zoom out\">&minus;</button>
<button type=\"button\" value=\"back\" aria-label=\"Earlier\">&larr;</button>
<button type=\"button\" value=\"on\" aria-label=\"Later\">&rarr;</button>
<button type=\"button\" value=\"whole\">Whole run</button>
<output></output>
</div>
";

/// A part of the page.
struct Section {
    id: &'static str,
    name: &'static str,
    body: Markup,
}

/// Sections in their order.
#[derive(Default)]
struct Sections(Vec<Section>);

impl Sections {
    fn add(&mut self, id: &'static str, name: &'static str, write: impl Fn(&mut Markup)) {
        let mut body = Markup::new();
        write(&mut body);
        self.0.push(Section { id, name, body });
    }
}

/// All sections that have something to say.
fn sections(content: &Content, extent: Extent) -> Vec<Section> {
    let mut all = Sections::default();
    if !content.full.report.notes.is_empty() {
        all.add("notes", "Notes", |out| overview::notes(content, out));
    }
    pictures(content, extent, &mut all);
    explanations(content, &mut all);
    rows(content, extent, &mut all);
    all.0
}

fn pictures(content: &Content, extent: Extent, all: &mut Sections) {
    let (first, last) = content.window();
    let time = TimeAxis::new(first, last);
    all.add("equity", "Equity", |out| market::equity(content, time, out));
    all.add("price", "Price and trades", |out| {
        market::prices(content, time, out);
    });
    all.add("indicators", "Indicators", |out| {
        if extent.indicators {
            market::indicators(content, time, out);
        } else {
            out.element("p", "Left out to keep this file small.");
        }
    });
}

fn explanations(content: &Content, all: &mut Sections) {
    let full = &content.full;
    let currency = &full.report.session.currency;
    if full.report.summary.is_some() {
        all.add("metrics", "Metrics", |out| overview::metrics(content, out));
    }
    if let Some(split) = &full.profit_split {
        all.add("split", "Where the profit comes from", |out| {
            explained::profit_split(split, currency, out);
        });
    }
    all.add("luck", "Luck", |out| explained::luck(&full.luck, out));
    if let Some(markouts) = &full.markouts {
        all.add("markouts", "After the fills", |out| {
            explained::markouts(markouts, currency, out);
        });
    }
    if !full.breakdown.months.is_empty() {
        all.add("by-month", "By month", |out| {
            breakdowns::months(&full.breakdown, currency, out);
        });
    }
    if full.report.trade_count > 0 {
        all.add("by-hour", "By hour", |out| {
            breakdowns::hours(&full.breakdown, currency, out);
        });
        all.add("by-exit", "By exit", |out| {
            breakdowns::exits(&full.breakdown, currency, out);
        });
    }
}

fn rows(content: &Content, extent: Extent, all: &mut Sections) {
    let report = &content.full.report;
    let many = report.session.instruments.len() > 1;
    let summary = report.summary.as_ref();
    if summary.is_some_and(|s| !s.open_positions.is_empty()) {
        all.add("open", "Open at the end", |out| {
            lists::open_positions(content, out);
        });
    }
    all.add("trades", "Trades", |out| {
        if report.trade_count > 0 {
            lists::trades(content, extent.rows, out);
        } else {
            out.element("p", "No trade was closed.");
        }
        if !report.orders.is_empty() {
            lists::counts("Orders by leg and end", &report.orders, out);
        }
    });
    all.add("refusals", "Refusals", |out| {
        if report.refusals.is_empty() {
            out.element("p", "No proposal was refused.");
        } else {
            lists::reasons("Refused proposals", &report.refusals, many, out);
        }
    });
    if !report.holds.is_empty() {
        all.add("holds", "Decisions to hold", |out| {
            lists::reasons("Decisions to hold", &report.holds, false, out);
        });
    }
    if !report.warnings.is_empty() {
        all.add("warnings", "Warnings", |out| {
            lists::counts("Warnings by code", &report.warnings, out);
        });
    }
    if !content.full.not_computed.is_empty() {
        all.add("not-computed", "Not computed", |out| {
            overview::not_computed(content, out);
        });
    }
    all.add("run", "The run", |out| overview::origin(content, out));
}

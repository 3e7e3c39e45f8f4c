//! Every constant that counts or limits something in the rooms that run, and what it is to the plan.

/// What a constant is to the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Bounds a buffer that `minnow plan` lists.
    Planned,
    /// Counts or limits something that is no buffer of a replay, in words.
    No(&'static str),
}
use Role::{No, Planned};

/// Limits what a reader accepts; what is read is as large as what was written.
const REFUSES: Role = No("refuses larger input");
/// Used while other verbs run: import, export, compact, inspect, sweep, a check for look-ahead.
const OTHER_VERBS: Role = No("not in a replay");
const SHOWN: Role = No("length of what is shown");
/// Stays empty in a replay on paper.
const AT_VENUE: Role = No("only with orders at a venue");
/// Used by `minnow report` alone.
const IN_REPORTS: Role = No("not in a replay");
/// Fills when a run is over and somebody asked for its page.
const PAGE: Role = No("only while an HTML report is written");
/// Values on the stack or inside a planned type.
const INSIDE: Role = No("inside a type whose size counts");

/// Every constant of type `usize` in the rooms that run, by file.
pub const TABLE: &[(&str, &[(&str, Role)])] = &[
    (
        "src/core/market/freshness.rs",
        &[("OTHER", No("a place in a table of names"))],
    ),
    (
        "src/core/market/filter.rs",
        &[("CONFIRMATIONS", Planned), ("IDS_KEPT", Planned)],
    ),
    (
        "src/core/planned.rs",
        &[
            ("EFFECTS_ROOM", Planned),
            ("ORDER_SLOTS", Planned),
            ("TIMERS", INSIDE),
        ],
    ),
    ("src/core/orders/position.rs", &[("LOTS_MAX", Planned)]),
    (
        "src/core/risk/checks.rs",
        &[("ROOM", No("of one record, on its way to the ledger"))],
    ),
    (
        "src/core/risk/emergency.rs",
        &[("RAPID_LOSS_POINTS", Planned)],
    ),
    (
        "src/core/schedule/task.rs",
        &[("DURATIONS_KEPT", No("no task runs in a replay"))],
    ),
    (
        "src/core/schedule/wheel.rs",
        &[("LEVELS", Planned), ("SLOTS", Planned)],
    ),
    (
        "src/core/strategy/cycle.rs",
        &[(
            "INDICATORS_ROOM",
            No("of one record, on its way to the ledger"),
        )],
    ),
    (
        "src/core/strategy/mean_reversion.rs",
        &[("ADX_LENGTH", INSIDE)],
    ),
    (
        "src/core/indicators/cipher/clause.rs",
        &[("N", No("number of clauses of a rule"))],
    ),
    (
        "src/core/indicators/cipher/combined.rs",
        &[("MIN_CANDLES", No("a number of candles that are waited for"))],
    ),
    ("src/core/indicators/window.rs", &[("LONGEST", REFUSES)]),
    ("src/core/indicators/cipher/ribbon.rs", &[("LINES", INSIDE)]),
    ("src/core/strategy/errors.rs", &[("MANY", INSIDE)]),
    ("src/core/strategy/vumanchu.rs", &[("ATR_LENGTH", INSIDE)]),
    (
        "src/core/venue/desk.rs",
        &[
            ("FILL_IDS_KEPT", AT_VENUE),
            ("FINISHED_KEPT", AT_VENUE),
            ("FOREIGN_KEPT", AT_VENUE),
        ],
    ),
    (
        "src/core/strategy/vumanchu_rules.rs",
        &[("N", No("number of clauses of a rule"))],
    ),
    (
        "src/core/strategy/momentum.rs",
        &[("ATR_LENGTH", INSIDE), ("RSI_LENGTH", INSIDE)],
    ),
    (
        "src/exchange/coinbase/auth.rs",
        &[("LONGEST_NAME", REFUSES)],
    ),
    (
        "src/exchange/coinbase/codec.rs",
        &[("BOOK_MESSAGE", REFUSES), ("MESSAGE", REFUSES)],
    ),
    ("src/exchange/coinbase/fields.rs", &[("SHOWN", SHOWN)]),
    (
        "src/exchange/coinbase/frames.rs",
        &[("LONGEST_TEXT", SHOWN)],
    ),
    (
        "src/exchange/coinbase/private_key.rs",
        &[("LONGEST", REFUSES)],
    ),
    (
        "src/exchange/coinbase/user.rs",
        &[("SNAPSHOT_ORDERS", No("a number that the venue keeps to"))],
    ),
    (
        "src/log/file.rs",
        &[("STEP", No("of a rotation that happens once in many MB"))],
    ),
    (
        "src/log/line.rs",
        &[("DUMP_MAX", Planned), ("LINE_MAX", Planned)],
    ),
    ("src/log/logger.rs", &[("BUFFER_TEXT", Planned)]),
    ("src/log/planned.rs", &[("LINE_RECKONED", Planned)]),
    (
        "src/log/redact.rs",
        &[
            ("PASSES_MAX", No("number of passes")),
            ("SECRET_MIN", No("length of a word")),
        ],
    ),
    (
        "src/log/redact_patterns.rs",
        &[("AFTER_PREFIX", No("length of a word"))],
    ),
    ("src/log/repeat.rs", &[("WATCHED", Planned)]),
    ("src/report/breakdown.rs", &[("REASONS_MAX", IN_REPORTS)]),
    ("src/report/explain/counterfactual.rs", &[("RULES", SHOWN)]),
    ("src/report/explain/orders.rs", &[("FILLS", SHOWN)]),
    ("src/report/explain/text_decision.rs", &[("LISTED", SHOWN)]),
    (
        "src/report/compare/significance.rs",
        &[("DAYS_MIN", No("number of days"))],
    ),
    ("src/report/compare/text.rs", &[("TEXT", SHOWN)]),
    (
        "src/report/curve.rs",
        &[("POINTS_MAX", Planned), ("ROOM", INSIDE)],
    ),
    ("src/report/html/axis.rs", &[("LABEL", SHOWN)]),
    ("src/report/html/bar_chart.rs", &[("LABELS", SHOWN)]),
    (
        "src/report/html/breakdowns.rs",
        &[("EXITS", SHOWN), ("MONTHS", SHOWN)],
    ),
    ("src/report/html/chart.rs", &[("SAMPLES", SHOWN)]),
    (
        "src/report/html/content.rs",
        &[("ACTED_MAX", PAGE), ("BY_PROFIT", PAGE), ("ROWS", PAGE)],
    ),
    (
        "src/report/html/decision_indicators.rs",
        &[("DECISIONS", PAGE)],
    ),
    ("src/report/html/equity_charts.rs", &[("POINTS", PAGE)]),
    (
        "src/report/html/indicator_charts.rs",
        &[
            ("ON_PRICE_MAX", PAGE),
            ("PANELS_MAX", PAGE),
            ("POINTS", PAGE),
        ],
    ),
    (
        "src/report/html/indicator_series.rs",
        &[("NAMES_MAX", PAGE), ("RUNS", PAGE)],
    ),
    ("src/report/html/lists.rs", &[("NUMBER", SHOWN)]),
    ("src/report/html/market.rs", &[("SYMBOLS_MAX", SHOWN)]),
    ("src/report/html/markup.rs", &[("TEXT_SHOWN", SHOWN)]),
    ("src/report/html/page.rs", &[("BYTES_MAX", PAGE)]),
    (
        "src/report/html/price_chart.rs",
        &[("CANDLES", PAGE), ("TRADES_DRAWN", PAGE)],
    ),
    (
        "src/report/html/table.rs",
        &[("CELL", SHOWN), ("LONG_CELL", SHOWN)],
    ),
    ("src/report/figures.rs", &[("SIGNIFICANT", SHOWN)]),
    (
        "src/report/full_text.rs",
        &[
            ("DAYS", SHOWN),
            ("LABEL", SHOWN),
            ("MONTHS", SHOWN),
            ("TEXT", SHOWN),
        ],
    ),
    (
        "src/report/luck/bootstrap.rs",
        &[
            ("HIGH", No("a place in a list")),
            ("LOW", No("a place in a list")),
            ("RESAMPLES", IN_REPORTS),
        ],
    ),
    ("src/report/luck/gather.rs", &[("TRADES_MAX", IN_REPORTS)]),
    (
        "src/report/luck/mod.rs",
        &[("TRADES_MIN", No("number of trades"))],
    ),
    (
        "src/report/luck/random_runs.rs",
        &[
            ("HIGH", No("a place in a list")),
            ("LOW", No("a place in a list")),
            ("RUNS", IN_REPORTS),
        ],
    ),
    ("src/report/markouts/mod.rs", &[("WAITING_MAX", IN_REPORTS)]),
    ("src/report/page.rs", &[("LABEL", SHOWN), ("WIDTH", SHOWN)]),
    (
        "src/report/tape/candles.rs",
        &[("CHART_CANDLES_MAX", IN_REPORTS)],
    ),
    ("src/report/tape/locate.rs", &[("WORDS_MAX", IN_REPORTS)]),
    ("src/report/tape/merge.rs", &[("ROWS", IN_REPORTS)]),
    ("src/report/tape/mod.rs", &[("CLOSES_MAX", IN_REPORTS)]),
    (
        "src/report/terminal.rs",
        &[("CURVE", SHOWN), ("REASON", SHOWN), ("TEXT", SHOWN)],
    ),
    ("src/report/outcome_tally.rs", &[("REASONS_MAX", Planned)]),
    (
        "src/runtime/control.rs",
        &[
            ("ANSWER_MAX", Planned),
            ("CLIENTS_MAX", Planned),
            ("LINE_MAX", Planned),
        ],
    ),
    ("src/runtime/effect_table.rs", &[("SLOT_BYTES", INSIDE)]),
    (
        "src/runtime/event_loop.rs",
        &[
            ("EVENTS_A_POLL", Planned),
            ("FIRST_SIGNAL", No("a token")),
            ("RESULTS_A_TURN", No("share of a turn")),
        ],
    ),
    ("src/runtime/jobs.rs", &[("COUNT", Planned)]),
    (
        "src/runtime/live/feeds/bridge.rs",
        &[("BRIDGED_MAX", Planned)],
    ),
    (
        "src/runtime/live/feeds/books.rs",
        &[("LEVELS_KEPT", Planned)],
    ),
    (
        "src/runtime/live/watch.rs",
        &[("COMPARED_A_RUN", No("symbols of one run, no buffer"))],
    ),
    (
        "src/runtime/live/feeds/backfill.rs",
        &[("TRADES_WAITING", Planned)],
    ),
    (
        "src/runtime/live/calls/caller.rs",
        &[("WAITING_MAX", Planned)],
    ),
    (
        "src/runtime/live/calls/inquiry.rs",
        &[(
            "PAGES_MAX",
            No("pages of one list, read one after the other"),
        )],
    ),
    ("src/runtime/live/ledger_rows.rs", &[("ROWS_MAX", Planned)]),
    ("src/runtime/live/planned.rs", &[("LINK_BYTES", Planned)]),
    (
        "src/runtime/live/orders/reconciliation.rs",
        &[(
            "LISTED_MAX",
            No("of a listing that is gone after its round"),
        )],
    ),
    (
        "src/runtime/live/session.rs",
        &[("QUESTIONS_IN_A_ROW", No("answers in a row, no buffer"))],
    ),
    (
        "src/runtime/live/recording/tape.rs",
        &[("HELD_MAX", OTHER_VERBS)],
    ),
    (
        "src/runtime/live/orders/venue_orders.rs",
        &[("NEWS_MAX", Planned)],
    ),
    (
        "src/runtime/meters.rs",
        &[("BUCKETS", Planned), ("COUNT", INSIDE)],
    ),
    (
        "src/runtime/parallel.rs",
        &[("WORKERS_MAX", No("number of workers"))],
    ),
    ("src/runtime/planned.rs", &[("HISTOGRAMS", INSIDE)]),
    (
        "src/runtime/replay/feed.rs",
        &[("READ_AHEAD", Planned), ("ROWS", Planned)],
    ),
    (
        "src/runtime/processes.rs",
        &[("LINE_MAX", OTHER_VERBS), ("READ", OTHER_VERBS)],
    ),
    (
        "src/runtime/replay/lookahead.rs",
        &[("DECISIONS_MAX", OTHER_VERBS)],
    ),
    ("src/runtime/live/promises.rs", &[("PROMISES_MAX", Planned)]),
    (
        "src/runtime/replay/recorder.rs",
        &[
            ("BATCH", Planned),
            ("FRAMES_BATCH", No("part of FRAMES_MAX")),
            ("FRAMES_MAX", Planned),
            ("ITEMS_MAX", Planned),
        ],
    ),
    (
        "src/runtime/replay/verification.rs",
        &[("WAITING_MAX", Planned)],
    ),
    (
        "src/runtime/signals.rs",
        &[("COUNT", No("number of signals"))],
    ),
    ("src/runtime/workers.rs", &[("STACK_BYTES", Planned)]),
    (
        "src/store/ledger/batcher.rs",
        &[("DECISION_COUNTS_AS", INSIDE), ("IN_FLIGHT_MAX", Planned)],
    ),
    (
        "src/core/units/decimal_text.rs",
        &[("LENGTH", INSIDE), ("POINT", INSIDE)],
    ),
    ("src/store/ledger/hashes.rs", &[("BLOCK_HASHES", Planned)]),
    ("src/store/ledger/open.rs", &[("CACHE_KIB", Planned)]),
    (
        "src/store/ledger/paths.rs",
        &[("FINGERPRINT_MAX", SHOWN), ("NAME_MAX", SHOWN)],
    ),
    ("src/store/ledger/read.rs", &[("REASONS_SHOWN", SHOWN)]),
    ("src/store/ledger/read_explain.rs", &[("ORDERS", SHOWN)]),
    ("src/store/ledger/value_names.rs", &[("LISTS_MAX", Planned)]),
    ("src/store/planned.rs", &[("NAMES_COUNTED", INSIDE)]),
    ("src/store/ledger/read_fills.rs", &[("PAGE", IN_REPORTS)]),
    ("src/store/ledger/read_charts.rs", &[("ROWS", PAGE)]),
    (
        "src/store/ledger/statements.rs",
        &[("COUNT", No("number of statements"))],
    ),
    (
        "src/store/recording/block_form/layout.rs",
        &[
            ("BLOCK_HEAD", INSIDE),
            ("BLOCK_OTHERS", Planned),
            ("BLOCK_ROWS", Planned),
            ("FILE_HEAD", INSIDE),
            ("FILE_HEADER_MAX", REFUSES),
            ("PADDING", INSIDE),
            ("PAYLOAD_MAX", REFUSES),
        ],
    ),
    (
        "src/store/recording/block_form/read.rs",
        &[("WINDOW", No("only after damage"))],
    ),
    (
        "src/store/recording/block_form/trades.rs",
        &[("RUN", INSIDE)],
    ),
    (
        "src/store/recording/entry.rs",
        &[
            ("CANDLES_OF_RUN", Planned),
            ("CANDLE_TEXT", REFUSES),
            ("LIMIT_TEXT", REFUSES),
            ("LISTED_TEXT", REFUSES),
            ("TEXT_MAX", REFUSES),
        ],
    ),
    (
        "src/store/recording/error.rs",
        &[("KEPT", No("only after damage"))],
    ),
    (
        "src/store/recording/frame.rs",
        &[("FRAME_TEXT_MAX", No("part of FRAMES_MAX"))],
    ),
    (
        "src/store/recording/header.rs",
        &[("INSTRUMENTS_MAX", REFUSES)],
    ),
    (
        "src/store/recording/import/trade_plan.rs",
        &[("RUN", OTHER_VERBS)],
    ),
    (
        "src/store/recording/line_form/gzip.rs",
        &[("RETAINED", Planned), ("WINDOW", Planned)],
    ),
    (
        "src/store/recording/line_form/line.rs",
        &[("LINE_MAX", REFUSES), ("TAIL", INSIDE)],
    ),
    (
        "src/store/recording/line_form/read.rs",
        &[("CHUNK", Planned)],
    ),
    (
        "src/store/recording/line_form/segments.rs",
        &[("MEMBER_TEXT", OTHER_VERBS)],
    ),
    (
        "src/store/recording/line_form/write.rs",
        &[("PLAIN_TEXT", OTHER_VERBS)],
    ),
    ("src/store/recording/survey.rs", &[("GAPS", OTHER_VERBS)]),
];

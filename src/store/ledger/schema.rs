//! The tables and views of a ledger, version by version.
//!
//! Decimals are TEXT (exact), times INTEGER nanoseconds since 1970 UTC; the views `v_...` show
//! times as RFC 3339. `id` columns are the core's own numbers, unique in the file. The only index
//! beside primary keys is the one that finds open lots at start.

/// Marks the file as minnow's: "minw" in SQLite's application id.
pub const APPLICATION_ID: i32 = 0x6d69_6e77;

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The version that the file has afterwards; steps are numbered without gap from 1.
    pub version: u32,
    pub sql: &'static str,
    /// The same as all steps up to this one, for a file that has nothing yet.
    pub whole: Option<&'static str>,
}

/// All steps, oldest first. A released step never changes: later needs are a further step.
pub const STEPS: &[Step] = &[
    Step {
        version: 1,
        sql: VERSION_1,
        whole: None,
    },
    Step {
        version: 2,
        sql: VERSION_2,
        whole: None,
    },
    Step {
        version: 3,
        sql: VERSION_3,
        whole: Some(WHOLE),
    },
];

/// The version that this program writes.
pub const VERSION: u32 = STEPS[STEPS.len() - 1].version;

/// Nanoseconds as RFC 3339 with milliseconds, by integer arithmetic.
macro_rules! rfc3339 {
    ($column:literal) => {
        concat!(
            "strftime('%Y-%m-%dT%H:%M:%S', ",
            $column,
            " / 1000000000, 'unixepoch') || printf('.%03dZ', ",
            $column,
            " / 1000000 % 1000) AS ",
            $column
        )
    };
}

/// The table of decisions; `$further` ends its columns.
macro_rules! decision_table {
    ($name:literal, $further:literal) => {
        concat!(
            "CREATE TABLE ",
            $name,
            " (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  candle INTEGER NOT NULL,       -- open time of the candle decided on
  time INTEGER NOT NULL,
  price TEXT NOT NULL,
  strategy TEXT NOT NULL,
  proposed TEXT NOT NULL,
  strength REAL,
  confidence REAL,
  size_pct TEXT NOT NULL,
  take_profit_pct TEXT,
  stop_loss_pct TEXT,
  leverage INTEGER,
  rationale TEXT NOT NULL,
  action TEXT NOT NULL,
  reason TEXT NOT NULL,
  refused_by TEXT,               -- first check that refused
  indicators TEXT NOT NULL,      -- JSON
  checks TEXT NOT NULL,          -- JSON, see the view risk_checks
  position TEXT NOT NULL,        -- before the decision, signed
  equity TEXT NOT NULL",
            $further,
            "
);

"
        )
    };
}

/// As it was until version 2.
macro_rules! decisions_written_out {
    () => {
        decision_table!("decisions", "")
    };
}

/// A check a row, and the decisions with their times in words.
macro_rules! decision_views {
    () => {
        concat!(
            "-- One row a check. A decision has about 28 of them: as one text beside it they cost a fraction of
-- what as many rows would.
CREATE VIEW risk_checks AS
SELECT d.id AS decision, j.key + 1 AS number,
  j.value ->> 0 AS name,
  j.value ->> 1 AS outcome,      -- passed, changed, refused
  j.value ->> 2 AS value,
  j.value ->> 3 AS limit_value,
  j.value ->> 4 AS margin
FROM decisions d, json_each(d.checks) j;
CREATE VIEW v_decisions AS SELECT id, ",
            rfc3339!("time"),
            ", symbol, price, strategy, proposed, action, reason, strength, confidence, size_pct,
  take_profit_pct, stop_loss_pct, leverage, position, equity, rationale, ",
            rfc3339!("candle"),
            ", indicators, session FROM decisions;
"
        )
    };
}

/// Lists of names, and the view that gives rows their names back.
macro_rules! names_and_decisions {
    () => {
        "
CREATE TABLE value_names (
  id INTEGER PRIMARY KEY,
  names TEXT NOT NULL UNIQUE     -- JSON list
);

CREATE VIEW decisions AS SELECT
  r.id, r.session, r.symbol, r.candle, r.time, r.price, r.strategy, r.proposed, r.strength,
  r.confidence, r.size_pct, r.take_profit_pct, r.stop_loss_pct, r.leverage, r.rationale,
  r.action, r.reason, r.refused_by,
  CASE WHEN r.indicator_names IS NULL THEN r.indicators ELSE (
    SELECT json_group_object(
      CASE v.type WHEN 'text' THEN v.value ELSE n.names ->> v.key END,
      CASE v.type WHEN 'text' THEN 1.0 ELSE r.indicators -> v.key END)
    FROM value_names n, json_each(r.indicators) v WHERE n.id = r.indicator_names)
  END AS indicators,
  CASE WHEN r.check_names IS NULL THEN r.checks ELSE (
    SELECT json_group_array(json_array(n.names ->> c.key,
      coalesce(c.value ->> 3, 'passed'), c.value ->> 0, c.value ->> 1, c.value ->> 2))
    FROM value_names n, json_each(r.checks) c WHERE n.id = r.check_names)
  END AS checks,
  r.position, r.equity
FROM decision_rows r;
"
    };
}

/// Decisions whose indicators and checks have their names elsewhere.
macro_rules! decisions_with_lists {
    () => {
        concat!(
            decision_table!(
                "decision_rows",
                ",
  indicator_names INTEGER,       -- NULL = written out in the row
  check_names INTEGER"
            ),
            names_and_decisions!()
        )
    };
}

/// The first version's tables and views; `$column` ends the tables of orders and fills, `$named` the
/// columns of their views, `$decisions` makes what decisions are read from.
macro_rules! tables {
    ($column:literal, $named:literal, $decisions:ident) => {
        concat!(
    "
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  mode TEXT NOT NULL,
  status TEXT NOT NULL,          -- running, complete, interrupted, failed
  program TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  configuration TEXT NOT NULL,   -- JSON, no secrets
  recording TEXT NOT NULL,
  strategy TEXT NOT NULL,
  interval TEXT NOT NULL,
  seed TEXT NOT NULL,
  currency TEXT NOT NULL,
  starting_balance TEXT NOT NULL,
  instruments TEXT NOT NULL,     -- JSON
  started INTEGER NOT NULL,
  ended INTEGER,
  elapsed_ns INTEGER,            -- machine time of the run
  inputs INTEGER,
  first_data INTEGER,
  last_data INTEGER,
  state_hash TEXT,               -- 16 hexadecimal digits
  summary TEXT                   -- JSON
);

CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  decision INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  leg TEXT NOT NULL,
  side TEXT NOT NULL,
  kind TEXT NOT NULL,
  quantity TEXT NOT NULL,
  price TEXT,
  reduce_only INTEGER NOT NULL,
  state TEXT NOT NULL,
  filled TEXT NOT NULL,
  filled_value TEXT NOT NULL,
  fee TEXT NOT NULL,
  reason TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL", $column, "
);

CREATE TABLE fills (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  side TEXT NOT NULL,
  price TEXT NOT NULL,
  quantity TEXT NOT NULL,
  value TEXT NOT NULL,
  fee TEXT NOT NULL,
  maker INTEGER NOT NULL,
  reference TEXT NOT NULL,
  time INTEGER NOT NULL", $column, "
);

CREATE TABLE lots (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  side TEXT NOT NULL,
  quantity TEXT NOT NULL,
  open TEXT NOT NULL,
  price TEXT NOT NULL,
  fee TEXT NOT NULL,
  time INTEGER NOT NULL
);
CREATE INDEX lots_open ON lots (id) WHERE open <> '0';

CREATE TABLE trades (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  side TEXT NOT NULL,
  quantity TEXT NOT NULL,
  entry_time INTEGER NOT NULL,
  exit_time INTEGER NOT NULL,
  entry_vwap TEXT NOT NULL,
  exit_vwap TEXT NOT NULL,
  leverage INTEGER NOT NULL,
  margin TEXT NOT NULL,
  gross TEXT NOT NULL,
  fees TEXT NOT NULL,
  funding TEXT NOT NULL,
  insurance TEXT NOT NULL,       -- loss beyond the margin, taken back
  net TEXT NOT NULL,
  slippage TEXT NOT NULL,
  mfe TEXT NOT NULL,
  mae TEXT NOT NULL,
  reason TEXT NOT NULL,
  entry_decision INTEGER NOT NULL
);

CREATE TABLE positions (
  symbol TEXT PRIMARY KEY,
  session INTEGER NOT NULL,
  side TEXT NOT NULL,            -- LONG, SHORT, FLAT
  quantity TEXT NOT NULL,
  entry_price TEXT,
  since INTEGER
) WITHOUT ROWID;

",
    $decisions!(),
    "CREATE TABLE hold_counts (
  session INTEGER NOT NULL,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (session, reason)
) WITHOUT ROWID;

CREATE TABLE equity (
  session INTEGER NOT NULL,
  time INTEGER NOT NULL,
  kind TEXT NOT NULL,
  equity TEXT NOT NULL,
  cash TEXT NOT NULL,
  unrealised TEXT NOT NULL,
  margin_used TEXT NOT NULL
);

CREATE TABLE events (
  session INTEGER NOT NULL,
  time INTEGER NOT NULL,
  level TEXT NOT NULL,
  code TEXT NOT NULL,
  text TEXT NOT NULL
);

CREATE TABLE limits (
  name TEXT PRIMARY KEY,
  session INTEGER NOT NULL,
  value TEXT,
  text TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER
) WITHOUT ROWID;

CREATE TABLE hashes (
  session INTEGER NOT NULL,
  first_input INTEGER NOT NULL,
  last_input INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  count INTEGER NOT NULL,
  packed BLOB NOT NULL           -- 8 bytes a candle close, little endian
);

CREATE VIEW v_sessions AS SELECT id, name, mode, status, recording, strategy, interval, ",
    rfc3339!("first_data"),
    ", ",
    rfc3339!("last_data"),
    ", starting_balance, currency, inputs, elapsed_ns / 1e9 AS elapsed_s, state_hash, fingerprint,
  program, ",
    rfc3339!("started"),
    ", ",
    rfc3339!("ended"),
    " FROM sessions;
CREATE VIEW v_trades AS SELECT id, symbol, CASE side WHEN 'BUY' THEN 'LONG' ELSE 'SHORT' END AS side, ",
    rfc3339!("entry_time"),
    ", ",
    rfc3339!("exit_time"),
    ", round((exit_time - entry_time) / 6e10, 2) AS minutes, quantity, entry_vwap, exit_vwap,
  leverage, margin, gross, fees, funding, insurance, net, slippage, mfe, mae, reason, entry_decision, session
  FROM trades;
CREATE VIEW v_orders AS SELECT id, ",
    rfc3339!("created"),
    ", ",
    rfc3339!("updated"),
    ", symbol, leg, side, kind, quantity, price, state, filled, filled_value, fee, reason,
  reduce_only, decision, client_id, session", $named, " FROM orders;
CREATE VIEW v_fills AS SELECT id, ",
    rfc3339!("time"),
    ", symbol, side, price, quantity, value, fee,
  CASE maker WHEN 1 THEN 'maker' ELSE 'taker' END AS role, reference, order_id, session", $named, " FROM fills;
CREATE VIEW v_lots AS SELECT id, ",
    rfc3339!("time"),
    ", symbol, side, quantity, open, price, fee, session FROM lots;
",
    decision_views!(),
    "CREATE VIEW v_equity AS SELECT ",
    rfc3339!("time"),
    ", equity, cash, unrealised, margin_used, kind, session FROM equity;
CREATE VIEW v_events AS SELECT ",
    rfc3339!("time"),
    ", level, code, text, session FROM events;
"
)
    };
}

const VERSION_1: &str = tables!("", "", decisions_written_out);

macro_rules! state_table {
    () => {
        "CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  session INTEGER NOT NULL,
  time INTEGER NOT NULL,         -- wall time of the input after which it was taken
  body TEXT NOT NULL             -- JSON
);
"
    };
}

/// A new file has all of it at once: what the steps come to, for a third of their cost.
const WHOLE: &str = concat!(
    tables!(",\n  venue_id TEXT", ", venue_id", decisions_with_lists),
    state_table!()
);

/// Orders and fills of a venue carry its ids.
/// What a venue calls our orders and executions, and the trading state that a restart goes on from:
/// written with the rows it stands for.
const VERSION_2: &str = concat!(
    "
",
    state_table!(),
    "ALTER TABLE orders ADD COLUMN venue_id TEXT;
ALTER TABLE fills ADD COLUMN venue_id TEXT;
DROP VIEW v_orders;
CREATE VIEW v_orders AS SELECT id, ",
    rfc3339!("created"),
    ", ",
    rfc3339!("updated"),
    ", symbol, leg, side, kind, quantity, price, state, filled, filled_value, fee, reason,
  reduce_only, decision, client_id, session, venue_id FROM orders;
DROP VIEW v_fills;
CREATE VIEW v_fills AS SELECT id, ",
    rfc3339!("time"),
    ", symbol, side, price, quantity, value, fee,
  CASE maker WHEN 1 THEN 'maker' ELSE 'taker' END AS role, reference, order_id, session, venue_id
  FROM fills;
"
);

/// Names of indicators and checks are kept once; rows that write them out stay as they are.
const VERSION_3: &str = concat!(
    "DROP VIEW risk_checks;
DROP VIEW v_decisions;
ALTER TABLE decisions RENAME TO decision_rows;
ALTER TABLE decision_rows ADD COLUMN indicator_names INTEGER;
ALTER TABLE decision_rows ADD COLUMN check_names INTEGER;
",
    names_and_decisions!(),
    decision_views!(),
);

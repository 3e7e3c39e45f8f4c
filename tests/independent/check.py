"""Recomputes a run from what `minnow export` wrote and holds the report against it.

    python3 check.py FOLDER

FOLDER holds market.csv (the recording's trades or candles), indicators.csv, fills.csv, orders.csv,
trades.csv, equity.csv, decisions.jsonl (all by `minnow export`), report.json and report.txt (by
`minnow report`). Standard library only; where pandas is installed, candles are made by it as well.
Money must be equal to the last digit, ratios within 1e-9 and, as printed, to the last digit shown.
Differences are lines on stdout, ten of each kind; the exit status is 1 then.
"""

import json
import re
import sys
from decimal import Decimal, getcontext
from pathlib import Path

import account as books
import market

getcontext().prec = 60
# Differences of a kind that are printed; all are counted.
SHOWN = 10


class Findings:
    """What was compared and what differed."""

    def __init__(self):
        self.compared, self.differences = {}, []

    def equal(self, what, name, mine, theirs):
        self.compared[what] = self.compared.get(what, 0) + 1
        if mine != theirs:
            self.differences.append(f"{what}: {name}: {mine} here, {theirs} there")

    def money(self, what, name, mine, theirs):
        self.equal(what, name, mine, None if theirs in (None, "") else Decimal(theirs))

    def near(self, what, name, mine, theirs, scale=0.0):
        self.compared[what] = self.compared.get(what, 0) + 1
        if mine is None or theirs is None:
            same = mine is None and theirs is None
        else:
            mine, theirs = float(mine), float(theirs)
            same = abs(mine - theirs) <= 1e-9 * max(abs(mine), scale)
        if not same:
            self.differences.append(f"{what}: {name}: {mine} here, {theirs} there")


def fills_of(path):
    return [
        {
            "id": int(row["id"]),
            "order": row["order_id"],
            "side": row["side"],
            "price": Decimal(row["price"]),
            "quantity": Decimal(row["quantity"]),
            "value": Decimal(row["value"]),
            "fee": Decimal(row["fee"]),
            "maker": row["maker"] == "true",
            "reference": Decimal(row["reference"]),
            "time": Decimal(row["time_ms"]),
        }
        for row in market.read(path)
    ]


def orders_of(path):
    return {
        row["id"]: {
            "leg": row["leg"],
            "price": Decimal(row["price"]) if row["price"] else None,
            "filled": Decimal(row["filled"]),
            "fee": Decimal(row["fee"]),
        }
        for row in market.read(path)
    }


def trades_of(path):
    """The recording's trades; the few distinct numbers are made only once."""
    known = {}
    number = lambda text: known.setdefault(text, Decimal(text))
    return [
        {
            "time": int(row["timestamp"]) if "." not in row["timestamp"] else Decimal(row["timestamp"]),
            "price": number(row["price"]),
            "quantity": number(row["quantity"]),
        }
        for row in market.read(path)
    ]


class Run:
    """One exported run, read."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        self.text = (self.folder / "report.txt").read_text(encoding="utf-8")
        session = self.report["session"]
        self.config = session["configuration"]
        self.instrument = session["instruments"][0]
        self.start = Decimal(session["starting_balance"])
        self.length = market.length_ms(session["interval"])
        self.fills = fills_of(self.folder / "fills.csv")
        self.orders = orders_of(self.folder / "orders.csv")
        self.books = books.Account(
            self.start, self.fills, self.orders, self.instrument, self.config
        )
        self.walk()

    def walk(self):
        path = self.folder / "market.csv"
        with open(path, encoding="utf-8") as file:
            is_trades = "quantity" in file.readline()
        if is_trades:
            rows = trades_of(path)
            self.candles = market.candles_of_trades(rows, self.length)
            self.span = (rows[0]["time"], rows[-1]["time"])
            self.books.over_trades(rows, self.length)
            self.low = lambda a, b: min(row["price"] for row in rows[a : b + 1])
            self.high = lambda a, b: max(row["price"] for row in rows[a : b + 1])
            self.rows = rows
        else:
            self.candles = market.candles_of_rows(market.read(path), self.length)
            ends = [c.start + self.length for c in self.candles]
            self.span = (ends[0], ends[-1])
            self.books.over_candles(self.candles, self.length)
            # Which prices of its first and last candle a trade saw is known to the run only.
            self.low = self.high = None
            self.rows = None


def check_candles(run, found):
    theirs = market.read(run.folder / "indicators.csv")
    found.equal("candles", "count", len(run.candles), len(theirs))
    for mine, row in zip(run.candles, theirs):
        prices = [Decimal(row[name]) for name in ("open", "high", "low", "close", "volume")]
        cells = (int(row["timestamp"]), *prices, row["source"])
        found.equal("candles", row["timestamp"], mine.cells(), cells)
    for name, values in market.indicators(run.candles).items():
        scale = lambda close: close if name[:3] in ("sma", "ema", "atr", "mac", "bol") else 100.0
        for candle, value, row in zip(run.candles, values, theirs):
            shown = float(row[name]) if row[name] else None
            place = f"{name} at {candle.start}"
            found.near("indicators", place, value, shown, scale(float(candle.close)))


def check_pandas(run, found):
    """The same candles once more by pandas, where it is installed."""
    try:
        import pandas
    except ImportError:
        return
    if run.rows is None:
        return
    frame = pandas.DataFrame(
        {"price": [float(r["price"]) for r in run.rows]},
        index=pandas.to_datetime([float(r["time"]) for r in run.rows], unit="ms"),
    )
    made = frame["price"].resample(f"{run.length // 1000}s").ohlc()
    for candle in (c for c in run.candles if c.source == "trades"):
        row = made.loc[pandas.to_datetime(candle.start, unit="ms")]
        for name in ("open", "high", "low", "close"):
            found.near("pandas", f"{name} {candle.start}", getattr(candle, name), row[name])


def check_decisions(run, found):
    values = market.decision_values(run.candles)
    index = {candle.start: number for number, candle in enumerate(run.candles)}
    with open(run.folder / "decisions.jsonl", encoding="utf-8") as lines:
        for decision in map(json.loads, lines):
            number = index[decision["candle_ms"]]
            close = float(run.candles[number].close)
            for name, series in values.get(decision["strategy"], {}).items():
                if name in decision["indicators"]:
                    scale = 100.0 if name in ("rsi14", "adx14") else close
                    place = f"{name} of decision {decision['id']}"
                    shown = decision["indicators"][name]
                    found.near("decisions", place, series[number], shown, scale)


def check_fees(run, found):
    unit = Decimal(run.instrument["contract_value"])
    for fill in run.fills:
        rate = Decimal(run.instrument["maker_fee" if fill["maker"] else "taker_fee"])
        value = fill["price"] * fill["quantity"] * unit
        found.equal("fees", f"value of fill {fill['id']}", value, fill["value"])
        fee = books.half_even(value * rate, books.EIGHT)
        found.equal("fees", f"fee of fill {fill['id']}", fee, fill["fee"])
    for name, order in run.orders.items():
        mine = [fill for fill in run.fills if fill["order"] == name]
        for field, key in (("filled", "quantity"), ("fee", "fee")):
            total = sum((fill[key] for fill in mine), Decimal(0))
            found.equal("fees", f"{field} of order {name}", total, order[field])


def check_trades(run, found):
    any_price = lambda first, last: Decimal(0)
    mine = books.closed_trades(run.books, run.low or any_price, run.high or any_price)
    theirs = market.read(run.folder / "trades.csv")
    found.equal("trades", "count", len(mine), len(theirs))
    names = ["entry_time_ms", "exit_time_ms", "entry_vwap", "exit_vwap", "gross", "fees"]
    names += ["net", "slippage"] + (["mfe", "mae"] if run.low else [])
    for trade, row in zip(mine, theirs):
        found.equal("trades", f"side of {row['id']}", trade["side"], row["side"])
        for name in names:
            found.money("trades", f"{name} of {row['id']}", trade[name], row[name])
        margin = books.half_even(trade["entered"] / int(row["leverage"]), books.EIGHTEEN)
        found.money("trades", f"margin of {row['id']}", margin, row["margin"])
        trade["margin"] = margin
    return mine


def check_equity(run, found):
    """Equity as the ledger keeps it, hour by hour, and as the report has it, day by day."""
    at_close = {p.time: p for p in run.books.points if p.kind == "candle"}
    for row in market.read(run.folder / "equity.csv"):
        point = at_close[int(row["time_ms"])]
        found.money("equity", f"equity at {point.time}", point.equity, row["equity"])
        found.money("equity", f"cash at {point.time}", point.cash, row["cash"])
    for time, equity in run.report["equity_curve"]:
        # The curve ends with the account as the last input left it.
        mine = at_close[time].equity if time in at_close else run.end
        found.money("equity", f"curve at {time}", mine, equity)
    days = books.by_day(run.books.points)
    if run.end != run.books.points[-1].equity:
        # Valued at the last price, behind the last candle that closed.
        days[int(run.span[1] // books.DAY_MS * books.DAY_MS)] = run.end
    theirs = {time: Decimal(equity) for time, equity in run.report["daily_equity"]}
    for day in sorted(days.keys() | theirs.keys()):
        found.equal("equity", f"end of day {day}", days.get(day), theirs.get(day))
    return days


def metrics(run, trades, days):
    """Money in the first, ratios in the second."""
    points, last, end = run.books.points, run.candles[-1].close, run.end
    nets = [trade["net"] for trade in trades]
    wins, losses = [n for n in nets if n > 0], [n for n in nets if n < 0]
    average = lambda some: books.half_even(sum(some) / len(some), books.EIGHTEEN) if some else None
    returns = books.daily_returns(run.start, days)
    first, final = (Decimal(time) for time in run.span)
    length = (final - first) / books.DAY_MS
    growth = end / run.start
    cagr = 100 * (growth ** (365 / length) - 1) if length >= 1 else None
    drawdown = books.drawdown_pct(run.start, [p.equity for p in points] + [end])
    candle_points = [p.equity for p in points if p.kind == "candle"]
    notional = sum((fill["value"] for fill in run.fills), Decimal(0))
    fee = Decimal(run.instrument["taker_fee"])
    opening = run.candles[int(run.config["trading.min_candles_for_trading"]) - 1].close
    of_margin = [100 * trade["net"] / trade["margin"] for trade in trades]
    minutes = [(t["exit_time_ms"] - t["entry_time_ms"]) / 60_000 for t in trades]
    mean = lambda some: sum(some) / len(some) if some else None
    slippage = sum(
        books.sign(f["side"]) * (f["price"] - f["reference"]) * f["quantity"] for f in run.fills
    )
    money = {
        "net": sum(nets, Decimal(0)),
        "fees": run.books.fees,
        "slippage": slippage * run.books.unit,
        "expectancy": average(nets),
        "average_win": average(wins),
        "average_loss": average(losses),
        "largest_win": max(wins, default=None),
        "largest_loss": min(losses, default=None),
    }
    in_position = books.time_in_position(run.fills, final)
    ratios = {
        "days": length,
        "total_return_pct": 100 * (growth - 1),
        "cagr_pct": cagr,
        "sharpe": books.sharpe(returns),
        "sortino": books.sortino(returns),
        "max_drawdown_pct": drawdown,
        "calmar": cagr / drawdown if cagr is not None and drawdown else None,
        "trades": Decimal(len(trades)),
        "wins": Decimal(len(wins)),
        "win_rate_pct": Decimal(100 * len(wins)) / len(nets) if nets else None,
        "profit_factor": sum(wins) / -sum(losses) if losses else None,
        "expectancy_margin_pct": mean(of_margin),
        "average_minutes": mean(minutes),
        "exposure_pct": 100 * in_position / (final - first),
        "turnover": notional / (sum(candle_points) / len(candle_points)),
        "fills": Decimal(len(run.fills)),
        "buy_and_hold_pct": 100 * (last * (1 - fee) / (opening * (1 + fee)) - 1),
    }
    return end, money, ratios


LABELS = {
    "total return": "total_return_pct",
    "CAGR": "cagr_pct",
    "Sharpe": "sharpe",
    "Sortino": "sortino",
    "Calmar": "calmar",
    "max drawdown": "max_drawdown_pct",
    "exposure": "exposure_pct",
    "turnover": "turnover",
    "net of trades": "net",
    "fees": "fees",
    "win rate": "win_rate_pct",
    "profit factor": "profit_factor",
    "expectancy": "expectancy",
    "of margin": "expectancy_margin_pct",
    "average win": "average_win",
    "average loss": "average_loss",
    "largest win": "largest_win",
    "largest loss": "largest_loss",
    "average minutes": "average_minutes",
    "slippage": "slippage",
}


def check_report(run, trades, days, found):
    end, money, ratios = metrics(run, trades, days)
    theirs = run.report["metrics"]
    for name in ("funding", "insurance"):
        found.money("report", name, Decimal(0), theirs[name])
    found.money("report", "end", end, run.report["account"]["end"])
    for name, value in money.items():
        found.money("report", name, value, theirs[name])
    for name, value in ratios.items():
        found.near("report", name, value, theirs[name])
    section = run.text[run.text.index("Metrics (") :]
    for label, name in LABELS.items():
        value = (money | ratios)[name]
        shown = re.search(rf"^.*\s{label}\s+(-?[\d,]+\.\d+|-)(?=\s)", section, re.MULTILINE)
        printed = shown.group(1).replace(",", "") if shown else "missing"
        mine = "-" if value is None else str(books.half_even(value, Decimal("0.01")))
        mine = "0.00" if mine == "-0.00" else mine
        found.equal("shown", label, mine, printed)


def main():
    run, found = Run(sys.argv[1]), Findings()
    run.end = run.books.equity(run.rows[-1]["price"] if run.rows else run.candles[-1].close)
    found.differences += run.books.problems
    check_candles(run, found)
    check_pandas(run, found)
    check_decisions(run, found)
    check_fees(run, found)
    trades = check_trades(run, found)
    days = check_equity(run, found)
    check_report(run, trades, days, found)
    shown = {}
    for difference in found.differences:
        kind = difference.split(":")[0]
        shown[kind] = shown.get(kind, 0) + 1
        if shown[kind] <= SHOWN:
            print(difference)
    counts = ", ".join(f"{count} {what}" for what, count in found.compared.items())
    print(f"compared: {counts}; {len(found.differences)} differences")
    sys.exit(1 if found.differences else 0)


if __name__ == "__main__":
    main()

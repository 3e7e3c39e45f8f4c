"""Fees, first-in-first-out profit, the equity series and what follows from it, in exact decimals.

Equity comes from cash flows: what was paid and received at each fill, and the position at the last
price. Lots are matched by where a unit stands in the row of all units bought and sold, not by a
queue. Prices at a fill come from finding the trade (or the part of the candle) that made it.
"""

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from market import GRACE_MS, taker_price

EIGHT = Decimal("1e-8")
EIGHTEEN = Decimal("1e-18")
DAY_MS = 86_400_000


def half_even(value, step):
    return value.quantize(step, ROUND_HALF_EVEN)


def sign(side):
    return 1 if side == "BUY" else -1


class Point:
    """The account at a candle's close or after a fill."""

    def __init__(self, time, kind, equity, cash):
        self.time, self.kind, self.equity, self.cash = time, kind, equity, cash


class Account:
    """Walks over the market once and notes the account wherever the report has a point."""

    def __init__(self, start, fills, orders, instrument, config):
        self.start, self.fills, self.orders = start, fills, orders
        self.unit = Decimal(instrument["contract_value"])
        self.tick, self.lot = Decimal(instrument["tick"]), Decimal(instrument["lot"])
        self.rate = Decimal(config["paper_trading.slippage_rate"])
        self.fraction = Decimal(config["paper_trading.fill_volume_fraction"])
        self.next, self.position, self.flow, self.fees = 0, Decimal(0), Decimal(0), Decimal(0)
        self.realised = realised_by_fill(fills, self.unit)
        self.gained, self.points, self.problems = Decimal(0), [], []
        # By fill: where it stands among the rows of the market, for excursions.
        self.row_of_fill = {}

    def equity(self, last):
        return self.start - self.fees + self.flow + self.position * last * self.unit

    def note(self, time, kind, last):
        cash = self.start - self.fees + self.gained
        self.points.append(Point(time, kind, self.equity(last), cash))

    def take(self, last, row):
        fill = self.fills[self.next]
        signed = sign(fill["side"]) * fill["quantity"]
        self.position += signed
        self.flow -= signed * fill["price"] * self.unit
        self.fees += fill["fee"]
        self.gained += self.realised[self.next]
        self.row_of_fill[self.next] = row
        self.next += 1
        self.note(fill["time"], "fill", last)

    def offered(self, quantity):
        return (quantity * self.fraction / self.lot).to_integral_value(ROUND_FLOOR) * self.lot

    def pending(self, time):
        if self.next < len(self.fills) and self.fills[self.next]["time"] == time:
            return self.fills[self.next]
        return None

    def over_trades(self, rows, length):
        """Trades: a candle closes a second after its end, or with the first trade behind it."""
        end, last, start = None, None, None
        for number, row in enumerate(rows):
            while end is not None and end + GRACE_MS <= row["time"]:
                self.note(start, "candle", last)
                start, end = end, end + length
            last, left = row["price"], self.offered(row["quantity"])
            while (fill := self.pending(row["time"])) and self.made_by(fill, last, left):
                left -= fill["quantity"]
                self.take(last, number)
            while end is not None and row["time"] >= end:
                self.note(start, "candle", last)
                start, end = end, end + length
            if end is None:
                start = int(row["time"] // length * length)
                end = start + length
        self.settle()

    def made_by(self, fill, price, left):
        if fill["quantity"] > left:
            return False
        if fill["maker"]:
            return (price - fill["price"]) * sign(fill["side"]) <= 0
        return fill["price"] == taker_price(fill["side"], price, self.rate, self.tick)

    def over_candles(self, candles, length):
        """Candles: rests and gaps fill at the open, levels in between, then the close counts."""
        for number, candle in enumerate(candles):
            if candle.source != "flat" or candle.volume != 0:
                while self.pending(candle.start):
                    self.take(candle.open, number)
                while (fill := self.pending(candle.start + length)) and self.at_level(fill, candle):
                    self.take(self.orders[fill["order"]]["price"], number)
            self.note(candle.start, "candle", candle.close)
        self.settle()

    def at_level(self, fill, candle):
        order = self.orders[fill["order"]]
        if order["leg"] not in ("stop", "target"):
            return False
        level = order["price"]
        price = level if fill["maker"] else taker_price(fill["side"], level, self.rate, self.tick)
        return candle.low <= level <= candle.high and fill["price"] == price

    def settle(self):
        if self.next != len(self.fills):
            fill = self.fills[self.next]
            self.problems.append(f"fill {fill['id']}: nothing in the market made it")


def realised_by_fill(fills, unit):
    """What each fill realised: the units it closes against those that were opened first.

    Opened and closed units are numbered from 0 since the position was last flat; a closing fill
    takes the numbers behind those closed before it.
    """
    result, opened, position = [], [], Decimal(0)
    entered = left = Decimal(0)
    for fill in fills:
        signed = sign(fill["side"]) * fill["quantity"]
        gain = Decimal(0)
        if position == 0:
            opened, entered, left = [], Decimal(0), Decimal(0)
        if position * signed >= 0:
            opened.append((entered, entered + fill["quantity"], fill["price"]))
            entered += fill["quantity"]
        else:
            low, high = left, left + fill["quantity"]
            for first, behind, price in opened:
                shared = min(high, behind) - max(low, first)
                if shared > 0:
                    gain += shared * (fill["price"] - price) * (1 if position > 0 else -1)
            left = high
        position += signed
        result.append(gain * unit)
    return result


def closed_trades(account, market_low, market_high):
    """From flat to flat: everything that a trade's row says of money and prices."""
    trades, group, position = [], [], Decimal(0)
    for number, fill in enumerate(account.fills):
        group.append((number, fill))
        position += sign(fill["side"]) * fill["quantity"]
        if position == 0:
            trades.append(one_trade(account, group, market_low, market_high))
            group = []
    return trades


def one_trade(account, group, market_low, market_high):
    side = group[0][1]["side"]
    entries = [fill for _, fill in group if fill["side"] == side]
    exits = [fill for _, fill in group if fill["side"] != side]
    value = lambda fills: sum(f["price"] * f["quantity"] for f in fills)
    size = lambda fills: sum(f["quantity"] for f in fills)
    gross = sum(account.realised[number] for number, _ in group)
    fees = sum(fill["fee"] for _, fill in group)
    vwap = half_even(value(entries) / size(entries), EIGHTEEN)
    first, last = account.row_of_fill[group[0][0]], account.row_of_fill[group[-1][0]]
    low, high = market_low(first, last), market_high(first, last)
    best, worst = (high - vwap, low - vwap) if side == "BUY" else (vwap - low, vwap - high)
    slippage = sum(
        sign(f["side"]) * (f["price"] - f["reference"]) * f["quantity"] for _, f in group
    )
    return {
        "side": "LONG" if side == "BUY" else "SHORT",
        "entry_time_ms": group[0][1]["time"],
        "exit_time_ms": group[-1][1]["time"],
        "entry_vwap": vwap,
        "exit_vwap": half_even(value(exits) / size(exits), EIGHTEEN),
        "entered": value(entries) * account.unit,
        "gross": gross,
        "fees": fees,
        "net": gross - fees,
        "slippage": slippage * account.unit,
        "mfe": best,
        "mae": worst,
    }


def drawdown_pct(start, series):
    peak, worst = start, Decimal(0)
    for equity in series:
        peak = max(peak, equity)
        worst = max(worst, 100 * (peak - equity) / peak)
    return worst


def by_day(points):
    days = {}
    for point in points:
        days[int(point.time // DAY_MS * DAY_MS)] = point.equity
    return days


def daily_returns(start, days):
    """One for every day from the first to the last; a day without data has 0."""
    returns, before = [], start
    for midnight in range(min(days), max(days) + 1, DAY_MS):
        equity = days.get(midnight, before)
        returns.append(equity / before - 1)
        before = equity
    return returns


def sharpe(returns):
    if len(returns) < 2:
        return None
    mean = sum(returns) / len(returns)
    variance = sum((r - mean) ** 2 for r in returns) / (len(returns) - 1)
    return None if variance == 0 else mean / variance.sqrt() * Decimal(365).sqrt()


def sortino(returns):
    mean = sum(returns) / len(returns)
    downside = sum(r * r for r in returns if r < 0) / len(returns)
    return None if downside == 0 else mean / downside.sqrt() * Decimal(365).sqrt()


def time_in_position(fills, end):
    total, position, since = Decimal(0), Decimal(0), None
    for fill in fills:
        before = position
        position += sign(fill["side"]) * fill["quantity"]
        if before == 0:
            since = fill["time"]
        if position == 0:
            total += fill["time"] - since
    return total + (end - since if position else 0)

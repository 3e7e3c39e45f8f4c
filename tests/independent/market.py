"""Candles and indicators from exported rows, by the textbook definition of each.

Nothing here is streaming: every value is computed from the whole list that it is defined on.
Indicators are floats; prices and quantities are decimals.
"""

import csv
import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

GRACE_MS = 1000
UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def length_ms(interval):
    """`15m` in milliseconds."""
    return int(interval[:-1]) * UNIT_MS[interval[-1]]


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Candle:
    def __init__(self, start, open_, high, low, close, volume, source):
        self.start, self.open, self.high, self.low = start, open_, high, low
        self.close, self.volume, self.source = close, volume, source

    @classmethod
    def flat(cls, start, price):
        return cls(start, price, price, price, price, Decimal(0), "flat")

    def cells(self):
        return (self.start, self.open, self.high, self.low, self.close, self.volume, self.source)


def taker_price(side, price, rate, tick):
    """A market order pays the slippage, rounded to the tick against itself."""
    sign = 1 if side == "BUY" else -1
    steps = price * (1 + sign * rate) / tick
    return tick * steps.to_integral_value(ROUND_CEILING if sign > 0 else ROUND_FLOOR)


def candles_of_trades(rows, length):
    """Groups trades by bucket; empty buckets between two become flat. The last stays open."""
    groups = {}
    for row in rows:
        groups.setdefault(row["time"] // length * length, []).append(row)
    starts, candles = sorted(groups), []
    for start, following in zip(starts, starts[1:]):
        group = groups[start]
        prices = [row["price"] for row in group]
        volume = sum(row["quantity"] for row in group)
        candles.append(
            Candle(int(start), prices[0], max(prices), min(prices), prices[-1], volume, "trades")
        )
        for empty in range(int(start + length), int(following), length):
            candles.append(Candle.flat(empty, prices[-1]))
    # The clock closes the last bucket of all only when its grace is over, which no trade proves.
    return candles


def candles_of_rows(rows, length):
    """Recorded candles, with flat ones where a bucket is missing."""
    candles = []
    for row in rows:
        start = int(row["timestamp"])
        while candles and candles[-1].start + length < start:
            candles.append(Candle.flat(candles[-1].start + length, candles[-1].close))
        price = [Decimal(row[name]) for name in ("open", "high", "low", "close")]
        candles.append(Candle(start, *price, Decimal(row["volume"]), row["source"]))
    return candles


def windows(values, size):
    """The last `size` values at each index; None until all of them are there."""
    for index in range(len(values)):
        part = values[max(0, index - size + 1) : index + 1]
        yield part if len(part) == size and None not in part else None


def over(values, size, what):
    return [None if part is None else what(part) for part in windows(values, size)]


def mean(part):
    return math.fsum(part) / len(part)


def deviation(part):
    middle = mean(part)
    return math.sqrt(mean([(value - middle) ** 2 for value in part]))


def smoothed(values, size, weight):
    """Exponential average that begins with the mean of its first `size` defined values."""
    head = next((i for i, value in enumerate(values) if value is not None), len(values))
    out = [None] * len(values)
    if len(values) < head + size:
        return out
    out[head + size - 1] = mean(values[head : head + size])
    for index in range(head + size, len(values)):
        out[index] = weight * values[index] + (1 - weight) * out[index - 1]
    return out


def ema(values, size):
    return smoothed(values, size, 2 / (size + 1))


def wilder(values, size):
    return smoothed(values, size, 1 / size)


def quotient(above, below, flat=0.0, scale=100.0):
    """100 above/below; the agreed value where there is nothing to divide by."""
    return flat if abs(below) <= 1e-12 * scale else 100 * above / below


def both(left, right, what):
    return [None if a is None or b is None else what(a, b) for a, b in zip(left, right)]


def rsi(close, size=14):
    change = [None] + [b - a for a, b in zip(close, close[1:])]
    gain = wilder([None if c is None else max(c, 0.0) for c in change], size)
    loss = wilder([None if c is None else max(-c, 0.0) for c in change], size)
    return [
        None if g is None or l is None else quotient(g, g + l, 0.0, c)
        for g, l, c in zip(gain, loss, close)
    ]


def stochastic(high, low, close, flat=0.0):
    top, bottom = over(high, 14, max), over(low, 14, min)
    raw = [
        None if t is None or b is None else quotient(c - b, t - b, flat, abs(c) or 100.0)
        for t, b, c in zip(top, bottom, close)
    ]
    k = over(raw, 3, mean)
    return k, over(k, 3, mean)


def stoch_rsi(close):
    line = rsi(close)
    top, bottom = over(line, 14, max), over(line, 14, min)
    raw = [
        None if t is None or b is None else quotient(r - b, t - b, 50.0)
        for t, b, r in zip(top, bottom, line)
    ]
    k = over(raw, 3, mean)
    return k, over(k, 3, mean)


def true_range(high, low, close):
    pairs = zip(high[1:], low[1:], close)
    return [None] + [max(h, before) - min(l, before) for h, l, before in pairs]


def wilder_sum(values, size):
    """Wilder's running sum: the first `size` - 1 values, then a `size`-th of it leaves each bar."""
    out = [None] * len(values)
    if len(values) <= size:
        return out
    total = math.fsum(values[1:size])
    for index in range(size, len(values)):
        total = total * (1 - 1 / size) + values[index]
        out[index] = total
    return out


def directional(candles, high, low, close, size=14):
    """Which move is the larger one is decided on exact prices: floats would see noise."""
    up = [None] + [b.high - a.high for a, b in zip(candles, candles[1:])]
    down = [None] + [a.low - b.low for a, b in zip(candles, candles[1:])]
    plus = both(up, down, lambda u, d: float(u) if u > d and u > 0 else 0.0)
    minus = both(up, down, lambda u, d: float(d) if d > u and d > 0 else 0.0)
    span = wilder_sum(true_range(high, low, close), size)
    plus_di = both(wilder_sum(plus, size), span, quotient)
    minus_di = both(wilder_sum(minus, size), span, quotient)
    index = both(plus_di, minus_di, lambda p, m: quotient(abs(p - m), p + m))
    return plus_di, minus_di, wilder(index, size)


def indicators(candles):
    """Every column of `--format indicators-csv`, each as long as the candles."""
    close = [float(c.close) for c in candles]
    high = [float(c.high) for c in candles]
    low = [float(c.low) for c in candles]
    sma20, deviation20 = over(close, 20, mean), over(close, 20, deviation)
    macd = both(ema(close, 12), ema(close, 26), lambda fast, slow: fast - slow)
    signal = ema(macd, 9)
    k, d = stochastic(high, low, close)
    rsi_k, rsi_d = stoch_rsi(close)
    plus, minus, adx = directional(candles, high, low, close)
    return {
        "sma20": sma20,
        "ema20": ema(close, 20),
        "rsi14": rsi(close),
        "atr14": wilder(true_range(high, low, close), 14),
        "macd": macd,
        "macd_signal": signal,
        "macd_histogram": both(macd, signal, lambda a, b: a - b),
        "bollinger_upper": both(sma20, deviation20, lambda m, s: m + 2 * s),
        "bollinger_middle": sma20,
        "bollinger_lower": both(sma20, deviation20, lambda m, s: m - 2 * s),
        "stochastic_k": k,
        "stochastic_d": d,
        "stoch_rsi_k": rsi_k,
        "stoch_rsi_d": rsi_d,
        "plus_di14": plus,
        "minus_di14": minus,
        "adx14": adx,
    }


def decision_values(candles):
    """Values that the strategies momentum and mean_reversion write beside their decisions."""
    close = [float(c.close) for c in candles]
    volume = [float(c.volume) for c in candles]
    table = indicators(candles)
    mean50, deviation50 = over(close, 50, mean), over(close, 50, deviation)
    return {
        "momentum": {
            "sma_short": over(close, 10, mean),
            "sma_long": table["sma20"],
            "ema_short": ema(close, 10),
            "ema_long": table["ema20"],
            "rsi14": table["rsi14"],
            "atr14": table["atr14"],
            "volume": volume,
            "volume_average": over(volume, 10, mean),
        },
        "mean_reversion": {
            "sma": mean50,
            "deviation": deviation50,
            "volatility": both(deviation50, mean50, lambda s, m: s / m),
            "adx14": table["adx14"],
        },
    }

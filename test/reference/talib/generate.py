"""Writes testdata/*.csv.gz: bars of seeded random walks and what TA-Lib says of them.

Run where requirements.txt is installed: python test/reference/talib/generate.py
The numbers have 17 significant digits, blank where TA-Lib gives none yet; the files are the same on every run.
"""

import gzip
import math
import pathlib

import numpy as np
import talib

OUT = pathlib.Path(__file__).parent / "testdata"

# Name, first price, step of the walk as a share of it, seed: an index future, a currency future near 1.1 whose digits
# are few, a coin, a penny stock, and one that stands still half of the time.
SERIES = [
    ("index", 5000.0, 3e-4, 1),
    ("currency", 1.1, 5e-5, 2),
    ("coin", 65000.0, 1e-3, 3),
    ("penny", 0.0123, 5e-3, 4),
    ("quiet", 100.0, 2e-4, 5),
]
BARS = 240


def bars(price: float, step: float, seed: int, is_quiet: bool) -> dict[str, np.ndarray]:
    random = np.random.Generator(np.random.PCG64(seed))
    moves = random.normal(0.0, step, BARS)
    if is_quiet:
        moves[: BARS // 4] = 0.0
        moves[random.random(BARS) < 0.5] = 0.0
    close = price * np.cumprod(1.0 + moves)
    opened = np.concatenate([[price], close[:-1]])
    wick = np.where(moves == 0.0, 0.0, np.abs(random.normal(0.0, step, BARS)))
    high = np.maximum(opened, close) * (1.0 + wick)
    low = np.minimum(opened, close) * (1.0 - wick)
    return {"high": high, "low": low, "close": close}


def columns(b: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    high, low, close = b["high"], b["low"], b["close"]
    macd, signal, hist = talib.MACD(close, 12, 26, 9)
    upper20, _, lower20 = talib.BBANDS(close, 20, 2, 2)
    upper5, middle5, lower5 = talib.BBANDS(close, 5, 2, 2)
    return b | {
        "rsi14": talib.RSI(close, 14),
        "macd": macd,
        "macd_signal": signal,
        "macd_hist": hist,
        "atr14": talib.ATR(high, low, close, 14),
        "natr14": talib.NATR(high, low, close, 14),
        "sma20": talib.SMA(close, 20),
        "stddev20": talib.STDDEV(close, 20, 1),
        "bb20_upper": upper20,
        "bb20_lower": lower20,
        "bb5_upper": upper5,
        "bb5_middle": middle5,
        "bb5_lower": lower5,
    }


def text(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.17g}"


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for name, price, step, seed in SERIES:
        table = columns(bars(price, step, seed, name == "quiet"))
        rows = [",".join(table)] + [",".join(map(text, row)) for row in zip(*table.values())]
        data = ("\n".join(rows) + "\n").encode()
        # A fixed time in the header keeps the bytes the same on every run.
        (OUT / f"{name}.csv.gz").write_bytes(gzip.compress(data, 9, mtime=0))


if __name__ == "__main__":
    main()

"""Times the features of core-v1 over whole columns: python talib_batch.py FILE

FILE holds float64 columns high, low, close, volume, one after the other. For each line on standard input runs TA-Lib's functions
for the indicators of core-v1, then the same with numpy for what TA-Lib lacks, so that every feature of core-v1 is there, and
prints the seconds of CPU time of both. What warms up is not timed.
"""

import sys
import time

import numpy as np
import talib

LOOKBACKS = (5, 10, 20, 50, 100)


def indicators(high, low, close, volume):
    """What TA-Lib has."""
    returns = talib.ROCP(close, 1)
    by_lookback = [
        (talib.ROCP(close, k), talib.STDDEV(returns, k, 1), talib.SMA(close, k)) for k in LOOKBACKS
    ]
    return (
        returns,
        by_lookback,
        talib.RSI(close, 14),
        talib.MACD(close, 12, 26, 9),
        [talib.BBANDS(close, k, 2, 2) for k in (20, 5)],
        talib.ATR(high, low, close, 14),
        talib.NATR(high, low, close, 14),
        [talib.SMA(volume, k) for k in (5, 20)],
    )


def features(high, low, close, volume):
    """All of core-v1: the rest with numpy, as one would write it."""
    returns, by_lookback, rsi, macd, bands, atr, natr, volumes = indicators(high, low, close, volume)
    bid = close - 0.25
    ask = close + 0.25
    out = [returns, rsi, *macd, atr, natr]
    for change, deviation, mean in by_lookback:
        out += [change, deviation, close / mean - 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        for upper, _, lower in bands:
            out.append(np.where(upper > lower, (close - lower) / (upper - lower), 0.5))
        for mean in volumes:
            out.append(np.where(mean == 0, 1, volume / mean))
        weighted = talib.SUM(close * volume, 20) / talib.SUM(volume, 20)
        out.append((close - weighted) / close)
    out += [(ask - bid) / bid, (bid + ask) / 2]
    return out


def seconds(work, columns):
    begun = time.process_time()
    work(*columns)
    return time.process_time() - begun


columns = np.fromfile(sys.argv[1]).reshape(4, -1)
assert len(features(*columns)) == 29
for line in sys.stdin:
    print(seconds(indicators, columns), seconds(features, columns), flush=True)

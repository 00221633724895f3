"""Times TA-Lib's batch functions for the indicators of core-v1 that it has: python talib_batch.py FILE

FILE holds float64 columns high, low, close, volume, one after the other. Prints the seconds of one run after a warm-up.
"""

import sys
import time

import numpy as np
import talib

LOOKBACKS = (5, 10, 20, 50, 100)


def run(high, low, close, volume):
    returns = talib.ROCP(close, 1)
    for k in LOOKBACKS:
        talib.ROCP(close, k)
        talib.STDDEV(returns, k, 1)
        talib.SMA(close, k)
    talib.RSI(close, 14)
    talib.MACD(close, 12, 26, 9)
    talib.BBANDS(close, 20, 2, 2)
    talib.BBANDS(close, 5, 2, 2)
    talib.ATR(high, low, close, 14)
    talib.NATR(high, low, close, 14)
    talib.SMA(volume, 5)
    talib.SMA(volume, 20)


columns = np.fromfile(sys.argv[1]).reshape(4, -1)
run(*(column[:10_000].copy() for column in columns))
begun = time.perf_counter()
run(*columns)
print(time.perf_counter() - begun)

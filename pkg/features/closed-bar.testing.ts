import type { ClosedBar } from './feature-vector.ts';

/** A closed bar with what a test says of it; flat at its close, without volume or quote, otherwise. */
export function closedBar(bar: Partial<ClosedBar> & Pick<ClosedBar, 'close'>): ClosedBar {
  const none = Number.NaN;
  return {
    ...{ symbol: 'X', startTimeUs: 0, endTimeUs: 1, open: bar.close, high: bar.close, low: bar.close },
    ...{ volume: 0, buyVolume: 0, sellVolume: 0, tradeCount: 1, quoteCount: 0 },
    ...{ bidPrice: none, bidSize: none, askPrice: none, askSize: none },
    ...bar,
  };
}

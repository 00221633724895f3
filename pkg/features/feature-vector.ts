/** Names of the sets of features that the engine computes. */
export type FeatureSetName = 'core-v1' | 'micro-v1';

/** How bars are cut: by time, by number of trades or by traded volume. */
export type BarClock =
  | { readonly by: 'time'; readonly intervalMs: number }
  | { readonly by: 'trades'; readonly count: number }
  | { readonly by: 'volume'; readonly volume: number };

/** One closed bar as the engine built it. Times in UTC microseconds; prices in quote currency. */
export interface ClosedBar {
  readonly symbol: string;
  readonly startTimeUs: number;
  /** End of the interval (time bars), or time of the event that completed the bar. */
  readonly endTimeUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly tradeCount: number;
  readonly quoteCount: number;
  /** Best quote at the close; NaN where none has been seen. */
  readonly bidPrice: number;
  readonly bidSize: number;
  readonly askPrice: number;
  readonly askSize: number;
}

/** Features of one symbol as of the close of one bar. */
export interface FeatureVector {
  readonly symbol: string;
  /** Name of the set (`core-v1`) or of the sets joined by `+`. */
  readonly featureSet: string;
  /** End of the bar: the time for which the features hold. */
  readonly timeUs: number;
  /** Largest receive time among the inputs: when this could have been known. */
  readonly knownTimeUs: number;
  /** Offset in the input log of the event that closed the bar: the identity of everything derived from it. */
  readonly offset: number;
  /** Shape [f], in the order of the engine's `names`; NaN means not ready (absent), never a guess. */
  readonly values: Float64Array;
  readonly bar: ClosedBar;
}

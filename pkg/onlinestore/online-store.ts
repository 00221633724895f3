/** The newest feature vector of a symbol, as served to predictions. */
export interface OnlineFeatures {
  readonly symbol: string;
  readonly featureSet: string;
  /** Time for which the features hold, UTC microseconds. */
  readonly timeUs: number;
  /** When they could have been known, UTC microseconds. */
  readonly knownTimeUs: number;
  /** Offset of the input event: a newer offset wins, an older or equal write changes nothing. */
  readonly offset: number;
  /** Shape [f], order of the feature set; NaN means absent. */
  readonly values: Float64Array;
}

/** Newest features by (feature set, symbol), and a small cache with expiry. Rebuildable from the log. */
export interface OnlineStore {
  /**
   * Writes each vector unless the store has one with the same or a newer offset.
   *
   * @returns For each input, whether it was written.
   */
  putFeatures(vectors: readonly OnlineFeatures[]): Promise<readonly boolean[]>;
  /** @returns One entry per symbol, in the order asked; `undefined` where there is none or it has expired. */
  getFeatures(
    featureSet: string,
    symbols: readonly string[],
  ): Promise<readonly (OnlineFeatures | undefined)[]>;
  /** Keeps `value` under `key` for `ttlSeconds` (> 0). */
  putCached(key: string, value: Uint8Array, ttlSeconds: number): Promise<void>;
  getCached(key: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

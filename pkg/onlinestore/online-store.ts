import { StoreValueInvalid } from './errors.ts';

/** The newest feature vector of a symbol, as served to predictions. */
export interface OnlineFeatures {
  readonly symbol: string;
  readonly featureSet: string;
  /** Time for which the features hold, UTC microseconds. */
  readonly timeUs: number;
  /** When they could have been known, UTC microseconds. */
  readonly knownTimeUs: number;
  /** Offset of the input event in its partition, integer >= 0; one symbol is always in one partition. */
  readonly offset: number;
  /** Shape [f], order of the feature set; NaN means absent. Kept bit for bit, -0 included. */
  readonly values: Float64Array;
}

/**
 * Newest features by (feature set, symbol), and a small cache with expiry. Rebuildable from the log.
 *
 * What is given is copied, and what is returned belongs to the caller. Every method but `close` throws StoreClosed once
 * the store is closed. A store that is a server throws StoreUnavailable within its time-out while the server is away, and
 * serves again by itself; what a failed write held may have been kept or not.
 */
export interface OnlineStore {
  /**
   * Writes each vector that {@link isNewer} than the stored one; the others change nothing. Each write stands for itself
   * and is atomic; of several for one symbol in a call the newest wins too. A written vector expires after the store's time to
   * live, and then counts as absent: any offset may be written again.
   *
   * @returns For each input, whether it was written.
   * @throws {StoreValueInvalid} An offset or time is not an integer in its bounds; none was written.
   */
  putFeatures(vectors: readonly OnlineFeatures[]): Promise<readonly boolean[]>;
  /** @returns One entry per symbol, in the order asked; `undefined` where there is none or it has expired. */
  getFeatures(
    featureSet: string,
    symbols: readonly string[],
  ): Promise<readonly (OnlineFeatures | undefined)[]>;
  /**
   * Keeps `value` under `key` for `ttlSeconds`, from 0.001 on; later writes win. A cache: it may forget earlier.
   *
   * @throws {StoreValueInvalid} The time to live is out of its bounds.
   */
  putCached(key: string, value: Uint8Array, ttlSeconds: number): Promise<void>;
  /** @returns What was kept, or `undefined` where it is absent or has expired. */
  getCached(key: string): Promise<Uint8Array | undefined>;
  /** Lets go of everything that this client holds; calling it again does nothing. */
  close(): Promise<void>;
}

/** Whether `a` replaces `b`: by offset, then by time, since one event may close several bars. */
export function isNewer(
  a: Pick<OnlineFeatures, 'offset' | 'timeUs'>,
  b: Pick<OnlineFeatures, 'offset' | 'timeUs'>,
): boolean {
  return a.offset > b.offset || (a.offset === b.offset && a.timeUs > b.timeUs);
}

/** What every store refuses before it writes. @throws {StoreValueInvalid} */
export function checkFeatures({ offset, timeUs, knownTimeUs }: OnlineFeatures): void {
  if (!(Number.isSafeInteger(offset) && offset >= 0))
    throw new StoreValueInvalid('offset', 'an integer >= 0', offset);
  for (const [field, timeOfField] of [
    ['timeUs', timeUs],
    ['knownTimeUs', knownTimeUs],
  ] as const) {
    if (!Number.isSafeInteger(timeOfField))
      throw new StoreValueInvalid(field, 'whole microseconds within 2^53', timeOfField);
  }
}

/** What every store refuses as a time to live. @throws {StoreValueInvalid} */
export function checkTtl(ttlSeconds: number): void {
  if (!(Number.isFinite(ttlSeconds) && ttlSeconds >= 0.001))
    throw new StoreValueInvalid('ttlSeconds', 'finite and at least 0.001', ttlSeconds);
}

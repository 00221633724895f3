import { TradewindError } from '../runtime/errors.ts';
import { isNewer, type OnlineFeatures, type OnlineStore } from './online-store.ts';

export interface FeatureFeedOptions {
  readonly store: Pick<OnlineStore, 'putFeatures'>;
  /** Told when writes begin to fail, and not again before they succeed. */
  readonly onBehind?: (error: TradewindError) => void;
  /** Told when a write succeeds again, of how many symbols had waited. */
  readonly onCaughtUp?: (waited: number) => void;
}

/** Symbols that wait at most; beyond, the longest waiting is dropped, and is written again with its next vector. */
const MAX_WAITING = 100_000;

/**
 * Writes the vectors of a stream to a store that may be away, without the stream standing still: readers of the log need
 * features too, and the store can be filled again. Of what could not be written the newest of each symbol waits, and goes
 * with the next write.
 */
export class FeatureFeed implements Pick<OnlineStore, 'putFeatures'> {
  readonly #options: FeatureFeedOptions;
  /** By feature set and symbol. */
  readonly #waiting = new Map<string, OnlineFeatures>();
  #isBehind = false;

  constructor(options: FeatureFeedOptions) {
    this.#options = options;
  }

  /**
   * @returns For each vector, whether it was written by this call; one that waits was not.
   * @throws {TradewindError} What the store will never accept.
   */
  async putFeatures(vectors: readonly OnlineFeatures[]): Promise<readonly boolean[]> {
    const late = [...this.#waiting];
    try {
      const written = await this.#options.store.putFeatures([
        ...late.map(([, vector]) => vector),
        ...vectors,
      ]);
      this.#caughtUp(late);
      return written.slice(late.length);
    } catch (error) {
      if (!(error instanceof TradewindError && error.retryable)) throw error;
      for (const vector of vectors) this.#wait(vector);
      if (!this.#isBehind) this.#options.onBehind?.(error);
      this.#isBehind = true;
      return vectors.map(() => false);
    }
  }

  #wait(vector: OnlineFeatures): void {
    const key = `${vector.featureSet}/${vector.symbol}`;
    const kept = this.#waiting.get(key);
    if (kept !== undefined && !isNewer(vector, kept)) return;
    this.#waiting.set(key, vector);
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
  }

  #caughtUp(written: readonly (readonly [string, OnlineFeatures])[]): void {
    for (const [key, vector] of written) {
      // A newer one may have begun to wait meanwhile.
      if (this.#waiting.get(key) === vector) this.#waiting.delete(key);
    }
    if (this.#isBehind) this.#options.onCaughtUp?.(written.length);
    this.#isBehind = false;
  }
}

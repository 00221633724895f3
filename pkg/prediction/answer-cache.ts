import type { OnlineStore } from '../onlinestore/online-store.ts';
import type { Clock } from '../runtime/clock.ts';
import { TradewindError } from '../runtime/errors.ts';
import { type CachedAnswer, decodeAnswer, encodeAnswer } from './cached-answer.ts';
import type { PredictionModel } from './model-directory.ts';

/** Where answers are kept: the memory of a process has room for its own, Redis for those of every process. */
export type AnswerStore = Pick<OnlineStore, 'getCached' | 'putCached'>;

export interface AnswerCacheOptions {
  readonly store: AnswerStore;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  /** Told of each time that the store failed. */
  readonly onFailure?: (error: TradewindError) => void;
}

/** Time without a look into a store that failed: predictions must not each wait for its time-out. */
const REST_MS = 1000;

/**
 * Answers to features that callers gave, by their content: revision of the model and bytes of the inputs. A cache saves work and
 * is never needed: where its store fails, there is no answer.
 */
export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
  }

  async find(model: PredictionModel, inputsHash: string): Promise<CachedAnswer | undefined> {
    const bytes = await this.#tried((store) => store.getCached(keyOf(model, inputsHash)));
    return bytes === undefined ? undefined : decodeAnswer(bytes);
  }

  /** Keeps an answer for the next who asks; the one who asked now need not wait for it. */
  async keep(model: PredictionModel, inputsHash: string, answer: CachedAnswer): Promise<void> {
    const { ttlSeconds } = this.#options;
    await this.#tried((store) => store.putCached(keyOf(model, inputsHash), encodeAnswer(answer), ttlSeconds));
  }

  async #tried<T>(work: (store: AnswerStore) => Promise<T>): Promise<T | undefined> {
    const { store, clock, onFailure } = this.#options;
    if (clock.monotonicMs() < this.#restsUntilMs) return undefined;
    try {
      return await work(store);
    } catch (error) {
      if (!(error instanceof TradewindError)) throw error;
      this.#restsUntilMs = clock.monotonicMs() + REST_MS;
      onFailure?.(error);
      return undefined;
    }
  }
}

/** The number is the version of what is kept. */
const keyOf = ({ digest }: PredictionModel, inputsHash: string): string =>
  `prediction/1/${digest}/${inputsHash}`;

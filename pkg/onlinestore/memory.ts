import { LRUCache } from 'lru-cache';

import type { Clock } from '../runtime/clock.ts';
import { StoreClosed } from './errors.ts';
import { checkFeatures, checkTtl, isNewer, type OnlineFeatures, type OnlineStore } from './online-store.ts';

/** Answers kept at most; the least recently used go first. */
const MAX_CACHED = 50_000;

export interface MemoryOnlineStoreOptions {
  readonly clock: Clock;
  /** Features older than this since their write are gone; at least 0.001, default one day. */
  readonly featureTtlSeconds?: number;
}

interface Kept<T> {
  readonly value: T;
  readonly expiresMs: number;
}

/** The online store of one process. */
export class MemoryOnlineStore implements OnlineStore {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  /** By feature set, then by symbol. */
  readonly #features = new Map<string, Map<string, Kept<OnlineFeatures>>>();
  readonly #cache = new LRUCache<string, Kept<Uint8Array>>({ max: MAX_CACHED });
  #sweptMs: number;
  #isClosed = false;

  /** @throws {StoreValueInvalid} The time to live is out of its bounds. */
  constructor({ clock, featureTtlSeconds = 86_400 }: MemoryOnlineStoreOptions) {
    checkTtl(featureTtlSeconds);
    this.#clock = clock;
    this.#ttlMs = featureTtlSeconds * 1000;
    this.#sweptMs = clock.monotonicMs();
  }

  async putFeatures(vectors: readonly OnlineFeatures[]): Promise<readonly boolean[]> {
    this.#checkOpen();
    vectors.forEach(checkFeatures);
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#sweptMs >= this.#ttlMs) this.#sweep(nowMs);
    return vectors.map((vector) => {
      const symbols = this.#symbolsOf(vector.featureSet);
      const kept = symbols.get(vector.symbol);
      if (kept !== undefined && kept.expiresMs > nowMs && !isNewer(vector, kept.value)) return false;
      symbols.set(vector.symbol, { value: copyOf(vector), expiresMs: nowMs + this.#ttlMs });
      return true;
    });
  }

  async getFeatures(
    featureSet: string,
    symbols: readonly string[],
  ): Promise<readonly (OnlineFeatures | undefined)[]> {
    this.#checkOpen();
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#features.get(featureSet);
    return symbols.map((symbol) => {
      const entry = kept?.get(symbol);
      return entry === undefined || entry.expiresMs <= nowMs ? undefined : copyOf(entry.value);
    });
  }

  async putCached(key: string, value: Uint8Array, ttlSeconds: number): Promise<void> {
    this.#checkOpen();
    checkTtl(ttlSeconds);
    this.#cache.set(key, {
      value: Uint8Array.from(value),
      expiresMs: this.#clock.monotonicMs() + ttlSeconds * 1000,
    });
  }

  async getCached(key: string): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    const entry = this.#cache.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresMs > this.#clock.monotonicMs()) return Uint8Array.from(entry.value);
    this.#cache.delete(key);
    return undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#features.clear();
    this.#cache.clear();
  }

  /** Features kept, those included whose time is over and that have not been swept out yet. */
  get size(): number {
    return [...this.#features.values()].reduce((sum, symbols) => sum + symbols.size, 0);
  }

  /** Lets go of what has expired: symbols come and go, and the old ones are never asked for again. */
  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    for (const symbols of this.#features.values())
      for (const [symbol, { expiresMs }] of symbols) if (expiresMs <= nowMs) symbols.delete(symbol);
  }

  #symbolsOf(featureSet: string): Map<string, Kept<OnlineFeatures>> {
    let symbols = this.#features.get(featureSet);
    if (symbols === undefined) {
      symbols = new Map();
      this.#features.set(featureSet, symbols);
    }
    return symbols;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StoreClosed();
  }
}

/** Without the fields that a wider object may carry; the values are copied, because callers may write into theirs. */
function copyOf({ symbol, featureSet, timeUs, knownTimeUs, offset, values }: OnlineFeatures): OnlineFeatures {
  return { symbol, featureSet, timeUs, knownTimeUs, offset, values: values.slice() };
}

import { LRUCache } from 'lru-cache';

import type { Clock } from '../runtime/clock.ts';
import type { OnlineFeatures, OnlineStore } from './online-store.ts';

/** Answers kept at most; the least recently used go first. */
const MAX_CACHED = 50_000;

export interface MemoryOnlineStoreOptions {
  readonly clock: Clock;
  /** Features older than this since their write are gone; default one day. */
  readonly featureTtlSeconds?: number;
}

interface Kept {
  readonly features: OnlineFeatures;
  readonly expiresMs: number;
}

/** The online store of one process. */
export class MemoryOnlineStore implements OnlineStore {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #features = new Map<string, Map<string, Kept>>();
  readonly #cache = new LRUCache<string, { readonly value: Uint8Array; readonly expiresMs: number }>({
    max: MAX_CACHED,
  });

  constructor({ clock, featureTtlSeconds = 86_400 }: MemoryOnlineStoreOptions) {
    this.#clock = clock;
    this.#ttlMs = featureTtlSeconds * 1000;
  }

  async putFeatures(vectors: readonly OnlineFeatures[]): Promise<readonly boolean[]> {
    const nowMs = this.#clock.monotonicMs();
    return vectors.map((vector) => {
      let symbols = this.#features.get(vector.featureSet);
      if (symbols === undefined) {
        symbols = new Map();
        this.#features.set(vector.featureSet, symbols);
      }
      const kept = symbols.get(vector.symbol);
      if (kept !== undefined && kept.expiresMs > nowMs && kept.features.offset >= vector.offset) return false;
      const { symbol, featureSet, timeUs, knownTimeUs, offset, values } = vector;
      symbols.set(symbol, {
        features: { symbol, featureSet, timeUs, knownTimeUs, offset, values: values.slice() },
        expiresMs: nowMs + this.#ttlMs,
      });
      return true;
    });
  }

  async getFeatures(
    featureSet: string,
    symbols: readonly string[],
  ): Promise<readonly (OnlineFeatures | undefined)[]> {
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#features.get(featureSet);
    return symbols.map((symbol) => {
      const entry = kept?.get(symbol);
      return entry === undefined || entry.expiresMs <= nowMs ? undefined : entry.features;
    });
  }

  async putCached(key: string, value: Uint8Array, ttlSeconds: number): Promise<void> {
    this.#cache.set(key, { value: value.slice(), expiresMs: this.#clock.monotonicMs() + ttlSeconds * 1000 });
  }

  async getCached(key: string): Promise<Uint8Array | undefined> {
    const entry = this.#cache.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresMs > this.#clock.monotonicMs()) return entry.value;
    this.#cache.delete(key);
    return undefined;
  }

  async close(): Promise<void> {
    this.#features.clear();
    this.#cache.clear();
  }
}

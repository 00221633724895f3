import type { StoreKey } from './keys.ts';

/** What is asked of one key. */
export interface Keyed {
  readonly key: StoreKey;
}

/** One call, whose items may go out in several commands and together with those of others. */
interface Call<O> {
  readonly results: O[];
  remaining: number;
  readonly resolve: (results: readonly O[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Entry<I, O> {
  readonly item: I;
  readonly call: Call<O>;
  /** Index of the item in its call. */
  readonly at: number;
}

/**
 * Gathers what is asked in one turn of the event loop, and sends it in as few commands as there are groups: a hundred
 * predictions that arrive together cost one round trip. Items of one group stay in order.
 */
export class TurnBatcher<I extends Keyed, O> {
  readonly #send: (items: readonly I[]) => Promise<readonly O[]>;
  readonly #maxItems: number;
  #waiting: Entry<I, O>[] = [];

  /**
   * @param send - One command: items of one group in, as many results in their order out.
   * @param maxItems - Items of one command at most, so that none holds up the server for long.
   */
  constructor(send: (items: readonly I[]) => Promise<readonly O[]>, maxItems: number) {
    this.#send = send;
    this.#maxItems = maxItems;
  }

  /** @returns One result per item, in order. Rejects with the error of the first of its commands that fails. */
  add(items: readonly I[]): Promise<readonly O[]> {
    if (items.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const call: Call<O> = { results: [], remaining: items.length, resolve, reject };
      // After the turn's input has been read, and before the loop sleeps.
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      items.forEach((item, at) => this.#waiting.push({ item, call, at }));
    });
  }

  #flush(): void {
    const groups = Map.groupBy(this.#waiting, ({ item }) => item.key.group);
    this.#waiting = [];
    for (const entries of groups.values()) {
      for (let from = 0; from < entries.length; from += this.#maxItems)
        void this.#sendChunk(entries.slice(from, from + this.#maxItems));
    }
  }

  async #sendChunk(entries: readonly Entry<I, O>[]): Promise<void> {
    try {
      const results = await this.#send(entries.map(({ item }) => item));
      entries.forEach(({ call, at }, i) => {
        call.results[at] = results[i]!;
        call.remaining -= 1;
        if (call.remaining === 0) call.resolve(call.results);
      });
    } catch (error) {
      for (const { call } of entries) call.reject(error);
    }
  }
}

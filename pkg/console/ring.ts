/** The newest items of a stream, with their numbers since its start; adding is O(1) and memory is bounded. */
export class Ring<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  #total = 0;

  /** @param capacity - Items kept, >= 1. @param items - What it begins with, oldest first. */
  constructor(capacity: number, items: readonly T[] = []) {
    this.#capacity = capacity;
    for (const item of items) this.push(item);
  }

  /** Items added since the start, kept or not: also the number of the next one. */
  get total(): number {
    return this.#total;
  }

  push(item: T): void {
    this.#items[this.#total % this.#capacity] = item;
    this.#total += 1;
  }

  /** Those kept of the items from number `first` on, oldest first. */
  since(first: number): { readonly first: number; readonly items: readonly T[] } {
    const from = Math.max(first, this.#total - this.#capacity, 0);
    const items: T[] = [];
    for (let i = from; i < this.#total; i += 1) items.push(this.#items[i % this.#capacity]!);
    return { first: from, items };
  }
}

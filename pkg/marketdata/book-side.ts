import type { Levels } from './events.ts';

/** A side as plain data: price, size pairs, worst first. */
export type BookSideState = readonly number[];

const INITIAL_CAPACITY = 256;

/**
 * One side of a book as two arrays sorted from the worst to the best price, so that changes, which fall near the best, move
 * few levels.
 */
export class BookSide {
  /** 1 for bids (higher is better), -1 for asks: price times sign grows towards the best. */
  readonly #sign: 1 | -1;
  #keys = new Float64Array(INITIAL_CAPACITY);
  #sizes = new Float64Array(INITIAL_CAPACITY);
  #length = 0;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  best(): { readonly price: number; readonly size: number } | undefined {
    const last = this.#length - 1;
    return last < 0 ? undefined : { price: this.#keys[last]! * this.#sign, size: this.#sizes[last]! };
  }

  replace(levels: Levels): void {
    this.#length = 0;
    this.update(levels);
  }

  /** Sets each level to its size; size 0 removes it. */
  update(levels: Levels): void {
    for (let i = 0; i < levels.length; i += 2) this.#set(levels[i]! * this.#sign, levels[i + 1]!);
  }

  top(n: number, out: Float64Array): number {
    const count = Math.min(n, this.#length);
    for (let i = 0; i < count; i += 1) {
      const at = this.#length - 1 - i;
      out[2 * i] = this.#keys[at]! * this.#sign;
      out[2 * i + 1] = this.#sizes[at]!;
    }
    return count;
  }

  toState(): BookSideState {
    const state: number[] = [];
    for (let i = 0; i < this.#length; i += 1) state.push(this.#keys[i]! * this.#sign, this.#sizes[i]!);
    return state;
  }

  static fromState(sign: 1 | -1, state: BookSideState): BookSide {
    const side = new BookSide(sign);
    side.update(Float64Array.from(state));
    return side;
  }

  #set(key: number, size: number): void {
    const at = this.#lowerBound(key);
    const exists = at < this.#length && this.#keys[at] === key;
    if (exists && size > 0) {
      this.#sizes[at] = size;
    } else if (exists) {
      this.#keys.copyWithin(at, at + 1, this.#length);
      this.#sizes.copyWithin(at, at + 1, this.#length);
      this.#length -= 1;
    } else if (size > 0) {
      this.#insert(at, key, size);
    }
  }

  #insert(at: number, key: number, size: number): void {
    if (this.#length === this.#keys.length) this.#grow();
    this.#keys.copyWithin(at + 1, at, this.#length);
    this.#sizes.copyWithin(at + 1, at, this.#length);
    this.#keys[at] = key;
    this.#sizes[at] = size;
    this.#length += 1;
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    const sizes = new Float64Array(this.#sizes.length * 2);
    keys.set(this.#keys);
    sizes.set(this.#sizes);
    this.#keys = keys;
    this.#sizes = sizes;
  }

  #lowerBound(key: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

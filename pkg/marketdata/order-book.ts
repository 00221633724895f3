import type { BookDelta, BookSnapshot } from './events.ts';
import { BookSide, type BookSideState } from './book-side.ts';

/**
 * What a delta did. `pending`: kept until a snapshot comes. `gap`: updates before it are missing, so the book waits for the next
 * snapshot.
 */
export type DeltaOutcome = 'applied' | 'stale' | 'gap' | 'pending';

/** One price level: price in quote currency, size in units. */
export interface PriceLevel {
  readonly price: number;
  readonly size: number;
}

/** A book as plain data, restorable bit for bit. */
export interface OrderBookState {
  readonly bids: BookSideState;
  readonly asks: BookSideState;
  readonly lastUpdateId: number;
  readonly isSynchronised: boolean;
  readonly isFirstAfterSnapshot: boolean;
  readonly pending: readonly BookDelta[];
}

/** Deltas kept while waiting for a snapshot; with more the oldest go, and the next snapshot may not connect. */
const MAX_PENDING = 4096;

/**
 * An order book built from a snapshot and the deltas after it. Changed in place: it is on the path of every depth update.
 *
 * Two chains are known. Where a delta names its predecessor (`previousUpdateId`, Binance futures `pu`), that must be the last id
 * applied; elsewhere its first id must be the last id plus one (Binance spot). The first delta after a snapshot must straddle
 * the snapshot's id; older ones are stale. A snapshot always synchronises anew.
 *
 * @see Binance API documentation, "How to manage a local order book correctly", for spot and for USD-M futures.
 */
export class OrderBook {
  #bids = new BookSide(1);
  #asks = new BookSide(-1);
  #lastUpdateId = -1;
  #isSynchronised = false;
  #isFirstAfterSnapshot = false;
  #pending: BookDelta[] = [];

  get isSynchronised(): boolean {
    return this.#isSynchronised;
  }

  /** Id of the last update that the book contains; -1 before the first snapshot. */
  get lastUpdateId(): number {
    return this.#lastUpdateId;
  }

  /** Starts anew from a snapshot, then applies what was kept and is newer; a snapshot older than the book is passed over. */
  applySnapshot(snapshot: BookSnapshot): void {
    if (this.#isSynchronised && snapshot.lastUpdateId < this.#lastUpdateId) return;
    this.#bids.replace(snapshot.bids);
    this.#asks.replace(snapshot.asks);
    this.#lastUpdateId = snapshot.lastUpdateId;
    this.#isSynchronised = true;
    this.#isFirstAfterSnapshot = true;
    const pending = this.#pending;
    this.#pending = [];
    for (const delta of pending) this.applyDelta(delta);
  }

  applyDelta(delta: BookDelta): DeltaOutcome {
    if (!this.#isSynchronised) {
      if (this.#pending.length === MAX_PENDING) this.#pending.shift();
      this.#pending.push(delta);
      return 'pending';
    }
    if (delta.lastUpdateId <= this.#lastUpdateId) return 'stale';
    if (!this.#follows(delta)) {
      this.#isSynchronised = false;
      this.#pending = [delta];
      return 'gap';
    }
    this.#bids.update(delta.bids);
    this.#asks.update(delta.asks);
    this.#lastUpdateId = delta.lastUpdateId;
    this.#isFirstAfterSnapshot = false;
    return 'applied';
  }

  /** Best bid; `undefined` when the side is empty. */
  bestBid(): PriceLevel | undefined {
    return this.#bids.best();
  }

  bestAsk(): PriceLevel | undefined {
    return this.#asks.best();
  }

  /**
   * Copies the best levels, best first, as price, size pairs.
   *
   * @param out - At least 2n long.
   * @returns Number of levels written, at most n.
   */
  topLevels(n: number, side: 'bid' | 'ask', out: Float64Array): number {
    return (side === 'bid' ? this.#bids : this.#asks).top(n, out);
  }

  toState(): OrderBookState {
    return {
      bids: this.#bids.toState(),
      asks: this.#asks.toState(),
      lastUpdateId: this.#lastUpdateId,
      isSynchronised: this.#isSynchronised,
      isFirstAfterSnapshot: this.#isFirstAfterSnapshot,
      pending: [...this.#pending],
    };
  }

  static fromState(state: OrderBookState): OrderBook {
    const book = new OrderBook();
    book.#bids = BookSide.fromState(1, state.bids);
    book.#asks = BookSide.fromState(-1, state.asks);
    book.#lastUpdateId = state.lastUpdateId;
    book.#isSynchronised = state.isSynchronised;
    book.#isFirstAfterSnapshot = state.isFirstAfterSnapshot;
    book.#pending = [...state.pending];
    return book;
  }

  #follows(delta: BookDelta): boolean {
    if (this.#isFirstAfterSnapshot) return delta.firstUpdateId <= this.#lastUpdateId + 1;
    return delta.previousUpdateId === undefined
      ? delta.firstUpdateId <= this.#lastUpdateId + 1
      : delta.previousUpdateId === this.#lastUpdateId;
  }
}

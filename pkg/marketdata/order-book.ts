import type { BookDelta, BookSnapshot } from './events.ts';
import { BookSide, type BookSideState } from './book-side.ts';
import { DepthChain, type DepthChainState, type DeltaOutcome, type SnapshotOutcome } from './depth-chain.ts';

/** One price level: price in quote currency, size in units. */
export interface PriceLevel {
  readonly price: number;
  readonly size: number;
}

/** A book as plain data, restorable bit for bit. */
export interface OrderBookState {
  readonly bids: BookSideState;
  readonly asks: BookSideState;
  readonly chain: DepthChainState;
  readonly pending: readonly BookDelta[];
}

/**
 * An order book built from a snapshot and the deltas after it. Changed in place: it is on the path of every depth update.
 *
 * `DepthChain` decides what follows on what. After a gap the book shows no price until a snapshot connects: a wrong price is worse than
 * none. Deltas that come meanwhile are kept and applied on top of that snapshot.
 */
export class OrderBook {
  #bids = new BookSide(1);
  #asks = new BookSide(-1);
  #chain = new DepthChain();
  #pending: BookDelta[] = [];

  get isSynchronised(): boolean {
    return this.#chain.isSynchronised;
  }

  /** Id of the last update taken in, be it applied or waiting; -1 before the first. */
  get lastUpdateId(): number {
    return this.#chain.lastUpdateId;
  }

  /** The best bid is at or above the best ask: the venue's data are wrong, or it is in an auction. */
  get isCrossed(): boolean {
    const bid = this.bestBid();
    const ask = this.bestAsk();
    return bid !== undefined && ask !== undefined && bid.price >= ask.price;
  }

  /** Starts anew from a snapshot and applies the deltas that waited and are newer; one that the book contains changes nothing. */
  applySnapshot(snapshot: BookSnapshot): SnapshotOutcome {
    const outcome = this.#chain.takeSnapshot(snapshot);
    if (outcome === 'passedOver' || outcome === 'unconnected') return outcome;
    this.#bids.replace(snapshot.bids);
    this.#asks.replace(snapshot.asks);
    const pending = outcome === 'restarted' ? [] : this.#pending;
    this.#pending = [];
    for (const delta of pending) if (delta.lastUpdateId > snapshot.lastUpdateId) this.#apply(delta);
    return outcome;
  }

  applyDelta(delta: BookDelta): DeltaOutcome {
    const outcome = this.#chain.takeDelta(delta);
    if (outcome === 'applied') {
      this.#apply(delta);
    } else if (outcome !== 'stale') {
      if (this.#chain.waiting === 1) this.#pending = [];
      this.#pending.push(delta);
    }
    return outcome;
  }

  /** Best bid; `undefined` when the side is empty or the book is not synchronised. */
  bestBid(): PriceLevel | undefined {
    return this.isSynchronised ? this.#bids.best() : undefined;
  }

  /** Best ask; `undefined` when the side is empty or the book is not synchronised. */
  bestAsk(): PriceLevel | undefined {
    return this.isSynchronised ? this.#asks.best() : undefined;
  }

  /**
   * Copies the best levels, best first, as price, size pairs.
   *
   * @param out - At least 2n long.
   * @returns Number of levels written, at most n; 0 while the book is not synchronised.
   */
  topLevels(n: number, side: 'bid' | 'ask', out: Float64Array): number {
    if (!this.isSynchronised) return 0;
    return (side === 'bid' ? this.#bids : this.#asks).top(n, out);
  }

  toState(): OrderBookState {
    return {
      bids: this.#bids.toState(),
      asks: this.#asks.toState(),
      chain: this.#chain.toState(),
      pending: [...this.#pending],
    };
  }

  static fromState(state: OrderBookState): OrderBook {
    const book = new OrderBook();
    book.#bids = BookSide.fromState(1, state.bids);
    book.#asks = BookSide.fromState(-1, state.asks);
    book.#chain = DepthChain.fromState(state.chain);
    book.#pending = [...state.pending];
    return book;
  }

  #apply(delta: BookDelta): void {
    this.#bids.update(delta.bids);
    this.#asks.update(delta.asks);
  }
}

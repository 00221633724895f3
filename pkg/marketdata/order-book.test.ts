import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { BookDelta, BookSnapshot } from './events.ts';
import { delta, levels, snapshot } from './events.testing.ts';
import { OrderBook, type OrderBookState } from './order-book.ts';

/** One update of a level: bids are 1 to 40, asks 41 to 80, so that a true book is never crossed. */
interface Update {
  readonly price: number;
  readonly size: number;
}

const update = fc.record({ price: fc.integer({ min: 1, max: 80 }), size: fc.integer({ min: 0, max: 3 }) });
const isBid = ({ price }: Update): boolean => price <= 40;

/** The true book after the first `count` updates, the plain way. */
function truth(updates: readonly Update[], count: number) {
  const book = new Map<number, number>();
  for (const { price, size } of updates.slice(0, count)) {
    if (size > 0) book.set(price, size);
    else book.delete(price);
  }
  const side = (bids: boolean) =>
    [...book]
      .filter(([price, size]) => isBid({ price, size }) === bids)
      .sort(([a], [b]) => (bids ? b - a : a - b));
  return { bids: side(true), asks: side(false) };
}

/**
 * The stream that a venue would send: update n has the id 10 (n + 1); cut into messages of one to three updates. `futures` leaves
 * ids out and names the predecessor, `spot` numbers its messages without holes.
 */
function stream(updates: readonly Update[], cuts: readonly number[], style: 'spot' | 'futures'): BookDelta[] {
  const deltas: BookDelta[] = [];
  for (let from = 0, n = 0; from < updates.length; n += 1) {
    const to = Math.min(updates.length, from + (cuts[n % cuts.length] ?? 1));
    const part = updates.slice(from, to);
    const pick = (bids: boolean) =>
      levels(...part.filter((each) => isBid(each) === bids).map(({ price, size }) => [price, size] as const));
    const ids =
      style === 'spot' ? ([10 * from + 1, 10 * to] as const) : ([10 * from + 7, 10 * to, 10 * from] as const);
    deltas.push(delta(ids[0], ids[1], ids[2], { bids: pick(true), asks: pick(false) }));
    from = to;
  }
  return deltas;
}

function snapshotAfter(updates: readonly Update[], count: number): BookSnapshot {
  const { bids, asks } = truth(updates, count);
  return snapshot(10 * count, { bids: levels(...bids), asks: levels(...asks) });
}

function contents(book: OrderBook) {
  const side = (name: 'bid' | 'ask') => {
    const out = new Float64Array(200);
    const count = book.topLevels(100, name, out);
    return Array.from({ length: count }, (_, i) => [out[2 * i], out[2 * i + 1]]);
  };
  return { bids: side('bid'), asks: side('ask') };
}

const market = fc.record({
  updates: fc.array(update, { minLength: 6, maxLength: 60 }),
  cuts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 7 }),
  style: fc.constantFrom('spot', 'futures'),
  at: fc.nat(),
  arrives: fc.nat(),
});

describe('order book', () => {
  it('equals the true book, wherever the snapshot was taken and whenever it arrives', () => {
    fc.assert(
      fc.property(market, ({ updates, cuts, style, at, arrives }) => {
        const deltas = stream(updates, cuts, style);
        const book = new OrderBook();
        const taken = at % (updates.length + 1);
        const arrival = arrives % (deltas.length + 1);
        for (let i = 0; i <= deltas.length; i += 1) {
          if (i === arrival) book.applySnapshot(snapshotAfter(updates, taken));
          if (i < deltas.length) book.applyDelta(deltas[i]!);
        }
        expect(book.isSynchronised).toBe(true);
        const last = 10 * Math.max(taken, updates.length);
        expect(book.lastUpdateId).toBe(last);
        expect(contents(book)).toEqual(truth(updates, updates.length));
        expect(book.isCrossed).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('notices any lost message, shows no price meanwhile, and is true again after the next snapshot', () => {
    fc.assert(
      fc.property(market, ({ updates, cuts, style, at, arrives }) => {
        const deltas = stream(updates, cuts, style);
        fc.pre(deltas.length >= 3);
        const lost = at % (deltas.length - 1);
        const book = new OrderBook();
        book.applySnapshot(snapshotAfter(updates, 0));
        const outcomes = deltas.map((each, i) => (i === lost ? 'lost' : book.applyDelta(each)));
        expect(outcomes[lost + 1]).toBe('gap');
        expect(book.isSynchronised).toBe(false);
        expect([book.bestBid(), book.bestAsk(), contents(book)]).toEqual([
          undefined,
          undefined,
          { bids: [], asks: [] },
        ]);
        // Any snapshot that contains the lost message connects.
        const needed = deltas[lost]!.lastUpdateId / 10;
        const taken = needed + (arrives % (updates.length - needed + 1));
        expect(book.applySnapshot(snapshotAfter(updates, taken))).toBe('synchronised');
        expect(contents(book)).toEqual(truth(updates, updates.length));
      }),
      { numRuns: 1000 },
    );
  });

  it('goes on from its state bit for bit, in the middle of anything', () => {
    fc.assert(
      fc.property(market, ({ updates, cuts, style, at, arrives }) => {
        const deltas = stream(updates, cuts, style);
        const messages: (BookDelta | BookSnapshot)[] = [...deltas];
        messages.splice(arrives % (deltas.length + 1), 0, snapshotAfter(updates, at % (updates.length + 1)));
        const run = (restartAt: number): OrderBookState => {
          let book = new OrderBook();
          for (const [i, message] of messages.entries()) {
            if (i === restartAt) book = OrderBook.fromState(structuredClone(book.toState()));
            if (message.kind === 'bookDelta') book.applyDelta(message);
            else book.applySnapshot(message);
          }
          return book.toState();
        };
        expect(run((at + arrives) % messages.length)).toEqual(run(-1));
      }),
    );
  });

  it('starts anew from the snapshot of a venue that restarted', () => {
    const book = new OrderBook();
    book.applySnapshot(snapshot(100));
    book.applyDelta(delta(101, 101));
    book.applySnapshot(snapshot(1, { bids: levels([50, 5]), asks: levels([51, 5]) }));
    expect([book.lastUpdateId, book.bestBid(), book.bestAsk()]).toEqual([
      1,
      { price: 50, size: 5 },
      { price: 51, size: 5 },
    ]);
    expect(book.applyDelta(delta(2, 2, undefined, { bids: levels([50.5, 1]) }))).toBe('applied');
    expect(book.bestBid()).toEqual({ price: 50.5, size: 1 });
  });

  it('drops what waited from before a restart', () => {
    const book = new OrderBook();
    book.applyDelta(delta(500, 500, undefined, { bids: levels([77, 1]) }));
    book.applySnapshot(snapshot(1));
    expect(book.bestBid()).toEqual({ price: 99, size: 2 });
    expect(book.lastUpdateId).toBe(1);
  });

  it('says when it is crossed, touching included', () => {
    const book = new OrderBook();
    book.applySnapshot(snapshot(1));
    expect(book.isCrossed).toBe(false);
    book.applyDelta(delta(2, 2, undefined, { bids: levels([101, 1]), asks: levels() }));
    expect(book.isCrossed).toBe(true);
    book.applyDelta(delta(3, 3, undefined, { bids: levels(), asks: levels([101, 0]) }));
    expect([book.isCrossed, book.bestAsk()]).toEqual([false, undefined]);
  });

  it('holds more levels than it was made for', () => {
    const book = new OrderBook();
    const many = Array.from({ length: 5000 }, (_, i) => [5000 - i, i + 1] as const);
    book.applySnapshot(snapshot(1, { bids: levels(...many), asks: levels() }));
    const out = new Float64Array(10_000);
    expect(book.topLevels(5000, 'bid', out)).toBe(5000);
    expect(Array.from(out)).toEqual(many.flat());
  });
});

import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';

import { HAS_RECORDINGS, recording } from '../../../../test/support/recordings.ts';
import type { BookDelta, MarketEvent } from '../../events.ts';
import { OrderBook } from '../../order-book.ts';
import { Validator } from '../../validate.ts';
import { eventsOf, quarantinedOf, replay } from './files.testing.ts';

const USDM = 'binance_l2/usdm_btcusdt_20240808.gz';
const SPOT = 'binance_l2/spot_btcusdt_20240808.gz';

/** Events by kind and notices of the validator by reason. */
function count(events: readonly MarketEvent[]): Record<string, number> {
  const validator = new Validator();
  const counts: Record<string, number> = {};
  for (const event of events) {
    const { notice } = validator.check(event);
    for (const name of [event.kind, ...(notice === undefined ? [] : [`!${notice.reason}`])])
      counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe.skipIf(!HAS_RECORDINGS)('recordings (skipped where their folder is not there)', () => {
  it.each<[string, Record<string, number>]>([
    [USDM, { quote: 66_089, trade: 21_313, bookDelta: 6551, bookSnapshot: 1 }],
    [SPOT, { quote: 28_040, trade: 9757, bookDelta: 3451, bookSnapshot: 1 }],
    ['bars/6EH4_1m_202401.csv.gz', { bar: 29_996 }],
    ['bars/index_future_1m_2006.csv.gz', { bar: 30_889 }],
    ['bars/EURUSD_1h.csv.gz', { bar: 5000 }],
    ['bars/GOOG_1d.csv', { bar: 2148 }],
    ['bars/gbpusd-m1-bid-2012.csv.gz', { bar: 30_117 }],
    ['bars/gbpusd-m1-ask-2012.csv.gz', { bar: 30_117 }],
    ['quotes/fx_quote_ticks.csv', { quote: 9500 }],
    // One tick has its bid at its ask.
    ['quotes/usdjpy_ticks.csv', { quote: 1000, '!CrossedBook': 1 }],
    ['book/esu4_mbp1_20240701.csv.gz', { quote: 2288, trade: 120 }],
    // The last line of both files has no end, so that a count of line ends says 998.
    ['book/AAPL_2012-06-21_34200000_57600000_message_10.csv', { quote: 999, bookSnapshot: 999, trade: 159 }],
    ['book/2024-12-01_XRPUSDT_ob500.data', { bookSnapshot: 1, bookDelta: 49 }],
    ['book/btcusdt-trades.parquet', { trade: 2001 }],
    ['book/btcusdt-quotes.parquet', { quote: 451 }],
  ])('%s: every line is read, and what is set aside is known', async (name, expected) => {
    const items = await replay({ path: recording(name) });
    expect(quarantinedOf(items)).toEqual([]);
    expect(count(eventsOf(items))).toEqual(expected);
  });

  it.each([USDM, SPOT])('%s: the book follows the whole chain and agrees with the quotes', async (name) => {
    const book = new OrderBook();
    const outcomes: Record<string, number> = {};
    const tops: { readonly id: number; readonly bid: number; readonly ask: number }[] = [];
    const events = eventsOf(await replay({ path: recording(name) }));
    for (const event of events) {
      if (event.kind === 'bookSnapshot') book.applySnapshot(event);
      if (event.kind !== 'bookDelta') continue;
      const outcome = book.applyDelta(event);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (outcome !== 'applied') continue;
      expect(book.isCrossed).toBe(false);
      tops.push({ id: book.lastUpdateId, bid: book.bestBid()!.price, ask: book.bestAsk()!.price });
    }
    expect(Object.keys(outcomes).sort()).toEqual(['applied', 'pending']);
    // The venue numbers quotes and depth with one counter: the newest quote up to an id is the top of the book at that id.
    const quotes = events.filter((event) => event.kind === 'quote').sort((x, y) => x.sequence - y.sequence);
    let at = 0;
    let equal = 0;
    let compared = 0;
    for (const { id, bid, ask } of tops) {
      while (at + 1 < quotes.length && quotes[at + 1]!.sequence <= id) at += 1;
      if (at + 1 === quotes.length || quotes[at]!.sequence > id) continue;
      compared += 1;
      if (quotes[at]!.bidPrice === bid && quotes[at]!.askPrice === ask) equal += 1;
    }
    expect(compared).toBeGreaterThan(3000);
    expect(equal).toBe(compared);
  });

  it('notices a depth update that was cut out, once, and the book waits for a snapshot', async () => {
    const events = eventsOf(await replay({ path: recording(USDM) }));
    const deltas = events.filter((event): event is BookDelta => event.kind === 'bookDelta');
    const lost = deltas[1000]!;
    const rest = events.filter((event) => event !== lost);
    expect(count(rest)).toMatchObject({ '!SequenceGap': 1, bookDelta: 6550 });
    const book = new OrderBook();
    for (const event of rest) {
      if (event.kind === 'bookSnapshot') book.applySnapshot(event);
      if (event.kind === 'bookDelta') book.applyDelta(event);
    }
    expect([book.isSynchronised, book.bestBid()]).toEqual([false, undefined]);
  });

  it.each([SPOT, 'book/AAPL_2012-06-21_34200000_57600000_message_10.csv', 'book/btcusdt-trades.parquet'])(
    '%s: reading from position k gives the tail of the whole',
    async (name) => {
      const path = recording(name);
      const whole = await replay({ path });
      for (const k of [1, Math.floor(whole.length / 3), whole.length - 1])
        expect(isDeepStrictEqual(await replay({ path }, k), whole.slice(k))).toBe(true);
    },
  );

  it('keeps the time of the venue and of the receipt, whatever their order', async () => {
    const events = eventsOf(await replay({ path: recording(USDM) }));
    expect(events.every(({ eventTimeUs, receiveTimeUs }) => receiveTimeUs < eventTimeUs)).toBe(true);
    const back = events.filter((event, i) => i > 0 && event.eventTimeUs < events[i - 1]!.eventTimeUs).length;
    expect(back).toBe(1042);
  });
});

import type { Bar, BookDelta, BookSnapshot, EventBase, Quote, Trade } from './events.ts';

/** 2024-01-01T00:00:00Z. */
export const START_US = Date.UTC(2024, 0, 1) * 1000;

/** Price, size pairs as the levels of an event. */
export const levels = (...pairs: readonly (readonly [number, number])[]): Float64Array =>
  Float64Array.from(pairs.flat());

function base(stream: string, sequence: number, eventTimeUs = START_US + sequence * 1000): EventBase {
  return { source: `venue.${stream}`, symbol: 'X', sequence, eventTimeUs, receiveTimeUs: eventTimeUs };
}

/** A trade at 100 that is good in every way, with what differs. */
export const trade = (sequence: number, fields: Partial<Trade> = {}): Trade => ({
  kind: 'trade',
  ...base('trade', sequence),
  ...{ price: 100, size: 1, side: 'buy' },
  ...fields,
});

/** A quote around 100 that is good in every way, with what differs. */
export const quote = (sequence: number, fields: Partial<Quote> = {}): Quote => ({
  kind: 'quote',
  ...base('quote', sequence),
  ...{ bidPrice: 99.5, bidSize: 3, askPrice: 100.5, askSize: 4 },
  ...fields,
});

/** A minute bar around 100, with what differs. */
export const bar = (sequence: number, fields: Partial<Bar> = {}): Bar => ({
  kind: 'bar',
  ...base('bar', sequence, START_US + sequence * 60_000_000),
  startTimeUs: START_US + (sequence - 1) * 60_000_000,
  ...{ open: 100, high: 101, low: 99, close: 100.5, volume: 7 },
  ...fields,
});

/** A depth update from id `first` to id `last`, naming its predecessor where `previous` is given. */
export const delta = (
  first: number,
  last: number,
  previous?: number,
  sides: Partial<Pick<BookDelta, 'bids' | 'asks'>> = {},
): BookDelta => ({
  kind: 'bookDelta',
  ...base('depth', last),
  ...{ firstUpdateId: first, lastUpdateId: last },
  ...(previous === undefined ? {} : { previousUpdateId: previous }),
  ...{ bids: levels([99, 1]), asks: levels([101, 1]) },
  ...sides,
});

/** A snapshot up to id `last`. */
export const snapshot = (
  last: number,
  sides: Partial<Pick<BookSnapshot, 'bids' | 'asks'>> = {},
): BookSnapshot => ({
  kind: 'bookSnapshot',
  ...base('snapshot', last),
  lastUpdateId: last,
  ...{ bids: levels([99, 2]), asks: levels([101, 2]) },
  ...sides,
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { MarketEvent } from '../../../events.ts';
import { MalformedLine } from '../../../errors.ts';
import { binanceCapture } from './binance.ts';
import { BinanceEvents } from './binance-events.ts';
import { readBinanceJson } from './binance-json.ts';
import { BinanceScan } from './binance-scan.ts';

const RECEIVE_NS = '1723161255030314667';
const RECEIVE_US = 1_723_161_255_030_314;
const E = 1_723_161_256_299;

const DEPTH = {
  e: 'depthUpdate',
  E,
  T: E - 1,
  s: 'BTCUSDT',
  U: 7,
  u: 9,
  pu: 6,
  b: [['10.50', '2.000']],
  a: [],
};
const TRADE = { e: 'trade', E, T: E - 1, s: 'BTCUSDT', t: 5, p: '10.5', q: '0.25', X: 'MARKET', m: true };
const TICKER = { e: 'bookTicker', u: 4, s: 'BTCUSDT', b: '10', B: '1', a: '11', A: '2', T: E - 1, E };
const SNAPSHOT = { lastUpdateId: 8, E, T: E - 1, bids: [['10', '1']], asks: [['11', '2']] };

const combined = (data: object): string => JSON.stringify({ stream: 'btcusdt@x', data });
const without = (message: object, key: string): object =>
  Object.fromEntries(Object.entries(message).filter(([name]) => name !== key));

function parse(...texts: readonly string[]): MarketEvent[] {
  const lines = texts.map((text) => `${RECEIVE_NS} ${text}`);
  const parser = binanceCapture.createParser({ path: 'f', symbol: 'F', sample: lines });
  return lines.flatMap((line, i) => parser.parse(line, i + 1));
}

type Outcome = MarketEvent | string | undefined;

function outcome(read: () => MarketEvent | undefined): Outcome {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedLine) return error.message;
    throw error;
  }
}

/** What the two ways make of one text: `quick` is undefined where the quick way leaves it to the other. */
function bothWays(text: string): { readonly quick: Outcome; readonly general: Outcome } {
  const fresh = () => new BinanceEvents('binance-usdm', 'F');
  return {
    quick: outcome(() => new BinanceScan(fresh()).read(`x ${text}`, 2, RECEIVE_US)),
    general: outcome(() => readBinanceJson(text, fresh(), RECEIVE_US)),
  };
}

describe('binance capture', () => {
  it('reads a depth update, a trade, a book ticker and a snapshot', () => {
    const common = { symbol: 'BTCUSDT', eventTimeUs: (E - 1) * 1000, receiveTimeUs: RECEIVE_US };
    expect(parse(combined(DEPTH), combined(TRADE), combined(TICKER), JSON.stringify(SNAPSHOT))).toEqual([
      {
        kind: 'bookDelta',
        source: 'binance-usdm.depth',
        ...common,
        ...{ sequence: 9, firstUpdateId: 7, lastUpdateId: 9, previousUpdateId: 6 },
        ...{ bids: Float64Array.of(10.5, 2), asks: new Float64Array(0) },
      },
      {
        kind: 'trade',
        source: 'binance-usdm.trade',
        ...common,
        sequence: 5,
        price: 10.5,
        size: 0.25,
        side: 'sell',
      },
      {
        kind: 'quote',
        source: 'binance-usdm.quote',
        ...common,
        ...{ sequence: 4, bidPrice: 10, bidSize: 1, askPrice: 11, askSize: 2 },
      },
      {
        kind: 'bookSnapshot',
        source: 'binance-usdm.snapshot',
        ...common,
        ...{ sequence: 8, lastUpdateId: 8, bids: Float64Array.of(10, 1), asks: Float64Array.of(11, 2) },
      },
    ]);
  });

  it('gives what carries no time the newest time of the venue, but none from the future', () => {
    const spotTicker = without(without(without(TICKER, 'T'), 'E'), 'e');
    const future = { ...TRADE, T: E + 86_400_000 };
    const times = parse(combined(spotTicker), combined(TRADE), combined(future), combined(spotTicker)).map(
      ({ eventTimeUs }) => eventTimeUs,
    );
    expect(times).toEqual([RECEIVE_US, (E - 1) * 1000, (E + 86_400_000) * 1000, (E - 1) * 1000]);
  });

  it('reads bare messages, and the time E where there is no T', () => {
    expect(parse(JSON.stringify(without(TRADE, 'T')))).toMatchObject([
      { kind: 'trade', eventTimeUs: E * 1000 },
    ]);
  });

  const broken: [string, string][] = [
    ...['e', 's', 't', 'p', 'q', 'm'].map((key): [string, string] => [
      `trade without ${key}`,
      combined(without(TRADE, key)),
    ]),
    ...['s', 'U', 'u', 'b', 'a'].map((key): [string, string] => [
      `depth without ${key}`,
      combined(without(DEPTH, key)),
    ]),
    ...['s', 'u', 'b', 'B', 'a', 'A'].map((key): [string, string] => [
      `book ticker without ${key}`,
      combined(without(TICKER, key)),
    ]),
    ...['bids', 'asks'].map((key): [string, string] => [
      `snapshot without ${key}`,
      JSON.stringify(without(SNAPSHOT, key)),
    ]),
    ['trade without a time', combined(without(without(TRADE, 'T'), 'E'))],
    ['trade with a null time', combined({ ...TRADE, T: null })],
    ['trade with an empty symbol', combined({ ...TRADE, s: '' })],
    ['trade with a symbol of 65 characters', combined({ ...TRADE, s: 'X'.repeat(65) })],
    ['trade with an invisible character in its symbol', combined({ ...TRADE, s: 'A\u0000B' })],
    ['trade with an id beyond 2^53', combined(TRADE).replace('"t":5', '"t":9007199254740993')],
    ['trade with a fractional id', combined({ ...TRADE, t: 1.5 })],
    ['trade with a negative id', combined({ ...TRADE, t: -1 })],
    ['trade with an empty price', combined({ ...TRADE, p: '' })],
    ['trade with a null price', combined({ ...TRADE, p: null })],
    ['trade with a hexadecimal price', combined({ ...TRADE, p: '0x10' })],
    ['trade with a price of two points', combined({ ...TRADE, p: '1.2.3' })],
    ['trade with an infinite price', combined({ ...TRADE, p: '1e999' })],
    ['trade with m as text', combined({ ...TRADE, m: 'true' })],
    ['trade with a time beyond microseconds', combined({ ...TRADE, T: 9e15 })],
    ['depth with a null level', combined({ ...DEPTH, b: [null] })],
    ['depth with a number as level', combined({ ...DEPTH, b: [5] })],
    ['depth with half a level', combined({ ...DEPTH, a: [['1']] })],
    ['depth with levels that are null', combined({ ...DEPTH, a: null })],
    ['depth with U above u', combined({ ...DEPTH, U: 10 })],
    ['depth with pu above u', combined({ ...DEPTH, pu: 10 })],
    ['data that are null', '{"stream":"x","data":null}'],
    ['data that are a list', '{"stream":"x","data":[]}'],
    ['null', 'null'],
    ['a list', '[1]'],
    ['a number', '5'],
    ['an answer to a subscription', '{"result":null,"id":1}'],
    ['nothing', ''],
    ['half a message', combined(TRADE).slice(0, 60)],
    ['a message and more', `${combined(TRADE)}x`],
    ['a leading zero', combined(TRADE).replace('"t":5', '"t":05')],
  ];
  it.each(broken)('sets aside: %s', (_case, text) => {
    expect(() => parse(text)).toThrow(MalformedLine);
    const { quick, general } = bothWays(text);
    expect(typeof general).toBe('string');
    if (quick !== undefined) expect(quick).toBe(general);
  });

  it.each([
    '',
    ' {}',
    '12 {}',
    '17231612550303146x7 {}',
    '99999999999999999999 {}',
    '-723161255030314667 {}',
  ])('sets a line aside that begins with no receive time: %s', (line) => {
    const parser = binanceCapture.createParser({ path: 'f', symbol: 'F', sample: [] });
    expect(() => parser.parse(line, 1)).toThrow(MalformedLine);
  });
});

const id = fc.oneof(
  { weight: 9, arbitrary: fc.nat(9_999_999_999_999) },
  { weight: 1, arbitrary: fc.nat(Number.MAX_SAFE_INTEGER) },
);
const time = fc.oneof(fc.integer({ min: 0, max: 9_007_199_254_740 }), fc.constant(E));
const decimal = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(fc.nat(9_999_999), fc.nat(99_999_999)).map(([a, b]) => `${a}.${b}`) },
  {
    weight: 20,
    arbitrary: fc.tuple(fc.nat(99_999), fc.nat(999)).map(([a, b]) => `${a}.${String(b).padStart(3, '0')}`),
  },
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map(String),
  fc.constantFrom('0', '0.00000000', '-1.5', '007', '.5', '5.', '+1', '1e3', '-0'),
);
const levels = fc.array(fc.tuple(decimal, decimal), { maxLength: 6 });
const symbol = fc.oneof(
  fc.constantFrom('BTCUSDT', '1000PEPEUSDT', 'BTCUSDT_240329'),
  fc.stringMatching(/^[A-Zа-я]{1,9}$/),
);
const depthIds = fc.tuple(id, id, id).map((ids) => ids.sort((a, b) => a - b));
const message = fc.oneof(
  fc
    .record({ E: time, T: time, s: symbol, t: id, p: decimal, q: decimal, m: fc.boolean() })
    .map((m) => ({ e: 'trade', ...m })),
  fc.record({ u: id, s: symbol, b: decimal, B: decimal, a: decimal, A: decimal }),
  fc
    .record({ u: id, s: symbol, b: decimal, B: decimal, a: decimal, A: decimal, T: time, E: time })
    .map((m) => ({ e: 'bookTicker', ...m })),
  fc
    .record({ E: time, s: symbol, b: levels, a: levels, ids: depthIds, futures: fc.boolean() })
    .map(({ E, s, b, a, ids, futures }) => ({
      ...{ e: 'depthUpdate', E },
      ...(futures ? { T: E } : {}),
      ...{ s, U: ids[1], u: ids[2] },
      ...(futures ? { pu: ids[0] } : {}),
      ...{ b, a },
    })),
);
/** Ways to write the same message: key order, spaces, escapes, fields that are passed over. */
const writing = fc.record({
  shuffle: fc.option(fc.infiniteStream(fc.nat()), { freq: 1 }),
  indent: fc.constantFrom(undefined, undefined, 1, '\t'),
  extra: fc.boolean(),
  escape: fc.boolean(),
});

describe('quick scan of binance messages', () => {
  it('gives the event of the general way for any message in any key order and spacing', () => {
    let scanned = 0;
    fc.assert(
      fc.property(message, writing, (fields, { shuffle, indent, extra, escape }) => {
        let entries: [string, unknown][] = Object.entries(fields);
        if (extra) entries.push(['M', true], ['X', 'MARKET']);
        if (shuffle !== null)
          entries = entries
            .map((each) => [shuffle.next().value, each] as const)
            .sort(([a], [b]) => a - b)
            .map(([, each]) => each);
        let text = JSON.stringify(
          { stream: 'btcusdt@x', data: Object.fromEntries(entries) },
          undefined,
          indent,
        );
        if (escape) text = text.replace('"s":"B', '"s":"\\u0042');
        const { quick, general } = bothWays(text);
        expect(typeof general).toBe('object');
        if (quick !== undefined) {
          scanned += 1;
          expect(quick).toStrictEqual(general);
        }
      }),
      { numRuns: 5000 },
    );
    // The comparison means something only where the quick way was taken.
    expect(scanned).toBeGreaterThan(300);
  });

  it('gives what the general way gives for any damage to a message', () => {
    const damage = fc.record({ at: fc.nat(), remove: fc.nat(4), insert: fc.string({ maxLength: 3 }) });
    const texts = fc.constantFrom(
      combined(TRADE),
      combined(DEPTH),
      combined(TICKER),
      combined(without(TICKER, 'e')),
    );
    fc.assert(
      fc.property(texts, fc.array(damage, { minLength: 1, maxLength: 3 }), (text, damages) => {
        let damaged = text;
        for (const { at, remove, insert } of damages) {
          const from = at % damaged.length;
          damaged = damaged.slice(0, from) + insert + damaged.slice(from + remove);
        }
        const { quick, general } = bothWays(damaged);
        if (quick !== undefined) expect(quick).toStrictEqual(general);
      }),
      { numRuns: 10_000 },
    );
  });

  it('takes the messages as the venue writes them', () => {
    const spotTrade = { e: 'trade', E, s: 'BTCUSDT', t: 5, p: '10.5', q: '0.25', T: E - 1, m: true, M: true };
    const spotDepth = without(without(DEPTH, 'T'), 'pu');
    const spotTicker = without(without(without(TICKER, 'T'), 'E'), 'e');
    for (const each of [TRADE, DEPTH, TICKER, spotTrade, spotDepth, spotTicker]) {
      for (const end of ['', '\r']) expect(bothWays(combined(each) + end).quick).toBeTypeOf('object');
    }
  });
});

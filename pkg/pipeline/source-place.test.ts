import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { MemoryEventLog } from '../eventlog/memory.ts';
import type { Quarantined } from '../marketdata/events.ts';
import { fileWith } from '../marketdata/sources/replay/files.testing.ts';
import { openReplay } from '../marketdata/sources/replay/open.ts';
import { parquetFile } from '../marketdata/sources/replay/parquet.testing.ts';
import type { MarketSource } from '../marketdata/sources/source.ts';
import { Validator } from '../marketdata/validate.ts';
import { MemoryOnlineStore } from '../onlinestore/memory.ts';
import { systemClock } from '../runtime/clock.ts';
import { decodeQuarantined } from '../wire/market-event.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { waitUntilDrained } from './checkpointer.ts';
import { Collector } from './collector.ts';
import { FeatureProcessor } from './feature-processor.ts';
import { MarketClock } from './market-clock.ts';
import { offlineFeatures } from './offline-features.ts';
import { createPacer } from './pacer.ts';
import { originOf } from './quarantined-records.ts';

const SETTINGS = { sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } } as const;

/** What the stream sets aside of a source, in collector and features. */
async function setAside(source: MarketSource): Promise<readonly Quarantined[]> {
  const log = new MemoryEventLog();
  await log.ensureTopics(topicSettings(TOPICS, 1, 10_000));
  const common = { log, topics: TOPICS, clock: systemClock, observer: {} };
  const store = new MemoryOnlineStore({ clock: systemClock });
  const marketClock = new MarketClock(systemClock);
  await log.consume(
    { group: 'features', topics: [TOPICS.marketData] },
    new FeatureProcessor({ ...common, settings: SETTINGS, store, marketClock }),
  );
  const pacer = createPacer({ speed: 'max', clock: systemClock });
  await new Collector({ ...common, source, fromPosition: 0, validator: new Validator(), pacer }).run(
    new AbortController().signal,
  );
  await waitUntilDrained(log, [{ group: 'features', topics: [TOPICS.marketData] }]);
  const items: Quarantined[] = [];
  for await (const { value } of log.read(TOPICS.quarantine, 0, 0)) items.push(decodeQuarantined(value!));
  await log.close();
  return items;
}

/** The same of what reads a file without a log. */
async function setAsideOffline(source: MarketSource): Promise<readonly Quarantined[]> {
  const items: Quarantined[] = [];
  const observer = { onQuarantined: (item: Quarantined) => items.push(item) };
  for await (const _ of offlineFeatures({ source, settings: SETTINGS, observer }));
  return items;
}

const outline = (items: readonly Quarantined[]) => items.map(({ reason, origin }) => `${reason} ${origin}`);

const quoteRow = (second: number, bid: string, ask = '101'): string =>
  `2024-01-02T00:00:${String(second).padStart(2, '0')}Z,${bid},${ask}\n`;
const QUOTES = `time,bid,ask\n${quoteRow(1, '100')}`;

const bookTicker = (id: number, bid: string, second: number): string => {
  const ms = 1_700_000_000_000 + second * 1000;
  const data = { e: 'bookTicker', u: id, s: 'BTCUSDT', b: bid, B: '1', a: '101', A: '1', T: ms, E: ms };
  return `${ms}000000 ${JSON.stringify({ stream: 'btcusdt@bookTicker', data })}\n`;
};

const bybit = (id: number, bid: string): string =>
  `${JSON.stringify({
    ...{ topic: 'orderbook.500.X', type: 'snapshot', ts: 1_733_011_200_691 + id },
    data: { s: 'X', b: [[bid, '2']], a: [['1.6', '3']], u: id, seq: id },
  })}\n`;

const MBP1 = 'ts_event_ns,ts_recv_ns,action,side,price,size,bid_px,ask_px,bid_sz,ask_sz\n';
const mbp1 = (price: string, bid: string): string =>
  `1719878281218218853,1719878281218485389,T,B,${price},2,${bid},10.25,29,6\n`;

const bar = (minute: number, high: string): string => `2024-01-02T00:0${minute}:00Z,100,${high},99,100.5,5\n`;
const BARS = `time,open,high,low,close,volume\n${bar(1, '101')}`;

const LOBSTER = 'AAPL_2012-06-21_34200000_57600000_message_1.csv';
const LOBSTER_BOOK = LOBSTER.replace('message', 'orderbook');

function lobsterPair(): string {
  const path = fileWith(LOBSTER, '34200.1,1,11,18,1000000,1\n34200.2,1,11,18,1000000,1\n');
  writeFileSync(path.replace('_message_', '_orderbook_'), '1010000,7,1000000,18\n1010000,2,1020000,18\n');
  return path;
}

const US = 1_700_000_000_000_000n;
const micros = { type: 'timestamp-micros', values: [US, US + 1n, US + 2n] } as const;
const doubles = (...values: readonly number[]) => ({ type: 'double', values }) as const;

/** Files with rows that parse and are insane, and what is to be said of them. */
const FILES: readonly (readonly [string, () => string, readonly string[]])[] = [
  [
    'a Binance capture',
    () => fileWith('c.gz', gzipSync(`${bookTicker(1, '100', 1)}\n${bookTicker(2, '102', 2)}`)),
    ['CrossedBook c.gz:3 (quote)'],
  ],
  [
    'books of Bybit',
    () => fileWith('x.data', bybit(1, '1.5') + bybit(2, '1.7')),
    ['CrossedBook x.data:2 (bookSnapshot)'],
  ],
  [
    'Databento MBP-1, both events of a row',
    () => fileWith('es.csv', MBP1 + mbp1('10', '9.75') + mbp1('-10', '10.5')),
    ['NonPositivePrice es.csv:3 (trade)', 'CrossedBook es.csv:3 (quote)'],
  ],
  [
    'a LOBSTER pair, both events of a line',
    lobsterPair,
    ['quote', 'bookSnapshot'].map((kind) => `CrossedBook ${LOBSTER}:2 + ${LOBSTER_BOOK}:2 (${kind})`),
  ],
  ['quote ticks', () => fileWith('q.csv', QUOTES + quoteRow(2, '102')), ['CrossedBook q.csv:3 (quote)']],
  ['bars', () => fileWith('b.csv', `${BARS}\n${bar(2, '98')}`), ['InvalidBar b.csv:4 (bar)']],
  [
    'trades in Parquet, by row',
    () =>
      fileWith(
        't.parquet',
        parquetFile({ timestamp: micros, price: doubles(1, 1, -1), quantity: doubles(1, 1, 1) }),
      ),
    ['NonPositivePrice t.parquet:3 (trade)'],
  ],
  [
    'quotes in Parquet, by row',
    () =>
      fileWith('q.parquet', parquetFile({ timestamp: micros, bid: doubles(1, 3, 1), ask: doubles(2, 2, 2) })),
    ['CrossedBook q.parquet:2 (quote)'],
  ],
];

describe('the place of a line that can be read and is refused', () => {
  it.each(FILES)('is told of %s', async (_name, file, expected) => {
    const source = await openReplay({ path: file() });
    expect(outline(await setAside(source))).toEqual(expected);
    expect(outline(await setAsideOffline(source))).toEqual(expected);
  });

  it('is told of a price that jumps, a time far off, and one that is out of every range', async () => {
    const rows = `${quoteRow(2, '150', '151')}2031-01-01T00:00:00Z,100,101\n1970-01-02T00:00:00Z,100,101\n`;
    const source = await openReplay({ path: fileWith('q.csv', QUOTES + rows) });
    const expected = ['PriceJump q.csv:3', 'TimeOutOfRange q.csv:4', 'TimeOutOfRange q.csv:5'];
    expect(outline(await setAside(source))).toEqual(expected.map((text) => `${text} (quote)`));
  });

  it('is told of what comes late or twice, with its place in the log', async () => {
    const late = await openReplay({
      path: fileWith('q.csv', QUOTES + quoteRow(9, '100') + quoteRow(2, '100')),
    });
    const [found] = await setAside(late);
    expect(found).toMatchObject({ reason: 'Late', origin: 'q.csv:4 (market_data/0@2)' });
    expect(originOf(found!)).toEqual({ topic: 'market_data', partition: 0, offset: 2 });
    expect(outline(await setAsideOffline(late))).toEqual(['Late q.csv:4 (quote)']);
    const twice = await openReplay({
      path: fileWith('c', bookTicker(1, '100', 1) + bookTicker(1, '100', 1)),
    });
    expect(outline(await setAside(twice))).toEqual(['Duplicate c:2 (market_data/0@1)']);
    const bars = await openReplay({ path: fileWith('b.csv', BARS + bar(1, '101')) });
    expect(outline(await setAside(bars))).toEqual(['Duplicate b.csv:3 (market_data/0@1)']);
  });

  it('is told of an event that no message can carry, and of none where there is no file', async () => {
    const replay = await openReplay({ path: fileWith('x.data', bybit(1, '1.5')) });
    const broken = (line: object): MarketSource => ({
      ...replay,
      async *read(options) {
        for await (const items of replay.read(options))
          yield items.flatMap((item) =>
            'event' in item
              ? [
                  {
                    position: item.position,
                    event: { ...item.event, lastUpdateId: 0.5 } as typeof item.event,
                    ...line,
                  },
                ]
              : [],
          );
      },
    });
    expect(outline(await setAside(broken({ line: 7 })))).toEqual(['Malformed x.data:7 (bookSnapshot)']);
    expect(outline(await setAside(broken({})))).toEqual(['Malformed bybit.snapshot item 0']);
  });

  it('is the same wherever reading begins', async () => {
    const source = await openReplay({
      path: fileWith('q.csv', QUOTES + quoteRow(2, '100') + quoteRow(3, '102')),
    });
    const lines: (number | undefined)[] = [];
    for await (const items of source.read({ fromPosition: 1 }))
      for (const item of items) lines.push('event' in item ? item.line : undefined);
    expect(lines).toEqual([3, 4]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { EventLog } from '../eventlog/event-log.ts';
import type { MarketEvent, Quote } from '../marketdata/events.ts';
import type { MarketSource, SourceItem } from '../marketdata/sources/source.ts';
import { Validator } from '../marketdata/validate.ts';
import { type Clock, ManualClock, systemClock } from '../runtime/clock.ts';
import { decodeMarketEvent, decodeQuarantined } from '../wire/market-event.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { Collector } from './collector.ts';
import { CollectorState } from './collector-state.ts';
import { Cut, CuttingLog } from './cutting-log.testing.ts';
import { createPacer } from './pacer.ts';

const PARTITIONS = 3;
const SYMBOLS = ['ES', 'NQ', 'YM', 'RTY', 'CL'];
const START_US = 1_700_000_000_000_000;

/** Quotes of a walk; some crossed, and prices that jump, so that what is valid depends on what came before. */
const items: readonly SourceItem[] = Array.from({ length: 60_000 }, (_, position) => {
  const eventTimeUs = START_US + position * 1000;
  const jump = position % 9000 > 8990 ? 30 : 0;
  const bidPrice = 100 + jump + Math.sin(position / 50);
  const event: Quote = {
    ...{ kind: 'quote', source: 'test', symbol: SYMBOLS[position % 5]!, sequence: position },
    ...{ eventTimeUs, receiveTimeUs: eventTimeUs, bidPrice, bidSize: 1, askSize: 1 },
    askPrice: position % 977 === 0 ? bidPrice - 1 : bidPrice + 0.1,
  };
  return { position, event };
});

const source: MarketSource = {
  name: 'test',
  description: 'test',
  async *read({ fromPosition = 0 } = {}) {
    for (let at = fromPosition; at < items.length; at += 700) yield items.slice(at, at + 700);
  },
};

async function collect(
  log: EventLog,
  clock: Clock = systemClock,
  from: MarketSource = source,
): Promise<void> {
  const own = await CollectorState.open(log, 'test', TOPICS, clock);
  const collector = new Collector({
    ...{ source: from, log, own, topics: TOPICS, clock: systemClock, observer: {} },
    fromPosition: own.snapshot?.position ?? 0,
    validator: new Validator({}, own.snapshot?.validator),
    pacer: createPacer({ speed: 'max', clock: systemClock }),
  });
  await collector.run(new AbortController().signal);
}

async function newLog(): Promise<CuttingLog> {
  const log = new CuttingLog();
  await log.ensureTopics(topicSettings(TOPICS, PARTITIONS, 1_000_000));
  return log;
}

async function valuesOf<T>(
  log: EventLog,
  topic: string,
  decode: (value: Uint8Array) => T,
): Promise<readonly (readonly T[])[]> {
  const all: T[][] = [];
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const held: T[] = [];
    for await (const { value } of log.read(topic, partition, 0)) held.push(decode(value!));
    all.push(held);
  }
  return all;
}

const sequences = (log: EventLog) =>
  valuesOf(log, TOPICS.marketData, (value) => decodeMarketEvent(value).sequence);

/** What was set aside: reason and the thing itself, which names its place in the source. */
const setAside = (log: EventLog) =>
  valuesOf(log, TOPICS.quarantine, (value) => {
    const { reason, raw } = decodeQuarantined(value);
    return `${reason} ${raw}`;
  });

const cut = (topic: string, calls: number) =>
  fc.record({
    topic: fc.constant(topic),
    call: fc.integer({ min: 1, max: calls }),
    isAfter: fc.boolean(),
  });

describe('a collector that is cut off and begins again', () => {
  it('appends every valid event, and sets aside every other, once and in order', async () => {
    const undisturbed = await newLog();
    await collect(undisturbed);
    const wanted = await sequences(undisturbed);
    expect(wanted.flat().length).toBeGreaterThan(59_000);
    expect(wanted.flat().length).toBeLessThan(items.length);
    const wantedAside = await setAside(undisturbed);
    expect(wantedAside.flat().length).toBeGreaterThan(50);
    let restarts = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(cut(TOPICS.marketData, 150), cut(TOPICS.quarantine, 60), cut(TOPICS.featureState, 8)),
          { maxLength: 6 },
        ),
        async (cuts) => {
          const log = await newLog();
          log.cuts = cuts;
          for (;;) {
            try {
              await collect(log);
              break;
            } catch (error) {
              if (!(error instanceof Cut)) throw error;
              restarts += 1;
            }
          }
          expect(await sequences(log)).toEqual(wanted);
          expect(await setAside(log)).toEqual(wantedAside);
          await log.close();
        },
      ),
      { numRuns: 15 },
    );
    expect(restarts).toBeGreaterThan(10);
  }, 120_000);
});

describe('a collector that another has replaced', () => {
  it('learns of it before it appends more than it had begun to, and so does no other', async () => {
    const log = await newLog();
    const clock = new ManualClock(START_US);
    const old = await CollectorState.open(log, 'test', TOPICS, clock);
    const other = await CollectorState.open(log, 'other', TOPICS, clock);
    const next = await CollectorState.open(log, 'test', TOPICS, clock);
    clock.advance(1000);
    await expect(old.checkClaim()).rejects.toMatchObject({ code: 'StreamTaken', kind: 'precondition' });
    await other.checkClaim();
    await next.checkClaim();
    await next.save({ position: 1, validator: [] });
    clock.advance(1000);
    await next.checkClaim();
    await expect(old.checkClaim()).rejects.toMatchObject({ code: 'StreamTaken' });
    await log.close();
  });

  it('ends with what the log then holds at most twice', async () => {
    const log = await newLog();
    const clock = new ManualClock(START_US);
    let batches = 0;
    const append = log.append.bind(log);
    log.append = async (topic, records) => {
      if (topic === TOPICS.marketData && ++batches === 3) {
        // While it stands still another is started, which collects all.
        await collect(log, clock);
        clock.advance(5000);
      }
      return append(topic, records);
    };
    await expect(collect(log, clock)).rejects.toMatchObject({ code: 'StreamTaken' });
    const all = (await sequences(log)).flat();
    expect(new Set(all).size).toBeGreaterThan(59_000);
    expect(all.length - new Set(all).size).toBeLessThanOrEqual(512);
    await log.close();
  });
});

describe('a collector', () => {
  it('sets an event aside that is too large for a record, and goes on', async () => {
    const [, first, , third] = items as readonly Extract<SourceItem, { event: unknown }>[];
    const levels = new Float64Array(2 * 40_000).fill(1);
    const { source: name, symbol, eventTimeUs, receiveTimeUs } = first!.event;
    const book: MarketEvent = {
      ...{ kind: 'bookSnapshot', source: `${name}.depth`, symbol, sequence: 1, eventTimeUs, receiveTimeUs },
      ...{ lastUpdateId: 1, bids: levels.map((_, i) => (i % 2 === 0 ? 100 - i / 1000 : 1)) },
      asks: levels.map((_, i) => (i % 2 === 0 ? 200 + i / 1000 : 1)),
    };
    const log = await newLog();
    await collect(log, systemClock, {
      ...{ name: 'test', description: 'test' },
      async *read() {
        yield [first!, { position: 2, event: book }, third!];
      },
    });
    expect((await sequences(log)).flat().toSorted((a, b) => a - b)).toEqual([1, 3]);
    const aside = (await valuesOf(log, TOPICS.quarantine, decodeQuarantined)).flat();
    expect(aside).toMatchObject([{ reason: 'Malformed', origin: 'test.depth item 2' }]);
    expect(aside[0]!.message).toMatch(/^event must have at most 1000000 bytes, had \d+$/);
    expect(aside[0]!.raw.length).toBeLessThanOrEqual(1024);
    await log.close();
  });

  it('sets both of two events aside that are wrong and have one number', async () => {
    const { event } = items[0] as Extract<SourceItem, { event: unknown }>;
    const crossed = { ...(event as Quote), askPrice: 1 };
    const log = await newLog();
    await collect(log, systemClock, {
      ...{ name: 'test', description: 'test' },
      async *read() {
        yield [
          { position: 0, event: crossed },
          { position: 1, event: crossed },
        ];
      },
    });
    const aside = (await valuesOf(log, TOPICS.quarantine, decodeQuarantined)).flat();
    expect(aside.map(({ origin }) => origin)).toEqual(['test#0 item 0', 'test#0 item 1']);
    await log.close();
  });
});

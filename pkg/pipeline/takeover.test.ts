import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { EventLog } from '../eventlog/event-log.ts';
import { createFeatureEngine, type FeatureSettings } from '../features/engine.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { Quote } from '../marketdata/events.ts';
import { MemoryOnlineStore } from '../onlinestore/memory.ts';
import type { Prediction } from '../prediction/prediction.ts';
import { systemClock } from '../runtime/clock.ts';
import { decodeFeatureVector } from '../wire/feature-vector.ts';
import { encodeMarketEvent } from '../wire/market-event.ts';
import { decodePrediction } from '../wire/prediction.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { Cut, CuttingLog } from './cutting-log.testing.ts';
import { eventually } from '../../test/support/eventually.ts';
import { FeatureProcessor } from './feature-processor.ts';
import { MarketClock } from './market-clock.ts';
import { SignalPublisher } from './signal-publisher.ts';
import { Snapshots } from './snapshots.ts';

const PARTITIONS = 3;
const SYMBOLS = ['ES', 'NQ', 'YM', 'RTY', 'CL'];
const START_US = 1_700_000_000_000_000;
const SETTINGS: FeatureSettings = { sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } };

const quotes: readonly Quote[] = Array.from({ length: 3000 }, (_, i) => {
  const eventTimeUs = START_US + i * 40_000;
  const bidPrice = 100 + Math.sin(i / 7) + (i % 13) / 10;
  return {
    ...{ kind: 'quote', source: 'test', symbol: SYMBOLS[i % SYMBOLS.length]!, sequence: i },
    ...{ eventTimeUs, receiveTimeUs: eventTimeUs, bidPrice, bidSize: 1 + (i % 5), askPrice: bidPrice + 0.1 },
    askSize: 1 + (i % 3),
  };
});

const processorOn = (log: EventLog): FeatureProcessor =>
  new FeatureProcessor({
    ...{ log, topics: TOPICS, clock: systemClock, observer: {}, settings: SETTINGS, snapshotRecords: 150 },
    store: new MemoryOnlineStore({ clock: systemClock }),
    marketClock: new MarketClock(systemClock),
    states: new Snapshots(log, TOPICS.featureState),
  });

const publisherOn = (log: EventLog): SignalPublisher =>
  new SignalPublisher({
    ...{ log, topics: TOPICS, clock: systemClock, observer: {} },
    predictor: {
      predictFromVector: async (vector): Promise<readonly Prediction[]> => [
        {
          ...{ model: '', version: '', modelDigest: '', revision: '', symbol: vector.symbol, inputsHash: '' },
          ...{ featureTimeUs: vector.timeUs, featureOffset: vector.offset, isFromCache: false },
          ...{
            latencyUs: 0,
            predictedTimeUs: 0,
            recommendation: 'abstain',
            abstainReason: 'ModelUnavailable',
          },
        },
      ],
    },
  });

/** Runs a station, and a new one each time that it is cut off, until its group has read all. */
async function runToEnd(
  log: EventLog,
  group: string,
  topic: string,
  make: () => FeatureProcessor | SignalPublisher,
): Promise<number> {
  let starts = 0;
  for (;;) {
    starts += 1;
    const consumer = await log.consume({ group, topics: [topic], maxBatchRecords: 64 }, make());
    const ended = consumer.done.then(
      () => 'done' as const,
      (error: unknown) => {
        if (error instanceof Cut) return 'cut' as const;
        throw error;
      },
    );
    const drained = eventually(async () => {
      for (const { partition, endOffset } of await log.positions(topic))
        if (((await log.committed(group, topic, partition)) ?? 0) < endOffset) return false;
      return 'drained' as const;
    }, 20_000);
    const outcome = await Promise.race([ended, drained]);
    drained.catch(() => undefined);
    if (outcome === 'cut') continue;
    // Giving the partitions up writes snapshots, which may be cut off too.
    await consumer.stop(5000).catch(() => undefined);
    await ended;
    return starts;
  }
}

async function contents<T>(log: EventLog, topic: string, decode: (bytes: Uint8Array) => T) {
  const partitions: T[][] = [];
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const { startOffset } = (await log.positions(topic))[partition]!;
    const values: T[] = [];
    for await (const { value } of log.read(topic, partition, startOffset)) values.push(decode(value!));
    partitions.push(values);
  }
  return partitions;
}

const bitsOf = ({ symbol, timeUs, offset, values }: FeatureVector): string =>
  `${symbol} ${timeUs} ${offset} ${Buffer.from(Float64Array.from(values).buffer).toString('base64')}`;

async function filledLog(): Promise<CuttingLog> {
  const log = new CuttingLog();
  await log.ensureTopics(topicSettings(TOPICS, PARTITIONS, 100_000));
  await log.append(
    TOPICS.marketData,
    quotes.map((event) => ({
      key: event.symbol,
      value: encodeMarketEvent(event),
      timestampUs: event.eventTimeUs,
    })),
  );
  return log;
}

const cut = (topic: string) =>
  fc.record({
    topic: fc.constant(topic),
    call: fc.integer({ min: 1, max: 60 }),
    isAfter: fc.boolean(),
  });

describe('stations that are cut off and begin again', () => {
  it('give every vector and every prediction once, in order, bit for bit', async () => {
    const undisturbed = await filledLog();
    await runToEnd(undisturbed, 'features', TOPICS.marketData, () => processorOn(undisturbed));
    await runToEnd(undisturbed, 'gateway', TOPICS.features, () => publisherOn(undisturbed));
    const vectors = (await contents(undisturbed, TOPICS.features, decodeFeatureVector)).map((all) =>
      all.map(bitsOf),
    );
    expect(vectors.flat().length).toBeGreaterThan(500);
    // The same engine without any log between.
    const engine = createFeatureEngine(SETTINGS);
    const direct = quotes.flatMap((quote, i) => engine.step(quote, i).vectors).length;
    expect(vectors.flat()).toHaveLength(direct);
    let restarts = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(cut(TOPICS.features), cut(TOPICS.featureState)), { maxLength: 8 }),
        fc.array(cut(TOPICS.signals), { maxLength: 5 }),
        async (featureCuts, signalCuts) => {
          const log = await filledLog();
          log.cuts = [...featureCuts, ...signalCuts];
          restarts += (await runToEnd(log, 'features', TOPICS.marketData, () => processorOn(log))) - 1;
          restarts += (await runToEnd(log, 'gateway', TOPICS.features, () => publisherOn(log))) - 1;
          const features = await contents(log, TOPICS.features, decodeFeatureVector);
          expect(features.map((all) => all.map(bitsOf))).toEqual(vectors);
          const signals = await contents(log, TOPICS.signals, decodePrediction);
          const ids = (all: readonly { symbol: string; featureOffset: number }[]) =>
            all.map(({ symbol, featureOffset }) => `${symbol} ${featureOffset}`);
          expect(signals.map(ids)).toEqual(
            features.map((all) => all.map(({ symbol, offset }) => `${symbol} ${offset}`)),
          );
          await log.close();
        },
      ),
      { numRuns: 40 },
    );
    expect(restarts).toBeGreaterThan(20);
  }, 120_000);
});

/** Records that other programs write and no station can use: each is set aside with its place and reason, and its partition goes on. */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { MAX_RECORD_BYTES } from '../../pkg/eventlog/event-log.ts';
import type { FeatureVector } from '../../pkg/features/feature-vector.ts';
import { quarantineRow, type Row } from '../../pkg/history/rows.ts';
import { HistoryWriter } from '../../pkg/history/writer.ts';
import type { MarketEvent, Quote } from '../../pkg/marketdata/events.ts';
import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import { isDrained } from '../../pkg/pipeline/checkpointer.ts';
import { FeatureProcessor } from '../../pkg/pipeline/feature-processor.ts';
import { MarketClock } from '../../pkg/pipeline/market-clock.ts';
import { quarantinedRecords } from '../../pkg/pipeline/quarantined-records.ts';
import { recordedTopics } from '../../pkg/pipeline/recorder-rows.ts';
import { Recorder } from '../../pkg/pipeline/recorder.ts';
import { SignalPublisher } from '../../pkg/pipeline/signal-publisher.ts';
import type { Prediction } from '../../pkg/prediction/prediction.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { decodeFeatureVector, encodeFeatureVector } from '../../pkg/wire/feature-vector.ts';
import { encodeMarketEvent } from '../../pkg/wire/market-event.ts';
import { TOPICS, topicSettings } from '../../pkg/wire/topics.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { eventually } from '../support/eventually.ts';
import { brokersForTests, openTestLog } from '../support/kafka-log.ts';

const missing = kafkaMissing();
const SECOND_US = 1_000_000;
const START_US = 1_700_000_000 * SECOND_US;
const WITHIN_MS = 30_000;

const quote = (second: number, change: Partial<Quote> = {}): Quote => {
  const timeUs = START_US + second * SECOND_US;
  return {
    ...{
      kind: 'quote',
      source: 'test',
      symbol: 'ES',
      sequence: second,
      eventTimeUs: timeUs,
      receiveTimeUs: timeUs,
    },
    ...{ bidPrice: 100, bidSize: 1, askPrice: 101, askSize: 1, ...change },
  };
};

/** Of a kind that a later version may have: field 16 of the event, which this one does not know. */
const ofLaterVersion = (): Uint8Array => {
  const heartbeat: MarketEvent = { ...quote(3), kind: 'heartbeat' };
  const bytes = Buffer.from(encodeMarketEvent(heartbeat));
  // The body of a heartbeat is empty and comes last: its tag, two bytes of another, and no length.
  const body = bytes.subarray(bytes.length - 2);
  return Buffer.concat([bytes.subarray(0, bytes.length - body.length), Buffer.from([0x82, 0x01, 0x00])]);
};

const levels = new Float64Array(2 * 32_000).fill(1);
const tooLarge = (): Uint8Array =>
  encodeMarketEvent({
    ...quote(3),
    kind: 'bookSnapshot',
    lastUpdateId: 1,
    bids: levels,
    asks: levels,
  });

interface Case {
  readonly what: string;
  readonly value: () => Uint8Array;
  readonly key?: string;
  readonly reason: string;
  readonly message: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: 'bytes that are no message',
    value: () => Buffer.from([255, 255]),
    reason: 'Malformed',
    message: /cannot be read/,
  },
  {
    what: 'an event of a later version',
    value: ofLaterVersion,
    reason: 'Malformed',
    message: /a kind that this version knows/,
  },
  {
    what: 'an event under the key of another symbol',
    ...{ key: 'ES', value: () => encodeMarketEvent(quote(3, { symbol: 'NQ' })) },
    ...{ reason: 'Malformed', message: /under the key of its symbol 'NQ', lay under 'ES'/ },
  },
  {
    what: 'an event that is too large',
    value: tooLarge,
    reason: 'Malformed',
    message: /at most 1000000 bytes/,
  },
  {
    what: 'an event that comes from the future',
    value: () => encodeMarketEvent(quote(3, { eventTimeUs: START_US + 9_000 * SECOND_US })),
    ...{ reason: 'TimeOutOfRange', message: /at most 60 s ahead of its receipt/ },
  },
];

describe.skipIf(missing !== undefined)('in the log of a broker', () => {
  const brokers = brokersForTests();
  let log: EventLog;
  const rows: [string, Row][] = [];
  const predicted: FeatureVector[] = [];
  const kafka = () => new Kafka({ brokers: [...brokers()], logLevel: logLevel.NOTHING });

  const recorded = recordedTopics(TOPICS, 'time:1000');
  const writer = new HistoryWriter(async (table, inserted) => {
    for (const row of inserted) rows.push([table, row]);
  });
  const groups = [
    { group: 'features', topics: [TOPICS.marketData] },
    { group: 'gateway', topics: [TOPICS.features] },
    { group: 'recorder', topics: [...recorded.keys()] },
  ];

  beforeAll(async () => {
    log = await openTestLog(brokers());
    await log.ensureTopics(topicSettings(TOPICS, 1, 100_000));
    const common = { log, topics: TOPICS, clock: systemClock, observer: {} };
    const features = new FeatureProcessor({
      ...{
        ...common,
        store: new MemoryOnlineStore({ clock: systemClock }),
        marketClock: new MarketClock(systemClock),
      },
      settings: { sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } },
    });
    const gateway = new SignalPublisher({
      ...common,
      predictor: {
        predictFromVector: async (vector) => {
          predicted.push(vector);
          const prediction: Prediction = {
            ...{
              model: '',
              version: '',
              revision: '',
              modelDigest: '',
              symbol: vector.symbol,
              inputsHash: '',
              latencyUs: 0,
            },
            ...{
              featureTimeUs: vector.timeUs,
              featureOffset: vector.offset,
              isFromCache: false,
              predictedTimeUs: 0,
            },
            ...{ recommendation: 'abstain', abstainReason: 'ModelUnavailable' },
          };
          return [prediction];
        },
      },
    });
    const handlers = [features, gateway, new Recorder(writer, recorded)];
    for (const [at, group] of groups.entries()) await log.consume(group, handlers[at]!);
    await write(TOPICS.marketData, 'ES', encodeMarketEvent(quote(1)), encodeMarketEvent(quote(2)));
  }, 60_000);
  afterAll(() => log?.close());

  /** Appends as another program would, past the checks of ours. @returns Offset of the last. */
  async function write(topic: string, key: string, ...values: readonly Uint8Array[]): Promise<number> {
    const producer = kafka().producer();
    await producer.connect();
    const messages = values.map((value) => ({ key, value: Buffer.from(value), partition: 0 }));
    const [{ baseOffset } = { baseOffset: '0' }] = await producer.send({ topic, messages });
    await producer.disconnect();
    return Number(baseOffset) + values.length - 1;
  }
  const allRead = () => eventually(() => isDrained(log, groups), WITHIN_MS, 50);
  const setAsideAt = async (origin: string) => {
    await writer.flush();
    const listed = await quarantinedRecords(log, TOPICS.quarantine, 1000);
    return {
      listed: listed.filter(({ item }) => item.origin === origin).map(({ item }) => item),
      inHistory: rows
        .filter(([table, row]) => table === 'quarantine' && row['origin'] === origin)
        .map(([, row]) => row),
    };
  };

  it.each(CASES)(
    '$what is set aside, and its partition goes on',
    async ({ value, key = 'ES', reason, message }) => {
      const bytes = value();
      const offset = await write(TOPICS.marketData, key, bytes);
      const before = predicted.length;
      const second = 10 * (offset + 1);
      await write(
        TOPICS.marketData,
        'ES',
        encodeMarketEvent(quote(second)),
        encodeMarketEvent(quote(second + 5)),
      );
      await eventually(() => predicted.length > before, WITHIN_MS);
      await allRead();
      const { listed, inHistory } = await setAsideAt(`market_data/0@${offset}`);
      expect(listed).toHaveLength(1);
      expect(listed[0]).toMatchObject({ reason, symbol: key, source: TOPICS.marketData });
      expect(listed[0]!.message).toMatch(message);
      expect(listed[0]!.raw.length).toBeLessThanOrEqual(1024);
      // By the features process, and by the recorder that reads the same: equal rows, which history holds once.
      expect(inHistory.length).toBeGreaterThan(0);
      expect(new Set(inHistory.map((row) => JSON.stringify(row)))).toEqual(
        new Set([JSON.stringify(quarantineRow(listed[0]!))]),
      );
      const ticks = rows.filter(([table]) => table === 'ticks').map(([, row]) => row['sequence']);
      expect(ticks).toContain(second);
      expect(ticks).not.toContain(3);
    },
  );

  it('a vector under the key of another symbol is not predicted, and its partition goes on', async () => {
    const bytes = encodeFeatureVector({ ...predicted[0]!, symbol: 'NQ', offset: 1e9 });
    const offset = await write(TOPICS.features, 'ES', bytes);
    const before = predicted.length;
    await write(TOPICS.marketData, 'ES', encodeMarketEvent(quote(5000)), encodeMarketEvent(quote(5005)));
    await eventually(() => predicted.length > before, WITHIN_MS);
    await allRead();
    expect(predicted.map(({ symbol }) => symbol)).not.toContain('NQ');
    expect((await setAsideAt(`features/0@${offset}`)).listed).toMatchObject([
      { reason: 'Malformed', symbol: 'ES' },
    ]);
  });

  it('there are such, else none of this says anything', () => {
    expect(tooLarge().length).toBeGreaterThan(MAX_RECORD_BYTES);
    expect(() => decodeFeatureVector(Buffer.from([255]))).toThrow();
  });
});

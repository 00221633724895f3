import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomArtifact } from '../../test/support/artifact.ts';
import { onePassThrough } from '../../test/support/one-pass.ts';
import type { LogRecord } from '../eventlog/event-log.ts';
import { createSimulator } from '../marketdata/sources/simulator/simulator.ts';
import { RecordingTracer } from '../tracing/recording-tracer.testing.ts';
import type { Tracer } from '../tracing/tracer.ts';
import { TOPICS } from '../wire/topics.ts';

const EVENTS = 1500;
const STREAM = [TOPICS.marketData, TOPICS.features, TOPICS.signals];

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-traced-'));
  model = await randomArtifact(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** All that a run through the stations leaves in the log. */
async function recordsOf(tracer?: Tracer): Promise<readonly LogRecord[]> {
  const source = createSimulator({
    ...{ symbols: ['ES', 'NQ'], seed: 3, ticksPerSecond: 5, startTimeUs: 1_700_000_000_000_000 },
    faults: { late: 0.01, duplicate: 0.01, bad: 0.01, haltsPerHour: 0 },
  });
  const log = await onePassThrough(source, {
    ...{ model, partitions: 2, sets: ['core-v1'], untilPosition: EVENTS },
    ...(tracer === undefined ? {} : { tracer }),
  });
  const records: LogRecord[] = [];
  for (const topic of STREAM)
    for (const { partition, startOffset } of await log.positions(topic))
      for await (const record of log.read(topic, partition, startOffset)) records.push(record);
  await log.close();
  return records;
}

const valuesOf = (records: readonly LogRecord[]): readonly string[] =>
  records
    .filter(({ topic }) => topic !== TOPICS.signals)
    .map(
      ({ topic, partition, offset, value }) =>
        `${topic}/${partition}@${offset} ${Buffer.from(value!).toString('hex')}`,
    );

describe('the stations of the stream', () => {
  it('put every signal in one trace with its tick, end every span, and change nothing of the data', async () => {
    const tracer = new RecordingTracer();
    const records = await recordsOf(tracer);
    expect(tracer.spans.filter(({ isEnded }) => !isEnded)).toEqual([]);
    expect(tracer.named('collector.event').length).toBeGreaterThan(EVENTS / 2);

    const signals = records.filter(({ topic }) => topic === TOPICS.signals);
    expect(signals.length).toBeGreaterThan(100);
    for (const { headers, key, partition, offset } of signals) {
      const [, traceId, spanId] = headers!['traceparent']!.split('-');
      const sent = tracer.spans.find((span) => span.spanId === spanId)!;
      expect(sent).toMatchObject({ traceId, name: 'send signals' });
      expect(sent.attributes).toMatchObject({
        ...{ 'messaging.kafka.message.key': key, 'messaging.kafka.offset': offset },
        'messaging.destination.partition.id': String(partition),
      });
      expect(tracer.pathOf(sent)).toBe(
        'collector.event > send market_data > process market_data > send features > process features > send signals',
      );
    }
    const [run] = tracer.named('predictor.run');
    expect(tracer.pathOf(run!)).toMatch(
      /process features > gateway\.predict > predictor\.infer > predictor\.run$/,
    );
    expect(valuesOf(records)).toEqual(valuesOf(await recordsOf()));
  }, 60_000);

  it('go on only with the traces that are recorded', async () => {
    const tracer = new RecordingTracer();
    let events = 0;
    const records = await recordsOf({
      begin: (name) => ((events += 1) % 100 === 0 ? tracer.begin(name) : undefined),
      resume: (traceparent, name, options) => tracer.resume(traceparent, name, options),
      accept: () => undefined,
    });
    const traces = new Set(tracer.spans.map(({ traceId }) => traceId));
    expect(traces.size).toBe(Math.floor(events / 100));
    const traced = records.filter(({ headers }) => headers?.['traceparent'] !== undefined);
    expect(traced.length).toBe(tracer.spans.filter(({ name }) => name.startsWith('send ')).length);
    expect(traced.length).toBeLessThan(records.length / 20);
  }, 60_000);

  it('write no header of a trace where tracing is off', async () => {
    const names = new Set((await recordsOf()).flatMap(({ headers = {} }) => Object.keys(headers)));
    expect([...names].toSorted()).toEqual(['hops_us', 'ingest_time_us']);
  }, 60_000);
});

import { setTimeout as sleep } from 'node:timers/promises';

import type { EventLog, LogRecord } from '../../../pkg/eventlog/event-log.ts';
import { hopsOf } from '../../../pkg/pipeline/hops.ts';
import { ingestTimeUs } from '../../../pkg/pipeline/ingest-time.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { eventually } from '../../support/eventually.ts';
import { sendTicks } from './send-ticks.ts';
import type { Ticks } from './ticks.ts';

/** Code that has just been loaded is compiled meanwhile, in each process and in the broker. */
const WARM_UP_MS = 45_000;
/** Predictions of what came this short a time ago show that all have begun, and caught up with what came meanwhile. */
const CAUGHT_UP_MS = 1000;
const CAUGHT_UP_WITHIN_MS = 60_000;
/** Brokers count whole milliseconds: a time of theirs is taken as the middle of it. */
const HALF_MS_US = 500;
/** Of `HOPS`, those that brokers tell. */
const BY_BROKER = new Set([0, 3]);
const COMMIT_BEHIND_MS = 100;

/** Stretches of the way of a tick that closes a bar, one after the other: they add up to the whole. */
export const STRETCHES = [
  'ingest to log',
  'log to features',
  'features to log',
  'log to gateway',
  'gateway to predictor and back',
  'publish',
] as const;

/** Milliseconds of the measured ticks, one value each. */
export interface Latencies {
  /** From the arrival of a tick to the answer that the log has it. */
  readonly acknowledged: number[];
  /** From the arrival of a tick that closes a bar to a reader of the vector. */
  readonly toFeatures: number[];
  /** From the vector in the log to a reader of its prediction. */
  readonly prediction: number[];
  /** From the arrival to a reader of the prediction. */
  readonly toPrediction: number[];
  /** Parts of `toPrediction`, by {@link STRETCHES}. */
  readonly stretches: Readonly<Record<(typeof STRETCHES)[number], number[]>>;
}

/** Sends ticks at a rate, and reads what comes of those of a time, which begins when all have caught up. */
export async function measureLatency(
  log: EventLog,
  ticks: Ticks,
  { ticksPerSecond, seconds }: { readonly ticksPerSecond: number; readonly seconds: number },
): Promise<Latencies> {
  const stretches = Object.fromEntries(
    STRETCHES.map((name) => [name, []]),
  ) as unknown as Latencies['stretches'];
  const found: Latencies = { acknowledged: [], toFeatures: [], prediction: [], toPrediction: [], stretches };
  let fromUs = Number.POSITIVE_INFINITY;
  let newestMs = Number.POSITIVE_INFINITY;
  const read = (topic: string, note: (record: LogRecord, arrivedUs: number, nowUs: number) => void) =>
    log.consume(
      { group: `bench-${topic}`, topics: [topic], commitBehindMs: COMMIT_BEHIND_MS },
      {
        onBatch: async ({ records }) => {
          const nowUs = systemClock.nowUs();
          for (const record of records) note(record, ingestTimeUs(record, 0), nowUs);
        },
      },
    );
  const readers = [
    await read(TOPICS.features, (_, arrivedUs, nowUs) => {
      if (arrivedUs >= fromUs) found.toFeatures.push((nowUs - arrivedUs) / 1000);
    }),
    await read(TOPICS.signals, (record, arrivedUs, nowUs) => {
      newestMs = (nowUs - arrivedUs) / 1000;
      if (arrivedUs >= fromUs) notePrediction(found, record, nowUs - arrivedUs);
    }),
  ];
  const ending = new AbortController();
  const onAcknowledged = (arrivedUs: number, count: number): void => {
    if (arrivedUs < fromUs) return;
    const ms = (systemClock.nowUs() - arrivedUs) / 1000;
    for (let i = 0; i < count; i += 1) found.acknowledged.push(ms);
  };
  const sent = sendTicks(log, ticks, { ticksPerSecond, signal: ending.signal, onAcknowledged });
  try {
    await eventually(() => newestMs < CAUGHT_UP_MS, CAUGHT_UP_WITHIN_MS);
    await sleep(WARM_UP_MS);
    fromUs = systemClock.nowUs();
    await sleep(1000 * seconds);
  } finally {
    ending.abort();
    await sent;
  }
  await sleep(1000);
  await Promise.all(readers.map((reader) => reader.stop(5000)));
  return found;
}

function notePrediction(
  { prediction, toPrediction, stretches }: Latencies,
  record: LogRecord,
  readUs: number,
): void {
  const moments = hopsOf(record).map((us, at) => (BY_BROKER.has(at) ? us + HALF_MS_US : us));
  const [appended, , sent, vectorAppended, tookUs, predicted] = moments as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  toPrediction.push(readUs / 1000);
  prediction.push((readUs - vectorAppended) / 1000);
  const ends = [appended, sent, vectorAppended, tookUs, predicted, readUs];
  // What the features process does with a tick it has read is little, and counts with the way to it.
  let from = 0;
  STRETCHES.forEach((name, at) => {
    stretches[name].push((ends[at]! - from) / 1000);
    from = ends[at]!;
  });
}

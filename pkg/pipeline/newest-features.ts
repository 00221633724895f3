import type { EventLog } from '../eventlog/event-log.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { OnlineStore } from '../onlinestore/online-store.ts';
import type { Span } from '../tracing/tracer.ts';
import { ingestTimeUs } from './ingest-time.ts';
import { decodeBatch } from './poison.ts';
import { readFeatureVector } from './read-message.ts';
import type { RunningMarketClock } from './running-market-clock.ts';
import type { VectorPredictor } from './signal-publisher.ts';

/** Records at the end of each partition in which the newest vector of every live symbol is looked for. */
const TAIL_RECORDS = 2048;

export interface NewestFeaturesOptions {
  /** A store of one's own; absent where another process fills the one that is read. */
  readonly store: OnlineStore | undefined;
  readonly marketClock: RunningMarketClock;
}

/**
 * Tells the clock, and a store of one's own, of the newest features that the log holds, for a process that has just started.
 *
 * @param topic - Of feature vectors.
 */
export async function loadNewestFeatures(
  log: EventLog,
  topic: string,
  { store, marketClock }: NewestFeaturesOptions,
): Promise<void> {
  for (const { partition, startOffset, endOffset } of await log.positions(topic)) {
    if (endOffset === startOffset) continue;
    const from = Math.max(startOffset, endOffset - TAIL_RECORDS);
    for await (const record of log.read(topic, partition, from)) {
      const [decoded] = decodeBatch([record], readFeatureVector).messages;
      if (decoded === undefined) continue;
      const { message } = decoded;
      await store?.putFeatures([message]);
      marketClock.observe(message.timeUs, ingestTimeUs(record, message.timeUs));
    }
  }
}

/** Tells the clock, and a store of one's own, of each vector of the stream before it is predicted. */
export function keepingFeatures(
  predictor: VectorPredictor,
  { store, marketClock }: NewestFeaturesOptions,
): VectorPredictor {
  return {
    predictFromVector: async (vector: FeatureVector, span?: Span) => {
      marketClock.observe(vector.timeUs);
      await store?.putFeatures([vector]);
      return predictor.predictFromVector(vector, span);
    },
  };
}

import type { LogRecord } from '../../pkg/eventlog/event-log.ts';
import { createFeatureEngine, type FeatureSettings } from '../../pkg/features/engine.ts';
import { encodeFeatureVector } from '../../pkg/wire/feature-vector.ts';
import { decodeMarketEvent } from '../../pkg/wire/market-event.ts';
import { decodePrediction } from '../../pkg/wire/prediction.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';

/** How what lies in the log differs from what must be there, given its market data. */
export interface StreamCheck {
  readonly vectors: number;
  /** Vectors and signals that are missing. */
  readonly lost: number;
  /** Records that are there again. */
  readonly doubled: number;
  /** Vectors that are not bit for bit what the engine makes of the market data, in its order. */
  readonly different: number;
}

/** What is read of a log; an `EventLog` is one. */
export interface StreamLog {
  positions(topic: string): Promise<readonly { readonly partition: number }[]>;
  read(topic: string, partition: number, fromOffset: number): AsyncIterable<LogRecord>;
}

/** Computes the vectors of the log's market data again, and compares the topics with them, partition by partition. */
export async function checkStream(log: StreamLog, settings: FeatureSettings): Promise<StreamCheck> {
  const total = { vectors: 0, lost: 0, doubled: 0, different: 0 };
  for (const { partition } of await log.positions(TOPICS.marketData)) {
    const engine = createFeatureEngine(settings);
    const wanted: { readonly id: string; readonly bytes: string }[] = [];
    for await (const { value, offset } of log.read(TOPICS.marketData, partition, 0))
      for (const vector of engine.step(decodeMarketEvent(value!), offset).vectors)
        wanted.push({ id: idOf(vector), bytes: hex(encodeFeatureVector(vector)) });
    const vectors: string[] = [];
    for await (const { value } of log.read(TOPICS.features, partition, 0)) vectors.push(hex(value!));
    const signals: string[] = [];
    for await (const { value } of log.read(TOPICS.signals, partition, 0)) {
      const { symbol, featureTimeUs: timeUs } = decodePrediction(value!);
      signals.push(idOf({ symbol, timeUs }));
    }
    const [distinctVectors, distinctSignals] = [[...new Set(vectors)], new Set(signals)];
    total.vectors += wanted.length;
    total.different += wanted.filter(({ bytes }, i) => distinctVectors[i] !== bytes).length;
    total.lost += Math.max(0, wanted.length - distinctVectors.length);
    total.lost += wanted.filter(({ id }) => !distinctSignals.has(id)).length;
    total.doubled += vectors.length - distinctVectors.length + signals.length - distinctSignals.size;
  }
  return total;
}

const idOf = ({ symbol, timeUs }: { readonly symbol: string; readonly timeUs: number }): string =>
  `${symbol} ${timeUs}`;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

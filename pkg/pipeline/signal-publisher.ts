import type { ConsumerHandler, EventLog, PartitionAssignment, RecordBatch } from '../eventlog/event-log.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { Clock } from '../runtime/clock.ts';
import { crashPoint } from '../runtime/crash-point.ts';
import type { Span } from '../tracing/tracer.ts';
import { decodePrediction, encodePrediction } from '../wire/prediction.ts';
import type { TopicNames } from '../wire/topics.ts';
import { type DerivedId, isAfter, newestDerived } from './derived.ts';
import { derivedHeaders } from './hops.ts';
import { ingestTimeUs } from './ingest-time.ts';
import { endSendings, type MessageSpans, type Sending, tracedHeaders } from './message-spans.ts';
import type { PipelineObserver } from './observer.ts';
import { decodeBatch } from './poison.ts';
import { readFeatureVector } from './read-message.ts';
import { setAside } from './set-aside.ts';

/** The one thing of the prediction service that the stream needs. */
export interface VectorPredictor {
  /**
   * @param span - The work that it is part of, where its trace is recorded.
   * @returns One for each model that predicts the symbol, one at least.
   */
  predictFromVector(vector: FeatureVector, span?: Span): Promise<readonly Prediction[]>;
}

export interface SignalPublisherOptions {
  readonly predictor: VectorPredictor;
  readonly log: EventLog;
  readonly topics: TopicNames;
  readonly clock: Clock;
  readonly observer: PipelineObserver;
  /** Absent where tracing is off. */
  readonly spans?: MessageSpans;
}

/** What has been predicted of one partition. */
interface Predicted {
  /** Newest of what the output held when the partition was assigned. */
  readonly before: DerivedId;
  readonly bySymbol: Map<string, DerivedId>;
}

/**
 * Feature vectors in, predictions and abstentions out. A batch is predicted together, so the model runs batched. A vector is
 * predicted once: what the output partition of the same number holds already is left out, and so is a vector that a features
 * process gave twice while it was replaced.
 */
export class SignalPublisher implements ConsumerHandler {
  readonly #options: SignalPublisherOptions;
  /** Newest vector that was predicted, by partition and symbol. */
  readonly #predicted = new Map<number, Predicted>();

  constructor(options: SignalPublisherOptions) {
    this.#options = options;
  }

  async onAssigned({ partition }: PartitionAssignment): Promise<undefined> {
    const { log, topics } = this.#options;
    const before = await newestDerived(log, topics.signals, partition, idOfSignal);
    this.#predicted.set(partition, { before, bySymbol: new Map() });
  }

  async onBatch(batch: RecordBatch): Promise<void> {
    const { log, topics, clock, observer, predictor, spans } = this.#options;
    const tookUs = clock.nowUs();
    const { messages: all, poison } = decodeBatch(batch.records, readFeatureVector);
    await setAside(poison, this.#options);
    const { before, bySymbol } = this.#predicted.get(batch.partition)!;
    const newest = new Map<string, DerivedId>();
    const messages = all.filter(({ message }) => {
      const { symbol } = message;
      const isNew = isAfter(message, newest.get(symbol) ?? bySymbol.get(symbol) ?? before);
      if (isNew) newest.set(symbol, message);
      return isNew;
    });
    if (messages.length === 0) return;
    const arrivals = messages.map(({ record }) => ingestTimeUs(record, tookUs));
    const predicted = await Promise.all(
      messages.map(async ({ record, message: vector }, i) => {
        const span = spans?.processing(record, tookUs);
        return (await predictor.predictFromVector(vector, span)).map((prediction) => ({
          ...{ prediction, record, vector, arrivalUs: arrivals[i]!, span },
        }));
      }),
    );
    const signals = predicted.flat();
    crashPoint('gateway:after-prediction');
    const sentUs = clock.nowUs();
    const sendings: Sending[] = [];
    const places = await log.append(
      topics.signals,
      signals.map(({ prediction, record, arrivalUs, span: work }, index) => {
        const span =
          work === undefined ? undefined : spans?.sending(work, topics.signals, prediction.symbol, sentUs);
        if (span !== undefined) sendings.push({ span, index });
        return {
          key: prediction.symbol,
          value: encodePrediction(prediction),
          timestampUs: prediction.featureTimeUs,
          headers: tracedHeaders(derivedHeaders(record, arrivalUs, tookUs, sentUs), span),
        };
      }),
    );
    endSendings(sendings, places);
    crashPoint('gateway:after-publish');
    for (const [symbol, id] of newest) bySymbol.set(symbol, { offset: id.offset, timeUs: id.timeUs });
    const nowUs = clock.nowUs();
    for (const { prediction, vector, arrivalUs, span } of signals)
      observer.onPrediction?.(prediction, (nowUs - arrivalUs) / 1000, vector, span?.traceId);
    for (const [first] of predicted) first?.span?.end(nowUs);
  }
}

function idOfSignal(value: Uint8Array): DerivedId {
  const { featureOffset, featureTimeUs } = decodePrediction(value);
  return { offset: featureOffset, timeUs: featureTimeUs };
}

import type { ConsumerHandler, EventLog, RecordBatch } from '../eventlog/event-log.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { Clock } from '../runtime/clock.ts';
import { decodeFeatureVector } from '../wire/feature-vector.ts';
import { encodePrediction } from '../wire/prediction.ts';
import type { TopicNames } from '../wire/topics.ts';
import { ingestHeaders, ingestTimeUs } from './ingest-time.ts';
import type { PipelineObserver } from './observer.ts';
import { decodeBatch } from './poison.ts';
import { setAside } from './set-aside.ts';

/** The one thing of the prediction service that the stream needs. */
export interface VectorPredictor {
  predictFromVector(vector: FeatureVector): Promise<Prediction>;
}

export interface SignalPublisherOptions {
  readonly predictor: VectorPredictor;
  readonly log: EventLog;
  readonly topics: TopicNames;
  readonly clock: Clock;
  readonly observer: PipelineObserver;
}

/** Feature vectors in, predictions and abstentions out. A batch is predicted together, so the model runs batched. */
export class SignalPublisher implements ConsumerHandler {
  readonly #options: SignalPublisherOptions;

  constructor(options: SignalPublisherOptions) {
    this.#options = options;
  }

  async onBatch(batch: RecordBatch): Promise<void> {
    const { log, topics, clock, observer, predictor } = this.#options;
    const fallbackUs = clock.nowUs();
    const { messages, poison } = decodeBatch(batch.records, decodeFeatureVector);
    await setAside(poison, this.#options);
    const arrivals = messages.map(({ record }) => ingestTimeUs(record, fallbackUs));
    const predictions = await Promise.all(
      messages.map(({ message }) => predictor.predictFromVector(message)),
    );
    await log.append(
      topics.signals,
      predictions.map((prediction, i) => ({
        key: prediction.symbol,
        value: encodePrediction(prediction),
        timestampUs: prediction.featureTimeUs,
        headers: ingestHeaders(arrivals[i]!),
      })),
    );
    const nowUs = clock.nowUs();
    predictions.forEach((prediction, i) =>
      observer.onPrediction?.(prediction, (nowUs - arrivals[i]!) / 1000),
    );
  }
}

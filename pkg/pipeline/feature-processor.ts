import type { ConsumerHandler, EventLog, NewRecord, RecordBatch } from '../eventlog/event-log.ts';
import {
  createFeatureEngine,
  type EngineSnapshot,
  type FeatureEngine,
  type FeatureSettings,
  restoreFeatureEngine,
} from '../features/engine.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { OnlineStore } from '../onlinestore/online-store.ts';
import type { Clock } from '../runtime/clock.ts';
import { encodeFeatureVector } from '../wire/feature-vector.ts';
import { decodeMarketEvent } from '../wire/market-event.ts';
import type { TopicNames } from '../wire/topics.ts';
import { ingestHeaders, ingestTimeUs } from './ingest-time.ts';
import type { MarketClock } from './market-clock.ts';
import { decodeBatch, placeOf } from './poison.ts';
import { rejected } from './rejected.ts';
import { setAside } from './set-aside.ts';
import type { PipelineObserver } from './observer.ts';

export interface FeatureProcessorOptions {
  readonly settings: FeatureSettings;
  readonly log: EventLog;
  readonly store: OnlineStore;
  readonly topics: TopicNames;
  readonly clock: Clock;
  readonly marketClock: MarketClock;
  readonly observer: PipelineObserver;
  /** Engine state by partition, from a checkpoint. */
  readonly restored?: ReadonlyMap<number, EngineSnapshot>;
}

/** Market events in, feature vectors out: to the log, and the newest per symbol to the online store. */
export class FeatureProcessor implements ConsumerHandler {
  readonly #options: FeatureProcessorOptions;
  readonly #engines = new Map<number, FeatureEngine>();

  constructor(options: FeatureProcessorOptions) {
    this.#options = options;
    for (const [partition, snapshot] of options.restored ?? []) {
      this.#engines.set(partition, restoreFeatureEngine(options.settings, snapshot));
    }
  }

  async onBatch(batch: RecordBatch): Promise<void> {
    const engine = this.#engine(batch.partition);
    const published: { readonly vector: FeatureVector; readonly arrivedUs: number }[] = [];
    const { messages, poison } = decodeBatch(batch.records, decodeMarketEvent);
    const quarantined = [...poison];
    for (const { record, message: event } of messages) {
      const arrivedUs = ingestTimeUs(record, this.#options.clock.nowUs());
      this.#options.marketClock.observe(event.eventTimeUs);
      const outputs = engine.step(event, record.offset);
      for (const vector of outputs.vectors) published.push({ vector, arrivedUs });
      for (const { event: late, reason } of outputs.rejected)
        quarantined.push(rejected(late, reason, placeOf(record)));
    }
    await this.#publish(published);
    await setAside(quarantined, this.#options);
  }

  /** Closes what can be closed at the end of a bounded stream and publishes it. */
  async finish(): Promise<void> {
    const nowUs = this.#options.clock.nowUs();
    for (const engine of this.#engines.values()) {
      await this.#publish(engine.flush().vectors.map((vector) => ({ vector, arrivedUs: nowUs })));
    }
  }

  /** State of every engine, by partition; taken between batches it belongs to the committed offsets. */
  snapshot(): ReadonlyMap<number, EngineSnapshot> {
    return new Map([...this.#engines].map(([partition, engine]) => [partition, engine.snapshot()]));
  }

  #engine(partition: number): FeatureEngine {
    let engine = this.#engines.get(partition);
    if (engine === undefined) {
      engine = createFeatureEngine(this.#options.settings);
      this.#engines.set(partition, engine);
    }
    return engine;
  }

  async #publish(
    published: readonly { readonly vector: FeatureVector; readonly arrivedUs: number }[],
  ): Promise<void> {
    if (published.length === 0) return;
    const { log, store, topics, clock, observer } = this.#options;
    await store.putFeatures(published.map(({ vector }) => vector));
    await log.append(
      topics.features,
      published.map(
        ({ vector, arrivedUs }): NewRecord => ({
          key: vector.symbol,
          value: encodeFeatureVector(vector),
          timestampUs: vector.timeUs,
          headers: ingestHeaders(arrivedUs),
        }),
      ),
    );
    const nowUs = clock.nowUs();
    for (const { vector, arrivedUs } of published) observer.onVector?.(vector, (nowUs - arrivedUs) / 1000);
  }
}

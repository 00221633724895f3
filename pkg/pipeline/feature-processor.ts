import type {
  ConsumerHandler,
  EventLog,
  LogRecord,
  NewRecord,
  PartitionAssignment,
  RecordBatch,
} from '../eventlog/event-log.ts';
import { formatBarClock } from '../features/bar-clock.ts';
import { DEFAULT_LOOKBACKS } from '../features/core-v1.ts';
import {
  createFeatureEngine,
  type EngineSnapshot,
  type FeatureEngine,
  type FeatureSettings,
  restoreFeatureEngine,
  SNAPSHOT_LAYOUT,
} from '../features/engine.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { OnlineStore } from '../onlinestore/online-store.ts';
import type { Clock } from '../runtime/clock.ts';
import { crashPoint } from '../runtime/crash-point.ts';
import type { Span } from '../tracing/tracer.ts';
import { decodeFeatureVector, encodeFeatureVector } from '../wire/feature-vector.ts';
import type { TopicNames } from '../wire/topics.ts';
import { BEFORE_ALL, type DerivedId, isAfter, newestDerived } from './derived.ts';
import { derivedHeaders } from './hops.ts';
import { ingestHeaders, ingestTimeUs } from './ingest-time.ts';
import type { MovedClock } from './market-clock.ts';
import { endSendings, type MessageSpans, type Sending, tracedHeaders } from './message-spans.ts';
import { decodeBatch, originOfRecord } from './poison.ts';
import { readMarketEvent } from './read-message.ts';
import { rejected } from './rejected.ts';
import { setAside } from './set-aside.ts';
import type { Snapshots } from './snapshots.ts';
import type { PipelineObserver } from './observer.ts';

/** State of the engine of one partition, and the offset at which it goes on. */
export interface FeatureState {
  readonly nextOffset: number;
  readonly engine: EngineSnapshot;
}

export interface FeatureProcessorOptions {
  readonly settings: FeatureSettings;
  readonly log: EventLog;
  readonly store: Pick<OnlineStore, 'putFeatures'>;
  readonly topics: TopicNames;
  readonly clock: Clock;
  readonly marketClock: MovedClock;
  readonly observer: PipelineObserver;
  /** Engine state by partition, from a checkpoint. */
  readonly restored?: ReadonlyMap<number, EngineSnapshot>;
  /** Where the process keeps its own state, if nobody takes checkpoints of it. */
  readonly states?: Snapshots<FeatureState>;
  /** Records of a partition between two snapshots: what a restart reads again at most; default 20,000. */
  readonly snapshotRecords?: number;
  /** Absent where tracing is off. */
  readonly spans?: MessageSpans;
}

const DEFAULT_SNAPSHOT_RECORDS = 20_000;

/** A vector on its way out, with the event that closed its bar; at the end of a stream there is none. */
interface Published {
  readonly vector: FeatureVector;
  /** When that event arrived, UTC microseconds. */
  readonly arrivedUs: number;
  readonly cause?: { readonly record: LogRecord; readonly tookUs: number; readonly span: Span | undefined };
}

/** One partition while it is owned. */
interface Owned {
  readonly engine: FeatureEngine;
  /** Newest vector that the output held when the partition was assigned. */
  emitted: DerivedId;
  nextOffset: number;
  recordsSinceSnapshot: number;
  /** The snapshot that is being written, beside the batches that follow it; never rejects. Absent where none is. */
  saving: Promise<void> | undefined;
  /** Why a snapshot could not be written: no more batches are done. */
  failure: { readonly error: unknown } | undefined;
}

/**
 * Market events in, feature vectors out: to the log, and the newest per symbol to the online store.
 *
 * With states of its own it takes a partition over where its last owner left a snapshot, reads again what came after, and
 * gives again only what the output does not hold yet: the output partition of the same number, since both are keyed by symbol.
 */
export class FeatureProcessor implements ConsumerHandler {
  readonly #options: FeatureProcessorOptions;
  readonly #owned = new Map<number, Owned>();

  constructor(options: FeatureProcessorOptions) {
    this.#options = options;
    for (const [partition, snapshot] of options.restored ?? []) this.#own(partition, snapshot);
  }

  async onAssigned({ topic, partition }: PartitionAssignment): Promise<number | undefined> {
    const { states, log, topics } = this.#options;
    if (states === undefined) return undefined;
    const state = await states.load(this.#stateKey(partition));
    const emitted = await newestDerived(log, topics.features, partition, decodeFeatureVector);
    crashPoint('features:taking-over');
    const nextOffset = state?.nextOffset ?? (await log.positions(topic))[partition]!.startOffset;
    // Only now, for an engine without the offset that it belongs to must not become a snapshot.
    Object.assign(this.#own(partition, state?.engine), { emitted, nextOffset });
    return nextOffset;
  }

  async onRevoked({ partition }: PartitionAssignment, isLost = false): Promise<void> {
    const owned = this.#owned.get(partition);
    if (this.#options.states === undefined || owned === undefined) return;
    await owned.saving;
    // Another may have gone on: what is known here is older, and would take the place of its snapshot.
    if (!isLost) await this.#save(partition, owned);
    this.#owned.delete(partition);
  }

  async onBatch({ partition, records }: RecordBatch): Promise<void> {
    crashPoint('features:before-batch');
    const owned = this.#owned.get(partition) ?? this.#own(partition, undefined);
    if (owned.failure !== undefined) throw owned.failure.error;
    try {
      await this.#process(owned, records);
    } catch (error) {
      // The engine has gone on and its outputs have not: no snapshot may be taken of it.
      this.#owned.delete(partition);
      throw error;
    }
    crashPoint('features:after-outputs');
    owned.nextOffset = records.at(-1)!.offset + 1;
    owned.recordsSinceSnapshot += records.length;
    const { states, snapshotRecords = DEFAULT_SNAPSHOT_RECORDS } = this.#options;
    if (states === undefined || owned.recordsSinceSnapshot < snapshotRecords) return;
    // One at a time: where writing takes longer than the records of one, the next one has more.
    if (owned.saving !== undefined) return;
    owned.saving = this.#save(partition, owned)
      .catch((error: unknown) => {
        owned.failure = { error };
      })
      .finally(() => {
        owned.saving = undefined;
      });
  }

  async #process(owned: Owned, records: readonly LogRecord[]): Promise<void> {
    const published: Published[] = [];
    const { spans } = this.#options;
    const working: Span[] = [];
    const tookUs = this.#options.clock.nowUs();
    const { messages, poison } = decodeBatch(records, readMarketEvent);
    const quarantined = [...poison];
    for (const { record, message: event } of messages) {
      const arrivedUs = ingestTimeUs(record, tookUs);
      this.#options.marketClock.observe(event.eventTimeUs);
      const span = spans?.processing(record, tookUs);
      const step = span?.child('features.step');
      const outputs = owned.engine.step(event, record.offset);
      if (span !== undefined && step !== undefined) {
        const { vectors, rejected: late } = outputs;
        step.set({ 'tradewind.vectors': vectors.length, 'tradewind.rejected': late.length });
        step.end();
        working.push(span);
      }
      for (const vector of outputs.vectors)
        if (isAfter(vector, owned.emitted))
          published.push({ vector, arrivedUs, cause: { record, tookUs, span } });
      for (const { event: late, reason } of outputs.rejected)
        quarantined.push(rejected(late, reason, originOfRecord(record)));
    }
    crashPoint('features:after-step');
    await this.#publish(published);
    await setAside(quarantined, this.#options);
    for (const span of working) span.end();
  }

  /** Closes what can be closed at the end of a bounded stream and publishes it. */
  async finish(): Promise<void> {
    const nowUs = this.#options.clock.nowUs();
    for (const { engine } of this.#owned.values()) {
      await this.#publish(engine.flush().vectors.map((vector) => ({ vector, arrivedUs: nowUs })));
    }
  }

  /** State of every engine, by partition; taken between batches it belongs to the committed offsets. */
  snapshot(): ReadonlyMap<number, EngineSnapshot> {
    return new Map([...this.#owned].map(([partition, { engine }]) => [partition, engine.snapshot()]));
  }

  #own(partition: number, snapshot: EngineSnapshot | undefined): Owned {
    const { settings } = this.#options;
    const engine =
      snapshot === undefined ? createFeatureEngine(settings) : restoreFeatureEngine(settings, snapshot);
    const owned: Owned = {
      ...{ engine, emitted: BEFORE_ALL, nextOffset: 0, recordsSinceSnapshot: 0 },
      ...{ saving: undefined, failure: undefined },
    };
    this.#owned.set(partition, owned);
    return owned;
  }

  /** Other settings, or a state of another form, start clean, beside: their state has another key. */
  #stateKey(partition: number): string {
    const { sets, bar, lookbacks = DEFAULT_LOOKBACKS, allowedLatenessMs } = this.#options.settings;
    const settings = [
      sets.toSorted().join('+'),
      formatBarClock(bar),
      lookbacks.join('-'),
      allowedLatenessMs ?? '',
      `layout-${SNAPSHOT_LAYOUT}`,
    ];
    return `features/${settings.join('/')}/${partition}`;
  }

  /** Writes the state as it is at the call: outputs of all before `nextOffset` are safe, and nothing after it is contained. */
  async #save(partition: number, owned: Owned): Promise<void> {
    const { nextOffset, engine } = owned;
    owned.recordsSinceSnapshot = 0;
    await this.#options.states?.save(this.#stateKey(partition), { nextOffset, engine: engine.snapshot() });
    crashPoint('features:after-snapshot');
  }

  async #publish(published: readonly Published[]): Promise<void> {
    if (published.length === 0) return;
    const { log, store, topics, clock, observer, spans } = this.#options;
    await store.putFeatures(published.map(({ vector }) => vector));
    const sentUs = clock.nowUs();
    const sendings: Sending[] = [];
    const places = await log.append(
      topics.features,
      published.map(({ vector, arrivedUs, cause }, index): NewRecord => {
        const headers =
          cause === undefined
            ? ingestHeaders(arrivedUs)
            : derivedHeaders(cause.record, arrivedUs, cause.tookUs, sentUs);
        const span =
          cause?.span === undefined
            ? undefined
            : spans?.sending(cause.span, topics.features, vector.symbol, sentUs);
        if (span !== undefined) sendings.push({ span, index });
        return {
          key: vector.symbol,
          value: encodeFeatureVector(vector),
          timestampUs: vector.timeUs,
          headers: tracedHeaders(headers, span),
        };
      }),
    );
    endSendings(sendings, places);
    const nowUs = clock.nowUs();
    for (const { vector, arrivedUs, cause } of published)
      observer.onVector?.(vector, (nowUs - arrivedUs) / 1000, cause?.span?.traceId);
  }
}

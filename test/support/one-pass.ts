import { MemoryEventLog } from '../../pkg/eventlog/memory.ts';
import { createFeatureEngine } from '../../pkg/features/engine.ts';
import type { FeatureSetName } from '../../pkg/features/feature-vector.ts';
import { FileModelRepository } from '../../pkg/inference/repository.ts';
import type { MarketSource } from '../../pkg/marketdata/sources/source.ts';
import { Validator } from '../../pkg/marketdata/validate.ts';
import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import { waitUntilDrained } from '../../pkg/pipeline/checkpointer.ts';
import { Collector } from '../../pkg/pipeline/collector.ts';
import { FeatureProcessor } from '../../pkg/pipeline/feature-processor.ts';
import { MarketClock } from '../../pkg/pipeline/market-clock.ts';
import { MessageSpans } from '../../pkg/pipeline/message-spans.ts';
import { createPacer } from '../../pkg/pipeline/pacer.ts';
import { SignalPublisher } from '../../pkg/pipeline/signal-publisher.ts';
import { ModelDirectory } from '../../pkg/prediction/model-directory.ts';
import { DEFAULT_OVERLAY } from '../../pkg/prediction/overlay.ts';
import { toPredictionModel } from '../../pkg/prediction/models/served-model-adapter.ts';
import { PredictionService } from '../../pkg/prediction/service.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import type { Tracer } from '../../pkg/tracing/tracer.ts';
import { TOPICS, topicSettings } from '../../pkg/wire/topics.ts';

export interface OnePassOptions {
  /** Artifact. */
  readonly model: string;
  readonly partitions: number;
  readonly sets: readonly string[];
  /** Last item of the source that is taken. */
  readonly untilPosition: number;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer;
}

/** A source through every station of the stream in this process, at full speed. @returns The log with all that came of it. */
export async function onePassThrough(source: MarketSource, options: OnePassOptions): Promise<MemoryEventLog> {
  const log = new MemoryEventLog();
  await log.ensureTopics(topicSettings(TOPICS, options.partitions, 1_000_000));
  const settings = {
    sets: options.sets as readonly FeatureSetName[],
    bar: { by: 'time', intervalMs: 1000 } as const,
  };
  const { featureSet, names: featureNames } = createFeatureEngine(settings);
  const store = new MemoryOnlineStore({ clock: systemClock });
  const marketClock = new MarketClock(systemClock);
  const repository = new FileModelRepository();
  const { served, manifest } = repository.loaded(await repository.add(options.model))!;
  const models = new ModelDirectory();
  models.put(toPredictionModel(served, manifest!));
  const predictor = new PredictionService({
    ...{ models, store, clock: marketClock },
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 10_000, cacheTtlSeconds: 300, maxInFlight: 1024 },
      ...{ featureSet, featureNames },
    },
  });
  const spans =
    options.tracer === undefined
      ? undefined
      : new MessageSpans({ tracer: options.tracer, system: 'tradewind' });
  const common = {
    ...{ log, topics: TOPICS, clock: systemClock, observer: {} },
    ...(spans === undefined ? {} : { spans }),
  };
  await log.consume(
    { group: 'features', topics: [TOPICS.marketData] },
    new FeatureProcessor({ ...common, settings, store, marketClock }),
  );
  await log.consume(
    { group: 'gateway', topics: [TOPICS.features] },
    new SignalPublisher({ ...common, predictor }),
  );
  const collector = new Collector({
    ...common,
    source: endingAt(source, options.untilPosition),
    fromPosition: 0,
    validator: new Validator({}),
    pacer: createPacer({ speed: 'max', clock: systemClock }),
  });
  await collector.run(new AbortController().signal);
  await waitUntilDrained(log, [
    { group: 'features', topics: [TOPICS.marketData] },
    { group: 'gateway', topics: [TOPICS.features] },
  ]);
  await repository.close();
  return log;
}

function endingAt(source: MarketSource, last: number): MarketSource {
  return {
    name: source.name,
    description: source.description,
    read: async function* (options) {
      for await (const items of source.read(options)) {
        const wanted = items.filter(({ position }) => position <= last);
        if (wanted.length > 0) yield wanted;
        if (wanted.length < items.length) return;
      }
    },
  };
}

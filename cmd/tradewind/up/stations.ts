import type { Console } from '../../../pkg/console/console.ts';
import { MemoryEventLog } from '../../../pkg/eventlog/memory.ts';
import { parseBarClock } from '../../../pkg/features/bar-clock.ts';
import { createFeatureEngine, type FeatureSettings } from '../../../pkg/features/engine.ts';
import type { HistoryWriter } from '../../../pkg/history/writer.ts';
import { Validator } from '../../../pkg/marketdata/validate.ts';
import { MemoryOnlineStore } from '../../../pkg/onlinestore/memory.ts';
import type { GroupOfTopics } from '../../../pkg/pipeline/checkpointer.ts';
import { Collector } from '../../../pkg/pipeline/collector.ts';
import { FeatureProcessor } from '../../../pkg/pipeline/feature-processor.ts';
import { MessageSpans } from '../../../pkg/pipeline/message-spans.ts';
import { metricsObserver } from '../../../pkg/pipeline/metrics-observer.ts';
import { combineObservers } from '../../../pkg/pipeline/observer.ts';
import { createPacer } from '../../../pkg/pipeline/pacer.ts';
import { recordedTopics } from '../../../pkg/pipeline/recorder-rows.ts';
import { Recorder } from '../../../pkg/pipeline/recorder.ts';
import { SignalPublisher } from '../../../pkg/pipeline/signal-publisher.ts';
import { RunStatistics } from '../../../pkg/pipeline/statistics.ts';
import type { Scorecard } from '../../../pkg/prediction/scorecard/scorecard.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import type { Logger } from '../../../pkg/runtime/logger.ts';
import type { Metrics } from '../../../pkg/runtime/metrics.ts';
import type { Shutdown } from '../../../pkg/runtime/shutdown.ts';
import { TOPICS, topicSettings } from '../../../pkg/wire/topics.ts';
import { openTracing } from '../../service/open-tracing.ts';
import { openPrediction } from '../../service/prediction.ts';
import { checkpointPath, readCheckpoint } from './checkpoint.ts';
import type { UpConfig } from './config.ts';
import { openHistoryWriter } from './history.ts';
import { marketClockOf } from './market-clock-of.ts';
import { openScorecard } from './scorecard.ts';
import { StorageAlarm } from '../../../pkg/runtime/storage-alarm.ts';
import type { Addresses, Screen } from './screen.ts';
import { LaptopRoutes } from './rollouts/routes.ts';
import type { Rollouts } from './rollouts/rollouts.ts';
import type { ServedModels } from './served.ts';
import { openServers } from './servers.ts';
import type { Stream } from './stream.ts';

/** One partition: in one process more would only cost order between symbols. */
const PARTITIONS = 1;
/** Records of a topic that the log keeps after all have read them. */
const RETENTION_RECORDS = 1_000;
const FEATURES_GROUP = 'features';
const GATEWAY_GROUP = 'gateway';
const RECORDER_GROUP = 'recorder';

export interface LaptopOptions {
  readonly config: UpConfig;
  readonly stream: Stream;
  readonly models: ServedModels;
  readonly rollouts: Rollouts;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  readonly screen: Screen;
}

/** What runs from source to served prediction. */
export interface Stations {
  readonly log: MemoryEventLog;
  readonly collector: Collector;
  readonly features: FeatureProcessor;
  readonly validator: Validator;
  readonly statistics: RunStatistics;
  readonly scorecard: Scorecard;
  readonly consumersDone: Promise<void>;
  /** Aborts when one of them fails, with its error. */
  readonly consumersFailed: AbortSignal;
  readonly groups: readonly GroupOfTopics[];
  readonly writer: HistoryWriter | undefined;
  /** Tells of what the disk refuses, and that it is tried again. */
  readonly alarm: StorageAlarm;
  readonly console: Console;
  readonly addresses: Addresses;
  /** Item of the source that the checkpoint of an earlier run goes on from. */
  readonly resumedFrom: number | undefined;
}

/** Opens every station in order; what was opened is registered for shutdown at once. */
export async function openStations(options: LaptopOptions): Promise<Stations> {
  const { config, stream, models, rollouts, metrics, logger, shutdown } = options;
  const tracer = await openTracing('up', options);
  const kept = await readCheckpoint(checkpointPath(stream));
  const checkpoint = kept === undefined || kept.isFinished ? undefined : kept;
  const settings: FeatureSettings = { ...config.features, bar: parseBarClock(stream.bar) };
  const { featureSet, names, definitions } = createFeatureEngine(settings);

  const alarm = new StorageAlarm({ logger, registry: metrics.registry, clock: systemClock });
  const writer = await openHistoryWriter(options, featureSet, names, alarm);
  const log = new MemoryEventLog({ startOffsets: checkpoint?.offsets ?? {} });
  shutdown.add('event log', () => log.close());
  await log.ensureTopics(topicSettings(TOPICS, PARTITIONS, RETENTION_RECORDS));
  const marketClock = marketClockOf(stream, systemClock);
  const store = new MemoryOnlineStore({ clock: systemClock });

  const routes = new LaptopRoutes(rollouts.directory, models.directory);
  const service = openPrediction({
    ...{
      models: routes,
      observer: rollouts.directory,
      store,
      clock: marketClock,
      metrics,
      logger,
      featureSet,
      featureNames: names,
    },
    settings: config.prediction,
  });
  const statistics = new RunStatistics(checkpoint?.statistics, stream.liveFromUs);
  const scorecard = openScorecard(
    { list: () => routes.shown().map(({ model }) => model) },
    metrics,
    checkpoint?.scorecard,
  );
  const servers = await openServers({
    ...options,
    alarm,
    routes,
    service,
    tracer,
    definitions,
    scorecard,
    shown: checkpoint?.console,
  });
  const observer = combineObservers([
    statistics,
    scorecard,
    metricsObserver(metrics, marketClock, stream.liveFromUs),
    servers.console.observer,
  ]);

  const common = {
    ...{ log, topics: TOPICS, clock: systemClock, observer },
    ...(tracer === undefined ? {} : { spans: new MessageSpans({ tracer, system: 'tradewind' }) }),
  };
  const features = new FeatureProcessor({
    ...common,
    ...{ settings, store, marketClock },
    ...(checkpoint === undefined ? {} : { restored: checkpoint.engines }),
  });
  const signals = new SignalPublisher({ ...common, predictor: service });
  const consumers = [
    await log.consume({ group: FEATURES_GROUP, topics: [TOPICS.marketData] }, features),
    await log.consume({ group: GATEWAY_GROUP, topics: [TOPICS.features] }, signals),
  ];
  const groups: GroupOfTopics[] = [
    { group: FEATURES_GROUP, topics: [TOPICS.marketData] },
    { group: GATEWAY_GROUP, topics: [TOPICS.features] },
  ];
  if (writer !== undefined) {
    // Before the log closes, which waits for its readers, and the engine stops, which the writer would go on trying.
    shutdown.add('history writer', () => writer.close());
    const recorded = recordedTopics(TOPICS, stream.bar);
    const topics = [...recorded.keys()];
    consumers.push(await log.consume({ group: RECORDER_GROUP, topics }, new Recorder(writer, recorded)));
    groups.push({ group: RECORDER_GROUP, topics });
  }
  const validator = new Validator({}, checkpoint?.validator);
  const pacer = createPacer({
    speed: config.source.speed,
    clock: systemClock,
    ...(stream.liveFromUs === undefined ? {} : { liveFromUs: stream.liveFromUs }),
  });
  const collector = new Collector({
    ...common,
    ...{ source: stream.source, fromPosition: checkpoint?.position ?? 0, validator, pacer },
  });
  const consumersDone = Promise.all(consumers.map(({ done }) => done)).then(() => undefined);
  const failed = new AbortController();
  consumersDone.catch((error: unknown) => failed.abort(error));
  return {
    log,
    collector,
    features,
    validator,
    statistics,
    scorecard,
    consumersDone,
    consumersFailed: failed.signal,
    groups,
    writer,
    alarm,
    console: servers.console,
    addresses: servers.addresses,
    resumedFrom: checkpoint?.position,
  };
}

import { join } from 'node:path';

import type { Console } from '../../../pkg/console/console.ts';
import { MemoryEventLog } from '../../../pkg/eventlog/memory.ts';
import { parseBarClock } from '../../../pkg/features/bar-clock.ts';
import { createFeatureEngine, type FeatureSettings } from '../../../pkg/features/engine.ts';
import { startEngine } from '../../../pkg/history/embedded/start-engine.ts';
import { History } from '../../../pkg/history/history.ts';
import type { HistoryWriter } from '../../../pkg/history/writer.ts';
import { Validator } from '../../../pkg/marketdata/validate.ts';
import { MemoryOnlineStore } from '../../../pkg/onlinestore/memory.ts';
import {
  takeConsistently,
  waitUntilDrained,
  type GroupOfTopics,
} from '../../../pkg/pipeline/checkpointer.ts';
import { Collector } from '../../../pkg/pipeline/collector.ts';
import { FeatureProcessor } from '../../../pkg/pipeline/feature-processor.ts';
import { MarketClock } from '../../../pkg/pipeline/market-clock.ts';
import { metricsObserver } from '../../../pkg/pipeline/metrics-observer.ts';
import { combineObservers } from '../../../pkg/pipeline/observer.ts';
import { createPacer } from '../../../pkg/pipeline/pacer.ts';
import { recordedTopics } from '../../../pkg/pipeline/recorder-rows.ts';
import { Recorder } from '../../../pkg/pipeline/recorder.ts';
import { SignalPublisher } from '../../../pkg/pipeline/signal-publisher.ts';
import { RunStatistics } from '../../../pkg/pipeline/statistics.ts';
import type { Scorecard } from '../../../pkg/prediction/scorecard/scorecard.ts';
import { aborted } from '../../../pkg/runtime/aborted.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import type { Logger } from '../../../pkg/runtime/logger.ts';
import type { Metrics } from '../../../pkg/runtime/metrics.ts';
import type { Shutdown } from '../../../pkg/runtime/shutdown.ts';
import { TOPICS, topicSettings } from '../../../pkg/wire/topics.ts';
import { openPrediction } from '../../service/prediction.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { UpConfig } from './config.ts';
import { StreamModels } from './models.ts';
import { openScorecard } from './scorecard.ts';
import type { Addresses, Screen } from './screen.ts';
import type { ServedModels } from './served.ts';
import { openServers } from './servers.ts';
import type { Stream } from './stream.ts';
import type { UpSummary } from './summary.ts';

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
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  readonly screen: Screen;
}

interface Parts {
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
  readonly console: Console;
}

/** Every station of the system in this process, from source to served prediction. */
export class Laptop {
  readonly addresses: Addresses;
  readonly resumedFrom: number | undefined;
  readonly #options: LaptopOptions;
  readonly #parts: Parts;
  readonly #startedMs = systemClock.monotonicMs();
  #isFinished = false;
  #checkpoints: Promise<void> = Promise.resolve();

  private constructor(
    options: LaptopOptions,
    parts: Parts,
    addresses: Addresses,
    resumedFrom: number | undefined,
  ) {
    this.#options = options;
    this.#parts = parts;
    this.addresses = addresses;
    this.resumedFrom = resumedFrom;
  }

  /** Opens everything in order; what was opened is registered for shutdown at once. */
  static async open(options: LaptopOptions): Promise<Laptop> {
    const { config, stream, models, metrics, logger, shutdown } = options;
    const kept = await readCheckpoint(checkpointPath(stream));
    const checkpoint = kept === undefined || kept.isFinished ? undefined : kept;
    const settings: FeatureSettings = { ...config.features, bar: parseBarClock(stream.bar) };
    const { featureSet, names, definitions } = createFeatureEngine(settings);

    const history = await openHistory(options, featureSet, names);
    const log = new MemoryEventLog({ startOffsets: checkpoint?.offsets ?? {} });
    shutdown.add('event log', () => log.close());
    await log.ensureTopics(topicSettings(TOPICS, PARTITIONS, RETENTION_RECORDS));
    const marketClock = new MarketClock(systemClock);
    const store = new MemoryOnlineStore({ clock: systemClock });

    const service = openPrediction({
      ...{
        models: models.directory,
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
    const scorecard = openScorecard(models.directory, metrics, checkpoint?.scorecard);
    const servers = await openServers({
      ...options,
      service,
      definitions,
      marketClock,
      scorecard,
      shown: checkpoint?.console,
    });
    const observer = combineObservers([
      statistics,
      scorecard,
      metricsObserver(metrics, marketClock),
      servers.console.observer,
    ]);

    const common = { log, topics: TOPICS, clock: systemClock, observer };
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
    const onFailed = (error: Error): void => {
      logger.warn({ reason: error.message }, 'history does not take rows, they wait');
    };
    const writer = history?.writer({ onFailed });
    if (writer !== undefined) {
      // Otherwise it would go on trying an engine that has been stopped.
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
    const parts = {
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
      console: servers.console,
    };
    return new Laptop(options, parts, servers.addresses, checkpoint?.position);
  }

  /** Runs until the source has ended or `signal` aborts. @param endsWithSource - Otherwise the servers stay up when the source ends. */
  async run(signal: AbortSignal, endsWithSource: boolean): Promise<void> {
    const ended = new AbortController();
    const over = AbortSignal.any([signal, ended.signal]);
    this.#checkpoints = this.#checkpointRegularly(over);
    try {
      await Promise.race([this.#runStream(signal, over), failureOf(this.#checkpoints)]);
      if (this.#isFinished && !endsWithSource && this.#options.config.source.speed !== 'max')
        await aborted(signal);
    } finally {
      // What fails must end what runs beside it, or that would feed stations that are gone.
      ended.abort();
    }
  }

  async #runStream(signal: AbortSignal, over: AbortSignal): Promise<void> {
    const { collector, features, consumersDone } = this.#parts;
    const modelReady = this.#prepareModel(over);
    modelReady.catch(() => undefined);
    if (this.#options.stream.waitsForModel) await Promise.race([modelReady, aborted(signal)]);
    if (signal.aborted) return;
    await Promise.race([collector.run(over), consumersDone, failureOf(modelReady), aborted(signal)]);
    if (signal.aborted) return;
    await this.#drained();
    await features.finish();
    await this.#drained();
    this.#isFinished = true;
  }

  /** Takes the last checkpoint, after a run that did not fail. @throws {HistoryUnavailable} The rows before it are not written by then. */
  async finish(deadlineMs: number): Promise<void> {
    const timer = setTimeout(() => this.#parts.writer?.close(), deadlineMs);
    try {
      await Promise.race([
        this.#checkpoints.then(() => this.#checkpoint()),
        failureOf(this.#parts.consumersDone),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes down where the stream stands, once all rows before it are safe. */
  async #checkpoint(): Promise<void> {
    const { collector, log, features, validator, statistics, scorecard, writer, console } = this.#parts;
    const checkpoint = await takeConsistently(
      { pause: () => collector.pause(), resume: () => collector.resume(), drained: () => this.#drained() },
      async (): Promise<Checkpoint> => ({
        position: collector.position,
        offsets: Object.fromEntries(
          await Promise.all(
            (Object.values(TOPICS) as string[]).map(
              async (topic) =>
                [topic, (await log.positions(topic)).map(({ endOffset }) => endOffset)] as const,
            ),
          ),
        ),
        validator: validator.toState(),
        engines: features.snapshot(),
        statistics: statistics.state(),
        scorecard: scorecard.state(),
        console: console.state(),
        isFinished: this.#isFinished,
      }),
    );
    await writer?.flush();
    await writeCheckpoint(checkpointPath(this.#options.stream), checkpoint);
  }

  summary(): UpSummary {
    const { collector, statistics, scorecard } = this.#parts;
    const { stream, models } = this.#options;
    const { repository } = models;
    const served = repository.index().find(({ state }) => state === 'READY');
    const model = served === undefined ? undefined : repository.get(served.name);
    return {
      source: stream.description,
      stream: stream.name,
      resumedFromPosition: this.resumedFrom ?? null,
      position: collector.position,
      isFinished: this.#isFinished,
      speed: this.#options.config.source.speed,
      elapsedSeconds: (systemClock.monotonicMs() - this.#startedMs) / 1000,
      ...statistics.summary(),
      outcomes: scorecard.scores(),
      model: model === undefined ? null : { name: model.name, version: model.version, digest: model.digest },
    };
  }

  #drained(): Promise<void> {
    const { log, groups, consumersFailed } = this.#parts;
    return waitUntilDrained(log, groups, consumersFailed);
  }

  /** Serves the model that is there, or trains one first. Where XGBoost is away, says so and goes on without a model. */
  async #prepareModel(signal: AbortSignal): Promise<void> {
    const { config, stream, models, screen, logger } = this.#options;
    // The one configured was loaded before anything else.
    if (config.model.dir !== undefined) return;
    const own = new StreamModels(config, stream);
    let directory = await own.find();
    if (directory === undefined && !config.model.train) return;
    if (directory === undefined) {
      try {
        directory = await own.train({ onProgress: (...progress) => screen.training(...progress), signal });
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ reason: (error as Error).message }, 'no model could be trained, predictions abstain');
        screen.notTrained((error as Error).message.split('\n', 1)[0]!);
        return;
      }
    }
    screen.trained(await models.serve(directory));
  }

  async #checkpointRegularly(signal: AbortSignal): Promise<void> {
    const { checkpointSeconds } = this.#options.config.history;
    while (!signal.aborted) {
      await Promise.race([wait(checkpointSeconds * 1000), aborted(signal)]);
      if (!signal.aborted) await this.#checkpoint();
    }
  }
}

const checkpointPath = (stream: Stream): string => join(stream.directory, 'checkpoint');

async function openHistory(
  { config, stream, logger, shutdown }: LaptopOptions,
  featureSet: string,
  names: readonly string[],
): Promise<History | undefined> {
  if (!config.history.enabled) return undefined;
  const engine = await startEngine(join(stream.directory, 'history'), {
    onLost: (how) => logger.warn({ how }, 'history engine ended by itself, it is started again'),
  });
  shutdown.add('history engine', () => engine.stop());
  const history = await History.open({ ...engine, database: 'tradewind' });
  shutdown.add('history', () => history.close());
  await history.putFeatureNames(featureSet, names);
  return history;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** Rejects when the promise does; otherwise never settles. */
function failureOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    promise.catch(reject);
  });
}

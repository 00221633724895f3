import { takeConsistently, waitUntilDrained } from '../../../pkg/pipeline/checkpointer.ts';
import { aborted } from '../../../pkg/runtime/aborted.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import { isOutOfSpace } from '../../../pkg/runtime/writable.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import { type Checkpoint, checkpointPath, writeCheckpoint } from './checkpoint.ts';
import { StreamModels } from './models.ts';
import type { Addresses } from './screen.ts';
import { type LaptopOptions, openStations, type Stations } from './stations.ts';
import type { UpSummary } from './summary.ts';

/** Every station of the system in this process, from source to served prediction. */
export class Laptop {
  readonly #options: LaptopOptions;
  readonly #stations: Stations;
  readonly #startedMs = systemClock.monotonicMs();
  #isFinished = false;
  #checkpoints: Promise<void> = Promise.resolve();

  private constructor(options: LaptopOptions, stations: Stations) {
    this.#options = options;
    this.#stations = stations;
  }

  get addresses(): Addresses {
    return this.#stations.addresses;
  }

  get resumedFrom(): number | undefined {
    return this.#stations.resumedFrom;
  }

  /** Opens everything in order; what was opened is registered for shutdown at once. */
  static async open(options: LaptopOptions): Promise<Laptop> {
    return new Laptop(options, await openStations(options));
  }

  /** Runs until the source has ended or `signal` aborts. @param staysUp - The servers stay up when the source ends, until `signal` aborts. */
  async run(signal: AbortSignal, staysUp: boolean): Promise<void> {
    const ended = new AbortController();
    const over = AbortSignal.any([signal, ended.signal]);
    this.#checkpoints = this.#checkpointRegularly(over);
    const rolling = this.#options.rollouts.run(over);
    try {
      await Promise.race([this.#runStream(signal, over), failureOf(this.#checkpoints), failureOf(rolling)]);
      if (this.#isFinished && staysUp) {
        this.#options.screen.sourceEnded();
        await Promise.race([aborted(signal), failureOf(rolling)]);
      }
    } finally {
      // What fails must end what runs beside it, or that would feed stations that are gone.
      ended.abort();
      await rolling.catch(() => undefined);
    }
  }

  async #runStream(signal: AbortSignal, over: AbortSignal): Promise<void> {
    const { collector, features, consumersDone } = this.#stations;
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
    const timer = setTimeout(() => this.#stations.writer?.close(), deadlineMs);
    try {
      await Promise.race([
        this.#checkpoints.then(() => this.#checkpoint()),
        failureOf(this.#stations.consumersDone),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes down where the stream stands, once all rows before it are safe. */
  async #checkpoint(): Promise<void> {
    const { collector, log, features, validator, statistics, scorecard, writer, console } = this.#stations;
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
    const { collector, statistics, scorecard } = this.#stations;
    const { stream, models } = this.#options;
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
      model: models.summary(),
    };
  }

  #drained(): Promise<void> {
    const { log, groups, consumersFailed } = this.#stations;
    return waitUntilDrained(log, groups, consumersFailed);
  }

  /** Serves the model that is there, or trains one first. Where XGBoost is away, says so and goes on without a model. */
  async #prepareModel(signal: AbortSignal): Promise<void> {
    const { config, stream, models, rollouts, screen, logger } = this.#options;
    // The one configured was loaded before anything else.
    if (config.model.dir !== undefined) return;
    // Those of manifests are what is asked for; a replay waits for the first of them.
    if (await rollouts.hasModels()) return rollouts.answers(signal);
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
      if (!signal.aborted) await this.#checkpointIfFits();
    }
  }

  /** Where there is no space the one before stands, and the next is tried in its turn. */
  async #checkpointIfFits(): Promise<void> {
    const { alarm } = this.#stations;
    try {
      await this.#checkpoint();
      alarm.succeeded('checkpoint');
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      alarm.failed('checkpoint', error.message);
    }
  }
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

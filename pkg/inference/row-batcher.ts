import { type Clock, systemClock } from '../runtime/clock.ts';
import { crashPoint } from '../runtime/crash-point.ts';
import { InferenceOverload, ModelWorkerLost, RequestExpired, InferenceRequestInvalid } from './errors.ts';

/** Answer to one request: one array per output, in the order of the graph's outputs. */
export type RowsDone = (error: Error | undefined, outputs: readonly Float32Array[]) => void;

/** Runs rows through a model: row-major features in, one array per output. */
export type RunRows = (features: Float32Array, rows: number) => Promise<readonly Float32Array[]>;

/** Rows of one run at most, unless told otherwise. */
export const DEFAULT_MAX_ROWS = 32;

/** Rows that may wait, unless told otherwise. */
export const DEFAULT_MAX_QUEUED_ROWS = 4096;

export interface BatchingSettings {
  /** Rows of one run at most; default {@link DEFAULT_MAX_ROWS}. */
  readonly maxRows?: number;
  /** Rows that may wait; more are refused. Default {@link DEFAULT_MAX_QUEUED_ROWS}. */
  readonly maxQueuedRows?: number;
}

/** The settings of a batcher, with what the model has a say in. */
export interface BatcherSettings extends BatchingSettings {
  /** Runs that may be under way at once; default 1. */
  readonly parallelRuns?: number;
}

interface Waiting {
  readonly features: Float32Array;
  readonly rows: number;
  readonly done: RowsDone;
  readonly expiresMs: number;
  readonly onRun: ((batchRows: number) => void) | undefined;
}

/**
 * Gathers requests into one run without a timer: what has arrived is looked at again after a turn of the event loop for as long as
 * it grows, then it runs. An idle server answers at once, a busy one in large batches.
 */
export class RowBatcher {
  readonly #width: number;
  readonly #run: RunRows;
  readonly #maxRows: number;
  readonly #maxQueuedRows: number;
  readonly #parallelRuns: number;
  readonly #clock: Clock;
  #queue: Waiting[] = [];
  #queuedRows = 0;
  #seenRows = 0;
  #isLooking = false;
  #running = 0;
  #onIdle: (() => void)[] = [];

  /** @param width - Features of a row. */
  constructor(width: number, run: RunRows, settings: BatcherSettings = {}, clock: Clock = systemClock) {
    this.#width = width;
    this.#run = run;
    this.#maxRows = settings.maxRows ?? DEFAULT_MAX_ROWS;
    this.#maxQueuedRows = settings.maxQueuedRows ?? DEFAULT_MAX_QUEUED_ROWS;
    this.#parallelRuns = settings.parallelRuns ?? 1;
    this.#clock = clock;
  }

  /**
   * Queues rows; `done` is called once, with an error at once where the array is not `rows` rows (InferenceRequestInvalid) or too many wait
   * (InferenceOverload). A request larger than one run is split over several, which are answered as one.
   *
   * @param expiresMs - Time on the monotonic clock from which on nobody waits for the answer: a request that is still in the queue
   *   then is not run (RequestExpired).
   * @param onRun - Told when the request leaves the queue, with the rows of its batch.
   */
  add(
    features: Float32Array,
    rows: number,
    done: RowsDone,
    expiresMs = Infinity,
    onRun?: (batchRows: number) => void,
  ): void {
    if (!Number.isInteger(rows) || rows < 1 || features.length !== rows * this.#width) {
      const wanted = `${this.#width} features for each of at least one row`;
      done(
        new InferenceRequestInvalid(`request must hold ${wanted}, holds ${features.length} for ${rows}`),
        [],
      );
      return;
    }
    if (this.#queuedRows > 0 && this.#queuedRows + rows > this.#maxQueuedRows) {
      done(new InferenceOverload(this.#maxQueuedRows), []);
      return;
    }
    this.#queue.push({ features, rows, done, expiresMs, onRun });
    this.#queuedRows += rows;
    this.#beginToLook();
  }

  /** Resolves when nothing waits or runs. */
  idle(): Promise<void> {
    const isBusy = this.#isLooking || this.#running > 0;
    return isBusy ? new Promise((resolve) => this.#onIdle.push(resolve)) : Promise.resolve();
  }

  #beginToLook(): void {
    if (this.#isLooking || this.#queue.length === 0 || this.#running >= this.#parallelRuns) return;
    this.#isLooking = true;
    this.#seenRows = 0;
    setImmediate(this.#look);
  }

  readonly #look = (): void => {
    const hasGrown = this.#queuedRows > this.#seenRows;
    this.#seenRows = this.#queuedRows;
    if (hasGrown && this.#queuedRows < this.#maxRows) {
      setImmediate(this.#look);
      return;
    }
    this.#isLooking = false;
    void this.#runBatch();
    // What is left of a queue longer than a batch, where more than one may run.
    this.#beginToLook();
  };

  async #runBatch(): Promise<void> {
    this.#running += 1;
    const batch = this.#take();
    if (batch.length > 0) await this.#answerBatch(batch);
    this.#running -= 1;
    if (this.#queue.length === 0) {
      if (this.#running === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    } else if (!this.#isLooking) {
      this.#isLooking = true;
      this.#seenRows = 0;
      this.#look();
    }
  }

  async #answerBatch(batch: readonly Waiting[]): Promise<void> {
    const rows = batch.reduce((sum, request) => sum + request.rows, 0);
    for (const { onRun } of batch) onRun?.(rows);
    let outputs: readonly Float32Array[] | undefined;
    let failure = new Error();
    try {
      outputs = await this.#runAll(this.#join(batch, rows), rows);
      crashPoint('predictor:after-run');
    } catch (error) {
      failure = error as Error;
    }
    if (outputs !== undefined) this.#answer(batch, rows, outputs);
    else if (batch.length > 1 && !(failure instanceof ModelWorkerLost)) await this.#runOneByOne(batch);
    // One of them may be what ended the worker: it must not end the others as well.
    else for (const request of batch) settle(request, failure, []);
  }

  /** A batch that failed is run again one by one, so that one bad request does not fail the others. */
  async #runOneByOne(batch: readonly Waiting[]): Promise<void> {
    for (const { features, rows, done } of batch) {
      let outputs: readonly Float32Array[] = [];
      let failure: Error | undefined;
      try {
        outputs = await this.#runAll(features, rows);
      } catch (error) {
        failure = error as Error;
      }
      settle({ done }, failure, outputs);
    }
  }

  /** One run, or several for a request that is larger than one. */
  async #runAll(features: Float32Array, rows: number): Promise<readonly Float32Array[]> {
    if (rows <= this.#maxRows) return await this.#run(features, rows);
    const parts: (readonly Float32Array[])[] = [];
    for (let row = 0; row < rows; row += this.#maxRows) {
      const count = Math.min(this.#maxRows, rows - row);
      parts.push(await this.#run(features.subarray(row * this.#width, (row + count) * this.#width), count));
    }
    return parts[0]!.map((_, output) => concatenate(parts.map((part) => part[output]!)));
  }

  /** What runs next; requests that have expired meanwhile are answered so and left out. */
  #take(): readonly Waiting[] {
    const nowMs = this.#clock.monotonicMs();
    const batch: Waiting[] = [];
    const expired: Waiting[] = [];
    let rows = 0;
    for (const request of this.#queue) {
      const isExpired = request.expiresMs <= nowMs;
      if (!isExpired && batch.length > 0 && rows + request.rows > this.#maxRows) break;
      (isExpired ? expired : batch).push(request);
      if (!isExpired) rows += request.rows;
      this.#queuedRows -= request.rows;
    }
    const count = batch.length + expired.length;
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count);
    for (const request of expired) settle(request, new RequestExpired(), []);
    return batch;
  }

  #join(batch: readonly Waiting[], rows: number): Float32Array {
    if (batch.length === 1) return batch[0]!.features;
    const joined = new Float32Array(rows * this.#width);
    let at = 0;
    for (const { features } of batch) {
      joined.set(features, at);
      at += features.length;
    }
    return joined;
  }

  #answer(batch: readonly Waiting[], rows: number, outputs: readonly Float32Array[]): void {
    if (batch.length === 1) {
      settle(batch[0]!, undefined, outputs);
      return;
    }
    let row = 0;
    for (const request of batch) {
      const from = row;
      row += request.rows;
      const to = row;
      settle(
        request,
        undefined,
        outputs.map((output) => output.subarray((from * output.length) / rows, (to * output.length) / rows)),
      );
    }
  }
}

/** A caller that throws in its callback must not take the others of the batch with it. */
function settle({ done }: Pick<Waiting, 'done'>, error: Error | undefined, outputs: readonly Float32Array[]) {
  try {
    done(error, outputs);
  } catch (fault) {
    process.emitWarning(`callback of a request must not throw: ${String(fault)}`, 'InferenceCallback');
  }
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

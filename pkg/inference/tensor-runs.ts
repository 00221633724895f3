import { type Clock, systemClock } from '../runtime/clock.ts';
import { InferenceOverload, RequestExpired } from './errors.ts';
import type { Tensor } from './served-model.ts';

/** Runs whole tensors through a model, and gives the outputs of these names. */
export type RunTensors = (
  inputs: readonly Tensor[],
  outputNames: readonly string[],
) => Promise<readonly Tensor[]>;

export interface TensorRunsSettings {
  /** Runs that may be under way at once. */
  readonly parallelRuns: number;
  /** Rows that may wait; more are refused. */
  readonly maxQueuedRows: number;
}

/** Longest time that a timer takes; a request that has more is as good as one without end. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
  readonly rows: number;
  readonly expiresMs: number;
  readonly run: () => Promise<readonly Tensor[]>;
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Requests on whole tensors, which are not batched: each is a run of its own, and those that wait do so in order and up to a
 * bound. One whose time is over is answered then and leaves the queue; a run that has begun goes on, for nobody.
 */
export class TensorRuns {
  readonly #run: RunTensors;
  readonly #settings: TensorRunsSettings;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #queuedRows = 0;
  #running = 0;

  constructor(run: RunTensors, settings: TensorRunsSettings, clock: Clock = systemClock) {
    this.#run = run;
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * @param expiresMs - Time on the monotonic clock from which on nobody waits for the answer.
   * @throws {InferenceOverload} Too many rows (first dimension of the first input) wait. One request may wait however many it has.
   * @throws {RequestExpired} It was not answered by then.
   */
  async add(
    inputs: readonly Tensor[],
    outputNames: readonly string[],
    expiresMs = Infinity,
  ): Promise<readonly Tensor[]> {
    const { maxQueuedRows } = this.#settings;
    const rows = inputs[0]?.shape[0] ?? 1;
    if (this.#queuedRows > 0 && this.#queuedRows + rows > maxQueuedRows)
      throw new InferenceOverload(maxQueuedRows);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Tensor[]>();
    const run = () => this.#run(inputs, outputNames);
    const request: Waiting = { rows, expiresMs, run, resolve, reject };
    this.#waiting.add(request);
    this.#queuedRows += rows;
    this.#startNext();
    const leftMs = expiresMs - this.#clock.monotonicMs();
    if (leftMs > MAX_TIMER_MS) return await promise;
    const timer = setTimeout(() => this.#expire(request), leftMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #startNext(): void {
    for (const request of this.#waiting) {
      if (this.#running >= this.#settings.parallelRuns) return;
      if (request.expiresMs <= this.#clock.monotonicMs()) {
        this.#expire(request);
      } else {
        this.#leave(request);
        void this.#runOne(request);
      }
    }
  }

  async #runOne({ run, resolve, reject }: Waiting): Promise<void> {
    this.#running += 1;
    try {
      resolve(await run());
    } catch (error) {
      reject(error);
    }
    this.#running -= 1;
    this.#startNext();
  }

  #leave(request: Waiting): void {
    if (this.#waiting.delete(request)) this.#queuedRows -= request.rows;
  }

  #expire(request: Waiting): void {
    this.#leave(request);
    request.reject(new RequestExpired());
  }
}

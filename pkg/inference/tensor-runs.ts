import { type Clock, systemClock } from '../runtime/clock.ts';
import { Limiter } from '../runtime/limiter.ts';
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

/** Requests on whole tensors, which are not batched: each is a run of its own, and those that wait do so in order and up to a bound. */
export class TensorRuns {
  readonly #run: RunTensors;
  readonly #limiter: Limiter;
  readonly #maxQueuedRows: number;
  readonly #clock: Clock;
  #queuedRows = 0;

  constructor(run: RunTensors, settings: TensorRunsSettings, clock: Clock = systemClock) {
    this.#run = run;
    this.#limiter = new Limiter(settings.parallelRuns);
    this.#maxQueuedRows = settings.maxQueuedRows;
    this.#clock = clock;
  }

  /**
   * @param expiresMs - Time on the monotonic clock from which on nobody waits for the answer.
   * @throws {InferenceOverload} Too many rows (first dimension of the first input) wait. One request may wait however many it has.
   * @throws {RequestExpired} Its time was over before its turn came.
   */
  async add(
    inputs: readonly Tensor[],
    outputNames: readonly string[],
    expiresMs = Infinity,
  ): Promise<readonly Tensor[]> {
    const rows = inputs[0]?.shape[0] ?? 1;
    if (this.#queuedRows > 0 && this.#queuedRows + rows > this.#maxQueuedRows)
      throw new InferenceOverload(this.#maxQueuedRows);
    this.#queuedRows += rows;
    return await this.#limiter.run(async () => {
      this.#queuedRows -= rows;
      if (expiresMs <= this.#clock.monotonicMs()) throw new RequestExpired();
      return await this.#run(inputs, outputNames);
    });
  }
}

import type { Tensor } from '../served-model.ts';
import type { WorkerModel } from './messages.ts';
import { WorkerThread } from './worker-thread.ts';

const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 30_000;

/** Wait before a thread is started again: twice as long with each time that it ended without an answer in between. */
export function restartWaitMs(failures: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** failures, MAX_WAIT_MS);
}

/** A worker thread that is started again when it ends by itself. */
export class RestartingWorker {
  readonly #model: WorkerModel;
  readonly #onLost: (error: Error) => void;
  #thread: WorkerThread | undefined;
  #restarting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isClosed = false;

  private constructor(model: WorkerModel, onLost: (error: Error) => void) {
    this.#model = model;
    this.#onLost = onLost;
  }

  /** @param onLost - Told each time that the thread ends by itself or cannot be started again. @throws As {@link WorkerThread.start}. */
  static async start(model: WorkerModel, onLost: (error: Error) => void): Promise<RestartingWorker> {
    const worker = new RestartingWorker(model, onLost);
    await worker.#start();
    return worker;
  }

  get isReady(): boolean {
    return this.#thread !== undefined;
  }

  /** Runs without an answer; Infinity while there is no thread. */
  get openRuns(): number {
    return this.#thread?.openRuns ?? Infinity;
  }

  /** Runs on the thread; there must be one. */
  async run(inputs: readonly Tensor[], outputNames: readonly string[]): Promise<readonly Tensor[]> {
    const outputs = await this.#thread!.run(inputs, outputNames);
    this.#failures = 0;
    return outputs;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#restarting;
    await this.#thread?.close();
  }

  async #start(): Promise<void> {
    const thread = await WorkerThread.start(this.#model);
    this.#thread = thread;
    void thread.ended.then((lost) => {
      this.#thread = undefined;
      if (lost !== undefined) this.#restartLater(lost);
    });
  }

  #restartLater(error: Error): void {
    this.#onLost(error);
    if (this.#isClosed) return;
    const waitMs = restartWaitMs(this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#restarting = this.#restart();
    }, waitMs).unref();
  }

  async #restart(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      this.#restartLater(error as Error);
    }
  }
}

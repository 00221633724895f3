import { ModelFailed, ModelWorkerLost } from '../errors.ts';
import type { OnnxSession } from '../onnx-session.ts';
import { MAX_WORKERS } from '../placement.ts';
import type { Tensor } from '../served-model.ts';
import type { WorkerModel } from './messages.ts';
import { RestartingWorker } from './restarting-worker.ts';

/** Sessions on worker threads, one on each; a run goes to the thread with the fewest open ones. */
export class WorkerSession implements OnnxSession {
  readonly #name: string;
  readonly #workers: readonly RestartingWorker[];
  #isClosed = false;

  private constructor(name: string, workers: readonly RestartingWorker[]) {
    this.#name = name;
    this.#workers = workers;
  }

  /**
   * Starts the threads and resolves when all are warm.
   *
   * @param count - Threads; cut to 1 to {@link MAX_WORKERS}.
   * @param onLost - Told of every thread that ends by itself, and of every start that fails after.
   * @throws {ModelFailed} ONNX Runtime refuses the model.
   * @throws {ModelWorkerLost} A thread ended before it was warm.
   */
  static async open(
    model: WorkerModel,
    count: number,
    onLost: (error: Error) => void,
  ): Promise<WorkerSession> {
    // One copy for all threads and for those that come after them.
    const bytes = new Uint8Array(new SharedArrayBuffer(model.bytes.length));
    bytes.set(model.bytes);
    const starts = await Promise.allSettled(
      Array.from({ length: Math.max(1, Math.min(count, MAX_WORKERS)) }, () =>
        RestartingWorker.start({ ...model, bytes }, onLost),
      ),
    );
    const session = new WorkerSession(
      model.name,
      starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])),
    );
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed === undefined) return session;
    await session.close();
    throw failed.reason;
  }

  get isReady(): boolean {
    return this.#workers.some((worker) => worker.isReady);
  }

  get parallelRuns(): number {
    return this.#workers.length;
  }

  run(inputs: readonly Tensor[], outputNames: readonly string[]): Promise<readonly Tensor[]> {
    const worker = this.#workers.reduce((least, next) => (next.openRuns < least.openRuns ? next : least));
    if (this.#isClosed)
      return Promise.reject(new ModelFailed(this.#name, 'run', new Error('Session already disposed.')));
    if (!worker.isReady) return Promise.reject(new ModelWorkerLost(this.#name));
    return worker.run(inputs, outputNames);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }
}

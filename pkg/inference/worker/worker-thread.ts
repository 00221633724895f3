import { SHARE_ENV, Worker } from 'node:worker_threads';

import { ModelFailed, ModelWorkerLost, InferenceRequestInvalid } from '../errors.ts';
import type { Tensor } from '../served-model.ts';
import type { Failure, FromWorker, ToWorker, WorkerModel, WorkerStart } from './messages.ts';
import { closeAtExit, RunGate } from './run-gate.ts';

interface Pending {
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: Error) => void;
}

/** One life of one worker thread, from its start to its end. Keeps the process alive while it starts, runs or ends, not while it waits. */
export class WorkerThread {
  /** Resolves when the thread is over: with the error where it ended by itself, without where it was closed. */
  readonly ended: Promise<ModelWorkerLost | undefined>;
  readonly #name: string;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #start = Promise.withResolvers<void>();
  #lastId = 0;
  #isClosing = false;

  private constructor(model: WorkerModel) {
    this.#name = model.name;
    const gate = new RunGate();
    const start: WorkerStart = { model, gate: gate.memory };
    // The environment is shared, not copied: what switches reports to the maker off must reach the native library.
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: start, env: SHARE_ENV });
    const keepOpen = closeAtExit(gate);
    let cause: unknown;
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        keepOpen();
        const lost = new ModelWorkerLost(this.#name, cause);
        this.#start.reject(lost);
        for (const { reject } of this.#pending.values()) reject(lost);
        this.#pending.clear();
        resolve(this.#isClosing ? undefined : lost);
      });
    });
  }

  /**
   * Starts a thread and resolves when its model is loaded and warm.
   *
   * @throws {ModelFailed} ONNX Runtime refuses the model.
   * @throws {ModelWorkerLost} The thread ended before.
   */
  static async start(model: WorkerModel): Promise<WorkerThread> {
    const thread = new WorkerThread(model);
    await thread.#start.promise;
    thread.#worker.unref();
    return thread;
  }

  /** Runs that it has not answered. */
  get openRuns(): number {
    return this.#pending.size;
  }

  /** As {@link OnnxSession.run}. The inputs are copied, since callers keep theirs; the outputs are handed over. */
  run(inputs: readonly Tensor[], outputNames: readonly string[]): Promise<readonly Tensor[]> {
    const id = ++this.#lastId;
    const copies = inputs.map(copyOf);
    const buffers = copies.flatMap(({ data }) => ('buffer' in data ? [data.buffer as ArrayBuffer] : []));
    this.#send({ kind: 'run', id, inputs: copies, outputNames }, buffers);
    if (this.#pending.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** Ends the thread. Never by force: a thread that is ended while native code runs on it takes the process down. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#worker.ref();
    this.#send({ kind: 'close' });
    await this.ended;
  }

  #send(message: ToWorker, buffers: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, buffers);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#start.resolve();
        break;
      case 'refused':
        this.#start.reject(errorOf(this.#name, message.failure));
        break;
      case 'answer':
        this.#take(message.id)?.resolve(message.outputs);
        break;
      case 'failed':
        this.#take(message.id)?.reject(errorOf(this.#name, message.failure));
        break;
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0 && !this.#isClosing) this.#worker.unref();
    return pending;
  }
}

function copyOf(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.slice() };
}

function errorOf(name: string, failure: Failure): Error {
  return failure.code === 'InferenceRequestInvalid'
    ? new InferenceRequestInvalid(failure.message)
    : new ModelFailed(name, failure.doing, new Error(failure.why));
}

import type { GraphInspection } from '../ml/onnx/inspect.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { InferenceRequestInvalid } from './errors.ts';
import type { OnnxSession } from './onnx-session.ts';
import { openSession, type PlacedSession } from './open-session.ts';
import type { Placement, PlacementSettings, RunTimes } from './placement.ts';
import {
  type BatchingSettings,
  DEFAULT_MAX_QUEUED_ROWS,
  DEFAULT_MAX_ROWS,
  RowBatcher,
} from './row-batcher.ts';
import type { ServedModel, Tensor, TensorSignature } from './served-model.ts';
import { type ModelSignature, signatureOf } from './signatures.ts';
import { TensorRuns } from './tensor-runs.ts';

export interface OnnxModelOptions {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly graph: GraphInspection;
  /** Threads within one run. */
  readonly threads: number;
  readonly batching?: BatchingSettings;
  readonly placement?: PlacementSettings;
  readonly clock?: Clock;
  /** Told of every worker thread of the model that ended by itself. */
  readonly onWorkerLost?: (error: Error) => void;
}

/** A model in ONNX Runtime, in this thread or on workers. Requests on rows are batched; whole tensors run by themselves. */
export class OnnxModel implements ServedModel {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  readonly inferRows?: NonNullable<ServedModel['inferRows']>;
  readonly placement: Placement;
  /** What its place was chosen by; absent where it was set. */
  readonly runTimes: RunTimes | undefined;
  readonly #session: OnnxSession;
  readonly #outputNames: readonly string[];
  readonly #batcher: RowBatcher | undefined;
  readonly #tensorRuns: TensorRuns;
  readonly #underWay = new Set<Promise<unknown>>();
  #runs = 0;
  #isReleased = false;
  #retirement: NodeJS.Timeout | undefined;

  private constructor(options: OnnxModelOptions, signature: ModelSignature, placed: PlacedSession) {
    this.name = options.name;
    this.version = options.version;
    this.digest = options.digest;
    this.inputs = signature.inputs;
    this.outputs = signature.outputs;
    this.placement = placed.placement;
    this.runTimes = placed.times;
    this.#session = placed.session;
    this.#outputNames = signature.outputs.map(({ name }) => name);
    this.#tensorRuns = new TensorRuns((inputs, names) => this.#run(inputs, names), {
      parallelRuns: placed.session.parallelRuns,
      maxQueuedRows: options.batching?.maxQueuedRows ?? DEFAULT_MAX_QUEUED_ROWS,
    });
    if (signature.rowWidth === undefined) return;
    const width = signature.rowWidth;
    const batcher = new RowBatcher(width, (features, rows) => this.#runRows(features, rows, width), {
      ...options.batching,
      parallelRuns: placed.session.parallelRuns,
    });
    this.#batcher = batcher;
    this.inferRows = (features, rows, done, expiresMs, onRun) =>
      batcher.add(features, rows, done, expiresMs, onRun);
  }

  /**
   * Loads the model, warms it up and puts it where its runs belong.
   *
   * @throws {ModelFailed} ONNX Runtime refuses it, or it does not run.
   * @throws {InferenceRequestInvalid} A tensor is of a type that the protocol does not have.
   */
  static async load(options: OnnxModelOptions): Promise<OnnxModel> {
    const signature = signatureOf(options.graph);
    const placed = await openSession({
      ...{ name: options.name, bytes: options.bytes, threads: options.threads, signature },
      placement: options.placement ?? {},
      batchRows: options.batching?.maxRows ?? DEFAULT_MAX_ROWS,
      clock: options.clock ?? systemClock,
      onWorkerLost: options.onWorkerLost ?? (() => undefined),
    });
    return new OnnxModel(options, signature, placed);
  }

  /** False while all its workers have ended and none is started again. */
  get isReady(): boolean {
    return this.#session.isReady;
  }

  async infer(
    inputs: readonly Tensor[],
    outputNames?: readonly string[],
    expiresMs?: number,
  ): Promise<readonly Tensor[]> {
    const names = outputNames ?? this.#outputNames;
    for (const name of names)
      if (!this.#outputNames.includes(name))
        throw new InferenceRequestInvalid(
          `outputs must be among ${this.#outputNames.join(', ')}, was '${name}'`,
        );
    return await this.#track(this.#tensorRuns.add(inputs, names, expiresMs));
  }

  /** Lets go of the session once nothing runs on it; calls after that fail. */
  async release(): Promise<void> {
    this.#cancelRetirement();
    await this.#batcher?.idle();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    if (this.#isReleased) return;
    this.#isReleased = true;
    await this.#session.close();
  }

  /**
   * Lets go of the session once nobody has used it for a while. A request that got hold of the model before it was swapped out
   * may only be reading its body, and must find a session when it comes to run: every run puts the end off again.
   *
   * @param idleMs - Time without a run after which nobody is taken to hold the model any more.
   */
  retire(idleMs: number): void {
    this.#cancelRetirement();
    if (this.#isReleased) return;
    const runs = this.#runs;
    this.#retirement = setTimeout(() => {
      if (runs === this.#runs && this.#underWay.size === 0) void this.release();
      else this.retire(idleMs);
    }, idleMs).unref();
  }

  #cancelRetirement(): void {
    clearTimeout(this.#retirement);
    this.#retirement = undefined;
  }

  async #runRows(features: Float32Array, rows: number, width: number): Promise<readonly Float32Array[]> {
    const input: Tensor = {
      name: this.inputs[0]!.name,
      datatype: 'FP32',
      shape: [rows, width],
      data: features,
    };
    const outputs = await this.#run([input], this.#outputNames);
    return outputs.map(({ data }) => data as Float32Array);
  }

  async #run(inputs: readonly Tensor[], outputNames: readonly string[]): Promise<readonly Tensor[]> {
    this.#runs += 1;
    return await this.#track(this.#session.run(inputs, outputNames));
  }

  /** The session is not let go of before this has ended. */
  async #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }
}

import { ort } from '../runtime/onnxruntime.ts';

import type { GraphInspection } from '../ml/onnx/inspect.ts';
import { ModelFailed, TensorsInvalid } from './errors.ts';
import { datatypeOfElement, emptyTensor, fromOrtTensor, toOrtTensor } from './onnx-tensors.ts';
import { type BatchingSettings, RowBatcher } from './row-batcher.ts';
import type { ServedModel, Tensor, TensorSignature } from './served-model.ts';

const WARM_UP_RUNS = 3;

export interface OnnxModelOptions {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly graph: GraphInspection;
  /** Threads within one run. */
  readonly threads: number;
  readonly batching?: BatchingSettings;
}

/** A model in ONNX Runtime, in this thread. Requests on rows are batched; whole tensors run by themselves. */
export class OnnxModel implements ServedModel {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  readonly inferRows?: NonNullable<ServedModel['inferRows']>;
  readonly #session: ort.InferenceSession;
  readonly #batcher: RowBatcher | undefined;
  #underWay = 0;
  #runs = 0;
  #isReleased = false;
  #retirement: NodeJS.Timeout | undefined;

  private constructor(options: OnnxModelOptions, session: ort.InferenceSession) {
    this.name = options.name;
    this.version = options.version;
    this.digest = options.digest;
    this.inputs = signaturesOf(options.graph.inputs);
    this.outputs = signaturesOf(options.graph.outputs);
    this.#session = session;
    const width = rowWidth(this.inputs, this.outputs);
    if (width === undefined) return;
    const batcher = new RowBatcher(
      width,
      (features, rows) => this.#runRows(features, rows, width),
      options.batching,
    );
    this.#batcher = batcher;
    this.inferRows = (features, rows, done, expiresMs) => batcher.add(features, rows, done, expiresMs);
  }

  /** Loads and warms up. @throws {ModelFailed} ONNX Runtime refuses it. */
  static async load(options: OnnxModelOptions): Promise<OnnxModel> {
    let session: ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(options.bytes, {
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 4,
      });
    } catch (error) {
      throw new ModelFailed(options.name, 'load', error);
    }
    const model = new OnnxModel(options, session);
    await model.#warmUp();
    return model;
  }

  async infer(inputs: readonly Tensor[], outputNames?: readonly string[]): Promise<readonly Tensor[]> {
    const names = outputNames ?? this.outputs.map(({ name }) => name);
    for (const name of names)
      if (!this.outputs.some((output) => output.name === name))
        throw new TensorsInvalid(
          `outputs must be among ${this.outputs.map((output) => output.name).join(', ')}, was '${name}'`,
        );
    const feeds: Record<string, ort.Tensor> = {};
    for (const tensor of inputs) {
      try {
        feeds[tensor.name] = toOrtTensor(tensor);
      } catch (error) {
        throw new TensorsInvalid(
          `input '${tensor.name}' must hold ${tensor.datatype} of shape [${tensor.shape.join(', ')}]: ${(error as Error).message}`,
        );
      }
    }
    const results = await this.#run(feeds);
    return names.map((name) => fromOrtTensor(name, results[name]!));
  }

  /** Lets go of the session once nothing runs on it; calls after that fail. */
  async release(): Promise<void> {
    this.#cancelRetirement();
    await this.#batcher?.idle();
    while (this.#underWay > 0) await new Promise((resolve) => setImmediate(resolve));
    if (this.#isReleased) return;
    this.#isReleased = true;
    await this.#session.release();
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
      if (runs === this.#runs && this.#underWay === 0) void this.release();
      else this.retire(idleMs);
    }, idleMs).unref();
  }

  #cancelRetirement(): void {
    clearTimeout(this.#retirement);
    this.#retirement = undefined;
  }

  async #runRows(features: Float32Array, rows: number, width: number): Promise<readonly Float32Array[]> {
    const results = await this.#run({
      [this.inputs[0]!.name]: new ort.Tensor('float32', features, [rows, width]),
    });
    return this.outputs.map(({ name }) => results[name]!.data as Float32Array);
  }

  async #run(feeds: Record<string, ort.Tensor>): Promise<ort.InferenceSession.OnnxValueMapType> {
    this.#underWay += 1;
    this.#runs += 1;
    try {
      return await this.#session.run(feeds);
    } catch (error) {
      throw new ModelFailed(this.name, 'run', error);
    } finally {
      this.#underWay -= 1;
    }
  }

  /** A first run allocates and plans: better now than on somebody's request. Dimensions that may vary are 1. */
  async #warmUp(): Promise<void> {
    const feeds = Object.fromEntries(
      this.inputs.map(({ name, datatype, shape }) => {
        const dims = shape.map((dim) => (dim === -1 ? 1 : dim));
        return [name, toOrtTensor(emptyTensor(name, datatype, dims))];
      }),
    );
    try {
      for (let i = 0; i < WARM_UP_RUNS; i += 1) await this.#run(feeds);
    } catch (error) {
      // A model over tokens or indices may rightly refuse zeros, or ones for its dimensions: it serves, only colder.
      if (this.#batcher !== undefined) throw error;
    }
  }
}

function signaturesOf(tensors: GraphInspection['inputs']): readonly TensorSignature[] {
  return tensors.map(({ name, elementType, shape }) => {
    const datatype = datatypeOfElement(elementType);
    if (datatype === undefined)
      throw new TensorsInvalid(
        `tensor '${name}' must be of a type that the protocol has, was ${elementType}`,
      );
    return { name, datatype, shape };
  });
}

/** Features of a row, for a model with one float32 input of shape [-1, f] and float32 outputs that begin with the batch. */
function rowWidth(
  inputs: readonly TensorSignature[],
  outputs: readonly TensorSignature[],
): number | undefined {
  const [input] = inputs;
  if (inputs.length !== 1 || input?.datatype !== 'FP32' || input.shape.length !== 2 || input.shape[0] !== -1)
    return undefined;
  const width = input.shape[1]!;
  const areRows = outputs.every(
    ({ datatype, shape }) => datatype === 'FP32' && shape[0] === -1 && shape.slice(1).every((dim) => dim > 0),
  );
  return width > 0 && areRows ? width : undefined;
}

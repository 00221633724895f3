import { ort } from '../runtime/onnxruntime.ts';

import { ModelFailed, InferenceRequestInvalid } from './errors.ts';
import { fromOrtTensor, toOrtTensor } from './onnx-tensors.ts';
import type { Tensor } from './served-model.ts';

/** A loaded graph, wherever it runs. */
export interface OnnxSession {
  /** False while it cannot run anything, and will again. */
  readonly isReady: boolean;
  /** Runs that may be under way at once with a gain. */
  readonly parallelRuns: number;
  /**
   * Runs the graph.
   *
   * @param inputs - One tensor per input; must not be changed until the run is over.
   * @returns The outputs named, in that order.
   * @throws {InferenceRequestInvalid} A tensor does not hold what it says.
   * @throws {ModelFailed} ONNX Runtime fails to run it.
   * @throws {ModelWorkerLost} It ran on a worker, and that ended.
   */
  run(inputs: readonly Tensor[], outputNames: readonly string[]): Promise<readonly Tensor[]>;
  /** Lets go of it. Nothing may be under way, and nothing may be run after. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Name of the model, for errors. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Threads within one run. */
  readonly threads: number;
}

/** A session of ONNX Runtime in this thread, which stands still while it runs. */
export class InlineSession implements OnnxSession {
  readonly isReady = true;
  readonly parallelRuns = 1;
  readonly #name: string;
  readonly #session: ort.InferenceSession;

  private constructor(name: string, session: ort.InferenceSession) {
    this.#name = name;
    this.#session = session;
  }

  /** @throws {ModelFailed} ONNX Runtime refuses the graph. */
  static async open({ name, bytes, threads }: SessionOptions): Promise<InlineSession> {
    try {
      const session = await ort.InferenceSession.create(bytes, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 4,
      });
      return new InlineSession(name, session);
    } catch (error) {
      throw new ModelFailed(name, 'load', error);
    }
  }

  async run(inputs: readonly Tensor[], outputNames: readonly string[]): Promise<readonly Tensor[]> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const tensor of inputs) {
      try {
        feeds[tensor.name] = toOrtTensor(tensor);
      } catch (error) {
        throw new InferenceRequestInvalid(
          `input '${tensor.name}' must hold ${tensor.datatype} of shape [${tensor.shape.join(', ')}]: ${(error as Error).message}`,
        );
      }
    }
    let results: ort.InferenceSession.OnnxValueMapType;
    try {
      results = await this.#session.run(feeds);
    } catch (error) {
      throw new ModelFailed(this.#name, 'run', error);
    }
    return outputNames.map((name) => fromOrtTensor(name, results[name]!));
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

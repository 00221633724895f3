import type { SessionOptions } from '../onnx-session.ts';
import type { Tensor } from '../served-model.ts';
import type { ModelSignature } from '../signatures.ts';

/** What a worker thread is started with. */
export interface WorkerModel extends SessionOptions {
  readonly signature: ModelSignature;
}

/** Its start: the model, and the memory of its {@link RunGate}. */
export interface WorkerStart {
  readonly model: WorkerModel;
  readonly gate: SharedArrayBuffer;
}

/** To a worker thread: run this, or let go of the session and end. */
export type ToWorker =
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly inputs: readonly Tensor[];
      readonly outputNames: readonly string[];
    }
  | { readonly kind: 'close' };

/** From a worker thread. */
export type FromWorker =
  /** Loaded and warm. */
  | { readonly kind: 'ready' }
  /** The model cannot be loaded; the thread ends. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'answer'; readonly id: number; readonly outputs: readonly Tensor[] }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };

/** An error as plain data, since classes do not cross threads. */
export type Failure =
  | { readonly code: 'InferenceRequestInvalid'; readonly message: string }
  /** `why` is what ONNX Runtime says. */
  | { readonly code: 'ModelFailed'; readonly doing: 'load' | 'run'; readonly why: string };

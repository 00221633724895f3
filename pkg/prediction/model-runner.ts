import type { Span } from '../tracing/tracer.ts';

/** Result of one inference call over n rows of a Tradewind model. */
export interface ModelOutputs {
  /** Shape [n]: calibrated probability that the label is up, in [0, 1]. */
  readonly probabilityUp: Float32Array;
  /** Shape [n, m], row-major: each member's own probability. */
  readonly members: Float32Array;
}

/** One loaded revision of a model, wherever it runs: in this process, on a worker, or behind a network hop. */
export interface ModelRunner {
  readonly name: string;
  readonly version: string;
  /** `sha256:<hex>` of manifest.json. */
  readonly digest: string;
  readonly featureSet: string;
  /** Ordered names of the inputs, length f. */
  readonly featureNames: readonly string[];
  /** Names of the members, length m. */
  readonly memberNames: readonly string[];
  /**
   * Runs the model.
   *
   * @param features - Row-major, shape [rows, f]; NaN means missing.
   * @param rows - Number of rows, >= 1.
   * @param expiresMs - Time on the monotonic clock from which on nobody waits for the answer; never by default.
   * @param span - The work that the run is part of, where its trace is recorded.
   */
  infer(features: Float32Array, rows: number, expiresMs?: number, span?: Span): Promise<ModelOutputs>;
}

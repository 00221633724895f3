import type { RegressionTree } from './ensemble.ts';

/** Rows to learn from or to answer for. */
export interface BoosterRows {
  /** Row-major [rows, columns]; NaN means absent. */
  readonly features: Float32Array;
  readonly columns: number;
}

/** How trees are grown; names and meaning are those of XGBoost's parameters. */
export interface BoosterPlan {
  readonly parameters: Readonly<Record<string, string | number>>;
  /** Boosting rounds, >= 1. */
  readonly rounds: number;
}

/** A trained booster as plain data. */
export interface TrainedTrees {
  /** Log-odds that every row starts with. */
  readonly baseMargin: number;
  readonly trees: readonly RegressionTree[];
  /** Total gain of the splits on each feature; shape [f]. */
  readonly gain: Float64Array;
  /** The library's own serialised model: equal bytes for equal data, plan and library. */
  readonly modelBytes: Uint8Array;
  /** The library's own probabilities of the rows trained on; shape [rows]. */
  readonly trainingProbabilities: Float32Array;
}

/** A gradient boosting library. */
export interface BoosterLibrary {
  /** E.g. `3.2.0`. */
  readonly version: string;
  /**
   * Trains with binary logistic loss. Long work on the calling thread; gives way to other work between rounds.
   *
   * @param labels - 1 up, 0 down; shape [rows].
   * @param onRound - Told after each round how many are done.
   * @throws {XgboostFailed} The library refused.
   */
  train(
    rows: BoosterRows,
    labels: Float32Array,
    plan: BoosterPlan,
    onRound?: (done: number) => void,
  ): Promise<TrainedTrees>;
}

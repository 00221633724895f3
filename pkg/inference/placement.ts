/** Where a model runs: `inline` in the thread that serves, which stands still meanwhile; `worker` on threads of its own. */
export type Placement = 'inline' | 'worker';

export interface PlacementSettings {
  /** `auto` measures the model when it is loaded. Default `auto`. */
  readonly mode?: 'auto' | Placement;
  /** Longest run that may hold the serving thread, milliseconds; for `auto`. Default 2. */
  readonly maxInlineMs?: number;
  /** Worker threads of a model that runs on workers, each with a session of its own; 1 to {@link MAX_WORKERS}. Default 1. */
  readonly workers?: number;
}

/** Most worker threads of one model: each holds a copy of it. */
export const MAX_WORKERS = 16;

/** A run of 2 ms is a third of what the 99th percentile may be at 32 calls in flight; the hop to a worker and back, some 0.1 ms, is little beside it. */
export const DEFAULT_MAX_INLINE_MS = 2;

/** Medians of how long a run holds its thread, milliseconds. */
export interface RunTimes {
  readonly oneRowMs: number;
  /** A run of as many rows as are batched at most; that of one row where the model does not take rows. */
  readonly fullBatchMs: number;
}

/**
 * Where a model that may go either way runs.
 *
 * @param times - Absent where it could not be run on trial inputs: it may be long, and goes where that hurts nobody.
 */
export function choosePlacement(times: RunTimes | undefined, maxInlineMs: number): Placement {
  if (times === undefined) return 'worker';
  return Math.max(times.oneRowMs, times.fullBatchMs) > maxInlineMs ? 'worker' : 'inline';
}

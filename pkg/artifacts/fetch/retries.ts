import { setTimeout as pause } from 'node:timers/promises';

import { TradewindError } from '../../runtime/errors.ts';
import { jittered } from '../../runtime/jitter.ts';
import { SourceUnavailable } from './errors.ts';

/** How often, and after what pauses, a failure that may pass is tried again. */
export interface RetrySettings {
  /** Tries in a row without a byte more, >= 1. */
  readonly tries: number;
  /** Pause after the first failure, milliseconds; doubled after each further one. */
  readonly pauseMs: number;
  /** Longest pause. A server that asks for a longer one ends the tries. */
  readonly maxPauseMs: number;
}

/**
 * Does work again after failures that may pass, with growing pauses that differ from process to process. A try that got on counts as a
 * success: a long file over a bad line ends some time.
 *
 * @param progress - Grows while the work gets on.
 * @throws What the last try threw; at once what will not pass by itself.
 */
export async function withRetries<T>(
  work: () => Promise<T>,
  progress: () => number,
  { tries, pauseMs, maxPauseMs }: RetrySettings,
  signal: AbortSignal,
): Promise<T> {
  let failures = 0;
  for (;;) {
    const before = progress();
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof TradewindError) || !error.retryable) throw error;
      failures = progress() > before ? 1 : failures + 1;
      const askedMs = error instanceof SourceUnavailable ? (error.retryAfterMs ?? 0) : 0;
      if (failures >= tries || askedMs > maxPauseMs) throw error;
      const ownMs = jittered(Math.min(pauseMs * 2 ** (failures - 1), maxPauseMs));
      await pause(Math.max(ownMs, askedMs), undefined, { signal });
    }
  }
}

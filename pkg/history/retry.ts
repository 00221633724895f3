import { setTimeout as sleep } from 'node:timers/promises';

import { TradewindError } from '../runtime/errors.ts';
import { HistoryUnavailable } from './errors.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export interface RetrySettings {
  /** Where it aborts, trying ends; what is under way is left to itself. */
  readonly signal?: AbortSignal;
  /** Uniform in [0, 1): spreads the tries of processes that lost the same server. Default always 0.5. */
  readonly jitter?: () => number;
  /** Told of each try that failed. */
  readonly onFailed?: (error: TradewindError) => void;
}

/**
 * Tries until it succeeds, with pauses that double up to 5 s, each shortened by up to a half.
 *
 * @throws What cannot succeed later, at once. @throws {HistoryUnavailable} The signal aborted.
 */
export async function untilDone<T>(work: () => Promise<T>, settings: RetrySettings = {}): Promise<T> {
  const { signal, jitter = () => 0.5, onFailed } = settings;
  const stop = stopOf(signal);
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      try {
        return await stop.orThis(work);
      } catch (error) {
        if (signal?.aborted === true || !(error instanceof TradewindError) || !error.retryable) throw error;
        onFailed?.(error);
      }
      await stop.orThis(() => sleep(pauseMs * (1 - jitter() / 2)));
    }
  } finally {
    stop.forget();
  }
}

/** One listener for all tries: they may be many. */
function stopOf(signal: AbortSignal | undefined) {
  let reject: (error: HistoryUnavailable) => void = () => undefined;
  const stopped = (): HistoryUnavailable =>
    new HistoryUnavailable('it had not when trying ended', signal?.reason);
  const onAbort = (): void => reject(stopped());
  signal?.addEventListener('abort', onAbort);
  return {
    orThis: <R>(work: () => Promise<R>): Promise<R> =>
      new Promise((resolve, rejectNow) => {
        reject = rejectNow;
        if (signal?.aborted === true) rejectNow(stopped());
        else work().then(resolve, rejectNow);
      }),
    forget: () => signal?.removeEventListener('abort', onAbort),
  };
}

import { type Clock, systemClock } from '../../runtime/clock.ts';

/** A clock that also wakes up; injected, so that tests decide when that is. */
export interface Scheduler extends Clock {
  /**
   * Runs `wake` once, some milliseconds from now.
   *
   * @returns What takes it back.
   */
  after(ms: number, wake: () => void): () => void;
}

/** The machine's clock and timers. */
export const systemScheduler: Scheduler = {
  nowUs: () => systemClock.nowUs(),
  monotonicMs: () => systemClock.monotonicMs(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after some milliseconds, or at once when the signal aborts. */
export function pause(scheduler: Scheduler, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = scheduler.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}

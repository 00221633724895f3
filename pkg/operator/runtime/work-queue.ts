import type { Scheduler } from './scheduler.ts';

/** How long a key waits after it has failed. */
export interface QueueBackoff {
  /** Milliseconds after the first failure; twice as long after each further one. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** Spreads pauses, so that many keys that failed together do not come back together. */
  readonly jitter?: (ms: number) => number;
}

/** Told what happens to keys, for metrics. */
export interface QueueObserver {
  /** A key was put in line; it was not there. */
  added?(): void;
  /** A key left the line for a worker, after so many milliseconds. */
  taken?(waitedMs: number): void;
  /** A worker is done with a key, after so many milliseconds. */
  done?(workedMs: number): void;
  /** A key was put aside to be tried again after a failure. */
  retried?(): void;
}

/**
 * Keys that wait for workers. A key stands in line once however often it is added; it is never given to two workers at once; one
 * that is added while a worker has it is put in line again when that worker is done. So nothing is lost and nothing runs against
 * itself.
 */
export class WorkQueue {
  readonly #scheduler: Scheduler;
  readonly #backoff: QueueBackoff;
  readonly #observer: QueueObserver;
  /** Keys in line, in order, with when they came. */
  readonly #line = new Map<string, number>();
  /** Keys that workers have, with since when; and those of them that were added since. */
  readonly #working = new Map<string, number>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #isShutDown = false;
  #drained: (() => void)[] = [];

  constructor(scheduler: Scheduler, backoff: QueueBackoff, observer: QueueObserver = {}) {
    this.#scheduler = scheduler;
    this.#backoff = backoff;
    this.#observer = observer;
  }

  /** Keys in line, without those that workers have or that wait for their time. */
  get length(): number {
    return this.#line.size;
  }

  /** Keys that workers have, with how long, in milliseconds. */
  working(): ReadonlyMap<string, number> {
    const nowMs = this.#scheduler.monotonicMs();
    return new Map([...this.#working].map(([key, sinceMs]) => [key, nowMs - sinceMs]));
  }

  /** Puts a key in line, unless it is there. */
  add(key: string): void {
    if (this.#isShutDown || this.#line.has(key)) return;
    if (this.#working.has(key)) {
      if (!this.#again.has(key)) this.#observer.added?.();
      this.#again.add(key);
      return;
    }
    this.#observer.added?.();
    this.#queue(key);
  }

  /** Puts a key in line after some milliseconds; of several times the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#isShutDown) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#scheduler.monotonicMs() + ms;
    const before = this.#delayed.get(key);
    if (before !== undefined && before.dueMs <= dueMs) return;
    before?.cancel();
    const cancel = this.#scheduler.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, cancel });
  }

  /** Puts a key in line after a pause that doubles with each failure since `forget`. @returns That pause, milliseconds. */
  retry(key: string): number {
    const { baseMs, maxMs, jitter = (ms: number) => ms } = this.#backoff;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pauseMs = jitter(Math.min(maxMs, baseMs * 2 ** Math.min(failures, 52)));
    this.#observer.retried?.();
    this.addAfter(key, pauseMs);
    return pauseMs;
  }

  /** Failures of a key since it was last forgotten. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** A key has succeeded: its next failure is its first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, which `done` must be called for; `undefined` once the queue is shut down and nobody is in line. */
  take(): Promise<string | undefined> {
    const first = this.#line.entries().next().value;
    if (first !== undefined) return Promise.resolve(this.#hand(...first));
    if (this.#isShutDown) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** A worker has ended its work on a key, however it went. */
  done(key: string): void {
    const sinceMs = this.#working.get(key);
    if (sinceMs === undefined) return;
    this.#working.delete(key);
    this.#observer.done?.(this.#scheduler.monotonicMs() - sinceMs);
    // It was promised before the shutdown, perhaps.
    if (this.#again.delete(key)) this.#queue(key);
    this.#tellDrained();
  }

  /** Takes no more keys; those in line are still handed out. Resolves when they are done; keys that wait for their time are dropped. */
  shutDown(): Promise<void> {
    this.#isShutDown = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#tellDrained();
    });
  }

  #queue(key: string): void {
    const taker = this.#takers.shift();
    const nowMs = this.#scheduler.monotonicMs();
    if (taker === undefined) this.#line.set(key, nowMs);
    else taker(this.#hand(key, nowMs));
  }

  #hand(key: string, sinceMs: number): string {
    const nowMs = this.#scheduler.monotonicMs();
    this.#line.delete(key);
    this.#working.set(key, nowMs);
    this.#observer.taken?.(nowMs - sinceMs);
    return key;
  }

  #tellDrained(): void {
    if (!this.#isShutDown || this.#line.size > 0 || this.#working.size > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}

import { Counter, Gauge, type Registry } from 'prom-client';

import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { ReadinessCheck } from './ops-server.ts';

export interface StorageAlarmOptions {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly clock: Clock;
  /** Time between two lines of the log about the same thing, milliseconds; default one minute. */
  readonly repeatMs?: number;
}

interface Failing {
  readonly sinceMs: number;
  readonly reason: string;
  toldMs: number;
  tries: number;
}

/**
 * One alarm for what a disk refuses, such as a full one, and is tried again: a line at the beginning, one now and then while it lasts, one at
 * the end; a count of tries, a gauge, and a process that is not ready meanwhile.
 */
export class StorageAlarm {
  readonly #options: Required<StorageAlarmOptions>;
  readonly #failing = new Map<string, Failing>();
  readonly #failures: Counter<'what'>;
  readonly #isFailing: Gauge<'what'>;

  constructor(options: StorageAlarmOptions) {
    this.#options = { repeatMs: 60_000, ...options };
    const registers = [options.registry];
    const labelNames = ['what'] as const;
    this.#failures = new Counter({
      name: 'tradewind_storage_failures_total',
      help: 'Tries to keep something that failed and are repeated, by what it was.',
      ...{ labelNames, registers },
    });
    this.#isFailing = new Gauge({
      name: 'tradewind_storage_failing',
      help: '1 while the last try to keep something has failed, else 0.',
      ...{ labelNames, registers },
    });
  }

  /** A try has failed and will be repeated. @param what - A word of a small set: it labels metrics. */
  failed(what: string, reason: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    const before = this.#failing.get(what);
    const failing = { sinceMs: nowMs, toldMs: Number.NEGATIVE_INFINITY, tries: 0, ...before, reason };
    failing.tries += 1;
    this.#failing.set(what, failing);
    this.#failures.inc({ what });
    this.#isFailing.set({ what }, 1);
    if (nowMs - failing.toldMs < this.#options.repeatMs) return;
    failing.toldMs = nowMs;
    this.#options.logger.error(
      { what, reason, ...this.#lasting(failing) },
      'storage takes nothing: what is to be kept waits, and it is tried again',
    );
  }

  /** A try has succeeded. */
  succeeded(what: string): void {
    this.#isFailing.set({ what }, 0);
    const failing = this.#failing.get(what);
    if (failing === undefined) return;
    this.#failing.delete(what);
    this.#options.logger.info({ what, ...this.#lasting(failing) }, 'storage takes again what is to be kept');
  }

  /** Not ready while something cannot be kept. */
  readonly check: ReadinessCheck = () =>
    this.#failing.size === 0
      ? { isReady: true }
      : {
          isReady: false,
          reason: [...this.#failing].map(([what, { reason }]) => `${what}: ${reason}`).join('; '),
        };

  #lasting({ sinceMs, tries }: Failing): { readonly seconds: number; readonly tries: number } {
    return { seconds: Math.round((this.#options.clock.monotonicMs() - sinceMs) / 1000), tries };
  }
}

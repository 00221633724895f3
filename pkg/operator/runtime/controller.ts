import type { Logger } from '../../runtime/logger.ts';
import { ReconcileTimeout, TerminalError } from './errors.ts';
import type { KubeObject } from './objects.ts';
import type { Reflector } from './reflector.ts';
import type { Scheduler } from './scheduler.ts';
import type { WorkQueue } from './work-queue.ts';

/** How a reconcile ended that did not fail. */
export type Outcome =
  | { readonly kind: 'done' }
  /** Looks again after some seconds, even if nothing changes. */
  | { readonly kind: 'again'; readonly afterSeconds: number };

/**
 * Brings the world in line with what an object wants. It is told a key and reads the state itself; it must be safe to run again at
 * any point. It throws to be run again after a pause, `TerminalError` not to be.
 *
 * @param signal - Aborted when time is up or the process must not act any longer: hand it to every request.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Outcome>;

/** How a reconcile ended, as metrics name it. */
export type ReconcileResult = 'success' | 'requeue_after' | 'error' | 'terminal_error';

/** Told how a controller fares, for metrics. */
export interface ControllerObserver {
  reconciled?(result: ReconcileResult, seconds: number): void;
  /** Workers that are at work now. */
  active?(workers: number): void;
}

export interface ControllerOptions {
  /** Stable; in logs and metrics. */
  readonly name: string;
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  /** Keys at work at once; at least 1. */
  readonly workers: number;
  /** Seconds that one reconcile may take. */
  readonly timeoutSeconds: number;
  readonly scheduler: Scheduler;
  readonly logger: Pick<Logger, 'debug' | 'warn' | 'error'>;
  readonly observer?: ControllerObserver;
}

/** Which changes of a kind concern a controller, and whose keys they touch. */
export interface Following<T> {
  readonly keysOf: (object: T) => readonly string[];
  /** Changes that touch nobody give `false`; every change counts by default. */
  readonly concerns?: (before: T | undefined, after: T | undefined) => boolean;
}

/**
 * Workers that take keys from a queue and reconcile them. One key is never reconciled twice at once; one that fails or hangs holds up
 * no other.
 */
export class Controller {
  readonly #options: ControllerOptions;
  #active = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Puts a key in line. */
  enqueue(key: string): void {
    this.#options.queue.add(key);
  }

  /** Puts the keys that a change touches in line: those of the object as it was, too. */
  follow<T extends KubeObject>(reflector: Reflector<T>, { keysOf, concerns }: Following<T>): void {
    const changed = (before: T | undefined, after: T | undefined): void => {
      if (concerns?.(before, after) === false) return;
      for (const object of [before, after])
        for (const key of object === undefined ? [] : keysOf(object)) this.enqueue(key);
    };
    reflector.handle({
      added: (object) => changed(undefined, object),
      updated: changed,
      deleted: (object) => changed(object, undefined),
    });
  }

  /** Works until the signal aborts, then ends what is at work and resolves. The queue takes no keys afterwards. */
  async run(signal: AbortSignal): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      const stop = (): void => void this.#options.queue.shutDown().then(resolve);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    await Promise.all(Array.from({ length: this.#options.workers }, () => this.#work(signal)));
    await drained;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { queue } = this.#options;
    for (;;) {
      const key = await queue.take();
      if (key === undefined) return;
      if (signal.aborted) queue.done(key);
      else await this.#one(key, signal);
    }
  }

  /** Resolves when the worker is free again, at the latest when time is up; the key is given back when the reconcile has ended. */
  async #one(key: string, signal: AbortSignal): Promise<void> {
    const { name, reconcile, timeoutSeconds, scheduler, queue } = this.#options;
    const timeUp = new AbortController();
    const late = Promise.withResolvers<'late'>();
    const startedMs = scheduler.monotonicMs();
    const cancel = scheduler.after(timeoutSeconds * 1000, () => {
      timeUp.abort(new ReconcileTimeout(name, key, timeoutSeconds));
      late.resolve('late');
    });
    this.#count(1);
    const seconds = (): number => (scheduler.monotonicMs() - startedMs) / 1000;
    // An async function of its own: what is thrown before the first await is a failure like any other.
    const running = (async () => reconcile(key, AbortSignal.any([signal, timeUp.signal])))();
    const settled = running.then(
      (outcome) => {
        if (!timeUp.signal.aborted) this.#succeeded(key, outcome, seconds());
      },
      (error: unknown) => {
        if (!timeUp.signal.aborted) this.#failed(key, error, seconds());
      },
    );
    const ended = settled.finally(() => {
      cancel();
      queue.done(key);
    });
    try {
      if ((await Promise.race([ended, late.promise])) === 'late')
        this.#failed(key, timeUp.signal.reason, seconds());
    } finally {
      this.#count(-1);
    }
  }

  #succeeded(key: string, outcome: Outcome, seconds: number): void {
    const { queue, observer } = this.#options;
    queue.forget(key);
    if (outcome.kind === 'again') queue.addAfter(key, outcome.afterSeconds * 1000);
    observer?.reconciled?.(outcome.kind === 'done' ? 'success' : 'requeue_after', seconds);
  }

  #failed(key: string, error: unknown, seconds: number): void {
    const { name, queue, observer, logger } = this.#options;
    const fields = { controller: name, key, err: error };
    if (error instanceof TerminalError) {
      queue.forget(key);
      observer?.reconciled?.('terminal_error', seconds);
      logger.error(fields, 'reconcile failed for good');
      return;
    }
    const retryMs = queue.retry(key);
    observer?.reconciled?.('error', seconds);
    logger.warn(
      { ...fields, failures: queue.failures(key), retryMs: Math.round(retryMs) },
      'reconcile failed',
    );
  }

  #count(by: 1 | -1): void {
    this.#active += by;
    this.#options.observer?.active?.(this.#active);
  }
}

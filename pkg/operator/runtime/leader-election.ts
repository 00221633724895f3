import { jittered } from '../../runtime/jitter.ts';
import type { Logger } from '../../runtime/logger.ts';
import { KubeAlreadyExists, KubeConflict, KubeNotFound } from './errors.ts';
import type { KubeClient } from './kube-client.ts';
import {
  heldSpec,
  type Lease,
  type LeaseOwn,
  LEASES,
  nextStep,
  observe,
  type ObservedLease,
} from './lease.ts';
import { apiVersionOf, keyOf } from './objects.ts';
import { pause, type Scheduler } from './scheduler.ts';

/** Which lease, and in which times. */
export interface LeaderElectionOptions {
  /** A client of its own, so that the lease never waits behind other requests. */
  readonly client: Pick<KubeClient, 'get' | 'create' | 'update'>;
  readonly namespace: string;
  readonly name: string;
  /** Different for every process, e.g. the name of the pod and a random part. */
  readonly identity: string;
  readonly scheduler: Scheduler;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Seconds that others wait for without seeing a renewal; whole, 15 by default. */
  readonly leaseDurationSeconds?: number;
  /** Seconds after the last renewal began at which this process stops acting; below the duration, 10 by default. */
  readonly renewDeadlineSeconds?: number;
  /** Seconds between two tries; 2 by default. */
  readonly retryPeriodSeconds?: number;
  /** Told when leadership begins and ends, for metrics. */
  readonly onChange?: (isLeading: boolean) => void;
}

/** Whether this process may act now, and a signal of when it no longer may. */
export interface Leadership {
  readonly isLeading: boolean;
  /** Name of the lease, for messages. */
  readonly lease: string;
  /** Aborted when leadership ends; already aborted while there is none. */
  readonly signal: AbortSignal;
}

/** Why leadership has ended. */
export type ElectionEnd = 'stopped' | 'lost';

/**
 * Elects one of several processes by a Lease. Whoever holds it renews it every few seconds. It stops acting when it could not renew
 * for the renewal deadline, before the others may take over, even if the API server hangs: `isLeading` asks the clock, and the
 * signal needs no answer from anybody. Times count from before a renewal was sent; the others count from after they saw it. Only that
 * clocks run at about the same rate is taken for granted.
 */
export class LeaderElection implements Leadership {
  readonly #options: LeaderElectionOptions;
  readonly #leaseDurationSeconds: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  #observed: ObservedLease | undefined;
  /** When the last renewal that went well was begun; `undefined` where this process does not hold the lease. */
  #heldSinceMs: number | undefined;
  #leading = endedController();
  #cancelDeadline: () => void = () => undefined;

  /** @throws {RangeError} The times are not in order: retry period, renewal deadline, lease duration. */
  constructor(options: LeaderElectionOptions) {
    const { leaseDurationSeconds = 15, renewDeadlineSeconds = 10, retryPeriodSeconds = 2 } = options;
    if (
      !(
        retryPeriodSeconds > 0 &&
        retryPeriodSeconds < renewDeadlineSeconds &&
        renewDeadlineSeconds < leaseDurationSeconds
      )
    )
      throw new RangeError(
        `retry period < renewal deadline < lease duration must hold, were ${retryPeriodSeconds}, ${renewDeadlineSeconds} and ${leaseDurationSeconds} s`,
      );
    this.#options = options;
    this.#leaseDurationSeconds = leaseDurationSeconds;
    this.#renewDeadlineMs = renewDeadlineSeconds * 1000;
    this.#retryMs = retryPeriodSeconds * 1000;
  }

  get lease(): string {
    return keyOf(this.#options);
  }

  get isLeading(): boolean {
    // A process that was stopped and goes on has not yet run its timers.
    return (
      this.#heldSinceMs !== undefined &&
      !this.#leading.signal.aborted &&
      this.#options.scheduler.monotonicMs() - this.#heldSinceMs < this.#renewDeadlineMs
    );
  }

  get signal(): AbortSignal {
    return this.#leading.signal;
  }

  /** Identity of the holder that was last seen. */
  get holder(): string | undefined {
    return this.#observed?.lease.spec.holderIdentity;
  }

  /**
   * Waits for the lease, then leads until it is lost or the signal aborts. When it aborts and `lead` has ended, the lease is given
   * back, so that the next one need not wait.
   *
   * @param lead - Runs while this process leads; it must end soon after its signal has aborted.
   * @returns Why leadership ended. After `lost`, the process must not act until this is called again.
   */
  async run(signal: AbortSignal, lead: (leading: AbortSignal) => Promise<void>): Promise<ElectionEnd> {
    while (!signal.aborted && !this.isLeading) {
      await this.#try(signal);
      if (!this.isLeading) await pause(this.#options.scheduler, jittered(this.#retryMs), signal);
    }
    if (!this.isLeading) return 'stopped';
    const leading = this.#leading;
    const both = AbortSignal.any([signal, leading.signal]);
    const work = signal.aborted ? Promise.resolve() : lead(both);
    let isLost = true;
    // The lease is kept while the work ends: whoever comes next must not meet it.
    const isWorkDone = new AbortController();
    const renewing = this.#renew(isWorkDone.signal);
    try {
      await work;
    } finally {
      isWorkDone.abort();
      await renewing;
      if (!leading.signal.aborted) {
        this.#end();
        await this.#release();
        isLost = false;
      }
    }
    return isLost ? 'lost' : 'stopped';
  }

  async #renew(until: AbortSignal): Promise<void> {
    while (!until.aborted && !this.#leading.signal.aborted) {
      await pause(this.#options.scheduler, this.#retryMs, AbortSignal.any([until, this.#leading.signal]));
      if (!until.aborted && !this.#leading.signal.aborted) await this.#try(until);
    }
  }

  /** One try to acquire or renew. Never throws: what went wrong is tried again. */
  async #try(signal: AbortSignal): Promise<void> {
    const { scheduler, client, logger } = this.#options;
    const own: LeaseOwn = {
      identity: this.#options.identity,
      isHeld: this.#heldSinceMs !== undefined,
      leaseDurationSeconds: this.#leaseDurationSeconds,
    };
    // One that hangs must leave time for another, on another connection.
    const late = new AbortController();
    const cancel = scheduler.after(this.#renewDeadlineMs / 2, () => late.abort());
    const bounds = { signal: AbortSignal.any([signal, late.signal]) };
    try {
      const ref = { namespace: this.#options.namespace, name: this.#options.name };
      const begunMs = scheduler.monotonicMs();
      const lease = await client.get(LEASES, ref, bounds).catch((error: unknown) => {
        if (error instanceof KubeNotFound) return undefined;
        throw error;
      });
      if (lease === undefined) {
        const spec = heldSpec({}, scheduler.nowUs(), { ...own, isHeld: false });
        const made = { apiVersion: apiVersionOf(LEASES), kind: LEASES.kind, metadata: ref, spec };
        this.#held(await client.create(LEASES, made, bounds), begunMs);
        return;
      }
      const observed = observe(this.#observed, lease, scheduler.monotonicMs());
      this.#observed = observed;
      const step = nextStep(observed, scheduler.monotonicMs(), own);
      if (step.kind === 'wait') {
        if (own.isHeld) this.#lost('another process holds it');
        return;
      }
      const spec = heldSpec(lease.spec, scheduler.nowUs(), { ...own, isHeld: step.kind === 'renew' });
      // With the version that was read: of two who try, one gets a conflict.
      this.#held(await client.update(LEASES, { ...lease, spec }, bounds), begunMs);
    } catch (error) {
      if (error instanceof KubeConflict || error instanceof KubeAlreadyExists || signal.aborted) return;
      logger.warn(
        { lease: this.lease, isLeading: this.isLeading, err: error },
        'lease could not be read or written',
      );
    } finally {
      cancel();
    }
  }

  #held(lease: Lease, begunMs: number): void {
    const { scheduler, logger, onChange } = this.#options;
    const wasHeld = this.#heldSinceMs !== undefined;
    if (wasHeld && this.#leading.signal.aborted) return;
    const leftMs = begunMs + this.#renewDeadlineMs - scheduler.monotonicMs();
    this.#observed = { lease, sinceMs: scheduler.monotonicMs() };
    // The answer came too late to act on: others may already count it as over.
    if (leftMs <= 0) return;
    this.#heldSinceMs = begunMs;
    this.#cancelDeadline();
    this.#cancelDeadline = scheduler.after(leftMs, () => this.#lost('it could not be renewed in time'));
    if (wasHeld) return;
    this.#leading = new AbortController();
    logger.info({ lease: this.lease, identity: this.#options.identity }, 'lease acquired');
    onChange?.(true);
  }

  #lost(why: string): void {
    this.#options.logger.warn({ lease: this.lease, identity: this.#options.identity, why }, 'lease lost');
    this.#end();
  }

  #end(): void {
    this.#cancelDeadline();
    if (this.#heldSinceMs === undefined) return;
    this.#heldSinceMs = undefined;
    this.#leading.abort();
    this.#options.onChange?.(false);
  }

  async #release(): Promise<void> {
    const { client, scheduler, logger, identity, namespace, name } = this.#options;
    const late = new AbortController();
    const cancel = scheduler.after(this.#renewDeadlineMs / 2, () => late.abort());
    const bounds = { signal: late.signal };
    try {
      // The last renewal may have been stored without an answer.
      const lease = await client.get(LEASES, { namespace, name }, bounds);
      if (lease.spec.holderIdentity !== identity) return;
      const spec = { leaseTransitions: lease.spec.leaseTransitions ?? 0, leaseDurationSeconds: 1 };
      await client.update(LEASES, { ...lease, spec }, bounds);
    } catch (error) {
      logger.warn(
        { lease: this.lease, err: error },
        'lease could not be given back; the next holder waits for its end',
      );
    } finally {
      cancel();
    }
  }
}

function endedController(): AbortController {
  const controller = new AbortController();
  controller.abort();
  return controller;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { aborted } from '../../runtime/aborted.ts';
import { createLogger } from '../../runtime/logger.ts';
import { KubeAlreadyExists, KubeConflict, KubeNotFound, KubeUnavailable, NotLeading } from './errors.ts';
import { guardWrites } from './guarded-client.ts';
import type { CallOptions, KubeClient } from './kube-client.ts';
import { LeaderElection, type LeaderElectionOptions } from './leader-election.ts';
import type { Lease } from './lease.ts';
import { ManualScheduler } from './scheduler.testing.ts';

const logger = createLogger({ level: 'silent' });
const STEP_MS = 500;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const failure = { request: 'PUT lease', status: 0, reason: '', message: 'simulated', causes: [] };

/** How a candidate's way to the API server is. */
type Way = 'open' | 'hangs' | 'refused' | 'answers lost';

/** One lease as an API server keeps it: a write names the version that it replaces. */
class LeaseServer {
  lease: Lease | undefined;
  #version = 0;

  read(): Lease {
    if (this.lease === undefined) throw new KubeNotFound(failure);
    return this.lease;
  }

  write(lease: Lease): Lease {
    if (this.lease === undefined && lease.metadata.resourceVersion !== undefined)
      throw new KubeNotFound(failure);
    if (this.lease !== undefined && lease.metadata.resourceVersion === undefined)
      throw new KubeAlreadyExists(failure);
    if (this.lease?.metadata.resourceVersion !== lease.metadata.resourceVersion)
      throw new KubeConflict(failure);
    this.#version += 1;
    this.lease = {
      ...lease,
      metadata: { ...lease.metadata, uid: 'u', resourceVersion: String(this.#version) },
    };
    return this.lease;
  }

  client(way: () => Way): LeaderElectionOptions['client'] {
    const call = async (act: () => Lease, signal: AbortSignal | undefined): Promise<Lease> => {
      await Promise.resolve();
      const now = way();
      if (now === 'refused') throw new KubeUnavailable(failure);
      const answer = now === 'hangs' ? undefined : act();
      if (now !== 'open')
        await new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new KubeUnavailable(failure)), { once: true }),
        );
      return answer!;
    };
    return {
      get: (_, __, options?: CallOptions) => call(() => this.read(), options?.signal),
      create: (_, lease, options?: CallOptions) =>
        call(() => this.write(lease as unknown as Lease), options?.signal),
      update: (_, lease, options?: CallOptions) =>
        call(() => this.write(lease as unknown as Lease), options?.signal),
    } as LeaderElectionOptions['client'];
  }
}

/** A process that wants to lead, with a clock of its own. */
class Candidate {
  way: Way = 'open';
  isPaused = false;
  readonly scheduler: ManualScheduler;
  readonly election: LeaderElection;
  readonly stopping = new AbortController();
  readonly ended: string[] = [];
  readonly running: Promise<void>;
  readonly #rate: number;
  #owedMs = 0;

  constructor(server: LeaseServer, identity: string, startUs: number, rate: number) {
    this.#rate = rate;
    this.scheduler = new ManualScheduler(startUs);
    const client = server.client(() => this.way);
    const { scheduler } = this;
    this.election = new LeaderElection({ client, namespace: 'a', name: 'l', identity, scheduler, logger });
    this.running = this.#run();
  }

  advance(ms: number): void {
    this.#owedMs += ms * this.#rate;
    if (this.isPaused) return;
    this.scheduler.advance(this.#owedMs);
    this.#owedMs = 0;
  }

  async #run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const end = await this.election.run(this.stopping.signal, aborted);
      this.ended.push(end);
    }
  }
}

async function pass(
  candidates: readonly Candidate[],
  ms: number,
  check: () => void = () => undefined,
): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    for (const candidate of candidates) candidate.advance(STEP_MS);
    check();
    await settle();
    check();
  }
}
const leaders = (candidates: readonly Candidate[]): Candidate[] =>
  candidates.filter(({ isPaused, election }) => !isPaused && election.isLeading);

describe('leader election', () => {
  it('never has two leaders, whatever hangs, is lost or stands still, and has one again soon after', async () => {
    const way = fc.constantFrom<Way>('open', 'hangs', 'refused', 'answers lost');
    const event = fc.record({
      who: fc.nat(2),
      way,
      isPaused: fc.boolean(),
      isRestarted: fc.boolean(),
      seconds: fc.integer({ min: 1, max: 25 }),
    });
    const clock = fc.record({
      startUs: fc.integer({ min: 0, max: 1e15 }),
      rate: fc.double({ min: 0.9, max: 1.1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(clock, { minLength: 3, maxLength: 3 }),
        fc.array(event, { maxLength: 12 }),
        async (clocks, events) => {
          const server = new LeaseServer();
          const candidates = clocks.map(
            ({ startUs, rate }, at) => new Candidate(server, `c${at}`, startUs, rate),
          );
          const old: Candidate[] = [];
          const check = (): void => expect(leaders([...candidates, ...old]).length).toBeLessThanOrEqual(1);
          for (const { who, way, isPaused, isRestarted, seconds } of events) {
            if (isRestarted) {
              const before = candidates[who]!;
              before.stopping.abort();
              old.push(before);
              candidates[who] = new Candidate(server, `c${who}`, clocks[who]!.startUs, clocks[who]!.rate);
            }
            candidates[who]!.way = way;
            candidates[who]!.isPaused = isPaused;
            await pass([...candidates, ...old], seconds * 1000, check);
          }
          for (const one of [...candidates, ...old]) [one.way, one.isPaused] = ['open', false];
          await pass([...candidates, ...old], 40_000, check);
          expect(leaders(candidates)).toHaveLength(1);
          for (const { stopping } of candidates) stopping.abort();
          await pass([...candidates, ...old], 10_000);
          await Promise.all([...candidates, ...old].map(({ running }) => running));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stops acting before the lease is over when the server hangs, without an answer from it', async () => {
    const server = new LeaseServer();
    const first = new Candidate(server, 'first', 0, 1);
    await pass([first], 3_000);
    expect(first.election.isLeading).toBe(true);
    const { signal } = first.election;
    first.way = 'hangs';
    const second = new Candidate(server, 'second', 5e14, 1);
    let [lostAtMs, takenAtMs, nowMs] = [0, 0, 0];
    await pass([first, second], 30_000, () => {
      nowMs += STEP_MS / 2;
      if (lostAtMs === 0 && signal.aborted) lostAtMs = nowMs;
      if (takenAtMs === 0 && second.election.isLeading) takenAtMs = nowMs;
    });
    expect(lostAtMs).toBeGreaterThan(5_000);
    expect(lostAtMs).toBeLessThanOrEqual(10_500);
    expect(takenAtMs - lostAtMs).toBeGreaterThan(4_000);
    expect(first.ended).toEqual(['lost']);
    for (const one of [first, second]) one.stopping.abort();
  });

  it('does not lead after it stood still, before any of its timers has run', async () => {
    const first = new Candidate(new LeaseServer(), 'first', 0, 1);
    await pass([first], 3_000);
    expect(first.election.isLeading).toBe(true);
    // Only the clock moves, as for a process that was stopped.
    const nowMs = first.scheduler.monotonicMs();
    first.scheduler.monotonicMs = () => nowMs + 10_001;
    expect(first.election.isLeading).toBe(false);
    first.stopping.abort();
  });

  it('gives the lease back when it ends, so that the next leads at once', async () => {
    const server = new LeaseServer();
    const first = new Candidate(server, 'first', 0, 1);
    await pass([first], 3_000);
    const second = new Candidate(server, 'second', 0, 1);
    await pass([first, second], 6_000);
    first.stopping.abort();
    await pass([first, second], 3_500);
    expect(first.ended).toEqual(['stopped']);
    expect(second.election.isLeading).toBe(true);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
    second.stopping.abort();
  });

  it('refuses times that are out of order', () => {
    const client = new LeaseServer().client(() => 'open');
    const base = {
      client,
      namespace: 'a',
      name: 'l',
      identity: 'i',
      scheduler: new ManualScheduler(),
      logger,
    };
    expect(() => new LeaderElection({ ...base, renewDeadlineSeconds: 15 })).toThrow(
      'must hold, were 2, 15 and 15 s',
    );
  });
});

describe('guarded writes', () => {
  it('refuses writes while it does not lead, and cuts them off when leadership ends', async () => {
    let sent: AbortSignal | undefined;
    const client = {
      patch: async (...args: readonly unknown[]) => {
        sent = (args[3] as CallOptions).signal;
      },
      get: async () => 'read',
    } as unknown as KubeClient;
    const leading = new AbortController();
    const leadership = { isLeading: false, lease: 'a/l', signal: leading.signal };
    const kind = { group: '', version: 'v1', kind: 'Thing', plural: 'things', isNamespaced: true };
    const ref = { namespace: 'a', name: 'x' };
    const guarded = guardWrites(client, leadership);
    await expect(guarded.patch(kind, ref, {})).rejects.toThrow(NotLeading);
    expect(sent).toBeUndefined();
    expect(await guarded.get(kind, ref)).toBe('read');

    leadership.isLeading = true;
    await guarded.patch(kind, ref, {});
    expect(sent?.aborted).toBe(false);
    leading.abort();
    expect(sent?.aborted).toBe(true);
  });
});

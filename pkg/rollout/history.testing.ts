import * as fc from 'fast-check';

import type { ActionType } from '../tradingmodel/status.ts';
import { NO_COUNTERS } from './analysis/counters.ts';
import { type Health, named, SimulatedCluster, specOf } from './cluster.testing.ts';

/** Something that happens to a cluster between two reconciles, or the time until the next. */
export type Happening =
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'crash'; readonly actions: number }
  | { readonly kind: 'apply'; readonly version: string }
  | { readonly kind: 'freeze'; readonly isPaused: boolean }
  | { readonly kind: 'act'; readonly type: ActionType }
  | { readonly kind: 'health'; readonly version: string; readonly health: Health }
  | { readonly kind: 'quality'; readonly version: string; readonly quality: Quality }
  | { readonly kind: 'losePods'; readonly version: string }
  | {
      readonly kind: 'gateway';
      readonly index: number;
      readonly what: 'stick' | 'free' | 'unready' | 'ready' | 'restart';
    };

/** What the analysis will find of a version. */
export type Quality = 'good' | 'bad' | 'silent';

const VERSIONS = ['a', 'b', 'c'] as const;
const version = fc.constantFrom(...VERSIONS);

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('pass'), seconds: fc.integer({ min: 1, max: 90 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash'), actions: fc.integer({ min: 0, max: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('apply'), version }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeze'), isPaused: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('act'),
      type: fc.constantFrom<ActionType>(
        ...(['promote', 'promote-full', 'abort', 'retry', 'pause', 'resume', 'undo'] as const),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant('health'), version },
      health: fc.constantFrom<Health>(
        'healthy',
        'healthy',
        'healthy',
        'slow',
        'crashing',
        'mismatched',
        'rejected',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant('quality'), version },
      quality: fc.constantFrom<Quality>('good', 'bad', 'silent'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('losePods'), version }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('gateway'),
      index: fc.integer({ min: 0, max: 1 }),
      what: fc.constantFrom('stick', 'free', 'unready', 'ready', 'restart'),
    }),
  },
) as fc.Arbitrary<Happening>;

const step = fc.oneof(
  fc.record({ setWeight: fc.integer({ min: 0, max: 100 }) }),
  fc.record({ setWeight: fc.constantFrom(5, 25, 50) }),
  fc.record({
    shadow: fc.record({ durationSeconds: fc.constantFrom(20, 60), minRequests: fc.constantFrom(0, 50) }),
  }),
  fc.record({ analysis: fc.record({ durationSeconds: fc.constantFrom(30, 90) }) }),
  fc.constant({ pause: {} }),
  fc.record({ pause: fc.record({ durationSeconds: fc.constantFrom(10, 60) }) }),
);

/** Settings of a rollout, and how replicas are given. */
export const rolloutSettings = fc.record({
  steps: fc.array(step, { maxLength: 5 }),
  hasMetrics: fc.boolean(),
  onInconclusive: fc.constantFrom('Pause', 'Continue', 'Abort'),
  onProgressDeadline: fc.constantFrom('Abort', 'Pause'),
  minReplicas: fc.constantFrom(1, 3),
  maxReplicas: fc.constantFrom(undefined, 6),
  /** Of every version, until a history says otherwise. */
  quality: fc.constantFrom<Quality>('good', 'good', 'bad', 'silent'),
});
export type RolloutSettings = typeof rolloutSettings extends fc.Arbitrary<infer T> ? T : never;

/** Most begin with a stable revision and an update on its way, where most can go wrong; all are long enough for some of it. */
export const histories: fc.Arbitrary<readonly Happening[]> = fc
  .tuple(
    fc.constantFrom<readonly Happening[]>(
      [],
      [
        { kind: 'pass', seconds: 5 },
        { kind: 'apply', version: 'b' },
      ],
      [
        ...[{ kind: 'pass', seconds: 5 } as const, { kind: 'apply', version: 'b' } as const],
        ...Array.from({ length: 4 }, () => ({ kind: 'pass', seconds: 5 }) as const),
      ],
    ),
    fc.array(happening, { minLength: 10, maxLength: 50, size: 'max' }),
  )
  .map(([first, rest]) => [...first, ...rest]);

/** The spec of a version under these settings. */
export function specUnder(settings: RolloutSettings, version: string, isPaused = false) {
  const { steps, hasMetrics, onInconclusive, onProgressDeadline, minReplicas, maxReplicas } = settings;
  const metrics = hasMetrics ? [{ name: 'errors', builtin: 'ErrorRatio', max: '0.05' }] : [];
  return specOf(
    version,
    {
      ...{ paused: isPaused, steps, analysis: { onInconclusive, metrics } },
      ...{ progressDeadlineSeconds: 120, onProgressDeadline, revisionHistoryLimit: 1 },
    },
    { minReplicas, ...(maxReplicas === undefined ? {} : { maxReplicas }) },
  );
}

/** A cluster with a quality for each version, that histories happen to. */
export class LivelyCluster extends SimulatedCluster {
  readonly settings: RolloutSettings;
  readonly quality = new Map<string, Quality>();
  private nonces = 0;

  constructor(settings: RolloutSettings) {
    super(specUnder(settings, 'a'));
    this.settings = settings;
    this.counts = (version) => {
      const quality = this.quality.get(version) ?? settings.quality;
      if (quality === 'silent') return NO_COUNTERS;
      return { ...NO_COUNTERS, requests: 100, errors: quality === 'bad' ? 60 : 0 };
    };
  }

  happen(event: Happening): void {
    switch (event.kind) {
      case 'pass':
        this.pass(event.seconds);
        return;
      case 'crash':
        this.reconcileInPart(event.actions);
        return;
      case 'apply':
        this.apply(specUnder(this.settings, event.version, this.spec.rollout.paused));
        return;
      case 'freeze':
        this.apply({ ...this.spec, rollout: { ...this.spec.rollout, paused: event.isPaused } });
        return;
      case 'act':
        this.nonces += 1;
        this.action = { type: event.type, nonce: String(this.nonces) };
        return;
      case 'health':
        this.health.set(event.version, event.health);
        return;
      case 'quality':
        this.quality.set(event.version, event.quality);
        return;
      case 'losePods':
        this.losePods(event.version);
        return;
      case 'gateway':
        this.disturb(event.index, event.what);
    }
  }

  /** All is well from now on: what is left is for the rollout to come to its end. */
  heal(): void {
    this.health.clear();
    for (const gateway of this.gateways) {
      gateway.isReady = true;
      gateway.isStuck = false;
    }
    this.apply({ ...this.spec, rollout: { ...this.spec.rollout, paused: false } });
  }

  /** Whether nothing will change by itself any more: done, given up, or held for a person. */
  isAtRest(): boolean {
    const { rollout, stableRevision, updateRevision } = this.status;
    const hasPodsToLose = [...this.objects].some(
      ([name, { pods }]) => pods.length > 0 && name !== stableRevision && name !== updateRevision,
    );
    if (hasPodsToLose) return false;
    if (rollout?.phase === 'Aborted' || rollout?.phase === 'Paused') return true;
    return stableRevision === named(this.spec.model.version) && updateRevision === undefined;
  }

  private disturb(index: number, what: string): void {
    const gateway = this.gateways[index]!;
    if (what === 'restart') this.restartGateway(index);
    else if (what === 'stick' || what === 'free') gateway.isStuck = what === 'stick';
    else gateway.isReady = what === 'ready';
  }
}

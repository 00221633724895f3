import { describe, expect, it } from 'vitest';

import { NO_COUNTERS } from './analysis/counters.ts';
import { SimulatedCluster, specOf } from './cluster.testing.ts';
import { decide } from './decide.ts';
import { atWeight, ERRORS, serving, STEPS, weightsOf } from './serving.testing.ts';

describe('actions', () => {
  it('are carried out once for their nonce', () => {
    const cluster = atWeight(10).act('pause');
    cluster.reconcile();
    expect(cluster.status.lastAction).toMatchObject({
      type: 'pause',
      result: 'Accepted',
      requestedBy: 'ann',
    });
    cluster.act('resume').reconcile();
    const { action } = cluster;
    cluster.until((one) => one.isStable('b'));
    expect(cluster.status.lastAction?.nonce).toBe(action!.nonce);
    expect(cluster.events().filter((reason) => reason === 'ActionAccepted')).toHaveLength(2);
  });

  it('promote-full skips the steps and the analysis, not readiness and confirmation', () => {
    const rollout = { ...STEPS, analysis: { metrics: [ERRORS] } };
    const cluster = serving(rollout).apply(specOf('b', rollout));
    cluster.counts = () => ({ ...NO_COUNTERS, requests: 100, errors: 60 });
    cluster.health.set('b', 'slow');
    cluster.reconcile();
    cluster.act('promote-full').pass(5).reconcile();
    expect(cluster.weight('b')).toBe(0);
    cluster.health.set('b', 'healthy');
    cluster.until((one) => one.isStable('b'));
    expect(weightsOf(cluster)).toEqual([0, 100]);
  });

  it('undo goes back to the revision that was stable before, by the steps', () => {
    const cluster = serving().apply(specOf('b', STEPS));
    cluster.until((one) => one.isStable('b')).act('undo');
    expect(cluster.reconcile().actions).toContainEqual({ kind: 'restoreSpec', revision: 'm-a' });
    cluster.until((one) => one.isStable('a'));
    expect(cluster.status.revisions?.find(({ name }) => name === 'm-a')?.number).toBe(1);
  });

  it('undo is accepted once more where the spec was written back and the status was not', () => {
    const cluster = serving().apply(specOf('b', STEPS));
    cluster.until((one) => one.isStable('b')).act('undo');
    cluster.reconcileInPart(99);
    cluster.reconcile();
    expect(cluster.status.lastAction).toMatchObject({ type: 'undo', result: 'Accepted' });
    expect(cluster.spec.model.version).toBe('a');
  });

  it.each([
    ['promote', 'no rollout is under way'],
    ['promote-full', 'no rollout is under way'],
    ['abort', 'no rollout is under way'],
    ['pause', 'no rollout is under way'],
    ['resume', 'no rollout is under way'],
    ['retry', 'no rollout was aborted'],
    ['undo', 'no revision was stable before this one'],
  ] as const)('%s is refused where nothing is under way', (type, message) => {
    const cluster = serving().act(type);
    cluster.reconcile();
    expect(cluster.status.lastAction).toMatchObject({ type, result: 'Refused', message });
    expect(cluster.events()).toContain('ActionRefused');
  });

  it.each([
    ['promote', {}, 'weights are verified before the next step'],
    ['retry', {}, 'no rollout was aborted'],
    ['resume', {}, 'no person paused it'],
    ['undo', { toRevision: 7 }, 'there is no revision 7'],
  ] as const)('%s is refused at a weight that is being verified', (type, extra, message) => {
    const cluster = atWeight(10).act(type, extra);
    cluster.reconcile();
    expect(cluster.status.lastAction).toMatchObject({ type, result: 'Refused' });
    expect(cluster.status.lastAction?.message).toContain(message);
  });

  it('are refused for the first revision, which has nothing to go back to', () => {
    for (const type of ['abort', 'promote', 'promote-full'] as const) {
      const cluster = new SimulatedCluster(specOf('a'));
      cluster.reconcile();
      cluster.act(type).reconcile();
      expect(cluster.status.lastAction).toMatchObject({ result: 'Refused' });
    }
  });
});

describe('pauses', () => {
  it('of the spec freeze everything, actions too, and give the step its whole time afterwards', () => {
    const steps = [{ setWeight: 10 }, { pause: { durationSeconds: 60 } }];
    const cluster = atWeight(10, { steps });
    cluster.pass(5).reconcile();
    cluster.apply(specOf('b', { steps, paused: true })).act('abort');
    for (let i = 0; i < 30; i += 1) expect(cluster.pass(60).reconcile().actions).toEqual([]);
    expect(cluster.weight('b')).toBe(10);
    expect(cluster.status.lastAction).toMatchObject({ type: 'abort', result: 'Refused' });
    expect(cluster.status.rollout?.pauseReasons).toContain('SpecPaused');
    cluster.apply(specOf('b', { steps }));
    cluster.reconcile();
    const startMs = cluster.nowMs;
    cluster.until((one) => one.weight('b') === 100);
    expect(cluster.nowMs - startMs).toBe(60_000);
  });

  it('of a person hold the weights, and safety still aborts', () => {
    const cluster = atWeight(10).act('pause');
    for (let i = 0; i < 30; i += 1) cluster.pass(60).reconcile();
    expect(cluster.weight('b')).toBe(10);
    cluster.losePods('b');
    cluster.reconcile();
    cluster.pass(5).reconcile();
    expect(cluster.weight('b')).toBe(0);
    cluster.health.set('b', 'crashing');
    cluster.reconcile();
    cluster.pass(1).reconcile();
    expect(cluster.status.rollout).toMatchObject({ phase: 'Aborted', abortReason: 'CrashLooping' });
  });
});

describe('the progress deadline', () => {
  it.each([
    ['Abort', 'Aborted'],
    ['Pause', 'Paused'],
  ])('with %s ends in phase %s', (onProgressDeadline, phase) => {
    const rollout = { ...STEPS, progressDeadlineSeconds: 120, onProgressDeadline };
    const cluster = serving(rollout).apply(specOf('b', rollout));
    cluster.health.set('b', 'slow');
    const startMs = cluster.nowMs;
    cluster.until((one) => ['Aborting', 'Aborted', 'Paused'].includes(one.status.rollout!.phase));
    expect(cluster.nowMs - startMs).toBe(120_000);
    cluster.pass(1).reconcile();
    expect(cluster.status.rollout?.phase).toBe(phase);
    expect(cluster.condition('Stalled')).toMatchObject({ reason: 'ProgressDeadlineExceeded' });
  });

  it('comes for an update whose pods come and go as well', () => {
    const rollout = { ...STEPS, progressDeadlineSeconds: 120 };
    const scale = { minReplicas: 2 };
    const cluster = serving(rollout, scale).apply(specOf('b', rollout, scale));
    cluster.podReadyMs = 20_000;
    const startMs = cluster.nowMs;
    let passes = 0;
    cluster.until((one) => {
      passes += 1;
      // One of its two pods is Ready now and then, never both.
      if (passes % 6 === 0) one.losePods('b');
      else if (one.pods('b') > 1) one.objects.get('m-b')!.pods.length = 1;
      return one.status.rollout?.phase === 'Aborted';
    });
    expect(cluster.status.rollout?.abortReason).toBe('ProgressDeadlineExceeded');
    expect(cluster.nowMs - startMs).toBeLessThan(200_000);
  });

  it('does not count the time that a step asks for', () => {
    const steps = [{ setWeight: 10 }, { analysis: { durationSeconds: 3000 } }];
    const rollout = { steps, progressDeadlineSeconds: 120 };
    const cluster = serving(rollout).apply(specOf('b', rollout));
    cluster.until((one) => one.isStable('b'), 800);
  });
});

describe('history', () => {
  it('keeps so many revisions as the limit, the newest, and the one that was stable before', () => {
    const rollout = { revisionHistoryLimit: 2 };
    const cluster = serving(rollout);
    for (const version of ['b', 'c', 'd', 'e']) {
      cluster.apply(specOf(version, rollout)).until((one) => one.isStable(version));
    }
    cluster.until((one) => one.objects.size === 3);
    expect([...cluster.objects.keys()]).toEqual(['m-c', 'm-d', 'm-e']);
    expect(cluster.events().filter((reason) => reason === 'RevisionPruned')).toHaveLength(2);
    expect(cluster.status.revisions?.map(({ number }) => number)).toEqual([3, 4, 5]);
  });
});

describe('an object that is being deleted', () => {
  it('takes the traffic away, waits until gateways confirm it, and goes', () => {
    const cluster = atWeight(10);
    cluster.isDeleting = true;
    cluster.gateways[0]!.isStuck = true;
    cluster.reconcile();
    expect(cluster.status.traffic).toEqual([]);
    expect(cluster.hasFinalizer).toBe(true);
    cluster.pass(5).reconcile();
    expect(cluster.hasFinalizer).toBe(true);
    cluster.gateways[0]!.isStuck = false;
    cluster.pass(1).reconcile();
    expect(cluster.hasFinalizer).toBe(false);
  });

  it('does not wait for ever', () => {
    const cluster = atWeight(10);
    cluster.isDeleting = true;
    cluster.gateways[0]!.isStuck = true;
    const startMs = cluster.nowMs;
    cluster.until((one) => !one.hasFinalizer);
    expect(cluster.nowMs - startMs).toBe(60_000);
  });
});

describe('a rollout that was given up', () => {
  it('lets stable be made smaller, which one under way does not', () => {
    const cluster = serving(STEPS, { minReplicas: 3 });
    cluster.apply(specOf('b', STEPS, { minReplicas: 1 })).until((one) => one.weight('b') === 10);
    expect(cluster.pods('a')).toBe(3);
    cluster.act('abort').until((one) => one.status.rollout?.phase === 'Aborted');
    cluster.settle();
    expect(cluster.pods('a')).toBe(1);
  });
});

describe('a status that was lost', () => {
  it('comes back from the roles of the Deployments, under a generation that gateways follow', () => {
    const cluster = serving();
    cluster.gateways[0]!.confirmed = 41;
    cluster.status = {};
    cluster.reconcile();
    expect(cluster.status).toMatchObject({
      stableRevision: 'm-a',
      traffic: [{ revision: 'm-a', weight: 100 }],
      trafficGeneration: 42,
    });
    expect(decide(cluster.see()).actions).toEqual([]);
  });
});

describe('looking again', () => {
  it('is at the end of a step, at the next measurement, and never where nothing is on its way', () => {
    const steps = [{ setWeight: 10 }, { pause: { durationSeconds: 500 } }];
    const cluster = atWeight(10, { steps }).pass(1);
    expect(cluster.reconcile().lookAgainSeconds).toBe(500);
    cluster.until((one) => one.isStable('b') && one.pods('a') === 0).pass(1);
    expect(cluster.reconcile().lookAgainSeconds).toBeUndefined();
  });
});

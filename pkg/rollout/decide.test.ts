import { describe, expect, it } from 'vitest';

import { NO_COUNTERS } from './analysis/counters.ts';
import { type Health, named, SimulatedCluster, specOf } from './cluster.testing.ts';
import { decide } from './decide.ts';
import { atWeight, ERRORS, serving, STEPS, weightsOf } from './serving.testing.ts';

describe('the first revision', () => {
  it('gets all traffic once a pod is Ready, whatever the steps', () => {
    const cluster = new SimulatedCluster(specOf('a', STEPS));
    cluster.reconcile();
    expect(cluster.status).toMatchObject({ updateRevision: 'm-a', traffic: [], trafficGeneration: 0 });
    cluster.until((one) => one.isStable('a'));
    expect(cluster.status.traffic).toEqual([{ revision: 'm-a', weight: 100 }]);
    expect(cluster.status.trafficGeneration).toBe(1);
    expect(cluster.condition('Ready')?.status).toBe('True');
  });

  it.each<[Health, string]>([
    ['rejected', 'ArtifactRejected'],
    ['crashing', 'CrashLooping'],
    ['slow', 'ProgressDeadlineExceeded'],
  ])('that is %s is waited for, and Stalled says why', (health, reason) => {
    const cluster = new SimulatedCluster(specOf('a', { progressDeadlineSeconds: 60 }));
    cluster.health.set('a', health);
    cluster.until((one) => one.condition('Stalled') !== undefined);
    expect(cluster.condition('Stalled')).toMatchObject({ status: 'True', reason });
    expect(cluster.status.rollout?.phase).toBe('Progressing');
    cluster.health.set('a', 'healthy');
    cluster.until((one) => one.isStable('a'));
    expect(cluster.condition('Stalled')).toBeUndefined();
  });

  it('that serves another artifact never gets traffic, and may be replaced by another spec', () => {
    const cluster = new SimulatedCluster(specOf('a'));
    cluster.health.set('a', 'mismatched');
    for (let i = 0; i < 20; i += 1) cluster.pass(5).reconcile();
    expect(cluster.status.traffic).toEqual([]);
    cluster.apply(specOf('b')).until((one) => one.isStable('b'));
    expect(cluster.events()).toContain('RolloutSuperseded');
  });
});

describe('an update', () => {
  it('goes through its steps to stable, and the old revision keeps no pods', () => {
    const cluster = serving().apply(specOf('b', STEPS));
    cluster.until((one) => one.isStable('b'));
    expect(weightsOf(cluster)).toEqual([0, 10, 50, 100]);
    cluster.until((one) => one.pods('a') === 0).reconcile();
    expect(cluster.condition('Updated')).toMatchObject({ status: 'True', reason: 'UpToDate' });
    expect(cluster.status.revisions).toMatchObject([
      { name: 'm-a', number: 1, role: 'kept', replicas: 0 },
      { name: 'm-b', number: 2, role: 'stable', weight: 100 },
    ]);
  });

  it('without steps goes to 100 % once Ready', () => {
    const cluster = serving({}).apply(specOf('b'));
    cluster.until((one) => one.isStable('b'));
    expect(weightsOf(cluster)).toEqual([0, 100]);
  });

  it('is promoted by a label alone: nothing of it is made anew', () => {
    const cluster = serving().apply(specOf('b', STEPS));
    cluster.until((one) => one.weight('b') === 100);
    const { length } = cluster.decisions;
    cluster.until((one) => one.isStable('b'));
    const kinds = cluster.decisions.slice(length).flatMap(({ actions }) => actions);
    expect(kinds).toEqual([
      { kind: 'setRole', revision: 'm-b', role: 'stable' },
      { kind: 'setRole', revision: 'm-a', role: 'kept' },
    ]);
  });

  it('gets no weight before all pods of its step are Ready', () => {
    const cluster = serving().apply(specOf('b', STEPS));
    cluster.health.set('b', 'slow');
    for (let i = 0; i < 30; i += 1) cluster.pass(5).reconcile();
    expect(cluster.weight('b')).toBe(0);
    expect(cluster.condition('Reconciling')?.message).toContain('must have 1 Ready pods for 10 %, has 0');
    cluster.health.set('b', 'healthy');
    cluster.until((one) => one.weight('b') === 10);
  });

  it('gets its first weight, be it all at once, when every gateway has a predictor of it', () => {
    const cluster = serving();
    const [first, second] = cluster.gateways;
    first!.isStuck = true;
    cluster.apply(specOf('b'));
    for (let i = 0; i < 20; i += 1) cluster.pass(5).reconcile();
    expect(cluster.status.traffic).toEqual([
      { revision: 'm-a', weight: 100 },
      { revision: 'm-b', weight: 0 },
    ]);
    expect(cluster.condition('Reconciling')?.message).toContain('1 of 2 gateways do not follow');
    first!.isStuck = false;
    second!.hasNoPredictors = true;
    for (let i = 0; i < 20; i += 1) cluster.pass(5).reconcile();
    expect(cluster.weight('b')).toBe(0);
    expect(cluster.condition('Reconciling')?.message).toContain('no usable predictor of m-');
    second!.hasNoPredictors = false;
    cluster.until((one) => one.isStable('b'));
    expect(weightsOf(cluster)).toEqual([0, 100]);
  });

  it.each([
    ['does not follow', (cluster: SimulatedCluster) => (cluster.gateways[1]!.isStuck = true)],
    ['is replaced', (cluster: SimulatedCluster) => cluster.restartGateway(1)],
  ])('stays at its step while a gateway %s', (_what, disturb) => {
    const cluster = atWeight(10);
    cluster.gateways[1]!.isStuck = true;
    disturb(cluster);
    for (let i = 0; i < 20; i += 1) cluster.pass(5).reconcile();
    expect(cluster.weight('b')).toBe(10);
    expect(cluster.condition('TrafficRouted')).toMatchObject({
      status: 'False',
      reason: 'WaitingForGateways',
    });
    cluster.gateways[1]!.isStuck = false;
    cluster.until((one) => one.isStable('b'));
  });

  it('does not move while no gateway is Ready', () => {
    const cluster = serving().apply(specOf('b', STEPS));
    for (const gateway of cluster.gateways) gateway.isReady = false;
    for (let i = 0; i < 20; i += 1) cluster.pass(5).reconcile();
    expect(cluster.weight('b')).toBe(0);
    expect(cluster.condition('TrafficRouted')).toMatchObject({ status: 'Unknown', reason: 'NoGateway' });
  });

  it('that loses its last pod loses its traffic at once, and gets it back with its pods', () => {
    const cluster = atWeight(10, { steps: [{ setWeight: 10 }, { pause: {} }] });
    cluster.until((one) => one.status.rollout?.phase === 'Paused');
    cluster.losePods('b');
    cluster.reconcile();
    expect(cluster.weight('b')).toBe(0);
    expect(cluster.events()).toContain('UpdateUnready');
    cluster.pass(5).reconcile();
    cluster.pass(5).reconcile();
    expect(cluster.weight('b')).toBe(10);
    expect(cluster.status.rollout?.stepIndex).toBe(1);
  });

  it('begins its steps anew where they change in the middle', () => {
    const cluster = atWeight(50).apply(specOf('b', { steps: [{ setWeight: 5 }, { pause: {} }] }));
    cluster.until((one) => one.weight('b') === 5);
    expect(cluster.events()).toContain('StepsChanged');
    expect(cluster.status.updateRevision).toBe('m-b');
  });
});

describe('steps', () => {
  it('a shadow gets copies and no weight, for its time and its requests', () => {
    const steps = [{ shadow: { durationSeconds: 60, minRequests: 1000 } }, { setWeight: 50 }];
    const cluster = serving({ steps });
    cluster.counts = () => ({ ...NO_COUNTERS, requests: 50 });
    cluster.apply(specOf('b', { steps })).until((one) => one.status.traffic?.[1]?.shadow === true);
    expect(cluster.status.traffic).toEqual([
      { revision: 'm-a', weight: 100 },
      { revision: 'm-b', weight: 0, shadow: true },
    ]);
    const startMs = cluster.nowMs;
    cluster.until((one) => one.weight('b') === 50);
    // 20 readings of 50 requests take 100 s, which is longer than the time of the step.
    expect(cluster.nowMs - startMs).toBe(100_000);
  });

  it('a shadow needs as many pods as stable has, a weight its share, both no fewer than minReplicas', () => {
    const scale = { minReplicas: 2, maxReplicas: 10 };
    const rollout = { steps: [{ setWeight: 10 }, { setWeight: 50 }, { shadow: { durationSeconds: 10 } }] };
    const cluster = serving(rollout, scale);
    cluster.carryOut({
      kind: 'scaleRevision',
      revision: 'm-a',
      scale: { kind: 'autoscaled', minReplicas: 8, maxReplicas: 10 },
    });
    cluster.objects.get('m-a')!.autoscaler = { minReplicas: 2, maxReplicas: 10 };
    cluster.pass(5).apply(specOf('b', rollout, scale));
    const floors: (number | undefined)[] = [];
    cluster.until((one) => {
      const floor = one.objects.get('m-b')?.autoscaler?.minReplicas;
      if (floor !== floors.at(-1)) floors.push(floor);
      return one.isStable('b');
    });
    cluster.settle();
    // After the promotion the autoscaler has its own floor again, and what it gave stays its own.
    expect(floors).toEqual([2, 4, 8, 2]);
    expect(cluster.objects.get('m-b')).toMatchObject({
      autoscaler: { minReplicas: 2 },
      deployment: { wanted: 8 },
    });
  });

  it('a pause without a time waits for promote, one with a time for that', () => {
    const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 20 }, { pause: { durationSeconds: 60 } }];
    const cluster = atWeight(10, { steps });
    for (let i = 0; i < 100; i += 1) cluster.pass(60).reconcile();
    expect(cluster.status.rollout).toMatchObject({
      phase: 'Paused',
      pauseReasons: ['StepPause'],
      stepIndex: 1,
    });
    cluster.act('promote').until((one) => one.status.rollout?.stepIndex === 3);
    const startMs = cluster.nowMs;
    cluster.until((one) => one.weight('b') === 100);
    expect(cluster.nowMs - startMs).toBe(60_000);
  });
});

describe('an abort', () => {
  it('gives the traffic back first, and takes the pods when the gateways have confirmed it', () => {
    const cluster = atWeight(50);
    cluster.pass(5).act('abort');
    cluster.gateways[0]!.isStuck = true;
    cluster.reconcile();
    expect(cluster.status.traffic).toEqual([{ revision: 'm-a', weight: 100 }]);
    expect(cluster.status.rollout).toMatchObject({ phase: 'Aborting', abortReason: 'UserAborted' });
    cluster.pass(30).reconcile();
    expect(cluster.pods('b')).toBe(1);
    cluster.gateways[0]!.isStuck = false;
    cluster.pass(1).reconcile();
    expect(cluster.pods('b')).toBe(0);
    expect(cluster.status.rollout?.phase).toBe('Aborted');
    expect(cluster.condition('Stalled')).toMatchObject({ status: 'True', reason: 'UserAborted' });
  });

  it('does not wait for gateways for ever, and says that it did not', () => {
    const cluster = atWeight(50).pass(5).act('abort');
    cluster.gateways[0]!.isStuck = true;
    const startMs = cluster.nowMs;
    cluster.until((one) => one.pods('b') === 0);
    expect(cluster.nowMs - startMs).toBe(60_000);
    expect(cluster.events()).toContain('DrainTimedOut');
  });

  it.each<[Health, string]>([
    ['crashing', 'CrashLooping'],
    ['mismatched', 'DigestMismatch'],
    ['rejected', 'ArtifactRejected'],
  ])('comes by itself where a pod of the update is %s', (health, reason) => {
    const cluster = atWeight(10);
    cluster.health.set('b', health);
    cluster.until((one) => one.status.rollout?.phase === 'Aborted');
    expect(cluster.status.rollout?.abortReason).toBe(reason);
    expect(cluster.status.traffic).toEqual([{ revision: 'm-a', weight: 100 }]);
    expect(cluster.isStable('a')).toBe(false);
  });

  it('says of what was given up for another reason that it has no pods', () => {
    const cluster = atWeight(10).act('abort');
    cluster.until((one) => one.status.rollout?.phase === 'Aborted' && one.pods('b') === 0).reconcile();
    expect(cluster.condition('ArtifactVerified')).toMatchObject({ status: 'Unknown', reason: 'WithoutPods' });
    expect(cluster.condition('ModelLoaded')).toMatchObject({ status: 'False', reason: 'WithoutPods' });
    cluster.act('retry').until((one) => one.isStable('b'));
    expect(cluster.condition('ArtifactVerified')?.status).toBe('True');
  });

  it.each<[Health, string]>([
    ['mismatched', 'DigestMismatch'],
    ['rejected', 'ArtifactRejected'],
  ])('leaves ArtifactVerified False, though the pods that were %s are gone', (health, reason) => {
    const cluster = atWeight(10);
    cluster.health.set('b', health);
    cluster.until((one) => one.status.rollout?.phase === 'Aborted' && one.pods('b') === 0).reconcile();
    expect(cluster.condition('ArtifactVerified')).toMatchObject({ status: 'False', reason });
    cluster.apply(specOf('c', STEPS)).reconcile();
    expect(cluster.condition('ArtifactVerified')?.status).toBe('Unknown');
  });

  it.each([
    ['SignatureMissing', 'Aborted'],
    ['SourceUnavailable', 'Progressing'],
    ['FileAbsent', 'Progressing'],
  ])('a failure of code %s leads to phase %s', (reason, phase) => {
    const cluster = serving().apply(specOf('b', STEPS));
    cluster.reconcile();
    const seen = cluster.pass(5).see();
    const failed = { state: 'failed', reason, isReady: false } as const;
    const revisions = seen.revisions.map((one) =>
      one.name === named('b') ? { ...one, pods: one.pods.map((pod) => ({ ...pod, ...failed })) } : one,
    );
    expect(decide({ ...seen, revisions }).status.rollout?.phase).toBe(phase);
  });

  it('stays until retry or another spec', () => {
    const cluster = atWeight(10).act('abort');
    cluster.until((one) => one.status.rollout?.phase === 'Aborted');
    for (let i = 0; i < 20; i += 1) cluster.pass(600).reconcile();
    expect(cluster.weight('a')).toBe(100);
    cluster.act('retry').until((one) => one.isStable('b'));
    expect(weightsOf(cluster)).toEqual([0, 10, 0, 10, 50, 100]);
  });
});

describe('another spec in mid-rollout', () => {
  it('takes the place of the update, which gives its traffic back before its pods go', () => {
    const cluster = atWeight(50).pass(1).apply(specOf('c', STEPS));
    cluster.reconcile();
    expect(cluster.status).toMatchObject({
      updateRevision: 'm-c',
      traffic: [{ revision: 'm-a', weight: 100 }],
      rollout: { stepIndex: 0, phase: 'Progressing' },
    });
    expect(cluster.pods('b')).toBe(1);
    cluster.pass(1).reconcile();
    expect(cluster.pods('b')).toBe(0);
    cluster.until((one) => one.isStable('c'));
  });

  it('that is the stable one again gives the update up without fault', () => {
    const cluster = atWeight(50).pass(1).apply(specOf('a', STEPS));
    cluster.until((one) => one.isStable('a') && one.pods('b') === 0);
    expect(cluster.status.rollout).toMatchObject({ phase: 'Idle', pauseReasons: [] });
    expect(cluster.status.rollout?.abortReason).toBeUndefined();
    expect(cluster.condition('Stalled')).toBeUndefined();
  });
});

describe('the analysis', () => {
  const steps = [{ setWeight: 10 }, { analysis: { durationSeconds: 60 } }];
  const under = (onInconclusive: string, counts: { requests: number; errors: number }, more: object = {}) => {
    const rollout = { steps, analysis: { onInconclusive, metrics: [ERRORS] }, ...more };
    const cluster = serving(rollout);
    cluster.counts = (version) => ({ ...NO_COUNTERS, ...(version === 'b' ? counts : {}) });
    return cluster.apply(specOf('b', rollout));
  };
  const GOOD = { requests: 100, errors: 0 };
  const BAD = { requests: 100, errors: 30 };
  const NONE = { requests: 0, errors: 0 };

  it('lets pass what every metric passes', () => {
    const cluster = under('Pause', GOOD).until((one) => one.isStable('b'));
    expect(cluster.status.rollout?.analysis?.metrics).toMatchObject([{ phase: 'Successful', failed: 0 }]);
  });

  it('measures at its interval, however often it is asked', () => {
    const cluster = under('Pause', GOOD);
    cluster.until((one) => one.status.rollout?.analysis?.measuredAt !== undefined, 100, 1);
    for (let i = 0; i < 29; i += 1) cluster.pass(1).reconcile();
    expect(cluster.status.rollout?.analysis?.metrics[0]?.successful).toBe(1);
    cluster.pass(1).reconcile();
    expect(cluster.status.rollout?.analysis?.metrics[0]?.successful).toBe(2);
  });

  it('gives up for a metric that fails as often as its limit, even while a person pauses', () => {
    const cluster = under('Pause', BAD).until((one) => one.weight('b') === 10);
    cluster.act('pause').until((one) => one.status.rollout?.phase === 'Aborted');
    expect(cluster.status.rollout).toMatchObject({ abortReason: 'AnalysisFailed', stepIndex: 0 });
    expect(cluster.status.rollout?.abortMessage).toContain('metric errors: value must be at most 0.01');
    expect(cluster.condition('AnalysisPassing')).toMatchObject({ status: 'False', reason: 'AnalysisFailed' });
  });

  it('with a limit of three gives up at the third failure', () => {
    const analysis = { metrics: [{ ...ERRORS, failureLimit: 3 }] };
    const cluster = under('Pause', BAD, { analysis });
    cluster.until((one) => one.status.rollout?.phase === 'Aborted');
    expect(cluster.status.rollout?.analysis?.metrics).toMatchObject([{ consecutiveFailed: 3 }]);
  });

  it.each([
    ['Pause', 'Paused'],
    ['Abort', 'Aborted'],
    ['Continue', 'Completed'],
  ])('without data and with %s ends in phase %s', (onInconclusive, phase) => {
    const cluster = under(onInconclusive, NONE);
    for (let i = 0; i < 60; i += 1) cluster.pass(5).reconcile();
    expect(cluster.status.rollout?.phase).toBe(phase);
    if (phase === 'Paused') expect(cluster.weight('b')).toBe(10);
  });

  it('goes on by itself when the data come that it waited for, or for a person', () => {
    for (const how of ['data', 'person']) {
      const cluster = under('Pause', NONE);
      cluster.until((one) => one.status.rollout?.pauseReasons.includes('Inconclusive') === true);
      if (how === 'person') cluster.act('promote');
      else cluster.counts = () => ({ ...NO_COUNTERS, ...GOOD });
      cluster.until((one) => one.isStable('b'));
    }
  });

  it('holds the last step too where no step is an analysis, until something was measured', () => {
    const cluster = under('Pause', GOOD, { steps: [{ setWeight: 10 }] });
    const startMs = cluster.until((one) => one.weight('b') === 10).nowMs;
    cluster.until((one) => one.weight('b') === 100);
    expect(cluster.nowMs - startMs).toBe(30_000);
  });

  it('does not count what the update did before its first traffic of this rollout', () => {
    const cluster = under('Pause', BAD).until((one) => one.status.rollout?.phase === 'Aborted');
    cluster.counts = () => ({ ...NO_COUNTERS, ...GOOD });
    cluster.act('retry').until((one) => one.isStable('b'));
  });
});

import { describe, expect, it } from 'vitest';

import { named, SimulatedCluster, specOf } from './cluster.testing.ts';

const STEPS = { steps: [{ setWeight: 10 }, { setWeight: 50 }] };

/** A cluster in which version `a` is stable. */
function serving(rollout: object = STEPS, scale: object = {}): SimulatedCluster {
  return new SimulatedCluster(specOf('a', rollout, scale)).until((one) => one.isStable('a')).settle();
}

describe('the first revision', () => {
  it('gets all traffic once a pod is Ready, whatever the steps', () => {
    const cluster = new SimulatedCluster(specOf('a', STEPS));
    cluster.reconcile();
    expect(cluster.status).toMatchObject({ updateRevision: 'm-a', traffic: [], trafficGeneration: 0 });
    cluster.until((one) => one.isStable('a'));
    expect(cluster.status.traffic).toEqual([{ revision: 'm-a', weight: 100 }]);
    expect(cluster.status.trafficGeneration).toBe(1);
  });
});

describe('an update', () => {
  it('goes through its steps to stable, and the old revision keeps no pods', () => {
    const cluster = serving();
    cluster.apply(specOf('b', STEPS)).until((one) => one.isStable('b'));
    const weights = cluster.decisions
      .map(({ status }) => status.traffic?.find(({ revision }) => revision === named('b'))?.weight ?? 0)
      .filter((weight, i, all) => weight !== all[i - 1]);
    expect(weights).toEqual([0, 10, 50, 100]);
    cluster.until((one) => one.pods('a') === 0);
    expect(cluster.condition('Updated')).toMatchObject({ status: 'True', reason: 'UpToDate' });
  });
});

import { named, SimulatedCluster, specOf } from './cluster.testing.ts';

export const STEPS = { steps: [{ setWeight: 10 }, { setWeight: 50 }] };
export const ERRORS = { name: 'errors', builtin: 'ErrorRatio', max: '0.01' };

/** A cluster in which version `a` is stable and at rest. */
export function serving(rollout: object = STEPS, scale: object = {}): SimulatedCluster {
  return new SimulatedCluster(specOf('a', rollout, scale))
    .until((one) => one.isStable('a'))
    .pass(1)
    .settle();
}

/** A cluster in which `b` has a weight. */
export function atWeight(weight: number, rollout: object = STEPS): SimulatedCluster {
  return serving(rollout)
    .apply(specOf('b', rollout))
    .until((one) => one.weight('b') === weight);
}

/** Weights of `b` in the order in which they came. */
export function weightsOf({ decisions }: SimulatedCluster): readonly number[] {
  return decisions
    .map(({ status }) => status.traffic?.find(({ revision }) => revision === named('b'))?.weight ?? 0)
    .filter((weight, i, all) => weight !== all[i - 1]);
}

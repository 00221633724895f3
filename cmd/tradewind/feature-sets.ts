import { FeatureSetUnknown } from '../../pkg/features/errors.ts';
import type { FeatureSetName } from '../../pkg/features/feature-vector.ts';

const KNOWN: readonly FeatureSetName[] = ['core-v1', 'micro-v1'];

/** @throws {FeatureSetUnknown} One of the names is not a feature set. */
export function parseFeatureSets(names: readonly string[]): readonly FeatureSetName[] {
  return names.map((name) => {
    const found = KNOWN.find((known) => known === name);
    if (found === undefined) throw new FeatureSetUnknown(name, KNOWN);
    return found;
  });
}

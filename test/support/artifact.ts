import { join } from 'node:path';

import { MODEL_FILE, writeArtifact } from '../../pkg/artifacts/artifact.ts';
import { parseBarClock } from '../../pkg/features/bar-clock.ts';
import { createFeatureEngine } from '../../pkg/features/engine.ts';
import type { FeatureSetName } from '../../pkg/features/feature-vector.ts';
import { encodeEnsemble } from '../../pkg/ml/onnx/encode.ts';
import { randomEnsemble } from '../../pkg/ml/onnx/ensemble.testing.ts';

/** An artifact with a random model over a feature set: valid in every way but skill. @returns Its folder. */
export async function randomArtifact(
  folder: string,
  {
    sets = ['core-v1'],
    trees = 10,
    seed = 1,
    name = 'direction',
    bar = 'time:1000',
    version,
    intercept,
  }: {
    /** Of the calibration: 30 makes every probability 1. */
    intercept?: number;
    /** Names the folder too; by default after the seed. */
    version?: string;
    bar?: string;
    sets?: readonly FeatureSetName[];
    trees?: number;
    seed?: number;
    name?: string;
  } = {},
): Promise<string> {
  const { names, featureSet } = createFeatureEngine({ sets, bar: parseBarClock(bar) });
  const ensemble = {
    ...randomEnsemble({ seed, features: names.length, treeMembers: 3, treesPerMember: trees, depth: 4 }),
    featureNames: names,
  };
  if (intercept !== undefined) ensemble.calibration = { ...ensemble.calibration, intercept };
  const directory = join(folder, `model-${version ?? seed}`);
  const width = names.length;
  await writeArtifact(
    directory,
    {
      schemaVersion: 1,
      name,
      version: version ?? `test-${seed}`,
      contract: {
        featureSet,
        bar,
        features: [...names],
        optionalFeatures: names.filter((feature) => !['return_1', 'volatility_20'].includes(feature)),
        inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, width] }],
        outputs: [
          { name: 'probability_up', datatype: 'FP32', shape: [-1, 1] },
          { name: 'members', datatype: 'FP32', shape: [-1, ensemble.members.length] },
        ],
      },
      members: ensemble.members.map((member) => ({ name: member.name, kind: member.kind })),
      label: { kind: 'next-return', horizonBars: 1, costBps: 0 },
      training: {
        ...{ fromTimeUs: 0, toTimeUs: 1, rows: 0, symbols: ['X'], dataDigest: `sha256:${'0'.repeat(64)}` },
        ...{ seed, folds: 5, embargoBars: 0 },
      },
      metrics: {},
      importance: {},
      codeVersion: 'test',
    },
    { [MODEL_FILE]: encodeEnsemble(ensemble) },
  );
  return directory;
}

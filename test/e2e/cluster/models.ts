import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { MANIFEST_FILE, sha256 } from '../../../pkg/artifacts/artifact.ts';
import { randomArtifact } from '../../support/artifact.ts';

/** A version of the model of the test, in a ConfigMap. */
export interface TestVersion {
  readonly version: string;
  readonly configMap: object;
  /** `spec.model` of a TradingModel. */
  readonly model: object;
}

export const MODEL = 'index-direction';
export const SYMBOLS = ['ES', 'NQ', 'YM', 'RTY'] as const;

/** Versions with artifacts that are valid in every way but skill. The worse one says down whatever it is asked, where the others nearly
 * always say up. */
export async function makeVersions(
  folder: string,
): Promise<Readonly<Record<'first' | 'second' | 'worse' | 'last', TestVersion>>> {
  return {
    first: await versionOf(folder, 'v1', 1),
    // The same trees under another digest: as good as the first.
    second: await versionOf(folder, 'v2', 1),
    worse: await versionOf(folder, 'v3', 3, -30),
    last: await versionOf(folder, 'v4', 1),
  };
}

async function versionOf(
  folder: string,
  version: string,
  seed: number,
  intercept?: number,
): Promise<TestVersion> {
  const path = await randomArtifact(folder, {
    ...{ seed, version, name: MODEL, sets: ['core-v1', 'micro-v1'] },
    ...(intercept === undefined ? {} : { intercept }),
  });
  const name = `${MODEL}-${version}`;
  const files = await Promise.all(
    (await readdir(path)).map(async (file) => [file, (await readFile(join(path, file))).toString('base64')]),
  );
  const digest = sha256(await readFile(join(path, MANIFEST_FILE)));
  return {
    version,
    configMap: {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
      binaryData: Object.fromEntries(files),
    },
    model: { version, uri: `configmap://${name}`, digest },
  };
}

/** How a version takes over: by steps, and back where its predictions are of another kind. */
const BY_STEPS = {
  steps: [
    { setWeight: 25 },
    { pause: { durationSeconds: 20 } },
    { setWeight: 50 },
    { analysis: { durationSeconds: 20 } },
  ],
  analysis: {
    intervalSeconds: 5,
    metrics: [
      { name: 'errors', builtin: 'ErrorRatio', max: '0.01', minSamples: 100 },
      { name: 'drift', builtin: 'PredictionPSI', max: '0.5', minSamples: 200 },
    ],
  },
};

/** Differs from a model of two pods that moves by steps. */
interface ModelOptions {
  readonly isAtOnce?: boolean;
  readonly maxReplicas?: number;
  /** Processor that each pod asks for. */
  readonly cpu?: string;
}

/** A TradingModel; only one revision beside those in use is kept. */
export function tradingModel(
  { model }: TestVersion,
  { isAtOnce = false, maxReplicas, cpu = '50m' }: ModelOptions = {},
): object {
  return {
    ...{ apiVersion: 'tradewind.dev/v1alpha1', kind: 'TradingModel', metadata: { name: MODEL } },
    spec: {
      ...{ symbols: SYMBOLS, model },
      serving: {
        ...{ minReplicas: 2, ...(maxReplicas === undefined ? {} : { maxReplicas }) },
        resources: { requests: { cpu, memory: '96Mi' }, limits: { memory: '512Mi' } },
      },
      rollout: { revisionHistoryLimit: 1, ...(isAtOnce ? {} : BY_STEPS) },
    },
  };
}

import type { OnlineFeatures } from '../onlinestore/online-store.ts';
import type { PredictionModel } from './model-directory.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** Names of the features that {@link fakeModel} takes and {@link fakeFeatures} has. */
export const FAKE_NAMES = ['return_1', 'volatility_20', 'bid_ask_spread'] as const;

/**
 * A model whose probability is its first input: tests choose the answer by choosing the features. Its members say 0.1 less, the
 * same and 0.1 more, within [0, 1]. Trained on [1, 2] microseconds.
 */
export function fakeModel(changes: Partial<PredictionModel> = {}): PredictionModel {
  return {
    name: 'fake',
    version: '1',
    digest: DIGEST,
    featureSet: 'core-v1',
    featureNames: FAKE_NAMES,
    memberNames: ['low', 'middle', 'high'],
    optionalFeatures: new Set(),
    trainedFromUs: 1,
    trainedToUs: 2,
    dataDigest: `sha256:${'cd'.repeat(32)}`,
    codeVersion: '0.1.0',
    importance: { return_1: 0.75, volatility_20: 0.25 },
    metrics: { accuracy: 0.51, auc: null },
    label: { kind: 'next-return', horizonBars: 1, costBps: 0, upSigmas: 1, downSigmas: 1, sigmaBars: 20 },
    infer: async (features, rows) => {
      const width = features.length / rows;
      const p = Array.from({ length: rows }, (_, row) => features[row * width]!);
      return {
        probabilityUp: Float32Array.from(p),
        members: Float32Array.from(
          p.flatMap((value) => [Math.max(0, value - 0.1), value, Math.min(1, value + 0.1)]),
        ),
      };
    },
    ...changes,
  };
}

/** Stored features of one symbol: probability, volatility and spread as {@link fakeModel} reads them. */
export function fakeFeatures(
  values: readonly number[],
  changes: Partial<OnlineFeatures> = {},
): OnlineFeatures {
  return {
    symbol: 'ES',
    featureSet: 'core-v1',
    timeUs: 1_000_000,
    knownTimeUs: 1_000_100,
    offset: 7,
    values: Float64Array.from(values),
    ...changes,
  };
}

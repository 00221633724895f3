import { isTooGood, verdictOnMetrics } from '../ml/report.ts';
import type { PredictionModel } from '../prediction/model-directory.ts';
import type { ModelCard } from './messages.ts';

/** Features named in a card. */
const TOP_FEATURES = 8;

/** A model that the console is to show, with its part in the traffic where it is a revision that is rolled out. */
export interface ShownModel {
  readonly model: PredictionModel;
  readonly share?: { readonly weight: number; readonly isShadow: boolean };
}

/** Changes whenever the card does. */
export function modelKey({ model: { digest, revision }, share }: ShownModel): string {
  return share === undefined
    ? digest
    : `${digest} ${revision} ${share.isShadow ? 'shadow' : String(share.weight)}`;
}

/** A model as the console shows it. */
export function modelCard({ model, share }: ShownModel): ModelCard {
  const { name, version, digest, featureSet, dataDigest, codeVersion, metrics } = model;
  return {
    ...{ name, version, digest, featureSet, dataDigest, codeVersion, metrics },
    rollout: share === undefined ? null : { revision: model.revision ?? '', ...share },
    features: model.featureNames.length,
    members: model.memberNames,
    trainedFromMs: model.trainedFromUs / 1000,
    trainedToMs: model.trainedToUs / 1000,
    verdict: verdictOnMetrics(metrics),
    isTooGood: isTooGood({
      accuracy: metrics['accuracy'] ?? 0,
      balancedAccuracy: metrics['balancedAccuracy'] ?? 0,
    }),
    warnings: model.warnings ?? null,
    importance: Object.entries(model.importance)
      .map(([feature, share]) => ({ feature, share }))
      .sort((a, b) => b.share - a.share)
      .slice(0, TOP_FEATURES),
  };
}

import { isTooGood, verdictOnMetrics } from '../ml/report.ts';
import type { PredictionModel } from '../prediction/model-directory.ts';
import type { ModelCard } from './messages.ts';

/** Features named in a card. */
const TOP_FEATURES = 8;

/** A model as the console shows it. */
export function modelCard(model: PredictionModel): ModelCard {
  const { name, version, digest, featureSet, dataDigest, codeVersion, metrics } = model;
  return {
    ...{ name, version, digest, featureSet, dataDigest, codeVersion, metrics },
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

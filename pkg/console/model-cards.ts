import { type Verdict, verdictOf } from '../ml/report.ts';
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
    verdict: verdict(metrics),
    importance: Object.entries(model.importance)
      .map(([feature, share]) => ({ feature, share }))
      .sort((a, b) => b.share - a.share)
      .slice(0, TOP_FEATURES),
  };
}

/** The report's own words, where the metrics that they rest on are all there. */
function verdict(metrics: PredictionModel['metrics']): Verdict | null {
  const { accuracy, baseRate, pValue, logLoss, upShare } = metrics;
  const figures = [accuracy, baseRate, pValue, logLoss, upShare];
  if (!figures.every((value) => typeof value === 'number')) return null;
  return verdictOf({ accuracy, baseRate, pValue, logLoss, upShare } as Parameters<typeof verdictOf>[0]);
}

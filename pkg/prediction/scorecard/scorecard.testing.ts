import type { FeatureVector } from '../../features/feature-vector.ts';
import type { Prediction } from '../prediction.ts';

/** A vector that closes at a price, which the best quote lies around; without a quote where `mid` is NaN. For tests. */
export function closeAt(symbol: string, timeUs: number, close: number, mid = close): FeatureVector {
  return {
    ...{ symbol, featureSet: 'core-v1', timeUs, knownTimeUs: timeUs, offset: timeUs },
    values: new Float64Array(0),
    bar: {
      ...{ symbol, startTimeUs: timeUs - 1, endTimeUs: timeUs, open: close, high: close, low: close, close },
      ...{ volume: 1, buyVolume: 1, sellVolume: 0, tradeCount: 1, quoteCount: 1 },
      ...{ bidPrice: mid - 0.25, bidSize: 1, askPrice: mid + 0.25, askSize: 1 },
    },
  };
}

/** What a model of digest `modelDigest` said to a vector: a probability, or that it was trained on that time. For tests. */
export function answerTo(
  vector: FeatureVector,
  probabilityUp: number | undefined,
  modelDigest: string,
): Prediction {
  const base = {
    ...{ model: 'direction', version: '1', modelDigest, revision: '', symbol: vector.symbol, inputsHash: '' },
    ...{ featureTimeUs: vector.timeUs, featureOffset: vector.offset, isFromCache: false, latencyUs: 1 },
    predictedTimeUs: vector.timeUs,
  };
  if (probabilityUp === undefined) return { ...base, recommendation: 'abstain', abstainReason: 'InSample' };
  return {
    ...{
      ...base,
      recommendation: 'hold',
      probabilityUp,
      adjustedProbability: probabilityUp,
      confidence: 0.5,
    },
    ...{ disagreement: 0, riskScore: 0, signalStrength: 'weak', members: [probabilityUp] },
  };
}

import type { FeatureVector } from '../features/feature-vector.ts';
import type { Quote } from '../marketdata/events.ts';
import type { MadePrediction, Prediction } from '../prediction/prediction.ts';

/** Of the model that {@link predictionAt} is of. */
export const MODEL_DIGEST = `sha256:${'ab'.repeat(32)}`;

/** A quote around `price`, half a point wide. For tests. */
export function quoteAt(symbol: string, eventTimeUs: number, price: number): Quote {
  return {
    ...{
      kind: 'quote',
      source: 'test',
      symbol,
      sequence: eventTimeUs,
      eventTimeUs,
      receiveTimeUs: eventTimeUs,
    },
    ...{ bidPrice: price - 0.25, bidSize: 3, askPrice: price + 0.25, askSize: 4 },
  };
}

/** A vector of two features, the second of them not ready, with its bar. For tests. */
export function vectorAt(symbol: string, timeUs: number, price: number): FeatureVector {
  return {
    ...{ symbol, featureSet: 'core-v1', timeUs, knownTimeUs: timeUs, offset: 1 },
    values: Float64Array.of(price / 1e5, Number.NaN),
    bar: {
      ...{ symbol, startTimeUs: timeUs - 1_000_000, endTimeUs: timeUs },
      ...{ open: price, high: price, low: price, close: price },
      ...{ volume: 1, buyVolume: 1, sellVolume: 0, tradeCount: 1, quoteCount: 1 },
      ...{ bidPrice: price - 0.25, bidSize: 3, askPrice: price + 0.25, askSize: 4 },
    },
  };
}

/** A prediction with two members, or an abstention for want of a model. For tests. */
export function predictionAt(symbol: string, timeUs: number, probabilityUp?: number): Prediction {
  const base = {
    ...{ model: 'direction', version: '1', modelDigest: MODEL_DIGEST, revision: '', symbol, inputsHash: '' },
    ...{
      featureTimeUs: timeUs,
      featureOffset: 1,
      isFromCache: false,
      latencyUs: 10,
      predictedTimeUs: timeUs,
    },
  };
  if (probabilityUp === undefined)
    return { ...base, recommendation: 'abstain', abstainReason: 'ModelUnavailable' };
  return {
    ...{ ...base, recommendation: recommended(probabilityUp), probabilityUp },
    ...{ adjustedProbability: probabilityUp, signalStrength: 'weak', riskScore: 0.01 },
    ...{ confidence: Math.max(probabilityUp, 1 - probabilityUp), disagreement: 0.02 },
    members: [probabilityUp + 0.02, probabilityUp - 0.02],
  };
}

/** An abstention since the model was trained on that time. For tests. */
export function inSampleAt(symbol: string, timeUs: number): Prediction {
  return { ...predictionAt(symbol, timeUs), recommendation: 'abstain', abstainReason: 'InSample' };
}

function recommended(probabilityUp: number): MadePrediction['recommendation'] {
  if (probabilityUp >= 0.6) return 'buy';
  return probabilityUp >= 0.4 ? 'hold' : 'sell';
}

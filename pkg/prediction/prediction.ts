/** What to do, as the thresholds of the overlay read the probability. */
export type Recommendation = 'buy' | 'hold' | 'sell';

/** Why no prediction was made; the guide on serving explains each. Public: it labels metrics, rows and answers. */
export type AbstainReason =
  | 'FeaturesMissing'
  | 'FeaturesStale'
  | 'FeaturesUnavailable'
  | 'FeaturesNotReady'
  | 'FeatureSetMismatch'
  | 'ModelUnavailable'
  | 'InSample';

interface PredictionBase {
  /** Empty where no model is there. */
  readonly model: string;
  readonly version: string;
  /** `sha256:<hex>` of the manifest; empty where no model is there. */
  readonly modelDigest: string;
  /** Revision that answered; empty where revisions are not rolled out. */
  readonly revision: string;
  /** Empty for features given by the caller without one. */
  readonly symbol: string;
  /** Time for which the features hold, UTC microseconds; 0 for features given by the caller. */
  readonly featureTimeUs: number;
  /** Offset of the input event of the features; -1 for features given by the caller. */
  readonly featureOffset: number;
  /** `sha256:<hex>` over the little-endian float32 inputs; empty when abstaining before there are any. */
  readonly inputsHash: string;
  readonly isFromCache: boolean;
  /** From the arrival of the request or features to the answer. */
  readonly latencyUs: number;
  /** UTC microseconds on the clock of the service. */
  readonly predictedTimeUs: number;
}

/** A prediction with all that the overlay made of it. */
export interface MadePrediction extends PredictionBase {
  readonly recommendation: Recommendation;
  /** In [0, 1]. */
  readonly probabilityUp: number;
  readonly adjustedProbability: number;
  /** max(p, 1 - p). */
  readonly confidence: number;
  /** Population standard deviation of the members. */
  readonly disagreement: number;
  readonly riskScore: number;
  readonly signalStrength: 'weak' | 'strong';
  /** Each member's own probability. */
  readonly members: readonly number[];
}

/** No prediction, and why: an answer, not an error. */
export interface Abstention extends PredictionBase {
  readonly recommendation: 'abstain';
  readonly abstainReason: AbstainReason;
}

export type Prediction = MadePrediction | Abstention;

/** Reason of an abstention; `undefined` for a prediction. */
export function abstainReasonOf(prediction: Prediction): AbstainReason | undefined {
  return prediction.recommendation === 'abstain' ? prediction.abstainReason : undefined;
}

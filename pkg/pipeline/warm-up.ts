import { type AbstainReason, abstainReasonOf, type Prediction } from '../prediction/prediction.ts';

/**
 * What an abstention is counted and shown as; `undefined` for a prediction. That no model was there for the past which the first one
 * learns from is how a first start goes, not a fault: it has a name of its own.
 *
 * @param liveFromUs - Event time from which the stream is live; what is before it is caught up on.
 */
export function abstentionName(
  prediction: Prediction,
  liveFromUs: number,
): AbstainReason | 'WarmUp' | undefined {
  const reason = abstainReasonOf(prediction);
  return reason === 'ModelUnavailable' && prediction.featureTimeUs < liveFromUs ? 'WarmUp' : reason;
}

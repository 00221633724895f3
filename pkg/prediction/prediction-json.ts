import type { Prediction } from './prediction.ts';

/** A prediction as plain JSON, with the names of the fields as HTTP and the command line give them. */
export function predictionJson(prediction: Prediction): Readonly<Record<string, unknown>> {
  const base = {
    model: prediction.model,
    version: prediction.version,
    model_digest: prediction.modelDigest,
    revision: prediction.revision,
    symbol: prediction.symbol,
    feature_time_us: prediction.featureTimeUs,
    feature_offset: prediction.featureOffset,
    inputs_hash: prediction.inputsHash,
    from_cache: prediction.isFromCache,
    latency_us: Math.round(prediction.latencyUs),
    recommendation: prediction.recommendation,
  };
  if (prediction.recommendation === 'abstain') return { ...base, abstain_reason: prediction.abstainReason };
  return {
    ...base,
    probability_up: prediction.probabilityUp,
    adjusted_probability: prediction.adjustedProbability,
    confidence: prediction.confidence,
    disagreement: prediction.disagreement,
    risk_score: prediction.riskScore,
    signal_strength: prediction.signalStrength,
    members: prediction.members,
  };
}

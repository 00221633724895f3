import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';

import {
  type Prediction as PredictionMessage,
  PredictionSchema,
  Recommendation as RecommendationMessage,
  SignalStrength,
} from '../../proto/gen/tradewind/v1/prediction_pb.ts';
import type { AbstainReason, Prediction, Recommendation } from '../prediction/prediction.ts';
import { PoisonMessage } from './errors.ts';
import { fromInt64, toInt64 } from './integers.ts';
import { parseMessage } from './parse.ts';

const TYPE = 'tradewind.v1.Prediction';

const RECOMMENDATIONS: Readonly<Record<Recommendation, RecommendationMessage>> = {
  buy: RecommendationMessage.BUY,
  hold: RecommendationMessage.HOLD,
  sell: RecommendationMessage.SELL,
};

/** A prediction as the fields of `tradewind.v1.Prediction`. @throws {ValueNotEncodable} A time or offset is not an integer within 2^53. */
export function predictionMessage(prediction: Prediction): MessageInitShape<typeof PredictionSchema> {
  const { model, version, modelDigest, revision, symbol, inputsHash, latencyUs } = prediction;
  const base = {
    model,
    version,
    modelDigest,
    revision,
    symbol,
    inputsHash,
    latencyUs,
    featureTimeUs: toInt64(prediction.featureTimeUs, 'feature_time_us'),
    featureOffset: toInt64(prediction.featureOffset, 'feature_offset'),
    fromCache: prediction.isFromCache,
    predictedTimeUs: toInt64(prediction.predictedTimeUs, 'predicted_time_us'),
  };
  if (prediction.recommendation === 'abstain') {
    return {
      ...base,
      recommendation: RecommendationMessage.ABSTAIN,
      abstainReason: prediction.abstainReason,
    };
  }
  const { probabilityUp, adjustedProbability, confidence, disagreement, riskScore, members } = prediction;
  return {
    ...base,
    probabilityUp,
    adjustedProbability,
    confidence,
    disagreement,
    riskScore,
    members: [...members],
    recommendation: RECOMMENDATIONS[prediction.recommendation],
    signalStrength: prediction.signalStrength === 'strong' ? SignalStrength.STRONG : SignalStrength.WEAK,
  };
}

/** A prediction as the bytes of `tradewind.v1.Prediction`. @throws {ValueNotEncodable} */
export function encodePrediction(prediction: Prediction): Uint8Array {
  return toBinary(PredictionSchema, create(PredictionSchema, predictionMessage(prediction)));
}

/** The prediction behind the bytes. @throws {PoisonMessage} Not such a message, or a prediction without its numbers. */
export function decodePrediction(bytes: Uint8Array): Prediction {
  return predictionOf(parseMessage(PredictionSchema, bytes));
}

/** The prediction behind a message. @throws {PoisonMessage} A prediction without its numbers. */
export function predictionOf(message: PredictionMessage): Prediction {
  const { model, version, modelDigest, revision, symbol, inputsHash, latencyUs } = message;
  const base = {
    model,
    version,
    modelDigest,
    revision,
    symbol,
    inputsHash,
    latencyUs,
    featureTimeUs: fromInt64(message.featureTimeUs, TYPE, 'feature_time_us'),
    featureOffset: fromInt64(message.featureOffset, TYPE, 'feature_offset'),
    isFromCache: message.fromCache,
    predictedTimeUs: fromInt64(message.predictedTimeUs, TYPE, 'predicted_time_us'),
  };
  if (message.recommendation === RecommendationMessage.ABSTAIN) {
    return { ...base, recommendation: 'abstain', abstainReason: message.abstainReason as AbstainReason };
  }
  return { ...base, ...numbersOf(message), members: message.members };
}

function numbersOf(message: PredictionMessage) {
  const { probabilityUp, adjustedProbability, confidence, disagreement, riskScore } = message;
  const recommendation = (['buy', 'hold', 'sell'] as const).find(
    (name) => RECOMMENDATIONS[name] === message.recommendation,
  );
  if (
    recommendation === undefined ||
    probabilityUp === undefined ||
    adjustedProbability === undefined ||
    confidence === undefined ||
    disagreement === undefined ||
    riskScore === undefined
  ) {
    throw new PoisonMessage(TYPE, 'must have a recommendation and its numbers');
  }
  return {
    recommendation,
    probabilityUp,
    adjustedProbability,
    confidence,
    disagreement,
    riskScore,
    signalStrength:
      message.signalStrength === SignalStrength.STRONG ? ('strong' as const) : ('weak' as const),
  };
}

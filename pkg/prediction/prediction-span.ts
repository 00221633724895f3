import { TradewindError } from '../runtime/errors.ts';
import type { Span } from '../tracing/tracer.ts';
import { abstainReasonOf, type Prediction } from './prediction.ts';

/**
 * Does work in a span of its own, where the trace is recorded.
 *
 * @param parent - What it is part of; `undefined` where nothing is recorded.
 * @param predictionOf - What the span tells of the result.
 */
export async function inPredictionSpan<T>(
  parent: Span | undefined,
  work: (span: Span | undefined) => Promise<T>,
  predictionOf: (result: T) => Prediction,
): Promise<T> {
  if (parent === undefined) return work(undefined);
  const span = parent.child('gateway.predict');
  try {
    const result = await work(span);
    span.set(attributesOf(predictionOf(result)));
    return result;
  } catch (error) {
    span.fail(error instanceof TradewindError ? error.code : 'Internal');
    throw error;
  } finally {
    span.end();
  }
}

function attributesOf(prediction: Prediction): Record<string, string | number | boolean> {
  const { symbol, model, version, modelDigest, revision, recommendation, isFromCache } = prediction;
  const reason = abstainReasonOf(prediction);
  return {
    'tradewind.symbol': symbol,
    'tradewind.model': model,
    'tradewind.model.version': version,
    'tradewind.model.digest': modelDigest,
    ...(revision === '' ? {} : { 'tradewind.revision': revision }),
    'tradewind.feature_offset': prediction.featureOffset,
    'tradewind.recommendation': recommendation,
    ...(reason === undefined ? {} : { 'tradewind.abstain_reason': reason }),
    'tradewind.from_cache': isFromCache,
  };
}

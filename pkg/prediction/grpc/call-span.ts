import { status as Code } from '@grpc/grpc-js';

import { PredictionService } from '../../../proto/gen/tradewind/v1/prediction_pb.ts';
import type { CallContext } from '../../rpc/call-context.ts';
import { statusOf } from '../../rpc/status.ts';
import { TradewindError } from '../../runtime/errors.ts';
import type { Span, Tracer } from '../../tracing/tracer.ts';

/**
 * Answers a request in a span of the server, in the trace of its caller, or in one of its own where the caller has none and it is sampled.
 *
 * @param method - Of the prediction service. One of its streams has a span for each request, all in the trace that its metadata name.
 */
export async function inCallSpan<T>(
  tracer: Tracer | undefined,
  method: 'Predict' | 'PredictStream',
  context: CallContext,
  answer: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  if (tracer === undefined) return answer(undefined);
  const name = `${PredictionService.typeName}/${method}`;
  const span = tracer.accept(context.traceparent, name, { kind: 'server' });
  if (span === undefined) return answer(undefined);
  context.traceId = span.traceId;
  span.set({ 'rpc.system.name': 'grpc', 'rpc.method': name });
  try {
    const answered = await answer(span);
    span.set({ 'rpc.status_code': 'OK' });
    return answered;
  } catch (error) {
    span.set({ 'rpc.status_code': Code[statusOf(error).code] ?? 'UNKNOWN' });
    span.fail(error instanceof TradewindError ? error.code : 'Internal');
    throw error;
  } finally {
    span.end();
  }
}

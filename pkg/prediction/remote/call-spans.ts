import { GRPCInferenceService } from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { methodPath } from '../../rpc/service-bridge.ts';
import type { Span } from '../../tracing/tracer.ts';

const METHOD = methodPath(GRPCInferenceService.method.modelStreamInfer).slice(1);

/**
 * The spans of one request to a predictor: one for each recorded trace that has rows in it, since rows of several callers go as one message.
 */
export class CallSpans {
  readonly #spans: readonly Span[];

  /** @param address - `host:port` of the predictor. @param rows - Of the whole message. */
  constructor(parents: readonly Span[], address: string, rows: number, isSecondTry: boolean) {
    const colon = address.lastIndexOf(':');
    const attributes = {
      'rpc.system.name': 'grpc',
      'rpc.method': METHOD,
      'server.address': address.slice(0, colon),
      'server.port': Number(address.slice(colon + 1)),
      'tradewind.request.rows': rows,
      ...(isSecondTry ? { 'tradewind.second_try': true } : {}),
    };
    this.#spans = parents.map((parent) => parent.child(METHOD, { kind: 'client', attributes }));
  }

  /** What the predictor goes on from: the traceparent of each, with commas between them. */
  get traceparents(): string {
    return this.#spans.map(({ traceparent }) => traceparent).join();
  }

  /** Of one of the traces. */
  get traceId(): string | undefined {
    return this.#spans[0]?.traceId;
  }

  /** @param code - Of the error that the request ended with, if it did. */
  end(code?: string): void {
    for (const span of this.#spans) {
      if (code !== undefined) span.fail(code);
      span.end();
    }
  }
}

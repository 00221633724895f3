import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  ModelInferRequestSchema,
  ModelStreamInferResponseSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import type { RawBidiHandler } from '../../rpc/service-types.ts';
import { statusOf } from '../../rpc/status.ts';
import { TradewindError } from '../../runtime/errors.ts';
import type { InferEngine } from './infer-engine.ts';

/** Requests of one stream that may be unanswered at once; more are left in the connection, which slows the sender. */
const MAX_OPEN_REQUESTS = 1024;

const INFER_RESPONSE_TAG = (2 << 3) | 2;

/** The place of one request in the order of answers. */
interface Slot {
  answer: Uint8Array | undefined;
}

/**
 * ModelStreamInfer on bytes: answers come in the order of the requests, a failed request is answered in-band, and the
 * stream ends once the caller has ended its side and every request is answered.
 */
export function streamInfer(engine: InferEngine): RawBidiHandler {
  return (call, context, done) => {
    const slots: Slot[] = [];
    let hasEnded = false;
    let isBlocked = false;

    const flush = (): void => {
      for (let answer = slots[0]?.answer; answer !== undefined && !isBlocked; answer = slots[0]?.answer) {
        slots.shift();
        isBlocked = !call.write(answer);
      }
      if (slots.length < MAX_OPEN_REQUESTS && !isBlocked && call.isPaused()) call.resume();
      if (hasEnded && slots.length === 0) done();
    };
    call.on('drain', () => {
      isBlocked = false;
      flush();
    });
    call.on('end', () => {
      hasEnded = true;
      flush();
    });
    call.on('data', (bytes: Buffer) => {
      const slot: Slot = { answer: undefined };
      slots.push(slot);
      if (slots.length >= MAX_OPEN_REQUESTS || isBlocked) call.pause();
      engine.infer(bytes, (error, response) => {
        if (response === undefined) {
          slot.answer = errorAnswer(bytes, error);
          context.logUnexpected(error);
        } else slot.answer = inferAnswer(response);
        flush();
      });
    });
  };
}

/** A ModelStreamInferResponse around the bytes of a ModelInferResponse. */
function inferAnswer(response: Uint8Array): Uint8Array {
  const header = [INFER_RESPONSE_TAG];
  let rest = response.length;
  for (; rest > 0x7f; rest >>>= 7) header.push((rest & 0x7f) | 0x80);
  header.push(rest);
  const bytes = Buffer.allocUnsafe(header.length + response.length);
  bytes.set(header, 0);
  bytes.set(response, header.length);
  return bytes;
}

/**
 * An error with the id of its request, so that the caller can tell which one failed, and for programs its code and kind as the
 * parameters `error_code` and `error_kind`, since the protocol has a place for a text only.
 */
function errorAnswer(request: Uint8Array, error: unknown): Uint8Array {
  const known = error instanceof TradewindError ? error : { code: 'Internal', kind: 'internal' };
  const text = (value: string) => ({ parameterChoice: { case: 'stringParam' as const, value } });
  const message = create(ModelStreamInferResponseSchema, {
    errorMessage: statusOf(error).details,
    inferResponse: {
      id: idOf(request),
      parameters: { error_code: text(known.code), error_kind: text(known.kind) },
    },
  });
  return toBinary(ModelStreamInferResponseSchema, message);
}

function idOf(request: Uint8Array): string {
  try {
    return fromBinary(ModelInferRequestSchema, request).id;
  } catch {
    return '';
  }
}

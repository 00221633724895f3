import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { Metadata, status as Code, type ServiceError } from '@grpc/grpc-js';
import { ErrorInfoSchema, StatusSchema } from '../../proto/gen/grpc/status/status_pb.ts';
import { type ErrorFacts, type ErrorKind, TradewindError } from '../runtime/errors.ts';
import { RpcFailed } from './errors.ts';

/** Trailer that carries `google.rpc.Status` with its details. */
const DETAILS_TRAILER = 'grpc-status-details-bin';

/** Domain of every reason in an ErrorInfo. */
const ERROR_DOMAIN = 'tradewind.dev';

/** gRPC status code of each kind of error. */
const STATUS_CODES: Readonly<Record<ErrorKind, Code>> = {
  usage: Code.INVALID_ARGUMENT,
  data: Code.INVALID_ARGUMENT,
  notFound: Code.NOT_FOUND,
  precondition: Code.FAILED_PRECONDITION,
  exhausted: Code.RESOURCE_EXHAUSTED,
  unavailable: Code.UNAVAILABLE,
  deadline: Code.DEADLINE_EXCEEDED,
  internal: Code.INTERNAL,
};

const KINDS: Readonly<Partial<Record<Code, ErrorKind>>> = {
  [Code.INVALID_ARGUMENT]: 'usage',
  [Code.OUT_OF_RANGE]: 'usage',
  [Code.NOT_FOUND]: 'notFound',
  [Code.UNIMPLEMENTED]: 'notFound',
  [Code.ALREADY_EXISTS]: 'precondition',
  [Code.FAILED_PRECONDITION]: 'precondition',
  [Code.PERMISSION_DENIED]: 'precondition',
  [Code.UNAUTHENTICATED]: 'precondition',
  [Code.RESOURCE_EXHAUSTED]: 'exhausted',
  [Code.ABORTED]: 'unavailable',
  [Code.CANCELLED]: 'unavailable',
  [Code.UNAVAILABLE]: 'unavailable',
  [Code.DEADLINE_EXCEEDED]: 'deadline',
};

/** What a failed call ends with. */
export interface RpcStatus {
  readonly code: Code;
  readonly details: string;
  readonly metadata: Metadata;
}

/**
 * Status of an error. A project error is shown with its message, reason and facts; anything else becomes INTERNAL with
 * a constant text, so that neither stack nor internals leave the process.
 */
export function statusOf(error: unknown): RpcStatus {
  if (!(error instanceof TradewindError)) {
    return { code: Code.INTERNAL, details: 'Internal error', metadata: new Metadata() };
  }
  const code = STATUS_CODES[error.kind];
  const facts: Record<string, string> = {};
  for (const [key, value] of Object.entries(error.facts)) {
    if (value !== undefined) facts[key] = String(value);
  }
  const info = create(ErrorInfoSchema, { reason: error.code, domain: ERROR_DOMAIN, metadata: facts });
  const rich = create(StatusSchema, {
    code,
    message: error.message,
    details: [anyPack(ErrorInfoSchema, info)],
  });
  const metadata = new Metadata();
  metadata.set(DETAILS_TRAILER, Buffer.from(toBinary(StatusSchema, rich)));
  return { code, details: error.message, metadata };
}

/** The project's error for a failed call, with the reason and facts that the other side sent. */
export function errorOfStatus(error: ServiceError): RpcFailed {
  const info = errorInfoOf(error);
  return new RpcFailed({
    reason: info?.reason,
    kind: KINDS[error.code] ?? 'internal',
    status: error.code,
    message: error.details,
    facts: info?.facts ?? {},
    cause: error,
  });
}

function errorInfoOf(error: ServiceError): { reason: string; facts: ErrorFacts } | undefined {
  const [bytes] = error.metadata.get(DETAILS_TRAILER);
  if (!(bytes instanceof Buffer)) return undefined;
  try {
    for (const detail of fromBinary(StatusSchema, bytes).details) {
      const info = anyUnpack(detail, ErrorInfoSchema);
      if (info !== undefined) return { reason: info.reason, facts: info.metadata };
    }
  } catch {
    // A foreign server may put anything there; the plain status still says what happened.
  }
  return undefined;
}

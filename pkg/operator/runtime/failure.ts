import {
  type KubeCause,
  KubeAlreadyExists,
  KubeConflict,
  type KubeError,
  type KubeFailure,
  KubeForbidden,
  KubeGone,
  KubeInvalid,
  KubeNotFound,
  KubeRefused,
  KubeTimeout,
  KubeTooManyRequests,
  KubeUnauthorized,
  KubeUnavailable,
} from './errors.ts';

/** A `Status` of the API, as far as it tells what failed. */
interface StatusBody {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly {
      readonly field?: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** What a body that may be a `Status` says; anything else is shown as text, cut short. */
function statusOf(body: string): StatusBody {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // A proxy on the way answers with a page or nothing.
  }
  return { message: body.slice(0, 200).trim() };
}

/**
 * The error that an answer stands for.
 *
 * @param request - What was asked, for the message.
 * @param status - HTTP status; that in the body wins where the body stands in a stream that began with 200.
 * @param retryAfter - Header `Retry-After`, seconds.
 */
export function errorOfAnswer(request: string, status: number, body: string, retryAfter?: string): KubeError {
  const said = statusOf(body);
  const seconds = said.details?.retryAfterSeconds ?? Number.parseInt(retryAfter ?? '', 10);
  const causes = (said.details?.causes ?? []).map(
    ({ field = '', reason = '', message = '' }): KubeCause => ({ field, reason, message }),
  );
  return errorOf({
    request,
    status: status === 200 ? (said.code ?? 500) : status,
    reason: said.reason ?? '',
    message: said.message ?? 'no reason given',
    causes,
    ...(Number.isFinite(seconds) ? { retryAfterSeconds: seconds } : {}),
  });
}

/** The error of a request that got no answer. */
export function errorOfNetwork(request: string, cause: unknown, isTimeout: boolean): KubeError {
  const error = cause as NodeJS.ErrnoException | undefined;
  const message = [error?.code, error?.message].filter((part) => part !== undefined && part !== '').join(' ');
  const failure = { request, status: 0, reason: error?.code ?? '', message, causes: [], cause };
  return isTimeout ? new KubeTimeout(failure) : new KubeUnavailable(failure);
}

function errorOf(failure: KubeFailure): KubeError {
  // An API server in front of another may answer by a status of its own, but hands the reason on.
  switch (failure.reason) {
    case 'Expired':
    case 'Gone':
      return new KubeGone(failure);
    case 'AlreadyExists':
      return new KubeAlreadyExists(failure);
    case 'Timeout':
    case 'ServerTimeout':
      return new KubeTimeout(failure);
  }
  switch (failure.status) {
    case 400:
    case 422:
      return new KubeInvalid(failure);
    case 401:
      return new KubeUnauthorized(failure);
    case 403:
      return new KubeForbidden(failure);
    case 404:
      return new KubeNotFound(failure);
    case 408:
    case 504:
      return new KubeTimeout(failure);
    case 409:
    case 412:
      return new KubeConflict(failure);
    case 410:
      return new KubeGone(failure);
    case 429:
      return new KubeTooManyRequests(failure);
    default:
      return failure.status >= 500 ? new KubeUnavailable(failure) : new KubeRefused(failure);
  }
}

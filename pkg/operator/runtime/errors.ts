import { type ErrorFacts, TradewindError } from '../../runtime/errors.ts';

/** What the API server said about a request that failed. */
export interface KubeFailure {
  /** What was asked, e.g. `PUT /apis/apps/v1/namespaces/a/deployments/b`. */
  readonly request: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** `Status.reason`, a stable word such as `AlreadyExists`; empty where the answer had none. */
  readonly reason: string;
  /** `Status.message`, or what the network said. */
  readonly message: string;
  readonly causes: readonly KubeCause[];
  /** Seconds to wait as the server wishes, where it said so. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** One fault of an object that was refused. */
export interface KubeCause {
  /** Path of the field, e.g. `spec.replicas`. */
  readonly field: string;
  /** A stable word such as `FieldValueInvalid`. */
  readonly reason: string;
  readonly message: string;
}

/** Base of what a request to the API server ends with when it fails. */
export abstract class KubeError extends TradewindError {
  readonly failure: KubeFailure;

  constructor(must: string, failure: KubeFailure, facts: ErrorFacts = {}) {
    const { request, status, reason, message, cause } = failure;
    super({
      message: `${must}, ${request} was answered by ${status === 0 ? 'nothing' : status}: ${message}`,
      facts: { request, status, reason, ...facts },
      cause,
    });
    this.failure = failure;
  }
}

/** The object, its namespace or its kind is not there. */
export class KubeNotFound extends KubeError {
  readonly code = 'KubeNotFound';
  readonly kind = 'notFound';

  constructor(failure: KubeFailure) {
    super('object must be there', failure);
  }
}

/** The object was changed since it was read, a precondition does not hold, or a field belongs to another manager. */
export class KubeConflict extends KubeError {
  readonly code = 'KubeConflict';
  readonly kind = 'precondition';
  override readonly retryable = true;

  constructor(failure: KubeFailure) {
    super('object must be as it was read', failure);
  }
}

/** An object of that name is there already. */
export class KubeAlreadyExists extends KubeError {
  readonly code = 'KubeAlreadyExists';
  readonly kind = 'precondition';

  constructor(failure: KubeFailure) {
    super('object must not be there yet', failure);
  }
}

/** The resource version that was named is no longer kept: list again. */
export class KubeGone extends KubeError {
  readonly code = 'KubeGone';
  readonly kind = 'precondition';
  override readonly retryable = true;

  constructor(failure: KubeFailure) {
    super('resource version must still be kept', failure);
  }
}

/**
 * The API server refused the object or the request as wrong; each cause names a field.
 *
 * @remedy Correct the fields that the message names.
 */
export class KubeInvalid extends KubeError {
  readonly code = 'KubeInvalid';
  readonly kind = 'data';

  constructor(failure: KubeFailure) {
    super('object must be valid', failure, { fields: failure.causes.map(({ field }) => field).join(',') });
  }
}

/**
 * The user may not do this.
 *
 * @remedy Grant the verb on the resource to the controller's ServiceAccount.
 */
export class KubeForbidden extends KubeError {
  readonly code = 'KubeForbidden';
  readonly kind = 'precondition';
  // Rights are granted while controllers run.
  override readonly retryable = true;

  constructor(failure: KubeFailure) {
    super('request must be allowed by the rights of the user', failure);
  }
}

/**
 * The API server does not know the user.
 *
 * @remedy Renew the token or certificate that the kubeconfig names.
 */
export class KubeUnauthorized extends KubeError {
  readonly code = 'KubeUnauthorized';
  readonly kind = 'precondition';
  override readonly retryable = true;

  constructor(failure: KubeFailure) {
    super('credentials must be known to the API server', failure);
  }
}

/** The API server asks to wait: it has too much to do. */
export class KubeTooManyRequests extends KubeError {
  readonly code = 'KubeTooManyRequests';
  readonly kind = 'exhausted';
  override readonly retryable = true;
  /** Seconds to wait before the next try; 1 where the server did not say. */
  readonly retryAfterSeconds: number;

  constructor(failure: KubeFailure) {
    super('API server must have room for the request', failure);
    this.retryAfterSeconds = failure.retryAfterSeconds ?? 1;
  }
}

/** The API server cannot be reached, has broken off, or fails inside. Whether a write has happened is not known. */
export class KubeUnavailable extends KubeError {
  readonly code = 'KubeUnavailable';
  readonly kind = 'unavailable';
  override readonly retryable = true;

  constructor(failure: KubeFailure) {
    super('API server must answer', failure);
  }
}

/** There was no answer in time. Whether a write has happened is not known. */
export class KubeTimeout extends KubeError {
  readonly code = 'KubeTimeout';
  readonly kind = 'deadline';
  override readonly retryable = true;

  constructor(failure: KubeFailure) {
    super('API server must answer in time', failure);
  }
}

/** The API server answered in a way that no rule above names. */
export class KubeRefused extends KubeError {
  readonly code = 'KubeRefused';
  readonly kind = 'internal';

  constructor(failure: KubeFailure) {
    super('request must be one that the API server knows', failure);
  }
}

/**
 * How to reach a cluster is not known, or what says it is wrong.
 *
 * @remedy Name a kubeconfig with a current context, or run in a pod with a ServiceAccount.
 */
export class KubeconfigInvalid extends TradewindError {
  readonly code = 'KubeconfigInvalid';
  readonly kind = 'usage';

  constructor(message: string, cause?: unknown) {
    super({ message: `kubeconfig must name a cluster and a user, ${message}`, cause });
  }
}

/** This process does not hold the lease, so that it must not write. */
export class NotLeading extends TradewindError {
  readonly code = 'NotLeading';
  readonly kind = 'precondition';
  override readonly retryable = true;

  constructor(lease: string) {
    super({ message: `only the holder of lease ${lease} must write, this process is not`, facts: { lease } });
  }
}

/**
 * A reconcile can never succeed as things are: it is reported and not tried again before something changes.
 *
 * @remedy Correct the object that the message names.
 */
export class TerminalError extends TradewindError {
  readonly code = 'ReconcileTerminal';
  readonly kind = 'data';

  /** @param message - Says what must be, then what was. */
  constructor(message: string, cause?: unknown) {
    super({ message, cause });
  }
}

/** A reconcile took longer than it may; its signal was aborted, and its key is not taken up again before it has ended. */
export class ReconcileTimeout extends TradewindError {
  readonly code = 'ReconcileTimeout';
  readonly kind = 'deadline';
  override readonly retryable = true;

  constructor(controller: string, key: string, timeoutSeconds: number) {
    super({
      message: `reconcile of ${key} by ${controller} must end within ${timeoutSeconds} s, did not`,
      facts: { controller, key, timeoutSeconds },
    });
  }
}

import { TradewindError, type ErrorFacts, type ErrorKind } from '../runtime/errors.ts';

/** The bytes of a request are no message of the method's type. */
export class MessageMalformed extends TradewindError {
  readonly code = 'MessageMalformed';
  readonly kind = 'data';

  constructor(typeName: string, cause: unknown) {
    super({
      message: `Message must be a valid ${typeName}, its bytes could not be read`,
      facts: { typeName },
      cause,
    });
  }
}

/** Time ran out before the answer was there. */
export class DeadlineExceeded extends TradewindError {
  readonly code = 'DeadlineExceeded';
  readonly kind = 'deadline';
  override readonly retryable = true;

  constructor(method: string) {
    super({ message: `Answer must be there before the deadline, ${method} took longer`, facts: { method } });
  }
}

/**
 * A call to another process failed; the code is the reason that it gave, or this where it gave none.
 *
 * @code RpcFailed - by the status of the call
 */
export class RpcFailed extends TradewindError {
  readonly code: string;
  readonly kind: ErrorKind;
  override readonly retryable: boolean;
  /** gRPC status code, 1 to 16. */
  readonly status: number;

  constructor(options: {
    readonly reason: string | undefined;
    readonly kind: ErrorKind;
    readonly status: number;
    readonly message: string;
    readonly facts?: ErrorFacts;
    readonly cause?: unknown;
  }) {
    super(options);
    this.code = options.reason ?? 'RpcFailed';
    this.kind = options.kind;
    this.status = options.status;
    this.retryable = options.kind === 'unavailable' || options.kind === 'exhausted';
  }
}

/**
 * A file of TLS cannot be used.
 *
 * @remedy Name the right file; where certificates are rotated, replace certificate and key together.
 */
export class TlsFileUnusable extends TradewindError {
  readonly code = 'TlsFileUnusable';
  readonly kind = 'usage';

  constructor(path: string, must: string, was: string, cause?: unknown) {
    super({ message: `TLS file '${path}' must ${must}, was ${was}`, facts: { path }, cause });
  }
}

/**
 * The certificate of a server is not signed by an authority that is trusted here.
 *
 * @remedy Give the client the authority of the server's certificate as its CA file; see that the address is the server's.
 */
export class ServerUntrusted extends TradewindError {
  readonly code = 'ServerUntrusted';
  readonly kind = 'unavailable';

  constructor(address: string, reason: string, cause?: unknown) {
    super({
      message: `certificate of ${address} must be signed by an authority that is trusted here, was not (${reason})`,
      facts: { address, reason },
      cause,
    });
  }
}

/**
 * The certificate of a server holds for another time.
 *
 * @remedy Renew the certificate of the server; see that the clocks of both machines are right.
 */
export class ServerCertificateExpired extends TradewindError {
  readonly code = 'ServerCertificateExpired';
  readonly kind = 'unavailable';

  constructor(address: string, reason: string, cause?: unknown) {
    super({
      message: `certificate of ${address} must hold now, is expired or not valid yet (${reason})`,
      facts: { address, reason },
      cause,
    });
  }
}

/**
 * The certificate of a server is for another name.
 *
 * @remedy Connect by a name that the certificate has, or set the name that it must have.
 */
export class ServerNameMismatch extends TradewindError {
  readonly code = 'ServerNameMismatch';
  readonly kind = 'unavailable';

  constructor(address: string, name: string, cause?: unknown) {
    super({
      message: `certificate of ${address} must be for ${name}, is for another name`,
      facts: { address, name },
      cause,
    });
  }
}

/**
 * A server does not accept the certificate of this client, or wants one and there is none.
 *
 * @remedy Give the client a certificate and key that an authority of the server's client CA file has signed and that hold now.
 */
export class ClientCertificateRefused extends TradewindError {
  readonly code = 'ClientCertificateRefused';
  readonly kind = 'unavailable';

  constructor(address: string, hasCertificate: boolean, reason: string, cause?: unknown) {
    const was = hasCertificate ? 'ours was refused' : 'none is configured here';
    super({
      message: `${address} must be shown a client certificate that it accepts, ${was} (${reason})`,
      facts: { address, hasCertificate, reason },
      cause,
    });
  }
}

/**
 * TLS with a server failed in another way; often one of both sides speaks plain text.
 *
 * @remedy Set TLS on both sides, or on neither.
 */
export class TlsFailed extends TradewindError {
  readonly code = 'TlsFailed';
  readonly kind = 'unavailable';

  constructor(address: string, reason: string, cause?: unknown) {
    super({
      message: `${address} must speak TLS with this client, did not (${reason})`,
      facts: { address, reason },
      cause,
    });
  }
}

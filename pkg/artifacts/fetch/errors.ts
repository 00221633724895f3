import { TradewindError } from '../../runtime/errors.ts';

/**
 * The address of an artifact is of a known scheme, but not a valid one.
 *
 * @remedy Name a folder: `s3://bucket/prefix/`, `https://host/path/`, `pvc://claim/path` or `configmap://name`, without user and password.
 */
export class AddressInvalid extends TradewindError {
  readonly code = 'AddressInvalid';
  readonly kind = 'usage';

  /** @param shown - The address, without what must not be shown. */
  constructor(mustBe: string, shown: string) {
    super({ message: `address of an artifact ${mustBe}, was '${shown}'`, facts: { uri: shown } });
  }
}

/**
 * An artifact would come over HTTP without encryption.
 *
 * @remedy Use https, or set `artifact.allowHttp` where the network is trusted.
 */
export class PlainHttpRefused extends TradewindError {
  readonly code = 'PlainHttpRefused';
  readonly kind = 'usage';

  constructor(location: string) {
    super({
      message: `address must be https unless artifact.allowHttp is true, was '${location}'`,
      facts: { uri: location },
    });
  }
}

/**
 * An address leads to the link-local network, where clouds keep the credentials of machines.
 *
 * @remedy Name another server, or set `artifact.allowLinkLocal` where artifacts are truly served there.
 */
export class AddressForbidden extends TradewindError {
  readonly code = 'AddressForbidden';
  readonly kind = 'precondition';

  constructor(host: string, address: string) {
    super({
      message: `server of an artifact must not be link-local unless artifact.allowLinkLocal is true, '${host}' is ${address}`,
      facts: { host, address },
    });
  }
}

/**
 * An artifact over the network is neither named by its digest nor to be signed.
 *
 * @remedy Give `model.digest` (or `#sha256:...` behind the address), or a public key, or set `artifact.verification` to Off.
 */
export class DigestRequired extends TradewindError {
  readonly code = 'DigestRequired';
  readonly kind = 'usage';

  constructor(location: string) {
    super({
      message: `artifact from elsewhere must have a digest or a public key while verification is Enforce, '${location}' has none`,
      facts: { uri: location },
    });
  }
}

/** A file of an artifact is not where the artifact is. */
export class FileAbsent extends TradewindError {
  readonly code = 'FileAbsent';
  readonly kind = 'notFound';

  constructor(location: string, file: string) {
    super({
      message: `file '${file}' must be at '${location}', is not there`,
      facts: { uri: location, file },
    });
  }
}

/**
 * The server of an artifact does not allow that it is read.
 *
 * @remedy Check the credentials (`artifact.s3`), their rights, the region, and the clock of this machine.
 */
export class AccessDenied extends TradewindError {
  readonly code = 'AccessDenied';
  readonly kind = 'precondition';

  /** @param why - Status, and the server's own code where it gives one. */
  constructor(location: string, file: string, why: string) {
    super({
      message: `file '${file}' at '${location}' must be readable, the server refuses it (${why})`,
      facts: { uri: location, file, why },
    });
  }
}

/** The server of an artifact is away, ends the connection, or cannot answer now. */
export class SourceUnavailable extends TradewindError {
  readonly code = 'SourceUnavailable';
  readonly kind = 'unavailable';
  override readonly retryable = true;
  /** Time that the server asks to wait, where it does. */
  readonly retryAfterMs: number | undefined;

  constructor(location: string, file: string, why: string, cause?: unknown, retryAfterMs?: number) {
    super({
      message: `file '${file}' must come from '${location}', it did not (${why})`,
      facts: { uri: location, file, why },
      cause,
    });
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The server of an artifact was silent for too long.
 *
 * @remedy See that it is reachable; raise `artifact.connectTimeoutMs` or `artifact.idleTimeoutMs` where it is slow.
 */
export class FetchTimeout extends TradewindError {
  readonly code = 'FetchTimeout';
  readonly kind = 'deadline';
  override readonly retryable = true;

  constructor(location: string, file: string, doing: 'connect' | 'send', timeoutMs: number) {
    super({
      message: `server of '${location}' must ${doing} within ${timeoutMs} ms for '${file}', did not`,
      facts: { uri: location, file, timeoutMs },
    });
  }
}

/**
 * The server of an artifact shows a certificate that is not trusted.
 *
 * @remedy Name its authority by `artifact.caFile`, or mend the certificate.
 */
export class CertificateUntrusted extends TradewindError {
  readonly code = 'CertificateUntrusted';
  readonly kind = 'precondition';

  constructor(location: string, why: string, cause?: unknown) {
    super({
      message: `certificate of '${location}' must be trusted, is not (${why})`,
      facts: { uri: location, why },
      cause,
    });
  }
}

/**
 * A server leads on to an address that is not followed.
 *
 * @remedy Name the address that it leads to, if that is to be trusted.
 */
export class RedirectRefused extends TradewindError {
  readonly code = 'RedirectRefused';
  readonly kind = 'precondition';

  constructor(location: string, why: string) {
    super({ message: `redirect from '${location}' ${why}`, facts: { uri: location } });
  }
}

/**
 * The answer of a server is not a file as it is asked for.
 *
 * @remedy Let the server give files as they are: status 200 or 206, no content encoding.
 */
export class ResponseUnusable extends TradewindError {
  readonly code = 'ResponseUnusable';
  readonly kind = 'data';

  constructor(location: string, file: string, why: string) {
    super({
      message: `answer for '${file}' at '${location}' must be the file as it is, ${why}`,
      facts: { uri: location, file },
    });
  }
}

/**
 * A file of an artifact has not the length that the manifest names.
 *
 * @remedy Copy the artifact again to where it is served from.
 */
export class FileSizeMismatch extends TradewindError {
  readonly code = 'FileSizeMismatch';
  readonly kind = 'data';

  constructor(location: string, file: string, want: number, have: string) {
    super({
      message: `file '${file}' at '${location}' must have ${want} bytes, has ${have}`,
      facts: { uri: location, file, want },
    });
  }
}

/**
 * The cache of artifacts has no room for one more.
 *
 * @remedy Raise `artifact.cacheMaxBytes`, or serve fewer models on the node.
 */
export class CacheFull extends TradewindError {
  readonly code = 'CacheFull';
  readonly kind = 'exhausted';

  constructor(directory: string, neededBytes: number, maxBytes: number) {
    super({
      message: `cache '${directory}' must have room for ${neededBytes} bytes within its ${maxBytes}, the rest is in use`,
      facts: { directory, neededBytes, maxBytes },
    });
  }
}

/**
 * The disk of the cache of artifacts is full.
 *
 * @remedy Free some space, or give the cache a larger volume.
 */
export class DiskFull extends TradewindError {
  readonly code = 'DiskFull';
  readonly kind = 'exhausted';

  constructor(path: string, cause?: unknown) {
    super({ message: `disk must have room for '${path}', is full`, facts: { path }, cause });
  }
}

import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import type { TradewindError } from '../runtime/errors.ts';
import {
  ClientCertificateRefused,
  ServerCertificateExpired,
  ServerNameMismatch,
  ServerUntrusted,
  TlsFailed,
} from './errors.ts';
import type { TlsKeys } from './tls-files.ts';

/** What a server's certificate must be, and what is shown to it. */
export interface ClientTls extends TlsKeys {
  /** Name that the server's certificate must have; that of the address where not given. */
  readonly serverName?: string;
}

const EXPIRED: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);
/** Codes of a socket that the other side closed, without saying why. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);
/** Codes of a server that is not there: nothing that TLS could say more about. */
const AWAY: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOTFOUND',
]);
/** OpenSSL's names of the alerts by which a server refuses the certificate of a client, or wants one. */
const CLIENT_ALERT =
  /^ERR_SSL_\w+_ALERT_(CERTIFICATE_\w+|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)$/;

/**
 * Connects to a server by TLS once, and waits for the first bytes of its HTTP/2, to learn why a connection cannot be: a gRPC client tells that in text
 * alone, and only tells that it is not connected where the server refuses a client after the handshake.
 *
 * @param address - `host:port`; an IPv6 address stands in brackets.
 * @returns Why not; `undefined` where it can, where the server is away, or where it has not answered within `timeoutMs`.
 */
export async function probeTls(
  address: string,
  tls: ClientTls,
  timeoutMs: number,
): Promise<TradewindError | undefined> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const name = tls.serverName ?? host;
  const socket = connect({
    ...{ host, port: Number(address.slice(at + 1)), ALPNProtocols: ['h2'] },
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls.authorities === undefined ? {} : { ca: tls.authorities }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate, key: tls.privateKey }),
  });
  let isShaken = false;
  socket.once('secureConnect', () => {
    isShaken = true;
  });
  try {
    await firstBytes(socket, timeoutMs);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return reasonOf({ address, name, code, isShaken, hasCertificate: tls.certificate !== undefined, error });
  } finally {
    socket.destroy();
  }
}

/** Resolves with the first bytes, or when time is up. @throws What ended the socket before. */
async function firstBytes(socket: TLSSocket, timeoutMs: number): Promise<void> {
  const closed = async (): Promise<never> => {
    await once(socket, 'close');
    throw Object.assign(new Error('closed by the server'), { code: 'ECONNRESET' });
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([once(socket, 'data'), closed(), late]).finally(() => clearTimeout(timer));
}

function reasonOf({
  address,
  name,
  code,
  isShaken,
  hasCertificate,
  error,
}: {
  readonly address: string;
  readonly name: string;
  readonly code: string;
  /** The server has shown a certificate that is trusted. */
  readonly isShaken: boolean;
  readonly hasCertificate: boolean;
  readonly error: unknown;
}): TradewindError | undefined {
  if (AWAY.has(code)) return undefined;
  if (EXPIRED.has(code)) return new ServerCertificateExpired(address, code, error);
  if (UNTRUSTED.has(code)) return new ServerUntrusted(address, code, error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return new ServerNameMismatch(address, name, error);
  // Node's servers close the connection of a client whose certificate they do not accept, without an alert.
  if (CLIENT_ALERT.test(code) || (isShaken && CLOSED.has(code)))
    return new ClientCertificateRefused(address, hasCertificate, code, error);
  return new TlsFailed(address, code, error);
}

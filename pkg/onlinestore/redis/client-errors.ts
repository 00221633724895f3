import type { TradewindError } from '../../runtime/errors.ts';
import { StoreAccessDenied, StoreRefused, StoreUnavailable } from '../errors.ts';

/** First words of replies that pass: a server that starts, fails over, is full or too busy, or a cluster that moves slots. */
const PASSING = new Set([
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
]);
const DENIED = new Set(['NOAUTH', 'NOPERM', 'WRONGPASS']);
/** What Node and OpenSSL say of a certificate that is not trusted or not of this host. */
const CERTIFICATE = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** The parts of an error of ioredis that decide; replies of Redis begin with their code. */
interface ClientError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** Of ClusterAllFailedError: what the last node said. */
  readonly lastNodeError?: ClientError;
}

/** Whether a server said that it does not take writes: it has become a replica, and the primary is elsewhere. */
export function isReadOnly(error: Error): boolean {
  return replyCode(error) === 'READONLY';
}

/**
 * What an error of ioredis means to callers. It is not kept as the cause: ioredis hangs the command with its arguments on it,
 * and with a failed login that is the password.
 */
export function toStoreError(error: unknown, server: string): TradewindError {
  const own = error as ClientError;
  const root = own.lastNodeError ?? own;
  const code = replyCode(root);
  if (code === undefined) {
    if (root.name === 'MaxRetriesPerRequestError')
      return new StoreUnavailable(server, 'the connection was lost before the answer came');
    if (CERTIFICATE.test(root.code ?? '')) return new StoreAccessDenied(server, root.message);
    return new StoreUnavailable(server, root.message);
  }
  if (DENIED.has(code)) return new StoreAccessDenied(server, root.message);
  return PASSING.has(code)
    ? new StoreUnavailable(server, root.message)
    : new StoreRefused(server, root.message);
}

function replyCode({ name, message }: ClientError): string | undefined {
  return name === 'ReplyError' ? message.split(' ', 1)[0] : undefined;
}

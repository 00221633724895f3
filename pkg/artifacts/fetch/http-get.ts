import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

import { TradewindError } from '../../runtime/errors.ts';
import { withoutSecrets } from '../address.ts';
import {
  CertificateUntrusted,
  FetchTimeout,
  PlainHttpRefused,
  RedirectRefused,
  SourceUnavailable,
} from './errors.ts';
import { checkHost, guardedLookup } from './forbidden-addresses.ts';

/** How servers are reached. */
export interface HttpRules {
  /** PEM of the authorities to trust, instead of the system's. */
  readonly caPem: string | undefined;
  readonly allowHttp: boolean;
  readonly allowLinkLocal: boolean;
  /** From the beginning of a connection to its end, TLS included. */
  readonly connectTimeoutMs: number;
  /** Longest silence of a server. */
  readonly idleTimeoutMs: number;
}

export type Headers = Readonly<Record<string, string>>;

/** One GET of a file. */
export interface GetRequest {
  readonly url: URL;
  /** Name of the file, for messages. */
  readonly file: string;
  /** Sent wherever a redirect leads to. */
  readonly headers: Headers;
  /** Headers with credentials, made for an address: only for addresses of the first server. */
  readonly credentials?: (url: URL, headers: Headers) => Promise<Headers>;
  readonly signal: AbortSignal;
}

/** Redirects of one file that are followed. */
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for a file, follows redirects to https alone (to http where that is allowed and the first address is http too), and gives the answer,
 * whatever its status. Credentials stay with the first server.
 *
 * @throws {PlainHttpRefused | AddressForbidden | RedirectRefused | CertificateUntrusted | SourceUnavailable | FetchTimeout}
 */
export async function httpGet(get: GetRequest, rules: HttpRules): Promise<IncomingMessage> {
  const from = withoutSecrets(get.url.href);
  let { url } = get;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    checkAddress(url, rules);
    const isFirstServer = url.origin === get.url.origin;
    const headers =
      isFirstServer && get.credentials !== undefined ? await get.credentials(url, get.headers) : get.headers;
    const response = await send(url, headers, get, rules);
    const { location } = response.headers;
    if (!REDIRECTS.has(response.statusCode ?? 0) || location === undefined) return response;
    response.destroy();
    url = redirected(url, location, from);
  }
  throw new RedirectRefused(from, `must lead to the file within ${MAX_REDIRECTS} steps, does not`);
}

function checkAddress(url: URL, rules: HttpRules): void {
  if (url.protocol !== 'https:' && !rules.allowHttp) throw new PlainHttpRefused(withoutSecrets(url.href));
  if (!rules.allowLinkLocal) checkHost(url.hostname);
}

function redirected(from: URL, location: string, first: string): URL {
  if (!URL.canParse(location, from.href)) throw new RedirectRefused(first, 'must lead to an URL, does not');
  const to = new URL(location, from.href);
  const isHttps = to.protocol === 'https:';
  if (!isHttps && !(to.protocol === 'http:' && from.protocol === 'http:'))
    throw new RedirectRefused(
      first,
      `must lead to https, leads to ${to.protocol.slice(0, -1)} of ${to.host}`,
    );
  to.username = '';
  to.password = '';
  return to;
}

function send(url: URL, headers: Headers, get: GetRequest, rules: HttpRules): Promise<IncomingMessage> {
  const { file, signal } = get;
  const location = withoutSecrets(url.href);
  const { connectTimeoutMs, idleTimeoutMs, caPem, allowLinkLocal } = rules;
  return new Promise((resolve, reject) => {
    const options = {
      headers: { ...headers },
      signal,
      // A connection of its own: an artifact has few files, and none is left over to be closed.
      agent: false as const,
      ...(allowLinkLocal ? {} : { lookup: guardedLookup }),
      ...(caPem === undefined ? {} : { ca: caPem }),
    };
    const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
    let answer: IncomingMessage | undefined;
    // A request that is destroyed after its answer has begun would tell the reader of a reset, not of why.
    const fail = (error: Error): void => void (answer ?? request).destroy(error);
    const connecting = setTimeout(
      () => fail(new FetchTimeout(location, file, 'connect', connectTimeoutMs)),
      connectTimeoutMs,
    );
    const connected = (): void => {
      clearTimeout(connecting);
      request.setTimeout(idleTimeoutMs, () => fail(new FetchTimeout(location, file, 'send', idleTimeoutMs)));
    };
    request.once('socket', (socket) =>
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected),
    );
    request.once('close', () => clearTimeout(connecting));
    request.once('response', (response) => {
      answer = response;
      resolve(response);
    });
    request.on('error', (error) => reject(signal.aborted ? error : fetchError(error, location, file)));
    request.end();
  });
}

/** Codes of OpenSSL for certificates that are not trusted, beside those that begin with `CERT_` and `ERR_TLS_`. */
const UNTRUSTED =
  /^(CERT_|ERR_TLS_CERT|ERR_SSL|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/;

/** What a failure of a connection is in the words of this project; errors of the project stay as they are. */
export function fetchError(error: unknown, location: string, file: string): Error {
  if (error instanceof TradewindError) return error;
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return UNTRUSTED.test(code)
    ? new CertificateUntrusted(location, code, error)
    : new SourceUnavailable(location, file, code, error);
}

import type { IncomingMessage } from 'node:http';

/** Methods that change nothing. */
const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);

/**
 * True for a request that may change something and comes from a web page of another server.
 *
 * A page may send a POST to any address that its visitor's browser reaches, and only the reading of the answer is denied to it.
 * Browsers say whence such a request comes in two headers that a page cannot set; other programs send neither.
 */
export function isFromForeignPage({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  if (SAFE_METHODS.has(method)) return false;
  if (headers['sec-fetch-site'] === 'cross-site') return true;
  const { origin, host } = headers;
  // Another port of one host is the same site, yet another server.
  return origin !== undefined && hostOf(origin) !== host?.toLowerCase();
}

/** Host with port as it stands in a `Host` header: without the port that its scheme implies; `undefined` for an opaque origin. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

import { type IncomingMessage, type OutgoingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

import type { Access } from './cluster-access.ts';
import { errorOfNetwork } from './failure.ts';

/** One request to the API server. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly body?: object | undefined;
  readonly contentType?: string;
  /** Milliseconds until the answer has begun. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Seconds of silence after which the system asks the other end whether it is there. */
const KEEP_ALIVE_MS = 15_000;

/** `GET /path`, for messages. */
export const nameOf = ({ method, path }: HttpCall): string => `${method} ${path.split('?', 1)[0]}`;

/**
 * Sends a request and gives the answer when it has begun, whatever its status is.
 *
 * @throws {KubeTimeout | KubeUnavailable} There was none; `KubeUnavailable` also where the signal was aborted.
 */
export function send(
  { server, options }: Access,
  userAgent: string,
  call: HttpCall,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const outgoing = (server.protocol === 'http:' ? plainRequest : tlsRequest)({
      ...options,
      method: call.method,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port,
      // A server address may have a path of its own, as behind a proxy for many clusters.
      path: `${server.pathname.replace(/\/$/, '')}${call.path}`,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      headers: {
        ...(options.headers as OutgoingHttpHeaders | undefined),
        'user-agent': userAgent,
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': call.contentType ?? 'application/json', 'content-length': body.length }),
      },
    });
    const timer = setTimeout(() => {
      isLate = true;
      outgoing.destroy(new Error(`no answer within ${call.timeoutMs} ms`));
    }, call.timeoutMs);
    outgoing.once('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(errorOfNetwork(nameOf(call), error, isLate));
    });
    outgoing.end(body);
  });
}

/**
 * Reads an answer to its end.
 *
 * @param timeoutMs - Milliseconds that this may take.
 * @throws {KubeTimeout | KubeUnavailable} The answer broke off, or went on for too long.
 */
export async function readBody(
  response: IncomingMessage,
  call: HttpCall,
  timeoutMs: number,
): Promise<string> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    response.destroy(new Error(`answer did not end within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    throw errorOfNetwork(nameOf(call), error, isLate);
  } finally {
    clearTimeout(timer);
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';

import { BodyTooLarge } from './common-errors.ts';
import { type ErrorKind, TradewindError } from './errors.ts';

/** Answers a request if it is one of its own; `false` lets the next handler try. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean> | boolean;

/** HTTP status of each kind of error. */
export const HTTP_STATUS: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  data: 422,
  notFound: 404,
  precondition: 409,
  exhausted: 429,
  unavailable: 503,
  deadline: 504,
  internal: 500,
};

/**
 * Reads a whole body.
 *
 * @throws {BodyTooLarge} It has more than `maxBytes`; the rest is not read.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new BodyTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
  });
  response.end(bytes);
}

/** Answers with an error: its code, message and facts; nothing of our own faults but that there was one. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (error instanceof TradewindError) {
    sendJson(response, HTTP_STATUS[error.kind], {
      code: error.code,
      message: error.message,
      facts: error.facts,
    });
  } else {
    sendJson(response, 500, { code: 'Internal', message: 'the server failed to answer', facts: {} });
  }
}

/** Path of a request without its query, decoded only where that is possible. */
export function pathOf(request: IncomingMessage): string {
  const raw = (request.url ?? '/').split('?', 1)[0]!;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

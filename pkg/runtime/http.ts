import type { IncomingMessage, ServerResponse } from 'node:http';

import { BodyTooLarge } from './common-errors.ts';
import { type ErrorKind, TradewindError } from './errors.ts';

/** Answers a request if it is one of its own; `false` lets the next handler try. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean> | boolean;

/** HTTP status of each kind of error. */
const HTTP_STATUS: Readonly<Record<ErrorKind, number>> = {
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
  // The stream outlives the loop: the answer to a body that was refused still goes out on its connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new BodyTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  sendJsonText(response, status, JSON.stringify(body));
}

/** Answers with text that is JSON already. */
export function sendJsonText(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    'x-content-type-options': 'nosniff',
  });
  response.end(json);
}

/**
 * Status that answers an error. After a body that was refused the connection ends with the answer: what is left of it is
 * not worth reading.
 */
export function beginError(response: ServerResponse, error: TradewindError): number {
  if (error instanceof BodyTooLarge) response.setHeader('connection', 'close');
  return error.httpStatus ?? HTTP_STATUS[error.kind];
}

/** Answers with an error: its code, message and facts; nothing of our own faults but that there was one. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (error instanceof TradewindError) {
    sendJson(response, beginError(response, error), {
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

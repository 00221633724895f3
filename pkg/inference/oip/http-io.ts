import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorKind, TradewindError } from '../../runtime/errors.ts';
import { BodyTooLargeError } from './errors.ts';

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

/** Reads a whole body. @throws {BodyTooLargeError} It has more than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) throw new BodyTooLargeError(maxBytes);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, JSON.stringify(value));
}

/** Sends text that is JSON already. */
export function sendText(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    'x-content-type-options': 'nosniff',
  });
  response.end(json);
}

/** `{error, code}` with the status of the error's kind; an error that is not the project's tells nothing of itself. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (!(error instanceof TradewindError)) {
    sendJson(response, 500, { error: 'Internal error', code: 'Internal' });
    return;
  }
  const isTooLarge = error instanceof BodyTooLargeError;
  // What is left of a body that was refused is not worth reading: the connection ends with the answer.
  if (isTooLarge) response.setHeader('connection', 'close');
  sendJson(response, isTooLarge ? 413 : HTTP_STATUS[error.kind], { error: error.message, code: error.code });
}

import type { IncomingMessage, ServerResponse } from 'node:http';

import { type HttpHandler, pathOf, sendError, sendJson } from '../runtime/http.ts';
import type { Asset } from './assets.ts';
import type { EventStream } from './event-stream.ts';
import type { ConsoleAbout, ModelCard } from './messages.ts';

export interface ConsoleHandlerOptions {
  readonly assets: ReadonlyMap<string, Asset>;
  readonly stream: EventStream;
  readonly about: ConsoleAbout;
  readonly models: () => readonly ModelCard[];
}

/** Nothing but the page's own files runs, and text never becomes script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/**
 * The console: its page at `GET /`, the page's files and live data under `/console/`. Live data is readable by pages of
 * the same origin alone, and kept by no cache.
 */
export function createConsoleHandler(options: ConsoleHandlerOptions): HttpHandler {
  const { assets, stream, about, models } = options;
  const live: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/console/events': (response) => stream.add(response),
    '/console/models': (response) => sendJson(response, 200, { models: models() }),
    '/console/about': (response) => sendJson(response, 200, about),
  };
  return (request, response) => {
    const path = pathOf(request);
    const answer = Object.hasOwn(live, path) ? live[path] : undefined;
    const asset = assets.get(path);
    if (answer === undefined && asset === undefined) return false;
    protect(response);
    const allowed = asset === undefined ? ['GET'] : ['GET', 'HEAD'];
    if (!allowed.includes(request.method ?? '')) {
      response.setHeader('allow', allowed.join(', '));
      const message = `method must be ${allowed.join(' or ')}`;
      sendJson(response, 405, { code: 'MethodNotAllowed', message, facts: {} });
    } else if (asset !== undefined) {
      sendAsset(request, response, asset);
    } else if (request.headers['sec-fetch-site'] === 'cross-site') {
      // It could not read the answer, but it could use up the places for those who may.
      sendJson(response, 403, {
        code: 'CrossSiteRefused',
        message: 'live data is for the pages of this server',
        facts: {},
      });
    } else {
      response.setHeader('cache-control', 'no-store');
      try {
        answer?.(response);
      } catch (error) {
        sendError(response, error);
      }
    }
    return true;
  };
}

function protect(response: ServerResponse): void {
  response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
}

function sendAsset(
  request: IncomingMessage,
  response: ServerResponse,
  { body, contentType, etag }: Asset,
): void {
  // Asked again each time, so that a new version of Tradewind is a new page at once.
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('etag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'content-type': contentType, 'content-length': body.length }).end(body);
}

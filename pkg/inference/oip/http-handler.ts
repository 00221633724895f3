import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { TradewindError } from '../../runtime/errors.ts';
import { readBody, sendJson, sendJsonText } from '../../runtime/http.ts';
import { VERSION } from '../../runtime/version.ts';
import type { ModelRepository } from '../served-model.ts';
import { RestRequestInvalid } from './errors.ts';
import { sendError } from './http-error.ts';
import { DEFAULT_MAX_ROWS, findModel, runInference } from './inference.ts';
import { EXTENSIONS, isAnyReady, isModelReady, PLATFORM, readyVersions, SERVER_NAME } from './metadata.ts';
import { DEFAULT_REST_TIMEOUT_MS } from './rest-timeout.ts';
import { parseBody, requestFromRest, restFromAnswer, timeoutUsOf } from './rest-messages.ts';

/** Options of {@link createOipHttpHandler}. */
export interface OipHttpOptions {
  /** Most rows of one request. */
  readonly maxRows?: number;
  /** Most bytes of a body; 16 MiB by default. */
  readonly maxBodyBytes?: number;
  /** Time that an inference may take where its caller does not say; {@link DEFAULT_REST_TIMEOUT_MS} by default. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** Answers a request under /v2. @returns False when the path is not of this protocol; nothing is written then. */
export type OipHttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const HEADER_LENGTH = 'inference-header-content-length';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly repository: ModelRepository;
  readonly maxRows: number;
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Parts of the path that the route captured, decoded; '' where an optional one is absent. */
  readonly name: string;
  readonly version: string;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** Captures `name` and `version`. */
  readonly path: RegExp;
  readonly answer: (exchange: Exchange) => void | Promise<void>;
}

const MODEL = '/v2/models/(?<name>[^/]+)(?:/versions/(?<version>[^/]+))?';

const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/v2\/?$/, answer: serverMetadata },
  {
    method: 'GET',
    path: /^\/v2\/health\/live$/,
    answer: ({ response }) => sendJson(response, 200, { live: true }),
  },
  { method: 'GET', path: /^\/v2\/health\/ready$/, answer: serverReady },
  { method: 'GET', path: new RegExp(`^${MODEL}$`), answer: modelMetadata },
  { method: 'GET', path: new RegExp(`^${MODEL}/ready$`), answer: modelReady },
  { method: 'POST', path: new RegExp(`^${MODEL}/infer$`), answer: infer },
  { method: 'POST', path: /^\/v2\/repository\/index$/, answer: repositoryIndex },
  { method: 'POST', path: /^\/v2\/repository\/models\/(?<name>[^/]+)\/load$/, answer: load },
  { method: 'POST', path: /^\/v2\/repository\/models\/(?<name>[^/]+)\/unload$/, answer: unload },
];

/**
 * The REST form of the Open Inference Protocol v2 over a repository, with the binary tensor data extension. An error that is not one
 * of the project's is answered, and thrown for the server to log.
 */
export function createOipHttpHandler(
  repository: ModelRepository,
  options: OipHttpOptions = {},
): OipHttpHandler {
  const limits = {
    maxRows: options.maxRows ?? DEFAULT_MAX_ROWS,
    maxBodyBytes: options.maxBodyBytes ?? 16 * 1024 * 1024,
    timeoutMs: options.timeoutMs ?? DEFAULT_REST_TIMEOUT_MS,
    clock: options.clock ?? systemClock,
  };
  return async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    if (path !== '/v2' && !path.startsWith('/v2/')) return false;
    try {
      const matching = ROUTES.filter((route) => route.path.test(path));
      const route = matching.find(({ method }) => method === request.method);
      if (route === undefined) sendNoRoute(response, path, matching);
      else await route.answer({ request, response, repository, ...limits, ...captured(route, path) });
    } catch (error) {
      sendError(response, error);
      if (!(error instanceof TradewindError)) throw error;
    }
    return true;
  };
}

function sendNoRoute(response: ServerResponse, path: string, matching: readonly Route[]): void {
  if (matching.length === 0) {
    sendJson(response, 404, { error: `No such resource: ${path}`, code: 'RouteNotFound' });
    return;
  }
  const allowed = matching.map(({ method }) => method).join(', ');
  response.setHeader('allow', allowed);
  sendJson(response, 405, { error: `Method must be ${allowed}`, code: 'MethodNotAllowed' });
}

function captured(route: Route, path: string): { name: string; version: string } {
  const groups = route.path.exec(path)?.groups ?? {};
  try {
    return {
      name: decodeURIComponent(groups['name'] ?? ''),
      version: decodeURIComponent(groups['version'] ?? ''),
    };
  } catch (cause) {
    throw new RestRequestInvalid('have a path of valid percent-encoding', cause);
  }
}

function serverMetadata({ response }: Exchange): void {
  sendJson(response, 200, { name: SERVER_NAME, version: VERSION, extensions: EXTENSIONS });
}

function serverReady({ response, repository }: Exchange): void {
  const ready = isAnyReady(repository);
  sendJson(response, ready ? 200 : 503, { ready });
}

function modelMetadata({ response, repository, name, version }: Exchange): void {
  const model = findModel(repository, name, version);
  sendJson(response, 200, {
    name: model.name,
    versions: readyVersions(repository, model),
    platform: PLATFORM,
    inputs: model.inputs,
    outputs: model.outputs,
  });
}

function modelReady({ response, repository, name, version }: Exchange): void {
  const ready = isModelReady(repository, name, version);
  sendJson(response, ready ? 200 : 503, { name, ready });
}

/** The time of a request is that of its parameter `timeout`, microseconds, or the default; from its arrival. */
async function infer(exchange: Exchange): Promise<void> {
  const { request, response, repository, name, version, maxRows, timeoutMs, clock } = exchange;
  const arrivedMs = clock.monotonicMs();
  const bytes = await readBody(request, exchange.maxBodyBytes);
  const header = request.headers[HEADER_LENGTH];
  const message = parseBody(bytes, header === undefined ? undefined : Number(header));
  const timeoutUs = timeoutUsOf(message);
  const expiresMs = arrivedMs + (timeoutUs === undefined ? timeoutMs : timeoutUs / 1000);
  const answer = await runInference(repository, requestFromRest(name, version, message), maxRows, expiresMs);
  const { json, binary } = restFromAnswer(message, answer);
  if (binary.length === 0) {
    sendJsonText(response, 200, json);
    return;
  }
  const head = Buffer.from(json, 'utf8');
  const body = Buffer.concat([head, ...binary]);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': body.length,
    [HEADER_LENGTH]: head.length,
  });
  response.end(body);
}

async function repositoryIndex({ request, response, repository, maxBodyBytes }: Exchange): Promise<void> {
  const bytes = await readBody(request, maxBodyBytes);
  let asked: unknown;
  try {
    asked = bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new RestRequestInvalid('be JSON', cause);
  }
  const readyOnly = typeof asked === 'object' && asked !== null && 'ready' in asked && asked.ready === true;
  sendJson(
    response,
    200,
    repository.index().filter((entry) => !readyOnly || entry.state === 'READY'),
  );
}

async function load({ request, response, repository, name, maxBodyBytes }: Exchange): Promise<void> {
  await readBody(request, maxBodyBytes);
  await repository.load(name);
  sendJson(response, 200, { name });
}

async function unload({ request, response, repository, name, maxBodyBytes }: Exchange): Promise<void> {
  await readBody(request, maxBodyBytes);
  await repository.unload(name);
  sendJson(response, 200, { name });
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';

import type { Registry } from 'prom-client';

import { AddressUnusable, PortInUse } from './common-errors.ts';
import { TradewindError } from './errors.ts';
import { isFromForeignPage } from './foreign-page.ts';
import { type HttpHandler, pathOf, sendError, sendJson } from './http.ts';
import type { Logger } from './logger.ts';
import { asksForOpenMetrics, OPEN_METRICS_TYPE, openMetrics } from './open-metrics.ts';

/** Says whether a part of the process is ready, or well; the reason is shown when it is not. */
export type ReadinessCheck = () => { readonly isReady: boolean; readonly reason?: string };

export interface OpsServerOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** HTTP server of a process: `/metrics`, `/healthz`, `/readyz`, and the handlers that are added. */
export class OpsServer {
  readonly #options: OpsServerOptions;
  readonly #server: Server;
  readonly #handlers: HttpHandler[] = [];
  readonly #checks = new Map<string, ReadinessCheck>();
  readonly #lifeChecks = new Map<string, ReadinessCheck>();
  #hasExemplars = false;

  constructor(options: OpsServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.headersTimeout = 10_000;
    this.#server.requestTimeout = 30_000;
  }

  /**
   * Adds a handler; the first that answers wins. What it throws is answered by its kind, unless the handler answered it already, and
   * logged where it is none of the project's errors.
   */
  use(handler: HttpHandler): void {
    this.#handlers.push(handler);
  }

  addReadiness(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  /** Adds a condition of `/healthz`: while it does not hold, whoever watches the process should start it anew. */
  addLiveness(name: string, check: ReadinessCheck): void {
    this.#lifeChecks.set(name, check);
  }

  /** From now on `/metrics` speaks OpenMetrics, with exemplars, to scrapers that ask for it; others get what they got. */
  offerExemplars(): void {
    this.#hasExemplars = true;
  }

  /**
   * @returns The port that it listens on.
   * @throws {PortInUse | AddressUnusable}
   */
  async start(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          error.code === 'EADDRINUSE'
            ? new PortInUse(host, port, error)
            : new AddressUnusable(host, port, error),
        ),
      );
      this.#server.listen(port, host, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening and ends every connection, open streams included. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!isTrustedHost(request.headers.host, this.#options.host)) {
        sendJson(response, 421, {
          code: 'HostRefused',
          message: 'Host header must name this machine',
          facts: {},
        });
        return;
      }
      if (isFromForeignPage(request)) {
        sendJson(response, 403, {
          code: 'CrossSiteRefused',
          message: 'a request that changes something must not come from a page of another server',
          facts: {},
        });
        return;
      }
      if (await this.#answerOps(request, response)) return;
      for (const handler of this.#handlers) {
        if (await handler(request, response)) return;
      }
      sendJson(response, 404, {
        code: 'NotFound',
        message: `path must be one that is served, was ${pathOf(request)}`,
        facts: {},
      });
    } catch (error) {
      if (!(error instanceof TradewindError)) this.#options.logger.error({ err: error }, 'request failed');
      if (response.writableEnded) return;
      if (response.headersSent) response.destroy();
      else sendError(response, error);
    }
  }

  async #answerOps(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    switch (pathOf(request)) {
      case '/metrics': {
        const { registry } = this.#options;
        const isOpen = this.#hasExemplars && asksForOpenMetrics(request.headers.accept);
        const text = await (isOpen ? openMetrics(registry) : registry.metrics());
        response.writeHead(200, { 'content-type': isOpen ? OPEN_METRICS_TYPE : registry.contentType });
        response.end(text);
        return true;
      }
      case '/healthz':
        if (this.#lifeChecks.size === 0) sendJson(response, 200, { status: 'ok' });
        else {
          const { isReady: isWell, checks } = outcome(this.#lifeChecks);
          sendJson(response, isWell ? 200 : 503, { status: isWell ? 'ok' : 'not ok', checks });
        }
        return true;
      case '/readyz': {
        const { isReady, checks } = outcome(this.#checks);
        sendJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', checks });
        return true;
      }
      default:
        return false;
    }
  }
}

function outcome(checksByName: ReadonlyMap<string, ReadinessCheck>) {
  const checks = [...checksByName].map(([name, check]) => ({ name, ...check() }));
  return { checks, isReady: checks.every(({ isReady }) => isReady) };
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/** On loopback only names of this machine are answered, so that no web page can reach it under a name of its own. */
function isTrustedHost(header: string | undefined, boundTo: string): boolean {
  if (!LOOPBACK_NAMES.has(boundTo)) return true;
  if (header === undefined) return true;
  const name = header.replace(/:\d+$/, '');
  return LOOPBACK_NAMES.has(name) || (isIP(name) === 4 && name.startsWith('127.'));
}

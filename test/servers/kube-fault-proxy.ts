import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import { linesOf } from '../../pkg/operator/runtime/json-lines.ts';

/** What a client asks of the API server. */
export interface KubeRequest {
  /** Number of the request, from 1. */
  readonly number: number;
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  readonly isWrite: boolean;
  /** Plural, e.g. `deployments`; empty where the path names none. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly userAgent: string;
}

/** An event of a watch, as the API server writes it. */
export interface WatchLine {
  readonly type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it knows to be there
  readonly object: any;
}

type WatchVerdict = WatchLine | 'drop' | 'cut';

/** What becomes of a request. */
export type FaultAction =
  /** Is handed on, and its answer back. */
  | {
      readonly kind: 'forward';
      /** Milliseconds before it is handed on. */
      readonly delayMs?: number;
      /** Awaited when the server has answered, before the client learns of it: the write has happened. */
      readonly onAnswered?: (status: number) => void | Promise<void>;
      /** The client is cut off instead of answered: the write has happened, and it does not know. */
      readonly isAnswerLost?: boolean;
      /** Changes a JSON answer, e.g. a list to an older one. */
      // oxlint-disable-next-line typescript/no-explicit-any -- a test changes what it knows to be there
      readonly edit?: (body: any) => unknown;
      /**
       * Decides on each event of a watch: an event goes on, `drop` leaves it out, `cut` ends the stream before it. Those behind one that
       * is decided on later wait with it.
       */
      readonly onEvent?: (event: WatchLine) => WatchVerdict | Promise<WatchVerdict>;
    }
  /** Is answered without the server. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body?: object;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection is cut before the server hears of it. */
  | { readonly kind: 'cut' }
  /** Is never answered. */
  | { readonly kind: 'hang' };

/** Decides on every request. */
export type FaultPlan = (request: KubeRequest) => FaultAction | Promise<FaultAction>;

/** A `Status` as the API server answers by. */
export function statusBody(code: number, reason: string, details: object = {}): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: `injected ${reason}`,
    reason,
    details,
    code,
  };
}

/** Hands everything on. */
export const NO_FAULTS: FaultPlan = () => ({ kind: 'forward' });

/** An API server in front of the real one that does as the plan of a test says. It has the certificate of the real one. */
export class KubeFaultProxy {
  /** May be changed at any time; counts for requests from then on. */
  plan: FaultPlan = NO_FAULTS;
  readonly #target: number;
  readonly #ca: string;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #open = new Set<ServerResponse>();
  readonly #faults: Error[] = [];
  #requests = 0;

  private constructor(targetPort: number, certificate: { readonly ca: string; readonly key: string }) {
    this.#target = targetPort;
    this.#ca = certificate.ca;
    this.#agent = new Agent({ keepAlive: false });
    this.#server = createServer({ cert: certificate.ca, key: certificate.key }, (incoming, outgoing) => {
      this.#open.add(outgoing);
      outgoing.once('close', () => this.#open.delete(outgoing));
      // The client may be gone, and so may the server.
      void this.#handle(incoming, outgoing).catch((error: NodeJS.ErrnoException) => {
        // What a connection fails by has a code; anything else is a fault of the plan.
        if (error.code === undefined) this.#faults.push(error);
        outgoing.destroy();
      });
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(server: {
    readonly port: number;
    readonly certificate: { readonly ca: string; readonly key: string };
  }): Promise<KubeFaultProxy> {
    const proxy = new KubeFaultProxy(server.port, server.certificate);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts everything that is open, watches too. */
  cutAll(): void {
    for (const response of this.#open) response.destroy();
  }

  /** @throws What a plan threw. */
  async stop(): Promise<void> {
    this.cutAll();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
    if (this.#faults.length > 0) throw this.#faults[0];
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const request = describe(incoming, (this.#requests += 1));
    const action = await this.plan(request);
    switch (action.kind) {
      case 'cut':
        outgoing.destroy();
        return;
      case 'hang':
        return;
      case 'answer': {
        outgoing.writeHead(action.status, { 'content-type': 'application/json', ...action.headers });
        outgoing.end(JSON.stringify(action.body ?? statusBody(action.status, '')));
        return;
      }
      case 'forward':
        if (action.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, action.delayMs));
        await this.#forward(incoming, Buffer.concat(parts), request, action, outgoing);
    }
  }

  async #forward(
    incoming: IncomingMessage,
    body: Buffer,
    { verb }: KubeRequest,
    action: Extract<FaultAction, { readonly kind: 'forward' }>,
    outgoing: ServerResponse,
  ): Promise<void> {
    const call = httpsRequest({
      ...{ host: '127.0.0.1', port: this.#target, ca: this.#ca, agent: this.#agent },
      ...{ method: incoming.method, path: incoming.url, headers: incoming.headers },
    });
    outgoing.once('close', () => call.destroy());
    call.end(body);
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    const status = answer.statusCode ?? 502;
    await action.onAnswered?.(status);
    if (action.isAnswerLost === true) {
      outgoing.destroy();
      return;
    }
    const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...headers } = answer.headers;
    if (verb === 'watch' && status === 200) {
      outgoing.writeHead(status, headers);
      outgoing.flushHeaders();
      for await (const line of linesOf(answer)) {
        const event = (await action.onEvent?.(JSON.parse(line) as WatchLine)) ?? line;
        if (event === 'cut') break;
        if (event !== 'drop')
          outgoing.write(`${typeof event === 'string' ? event : JSON.stringify(event)}\n`);
      }
      call.destroy();
      outgoing.end();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks);
    const edit = status === 200 ? action.edit : undefined;
    const said =
      edit !== undefined ? Buffer.from(JSON.stringify(edit(JSON.parse(text.toString('utf8'))))) : text;
    outgoing.writeHead(status, { ...headers, 'content-length': said.length });
    outgoing.end(said);
  }
}

const VERBS: Readonly<Record<string, KubeRequest['verb']>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

function describe(incoming: IncomingMessage, number: number): KubeRequest {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'https://localhost');
  const parts = pathname.split('/').filter((part) => part !== '');
  // `/api/v1/...` or `/apis/group/version/...`
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const isIn = rest[0] === 'namespaces' && rest.length > 2;
  const [resource = '', name, subresource] = isIn ? rest.slice(2) : rest;
  const write = VERBS[incoming.method ?? ''];
  const isWatch = searchParams.get('watch') === '1' || searchParams.get('watch') === 'true';
  const read = isWatch ? 'watch' : name === undefined ? 'list' : 'get';
  return {
    ...{ number, resource, name, subresource, path: pathname, query: searchParams },
    verb: write ?? read,
    isWrite: write !== undefined,
    namespace: isIn ? rest[1] : undefined,
    userAgent: incoming.headers['user-agent'] ?? '',
  };
}

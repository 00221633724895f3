import type { IncomingMessage } from 'node:http';

import type { ClusterAccess } from './cluster-access.ts';
import { KubeError, KubeGone, KubeTimeout, KubeUnauthorized } from './errors.ts';
import { errorOfAnswer, errorOfNetwork } from './failure.ts';
import { type HttpCall, nameOf, readBody, send } from './http-call.ts';
import { linesOf } from './json-lines.ts';
import type {
  Applied,
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  KubeClient,
  KubeList,
  Selection,
  Subresource,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './kube-client.ts';
import {
  apiVersionOf,
  type KubeObject,
  type ObjectRef,
  pathOfKind,
  pathOfObject,
  type ResourceKind,
} from './objects.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** How a client asks. */
export interface HttpClientOptions {
  /** Who asks, for audit logs: `name/version`. */
  readonly userAgent: string;
  /** Milliseconds that a request may take, a watch until it is accepted; 15,000 by default. */
  readonly timeoutMs?: number;
  /** Objects in a page of a list; 500 by default. */
  readonly pageSize?: number;
  /** Requests a second, watches included; 20 with bursts of 30 by default. */
  readonly rate?: Rate;
  readonly scheduler?: Scheduler;
  /** Told of every request; `code` is the HTTP status, or `<error>` where there was no answer. */
  readonly onRequest?: (request: {
    readonly method: string;
    readonly host: string;
    readonly code: string;
  }) => void;
}

interface ListBody<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[] | null;
}

type Query = Readonly<Record<string, string | number | undefined>>;
type SubresourceOptions = WriteOptions & { readonly subresource?: Subresource };

const APPLY_PATCH = 'application/apply-patch+yaml';
const MERGE_PATCH = 'application/merge-patch+json';

/** `KubeClient` over HTTP/1.1: requests share kept connections, every watch has one of its own. */
export class HttpKubeClient implements KubeClient {
  readonly #cluster: ClusterAccess;
  readonly #options: HttpClientOptions;
  readonly #bucket: TokenBucket;
  readonly #timeoutMs: number;

  constructor(cluster: ClusterAccess, options: HttpClientOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 15_000;
    this.#bucket = new TokenBucket(
      options.rate ?? { perSecond: 20, burst: 30 },
      options.scheduler ?? systemScheduler,
    );
  }

  get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, options: CallOptions = {}): Promise<T> {
    return this.#json({ method: 'GET', path: pathOfObject(kind, ref), ...this.#bounds(options) });
  }

  async list<T extends KubeObject>(
    kind: ResourceKind<T>,
    options: Selection & CallOptions = {},
  ): Promise<KubeList<T>> {
    try {
      return await this.#pages(kind, options, this.#options.pageSize ?? 500);
    } catch (error) {
      if (!(error instanceof KubeGone)) throw error;
      // The first page is too old for the next: all at once cannot expire.
      return this.#pages(kind, options, undefined);
    }
  }

  async *watch<T extends KubeObject>(
    kind: ResourceKind<T>,
    { resourceVersion, timeoutSeconds, onOpen, signal, ...selection }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const query = { watch: '1', allowWatchBookmarks: 'true', resourceVersion, timeoutSeconds };
    const path = `${pathOfKind(kind, selection.namespace)}${queryOf({ ...selectors(selection), ...query })}`;
    const call: HttpCall = { method: 'GET', path, ...this.#bounds({ signal }) };
    const response = await this.#accepted(call);
    onOpen?.();
    try {
      for await (const line of linesOf(response)) {
        const event = eventOf<T>(line, call);
        if (event !== undefined) yield event;
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      // What is none of ours was thrown by the stream.
      throw error instanceof KubeError ? error : errorOfNetwork(nameOf(call), error, false);
    } finally {
      response.destroy();
    }
  }

  create<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const path = `${pathOfKind(kind, object.metadata.namespace)}${queryOf(writeQuery(options))}`;
    return this.#json({ method: 'POST', path, body: object, ...this.#bounds(options) });
  }

  update<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    options: SubresourceOptions = {},
  ): Promise<T> {
    return this.#json({
      method: 'PUT',
      path: writePath(kind, object.metadata, options),
      body: object,
      ...this.#bounds(options),
    });
  }

  patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: object,
    options: SubresourceOptions = {},
  ): Promise<T> {
    return this.#json({
      method: 'PATCH',
      path: writePath(kind, ref, options),
      body: patch,
      contentType: MERGE_PATCH,
      ...this.#bounds(options),
    });
  }

  patchStatus<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: object,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.patch(kind, ref, patch, { ...options, subresource: 'status' });
  }

  apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: Applied<T>,
    options: ApplyOptions & { readonly subresource?: Subresource },
  ): Promise<T> {
    return this.#json({
      method: 'PATCH',
      path: writePath(kind, object.metadata, options, {
        force: options.isForced === true ? 'true' : undefined,
      }),
      body: object,
      contentType: APPLY_PATCH,
      ...this.#bounds(options),
    });
  }

  applyStatus<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: Applied<T>,
    options: ApplyOptions,
  ): Promise<T> {
    return this.apply(kind, object, { ...options, subresource: 'status' });
  }

  async delete(kind: ResourceKind, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: options.propagation,
      preconditions: options.preconditions,
    };
    await this.#json({ method: 'DELETE', path: pathOfObject(kind, ref), body, ...this.#bounds(options) });
  }

  async #pages<T extends KubeObject>(
    kind: ResourceKind<T>,
    { signal, ...selection }: Selection & CallOptions,
    limit: number | undefined,
  ): Promise<KubeList<T>> {
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const query = queryOf({ ...selectors(selection), limit, continue: next });
      const path = `${pathOfKind(kind, selection.namespace)}${query}`;
      const page: ListBody<T> = await this.#json({ method: 'GET', path, ...this.#bounds({ signal }) });
      // Items of a list do not say what they are.
      for (const item of page.items ?? [])
        items.push({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind });
      next = page.metadata.continue;
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  #bounds({ signal }: CallOptions): Pick<HttpCall, 'timeoutMs' | 'signal'> {
    return { timeoutMs: this.#timeoutMs, signal };
  }

  async #json<R>(call: HttpCall): Promise<R> {
    const response = await this.#accepted(call);
    const body = await this.#body(response, call);
    try {
      return JSON.parse(body) as R;
    } catch (error) {
      // Something between us and the API server has answered.
      throw errorOfNetwork(nameOf(call), error, false);
    }
  }

  async #body(response: IncomingMessage, call: HttpCall): Promise<string> {
    try {
      return await readBody(response, call, this.#timeoutMs);
    } catch (error) {
      if (error instanceof KubeTimeout) this.#cluster.forgetConnections();
      throw error;
    }
  }

  /** The answer, where it is a good one. */
  async #accepted(call: HttpCall, isSecondTry = false): Promise<IncomingMessage> {
    await this.#bucket.take(call.signal);
    const access = await this.#cluster.access();
    const report = (code: string): void =>
      this.#options.onRequest?.({ method: call.method, host: access.server.host, code });
    let response: IncomingMessage;
    try {
      response = await send(access, this.#options.userAgent, call);
    } catch (error) {
      report('<error>');
      if (error instanceof KubeTimeout) this.#cluster.forgetConnections();
      throw error;
    }
    const status = response.statusCode ?? 0;
    report(String(status));
    if (status >= 200 && status < 300) return response;
    const error: KubeError = errorOfAnswer(
      nameOf(call),
      status,
      await this.#body(response, call),
      response.headers['retry-after'],
    );
    if (!(error instanceof KubeUnauthorized) || isSecondTry) throw error;
    this.#cluster.renew();
    return this.#accepted(call, true);
  }
}

function eventOf<T extends KubeObject>(line: string, call: HttpCall): WatchEvent<T> | undefined {
  const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: T };
  switch (type) {
    case 'ADDED':
      return { type: 'added', object };
    case 'MODIFIED':
      return { type: 'modified', object };
    case 'DELETED':
      return { type: 'deleted', object };
    case 'BOOKMARK':
      return { type: 'bookmark', resourceVersion: object.metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw errorOfAnswer(nameOf(call), 200, JSON.stringify(object));
    default:
      return undefined;
  }
}

function selectors({ labelSelector, fieldSelector }: Selection): Query {
  return { labelSelector, fieldSelector };
}

function writeQuery({ fieldManager, isDryRun }: WriteOptions): Query {
  return { fieldManager, dryRun: isDryRun === true ? 'All' : undefined };
}

function writePath(
  kind: ResourceKind,
  ref: ObjectRef,
  options: SubresourceOptions,
  more: Query = {},
): string {
  const part = options.subresource === undefined ? '' : `/${options.subresource}`;
  return `${pathOfObject(kind, ref)}${part}${queryOf({ ...writeQuery(options), ...more })}`;
}

function queryOf(parameters: Query): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`;
}

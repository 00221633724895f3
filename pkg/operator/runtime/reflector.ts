import { jittered } from '../../runtime/jitter.ts';
import type { Logger } from '../../runtime/logger.ts';
import { KubeGone, KubeTooManyRequests } from './errors.ts';
import type { KubeClient, Selection, WatchEvent } from './kube-client.ts';
import { isNotNewer, isOlder, type KubeObject, type ResourceKind } from './objects.ts';
import { pause, type Scheduler } from './scheduler.ts';
import { type IndexBy, type ReadonlyStore, Store } from './store.ts';

/** Told what has happened to objects, in order. It must return at once: it puts a key in a queue, as a rule. */
export interface ObjectHandler<T> {
  added?(object: T): void;
  updated?(before: T, after: T): void;
  /** With the last known state. */
  deleted?(object: T): void;
}

/** Told how a reflector fares, for metrics. */
export interface ReflectorObserver {
  listed?(kind: string): void;
  /** A watch has ended: in time (`ended`), by silence (`stalled`), or by an error's code. */
  watchEnded?(kind: string, why: string): void;
  handlerFailed?(kind: string): void;
}

/** What to follow, and when to doubt. */
export interface ReflectorOptions<T extends KubeObject> extends Selection {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly kind: ResourceKind<T>;
  readonly scheduler: Scheduler;
  readonly logger: Pick<Logger, 'debug' | 'warn' | 'error'>;
  readonly observer?: ReflectorObserver;
  readonly indexes?: Readonly<Record<string, IndexBy<T>>>;
  /** Seconds that a watch may say nothing; a server that does bookmarks says something every minute. 90 by default. */
  readonly stallSeconds?: number;
  /** Seconds after which the server ends a watch; 400 by default, spread by a quarter. */
  readonly watchSeconds?: number;
  /** Seconds without a word from the server after which what is known may be wrong; 180 by default. */
  readonly blindSeconds?: number;
  /** Seconds between two deliveries of everything as updates that changed nothing; never by default. */
  readonly resyncSeconds?: number;
  /** Milliseconds before the second try, doubled up to the maximum; 500 and 30,000 by default. */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

/** Lists in a row that are older than what is known before the newest of them is believed: a restored backup, not a slow replica. */
const MAX_OLD_LISTS = 5;
/** Silent watches in a row after which everything is listed: the server may wait for a moment that it will never reach. */
const MAX_SILENT_WATCHES = 2;
/** A watch that lasted so long, milliseconds, has worked, even if nothing happened. */
const WORKING_WATCH_MS = 5_000;

/**
 * Keeps a store equal to the objects of a kind on the API server, for as long as it runs, whatever happens in between.
 *
 * It lists, then watches from that moment on. A watch that ends goes on from the last known moment; one that says nothing for too
 * long is made anew; when the server no longer keeps that moment, everything is listed again, and what was deleted meanwhile is told
 * as deleted. What is older than what is known is not taken, be it an event or a list. A handler that throws stops nothing.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #store: Store<T>;
  readonly #handlers: ObjectHandler<T>[] = [];
  /** Moment up to which everything is known. */
  #version: string | undefined;
  #newestVersion: string | undefined;
  #oldLists = 0;
  #silentWatches = 0;
  #failures = 0;
  #lastContactMs: number | undefined;
  #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#store = new Store(options.indexes);
  }

  /** Lower-case plural of the kind. */
  get name(): string {
    return this.#options.kind.plural;
  }

  get store(): ReadonlyStore<T> {
    return this.#store;
  }

  /** Whether everything was listed and told to handlers once. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves when everything was listed once. */
  whenSynced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Moment up to which the store is complete, by the last list, event or bookmark. */
  get resourceVersion(): string | undefined {
    return this.#version;
  }

  /** When the server last said something, on the scheduler's monotonic clock, milliseconds. */
  get lastContactMs(): number | undefined {
    return this.#lastContactMs;
  }

  /** Whether what is known may be wrong: nothing was ever listed, or the server has said nothing for too long. */
  get isBlind(): boolean {
    return !this.#hasSynced || this.silentSeconds > (this.#options.blindSeconds ?? 180);
  }

  /** Seconds since the server last said something; infinite where it never did. */
  get silentSeconds(): number {
    if (this.#lastContactMs === undefined) return Number.POSITIVE_INFINITY;
    return (this.#options.scheduler.monotonicMs() - this.#lastContactMs) / 1000;
  }

  /** Adds a handler. One that comes late is first told of everything that is known. */
  handle(handler: ObjectHandler<T>): void {
    this.#handlers.push(handler);
    for (const object of this.#store.list()) this.#tellOne(handler, (to) => to.added?.(object));
  }

  /** Follows until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const resync = this.#resync(signal);
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list(signal);
        const startedMs = this.#options.scheduler.monotonicMs();
        await this.#watch(this.#version!, signal);
        if (signal.aborted) break;
        // A server that ends each watch at once must not be asked without end.
        if (this.#options.scheduler.monotonicMs() - startedMs > WORKING_WATCH_MS) this.#failures = 0;
        else await this.#wait(undefined, signal);
      } catch (error) {
        if (signal.aborted) break;
        const code = (error as { readonly code?: string }).code ?? 'unknown';
        if (this.#version !== undefined) this.#options.observer?.watchEnded?.(this.name, code);
        if (error instanceof KubeGone) this.#version = undefined;
        this.#options.logger.warn({ kind: this.name, code, err: error }, 'following a kind failed');
        await this.#wait(error, signal);
      }
    }
    await resync;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, kind, namespace, labelSelector, fieldSelector, observer } = this.#options;
    const list = await client.list(kind, { namespace, labelSelector, fieldSelector, signal });
    if (isOlder(list.resourceVersion, this.#newestVersion) && (this.#oldLists += 1) <= MAX_OLD_LISTS) {
      throw new KubeGone({
        request: `GET ${this.name}`,
        status: 200,
        reason: 'Older',
        message: `list of ${list.resourceVersion} is older than ${this.#newestVersion}, which is known`,
        causes: [],
      });
    }
    this.#oldLists = 0;
    this.#contact();
    observer?.listed?.(this.name);
    const { added, updated, deleted } = this.#store.replace(list.items);
    this.#newestVersion = list.resourceVersion;
    this.#version = list.resourceVersion;
    // First what is gone: the same name may be there again.
    for (const object of deleted) this.#tell((to) => to.deleted?.(object));
    for (const object of added) this.#tell((to) => to.added?.(object));
    for (const { before, after } of updated) this.#tell((to) => to.updated?.(before, after));
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, kind, namespace, labelSelector, fieldSelector, scheduler, observer } = this.#options;
    const stallMs = (this.#options.stallSeconds ?? 90) * 1000;
    const timeoutSeconds = Math.ceil(jittered(this.#options.watchSeconds ?? 400));
    const stalled = new AbortController();
    let cancel = scheduler.after(stallMs, () => stalled.abort());
    const heard = (): void => {
      this.#contact();
      cancel();
      cancel = scheduler.after(stallMs, () => stalled.abort());
    };
    try {
      const both = AbortSignal.any([signal, stalled.signal]);
      const selection = { namespace, labelSelector, fieldSelector };
      const options = { ...selection, resourceVersion, timeoutSeconds, signal: both, onOpen: heard };
      for await (const event of client.watch(kind, options)) {
        heard();
        this.#failures = 0;
        this.#silentWatches = 0;
        this.#take(event);
      }
    } finally {
      cancel();
    }
    if (!signal.aborted) observer?.watchEnded?.(this.name, stalled.signal.aborted ? 'stalled' : 'ended');
    if (!stalled.signal.aborted) return;
    // No warning: over an etcd that tells no progress, a kind that rests has no bookmarks either. One that is not reached fails when it is asked anew.
    this.#options.logger.debug({ kind: this.name }, 'watch said nothing for too long');
    this.#silentWatches += 1;
    if (this.#silentWatches < MAX_SILENT_WATCHES) return;
    this.#silentWatches = 0;
    this.#version = undefined;
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'bookmark') {
      this.#advance(event.resourceVersion);
      return;
    }
    const { object } = event;
    const version = object.metadata.resourceVersion;
    const before = this.#store.get(object.metadata);
    // Told again by a server that is behind. What is gone since must not come back by it either.
    if (isNotNewer(version, this.#version)) return;
    if (event.type === 'deleted') {
      this.#store.delete(object.metadata);
      if (before !== undefined) this.#tell((to) => to.deleted?.(object));
    } else if (before === undefined) {
      this.#store.set(object);
      this.#tell((to) => to.added?.(object));
    } else {
      this.#store.set(object);
      this.#tell((to) => to.updated?.(before, object));
    }
    if (version !== undefined) this.#advance(version);
  }

  #advance(version: string): void {
    if (version === '' || isOlder(version, this.#version)) return;
    this.#version = version;
    this.#newestVersion = version;
  }

  #contact(): void {
    this.#lastContactMs = this.#options.scheduler.monotonicMs();
  }

  async #wait(error: unknown, signal: AbortSignal): Promise<void> {
    const { baseMs, maxMs } = this.#options.backoff ?? { baseMs: 500, maxMs: 30_000 };
    const pauseMs = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    const wishedMs = error instanceof KubeTooManyRequests ? error.retryAfterSeconds * 1000 : 0;
    await pause(this.#options.scheduler, jittered(Math.max(pauseMs, wishedMs)), signal);
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const { resyncSeconds, scheduler } = this.#options;
    if (resyncSeconds === undefined) return;
    for (;;) {
      await pause(scheduler, jittered(resyncSeconds * 1000), signal);
      if (signal.aborted) return;
      for (const object of this.#store.list()) this.#tell((to) => to.updated?.(object, object));
    }
  }

  #tell(say: (to: ObjectHandler<T>) => void): void {
    for (const handler of this.#handlers) this.#tellOne(handler, say);
  }

  #tellOne(handler: ObjectHandler<T>, say: (to: ObjectHandler<T>) => void): void {
    try {
      say(handler);
    } catch (error) {
      this.#options.observer?.handlerFailed?.(this.name);
      this.#options.logger.error({ kind: this.name, err: error }, 'handler of a kind failed');
    }
  }
}

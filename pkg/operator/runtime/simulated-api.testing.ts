import { KubeGone, KubeUnavailable } from './errors.ts';
import type { KubeList, WatchEvent, WatchOptions } from './kube-client.ts';
import { keyOf, type KubeObject, type ResourceKind } from './objects.ts';

export const THINGS: ResourceKind<Thing> = {
  ...{ group: 'test.tradewind.dev', version: 'v1', kind: 'Thing', plural: 'things', isNamespaced: true },
};

/** An object of the simulation. */
export interface Thing extends KubeObject {
  readonly value: number;
}

/** What goes wrong with the next list or watch. */
export type ApiFault =
  | 'none'
  /** It is refused. */
  | 'refused'
  /** A list shows the world as it was some changes ago; a watch tells some events again that came before its moment. */
  | 'stale'
  /** A watch ends after one event. */
  | 'short'
  /** A watch says nothing, and does not end. */
  | 'silent';

const failure = (status: number) => ({
  request: 'GET /things',
  status,
  reason: '',
  message: 'simulated',
  causes: [],
});

type Stored = { readonly version: number; readonly event: WatchEvent<Thing> };

/** The list and watch of an API server, in memory and by its rules: versions, compaction, events in order. */
export class SimulatedApi {
  /** Consulted once for each list and each watch. */
  fault: (verb: 'list' | 'watch') => ApiFault = () => 'none';
  readonly objects = new Map<string, Thing>();
  readonly #log: Stored[] = [];
  #version = 1;
  #compacted = 0;
  #uids = 0;
  #wake = Promise.withResolvers<void>();

  /** Makes or changes a thing. */
  put(name: string, value: number): void {
    const before = this.objects.get(keyOf({ namespace: 'a', name }));
    const uid = before?.metadata.uid ?? `u${(this.#uids += 1)}`;
    this.#append(before === undefined ? 'added' : 'modified', name, uid, value);
  }

  /** Deletes a thing, if it is there. */
  remove(name: string): void {
    const before = this.objects.get(keyOf({ namespace: 'a', name }));
    if (before !== undefined) this.#append('deleted', name, before.metadata.uid!, before.value);
  }

  /** Forgets all events so far. */
  compact(): void {
    this.#compacted = this.#version;
  }

  async list(): Promise<KubeList<Thing>> {
    const fault = this.fault('list');
    if (fault === 'refused') throw new KubeUnavailable(failure(503));
    await Promise.resolve();
    if (fault !== 'stale')
      return { items: [...this.objects.values()], resourceVersion: String(this.#version) };
    const upTo = Math.max(1, this.#version - 3);
    return { items: this.#at(upTo), resourceVersion: String(upTo) };
  }

  async *watch(_kind: unknown, options: WatchOptions): AsyncGenerator<WatchEvent<Thing>> {
    const { signal, resourceVersion, onOpen } = options;
    const fault = this.fault('watch');
    await Promise.resolve();
    if (fault === 'refused') throw new KubeUnavailable(failure(500));
    let from = Number(resourceVersion);
    if (from < this.#compacted) throw new KubeGone(failure(410));
    if (fault === 'stale') from = Math.max(this.#compacted, from - 3);
    onOpen?.();
    const isOver = new Promise<void>((resolve) =>
      signal?.addEventListener('abort', () => resolve(), { once: true }),
    );
    while (signal?.aborted !== true) {
      const next = fault === 'silent' ? undefined : this.#log.find(({ version }) => version > from);
      if (next === undefined) {
        await Promise.race([this.#wake.promise, isOver]);
        if (fault === 'silent') await isOver;
        continue;
      }
      from = next.version;
      yield next.event;
      if (fault === 'short') return;
    }
  }

  #append(type: 'added' | 'modified' | 'deleted', name: string, uid: string, value: number): void {
    this.#version += 1;
    const metadata = { namespace: 'a', name, uid, resourceVersion: String(this.#version) };
    const object: Thing = { apiVersion: 'test.tradewind.dev/v1', kind: 'Thing', metadata, value };
    if (type === 'deleted') this.objects.delete(keyOf(metadata));
    else this.objects.set(keyOf(metadata), object);
    this.#log.push({ version: this.#version, event: { type, object } });
    const wake = this.#wake;
    this.#wake = Promise.withResolvers();
    wake.resolve();
  }

  #at(version: number): Thing[] {
    const objects = new Map<string, Thing>();
    for (const { version: at, event } of this.#log) {
      if (at > version || event.type === 'bookmark') continue;
      if (event.type === 'deleted') objects.delete(keyOf(event.object.metadata));
      else objects.set(keyOf(event.object.metadata), event.object);
    }
    return [...objects.values()];
  }
}

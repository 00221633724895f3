import { keyOf, type KubeObject, type ObjectRef } from './objects.ts';

/** Values under which an object is found, e.g. the names of what it belongs to. */
export type IndexBy<T> = (object: T) => readonly string[];

/** What replacing everything has changed. */
export interface StoreChanges<T> {
  readonly added: readonly T[];
  readonly updated: readonly { readonly before: T; readonly after: T }[];
  /** In their last known state. */
  readonly deleted: readonly T[];
}

/** What readers of a store see: the newest known state of the objects of a kind. Objects must not be changed. */
export interface ReadonlyStore<T extends KubeObject> {
  get(ref: ObjectRef): T | undefined;
  /** Every object, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** @throws {RangeError} There is no such index. */
  byIndex(index: string, value: string): readonly T[];
  readonly size: number;
}

/** Objects of a kind by key, with indexes that follow every change. */
export class Store<T extends KubeObject> implements ReadonlyStore<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes: ReadonlyMap<
    string,
    { readonly by: IndexBy<T>; readonly keys: Map<string, Set<string>> }
  >;

  constructor(indexes: Readonly<Record<string, IndexBy<T>>> = {}) {
    this.#indexes = new Map(
      Object.entries(indexes).map(([name, by]) => [name, { by, keys: new Map<string, Set<string>>() }]),
    );
  }

  get size(): number {
    return this.#objects.size;
  }

  get(ref: ObjectRef): T | undefined {
    return this.#objects.get(keyOf(ref));
  }

  list(namespace?: string): readonly T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  byIndex(index: string, value: string): readonly T[] {
    const known = this.#indexes.get(index);
    if (known === undefined)
      throw new RangeError(`index must be one of ${[...this.#indexes.keys()].join(', ')}, was ${index}`);
    return [...(known.keys.get(value) ?? [])].map((key) => this.#objects.get(key)!);
  }

  /** @returns What was there before. */
  set(object: T): T | undefined {
    const key = keyOf(object.metadata);
    const before = this.#objects.get(key);
    if (before !== undefined) this.#unindex(key, before);
    this.#objects.set(key, object);
    for (const { by, keys } of this.#indexes.values()) {
      for (const value of by(object)) {
        const found = keys.get(value);
        if (found === undefined) keys.set(value, new Set([key]));
        else found.add(key);
      }
    }
    return before;
  }

  /** @returns What was there before. */
  delete(ref: ObjectRef): T | undefined {
    const key = keyOf(ref);
    const before = this.#objects.get(key);
    if (before === undefined) return undefined;
    this.#unindex(key, before);
    this.#objects.delete(key);
    return before;
  }

  /** Takes a list in the place of everything; an object of the same version is no change. */
  replace(objects: readonly T[]): StoreChanges<T> {
    const gone = new Set(this.#objects.keys());
    const added: T[] = [];
    const updated: { readonly before: T; readonly after: T }[] = [];
    const deleted: T[] = [];
    for (const object of objects) {
      gone.delete(keyOf(object.metadata));
      const before = this.set(object);
      if (before === undefined) added.push(object);
      else if (before.metadata.uid !== object.metadata.uid) {
        // It was deleted and made anew while nobody looked.
        deleted.push(before);
        added.push(object);
      } else if (before.metadata.resourceVersion !== object.metadata.resourceVersion)
        updated.push({ before, after: object });
    }
    for (const key of gone) deleted.push(this.#objects.get(key)!);
    for (const { metadata } of deleted) if (gone.has(keyOf(metadata))) this.delete(metadata);
    return { added, updated, deleted };
  }

  #unindex(key: string, object: T): void {
    for (const { by, keys } of this.#indexes.values()) {
      for (const value of by(object)) {
        const found = keys.get(value);
        found?.delete(key);
        if (found?.size === 0) keys.delete(value);
      }
    }
  }
}

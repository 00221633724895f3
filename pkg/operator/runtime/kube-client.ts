import type { KubeObject, ObjectMeta, ObjectRef, ResourceKind } from './objects.ts';

/** Parts of an object that have a path of their own. */
export type Subresource = 'status' | 'scale';

export interface CallOptions {
  /** Ends the request when aborted; whether a write has happened is then not known. */
  readonly signal?: AbortSignal | undefined;
}

/** Which objects of a kind. */
export interface Selection {
  /** All namespaces where left out. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** Objects of one moment. */
export interface KubeList<T> {
  readonly items: readonly T[];
  /** The moment that the list shows; a watch goes on from here. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection, CallOptions {
  /** The moment after which events are wanted. */
  readonly resourceVersion: string;
  /** Seconds after which the server ends the stream, as a matter of course. */
  readonly timeoutSeconds?: number;
  /** Told when the server has accepted the watch. */
  readonly onOpen?: () => void;
}

/** What has happened to an object, or (`bookmark`) that nothing else has happened up to a moment. */
export type WatchEvent<T> =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

export interface WriteOptions extends CallOptions {
  /** Who writes, as in `metadata.managedFields`. */
  readonly fieldManager?: string;
  /** Checked as a real write, but not stored. */
  readonly isDryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers instead of ending in a conflict. */
  readonly isForced?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** What becomes of owned objects: deleted afterwards, deleted first, left alone. */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Deletes only the object with this identity and version. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

type DeepPartial<V> = V extends readonly unknown[]
  ? V
  : V extends object
    ? { readonly [K in keyof V]?: DeepPartial<V[K]> }
    : V;

/** What is applied: what the writer wants to own, and nothing else. */
export type Applied<T extends KubeObject> = Pick<T, 'apiVersion' | 'kind'> & {
  readonly metadata: Partial<ObjectMeta> & ObjectRef;
} & DeepPartial<Omit<T, 'apiVersion' | 'kind' | 'metadata'>>;

/**
 * The Kubernetes API for objects of any kind. Every method throws subclasses of `KubeError`; nothing is tried twice by itself,
 * except that a list whose pages have expired begins anew, and that a request refused as unauthorized is sent once more with
 * credentials read afresh.
 */
export interface KubeClient {
  /** The newest state of one object. */
  get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, options?: CallOptions): Promise<T>;
  /** Every object of a selection, read in pages, all of one moment. */
  list<T extends KubeObject>(kind: ResourceKind<T>, options?: Selection & CallOptions): Promise<KubeList<T>>;
  /**
   * What happens after a moment, with bookmarks. Ends when the server ends the stream.
   *
   * @throws {KubeGone} The moment is no longer kept.
   */
  watch<T extends KubeObject>(kind: ResourceKind<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(kind: ResourceKind<T>, object: T, options?: WriteOptions): Promise<T>;
  /** Replaces an object; with `metadata.resourceVersion` only if it is still of that version. */
  update<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: Subresource },
  ): Promise<T>;
  /** JSON merge patch (RFC 7386). */
  patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: object,
    options?: WriteOptions & { readonly subresource?: Subresource },
  ): Promise<T>;
  patchStatus<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: object,
    options?: WriteOptions,
  ): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: Applied<T>,
    options: ApplyOptions & { readonly subresource?: Subresource },
  ): Promise<T>;
  applyStatus<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: Applied<T>,
    options: ApplyOptions,
  ): Promise<T>;
  delete(kind: ResourceKind, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
}

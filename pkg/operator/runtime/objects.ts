/** Who owns an object, and whether it is the one controller of it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Metadata of an object, as far as controllers use it. Times are RFC 3339. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

/** What every object of the API has. A kind's own type extends it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** A kind of object and its place in the API. `T` is the type of its objects. */
export interface ResourceKind<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As in paths: lower case, plural. */
  readonly plural: string;
  readonly isNamespaced: boolean;
  /** Never set: it carries `T`. */
  readonly objects?: T;
}

/** Names one object of a kind. */
export interface ObjectRef {
  /** Left out for kinds that have no namespace. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `apiVersion` of a kind's objects. */
export function apiVersionOf({ group, version }: ResourceKind): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Path of a kind's objects, in one namespace or in all of them. */
export function pathOfKind(kind: ResourceKind, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const place =
    kind.isNamespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${place}/${kind.plural}`;
}

/** Path of one object. */
export function pathOfObject(kind: ResourceKind, { namespace, name }: ObjectRef): string {
  return `${pathOfKind(kind, namespace)}/${encodeURIComponent(name)}`;
}

/** `namespace/name`, or `name` where there is no namespace: the key of an object within its kind. */
export function keyOf({ namespace, name }: ObjectRef): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** The inverse of `keyOf`. */
export function refOfKey(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

const DIGITS = /^[1-9]\d*$/;

/**
 * Which of two versions of one kind is older: below 0 the first, above 0 the second, 0 neither.
 *
 * @returns `undefined` where one of them is not a decimal number: such versions can only be equal or not.
 * @see Kubernetes enhancement 5504: resource versions are decimal numbers of any length, to be compared as such.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!DIGITS.test(a) || !DIGITS.test(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

/** Whether `a` is known to be older than `b`. */
export function isOlder(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && (compareVersions(a, b) ?? 0) < 0;
}

/** Whether `a` is known not to be newer than `b`. */
export function isNotNewer(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && (compareVersions(a, b) ?? 1) <= 0;
}

import { apiVersionOf, keyOf, type KubeObject, type ResourceKind } from './objects.ts';

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.split('/', 1)[0]! : '';

/** The key of the object itself. */
export const ownKey = (object: KubeObject): readonly string[] => [keyOf(object.metadata)];

/**
 * Keys of the owners of a kind, whichever version they are named by.
 *
 * @param isAny - Every owner; only the one that is the controller by default.
 */
export function ownerKeys(owner: ResourceKind, isAny = false): (object: KubeObject) => readonly string[] {
  const group = groupOf(apiVersionOf(owner));
  return ({ metadata }) =>
    (metadata.ownerReferences ?? [])
      .filter((one) => one.kind === owner.kind && groupOf(one.apiVersion) === group)
      .filter(({ controller }) => isAny || controller === true)
      .map(({ name }) => keyOf({ name, namespace: owner.isNamespaced ? metadata.namespace : undefined }));
}

/** The key of the object of the same namespace that a label names; nothing where the label is missing or empty. */
export function labelledKey(label: string): (object: KubeObject) => readonly string[] {
  return ({ metadata: { labels, namespace } }) => {
    const name = labels?.[label];
    return name === undefined || name === '' ? [] : [keyOf({ namespace, name })];
  };
}

/**
 * For `Following.concerns`: what a person can change has changed, or the object is new, gone or going. A status that was written
 * changes none of it, so that a controller does not wake itself.
 */
export function specChanged(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  if (before === undefined || after === undefined) return true;
  const [a, b] = [before.metadata, after.metadata];
  return (
    a.uid !== b.uid ||
    a.generation !== b.generation ||
    a.deletionTimestamp !== b.deletionTimestamp ||
    JSON.stringify([a.labels, a.annotations, a.finalizers]) !==
      JSON.stringify([b.labels, b.annotations, b.finalizers])
  );
}

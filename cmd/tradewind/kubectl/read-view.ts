import { MODEL_LABEL, type Pod, PODS, TRADING_MODELS } from '../../../pkg/operator/kinds.ts';
import { KubeForbidden } from '../../../pkg/operator/runtime/errors.ts';
import { type Place, meaningOf } from './cluster.ts';
import type { ModelView } from './model-tree.ts';

/** What is said in place of pods that the user may not read. */
export const PODS_FORBIDDEN = 'pods are not shown: the user may not list them';

/** Selects what belongs to a model. */
export const labelOf = (name: string): string => `${MODEL_LABEL}=${name}`;

/**
 * Reads one model and its pods.
 *
 * @throws {ModelUnknown | DefinitionMissing | KubeError}
 */
export async function readView({ client, namespace }: Place, name: string): Promise<ModelView> {
  const model = await client.get(TRADING_MODELS, { namespace, name }).catch((error: unknown) => {
    throw meaningOf(error, namespace, name);
  });
  const pods = await readPods({ client, namespace }, name);
  return pods === undefined ? { model, pods: [], podsMissing: PODS_FORBIDDEN } : { model, pods };
}

async function readPods({ client, namespace }: Place, name: string): Promise<readonly Pod[] | undefined> {
  try {
    return (await client.list(PODS, { namespace, labelSelector: labelOf(name) })).items;
  } catch (error) {
    if (error instanceof KubeForbidden) return undefined;
    throw error;
  }
}

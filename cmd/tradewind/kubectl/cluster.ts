import { ClusterAccess } from '../../../pkg/operator/runtime/cluster-access.ts';
import { KubeInvalid, KubeNotFound } from '../../../pkg/operator/runtime/errors.ts';
import { HttpKubeClient } from '../../../pkg/operator/runtime/http-client.ts';
import type { KubeClient } from '../../../pkg/operator/runtime/kube-client.ts';
import { VERSION } from '../../../pkg/runtime/version.ts';
import type { ClusterFlags } from '../commands/cluster-flags.ts';
import { DefinitionMissing, ModelUnknown, SpecRefused } from './errors.ts';

/** Where one model is, and how to ask for it. */
export interface Place {
  readonly client: KubeClient;
  readonly namespace: string;
}

/** A cluster, and the namespace of it that is meant. */
export interface OpenCluster extends Place {
  readonly access: ClusterAccess;
  /** Who asks, for audit logs. */
  readonly userAgent: string;
}

/**
 * Opens the cluster that kubectl would talk to; nothing is asked of it yet.
 *
 * @throws {KubeconfigInvalid}
 */
export function openCluster({ kubeconfig, context, namespace }: ClusterFlags): OpenCluster {
  const access =
    kubeconfig === undefined
      ? ClusterAccess.fromDefault(context)
      : ClusterAccess.fromFile(kubeconfig, context);
  const userAgent = `tradewind-cli/${VERSION}`;
  return {
    ...{ access, userAgent, client: new HttpKubeClient(access, { userAgent }) },
    namespace: namespace ?? access.namespace ?? 'default',
  };
}

/**
 * Says what an answer of the API server means for a model: it is not there, its kind is not there, its spec is refused.
 *
 * @returns What to throw: the error itself where it says enough.
 */
export function meaningOf(error: unknown, namespace: string, name: string): unknown {
  if (error instanceof KubeNotFound) {
    // A path that the server does not serve is answered without a reason.
    const isKindKnown = error.failure.reason === 'NotFound';
    return isKindKnown ? new ModelUnknown(namespace, name, error) : new DefinitionMissing(error);
  }
  if (error instanceof KubeInvalid) {
    const { causes, message } = error.failure;
    // The server tells them in any order.
    const faults = causes.map(({ field, message }) => `${field}: ${oneLine(message)}`).toSorted();
    return new SpecRefused(name, faults.length === 0 ? [oneLine(message)] : faults, error);
  }
  return error;
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').trim();

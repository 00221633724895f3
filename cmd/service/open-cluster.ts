import { z } from 'zod';

import { ClusterAccess } from '../../pkg/operator/runtime/cluster-access.ts';
import { HttpKubeClient } from '../../pkg/operator/runtime/http-client.ts';
import type { OperatorMetrics } from '../../pkg/operator/runtime/metrics.ts';
import { VERSION } from '../../pkg/runtime/version.ts';

/** How a process reaches the API server. */
export const kubernetesSection = z
  .strictObject({
    kubeconfig: z
      .string()
      .min(1)
      .optional()
      .describe('File; where absent `KUBECONFIG`, `~/.kube/config`, or the ServiceAccount of the pod'),
    namespace: z
      .string()
      .min(1)
      .optional()
      .describe('Namespace of the TradingModels; that of the kubeconfig or pod where absent'),
    requestsPerSecond: z.number().positive().max(10_000).default(50).describe('Requests in the long run'),
    burst: z.int().positive().max(10_000).default(100).describe('Requests at once at most'),
  })
  .prefault({});

export type KubernetesSection = z.infer<typeof kubernetesSection>;

/** The cluster of a process. */
export interface Cluster {
  readonly access: ClusterAccess;
  readonly namespace: string;
  /** A client with a rate of its own. @param part - Of the process, for the audit log. */
  readonly client: (part: string) => HttpKubeClient;
}

/** @throws {KubeconfigInvalid} */
export function openCluster(section: KubernetesSection, metrics: OperatorMetrics): Cluster {
  const { kubeconfig, requestsPerSecond, burst } = section;
  const access = kubeconfig === undefined ? ClusterAccess.fromDefault() : ClusterAccess.fromFile(kubeconfig);
  return {
    access,
    namespace: section.namespace ?? access.namespace ?? 'default',
    client: (part) =>
      new HttpKubeClient(access, {
        userAgent: `tradewind-${part}/${VERSION}`,
        rate: { perSecond: requestsPerSecond, burst },
        onRequest: metrics.onRequest,
      }),
  };
}

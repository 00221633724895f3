import type { Command } from 'commander';

/** Which cluster and namespace, as kubectl says it. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** Adds the flags of kubectl that say which cluster and namespace are meant. */
export function withCluster(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'namespace of the model; that of the context when left out')
    .option('--kubeconfig <file>', 'kubeconfig file; KUBECONFIG or ~/.kube/config when left out')
    .option('--context <name>', 'context of the kubeconfig; its current one when left out');
}

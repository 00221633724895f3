/** Where Node is in the image. */
export const NODE = '/app/node_modules/node/bin/node';

/** What the end-to-end test is told by the environment. */
export interface E2eSettings {
  readonly image: string;
  readonly kafkaImage: string;
  readonly redisImage: string;
  readonly clickhouseImage: string;
  readonly namespace: string;
  /** Command of this machine that restarts the kubelet of a node; nothing is restarted without. */
  readonly restartNode: string | undefined;
  /** File to which the API server logs the metadata of its requests, as JSON. */
  readonly auditLog: string | undefined;
  /** Whether the cluster's network holds pods to NetworkPolicies. */
  readonly hasPolicies: boolean;
}

/** @throws {Error} Something is missing, and it says what. */
export function settingsOf(env: NodeJS.ProcessEnv): E2eSettings {
  const needed = (name: string, what: string): string => {
    const value = env[name];
    if (value === undefined || value === '') throw new Error(`${name} must name ${what}`);
    return value;
  };
  const policies = env['E2E_POLICIES'];
  if (policies !== undefined && policies !== 'enforced')
    throw new Error(`E2E_POLICIES must be enforced, or not set, was ${policies}`);
  needed('KUBECONFIG', 'the kubeconfig of a cluster that the test may install into');
  return {
    image: needed('E2E_IMAGE', 'the image of Tradewind, as the nodes know it'),
    kafkaImage: env['E2E_KAFKA_IMAGE'] ?? 'apache/kafka:4.1.1',
    redisImage: env['E2E_REDIS_IMAGE'] ?? 'redis:7-alpine',
    clickhouseImage: env['E2E_CLICKHOUSE_IMAGE'] ?? 'clickhouse/clickhouse-server:25.8',
    namespace: env['E2E_NAMESPACE'] ?? 'tradewind-e2e',
    restartNode: env['E2E_RESTART_NODE'],
    auditLog: env['E2E_AUDIT_LOG'],
    hasPolicies: policies !== undefined,
  };
}

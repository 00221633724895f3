import type { Wrong } from './wrong-values.ts';

const TRIAL = 'trial' as const;
const PRODUCTION = 'production' as const;

/** What templates say: keys that belong together. */
export const WRONG_COMBINATIONS: readonly Wrong[] = [
  ['no broker', { kafka: { brokers: [] } }, ['kafka.brokers']],
  [
    'brokers beside that of the trial',
    { kafka: { brokers: ['k:9092'] } },
    ['kafka.brokers', 'trial.kafka.enabled'],
    TRIAL,
  ],
  ['copies on a single node', { kafka: { replicas: 3 } }, ['kafka.replicas'], TRIAL],
  ['encryption to the Kafka of the trial', { kafka: { tls: true } }, ['trial.kafka.enabled'], TRIAL],
  ['more copies in sync than copies', { kafka: { minInSyncReplicas: 2 } }, ['kafka.minInSyncReplicas']],
  [
    'a way to log in without a user',
    { kafka: { mechanism: 'scram-sha-512' } },
    ['kafka.credentialsSecret.name'],
  ],
  ['a user without a way to log in', { kafka: { credentialsSecret: { name: 's' } } }, ['kafka.mechanism']],
  ['authorities without encryption', { kafka: { caSecret: { name: 'ca' } } }, ['kafka.caSecret.name']],
  [
    'authorities of Redis without encryption',
    { redis: { caSecret: { name: 'ca' } } },
    ['redis.caSecret.name'],
  ],
  [
    'a Secret of Redis without a key',
    { redis: { credentialsSecret: { name: 's', passwordKey: '' } } },
    ['redis.credentialsSecret.passwordKey'],
  ],
  [
    'a Secret of ClickHouse without a key',
    { clickhouse: { credentialsSecret: { name: 's', usernameKey: '' } } },
    ['clickhouse.credentialsSecret'],
  ],
  ['no address of Redis', { redis: { addresses: [] } }, ['redis.addresses']],
  ['a Redis beside that of the trial', { redis: { addresses: ['r:6379'] } }, ['redis.addresses'], TRIAL],
  ['sentinels in a trial', { redis: { mode: 'sentinel' } }, ['redis.mode'], TRIAL],
  ['no Redis, and addresses', { redis: { mode: 'none' }, gateway: { replicas: 1 } }, ['redis.mode']],
  [
    'no Redis for several gateways',
    { redis: { mode: 'none', addresses: [] } },
    ['redis.mode', 'gateway.replicas'],
  ],
  ['a recorder without ClickHouse', { clickhouse: { url: '' } }, ['clickhouse.url', 'recorder.enabled']],
  [
    'a trial without ClickHouse that records',
    { trial: { clickhouse: { enabled: false } } },
    ['clickhouse.url'],
    TRIAL,
  ],
  [
    'a ClickHouse beside that of the trial',
    { clickhouse: { url: 'http://c:8123' } },
    ['clickhouse.url'],
    TRIAL,
  ],
  [
    'authorities for plain text to ClickHouse',
    { clickhouse: { caSecret: { name: 'ca' } } },
    ['clickhouse.caSecret.name'],
  ],
  [
    'a Secret of authorities without a key',
    { clickhouse: { caSecret: { key: '' } } },
    ['clickhouse.caSecret.key'],
    PRODUCTION,
  ],
  [
    'more features processes than partitions',
    { kafka: { partitions: 2 }, features: { replicas: 3 } },
    ['features.replicas', 'kafka.partitions'],
  ],
  [
    'more recorders than partitions',
    { recorder: { replicas: 13 } },
    ['recorder.replicas', 'kafka.partitions'],
  ],
  [
    'an autoscaler beyond the partitions',
    { features: { autoscaling: { enabled: true, maxReplicas: 20 } } },
    ['features.autoscaling.maxReplicas'],
  ],
  [
    'an autoscaler upside down',
    { gateway: { autoscaling: { minReplicas: 9, maxReplicas: 3 } } },
    ['gateway.autoscaling.minReplicas'],
  ],
  [
    'an autoscaler without a request',
    { gateway: { autoscaling: { enabled: true }, resources: { requests: { cpu: null } } } },
    ['gateway.resources.requests.cpu'],
  ],
  [
    'a pause that eats the time to stop',
    { gateway: { preStopSeconds: 30 } },
    ['gateway.terminationGracePeriodSeconds'],
  ],
  [
    'a label that selects pods',
    { gateway: { podLabels: { 'app.kubernetes.io/component': 'x' } } },
    ['gateway.podLabels'],
  ],
  ['a common label that selects pods', { commonLabels: { 'app.kubernetes.io/name': 'x' } }, ['commonLabels']],
  [
    'a label twice',
    { commonLabels: { team: 'a' }, recorder: { podLabels: { team: 'b' } } },
    ['recorder.podLabels'],
  ],
  [
    'a replay of nothing',
    { collector: { config: { source: { kind: 'replay' } }, recordingClaim: 'c' } },
    ['collector.config.source.file'],
  ],
  [
    'a replay from no volume',
    { collector: { config: { source: { file: '/recordings/a.gz' } } } },
    ['collector.recordingClaim'],
  ],
  [
    'a recording elsewhere',
    { collector: { recordingClaim: 'c', config: { source: { file: '/tmp/a.gz' } } } },
    ['collector.config.source.file'],
  ],
  [
    'a symbol of a recording with the simulator',
    { collector: { config: { source: { symbol: 'ES' } } } },
    ['collector.config.source.symbol'],
  ],
  [
    'a hold above the buy',
    { gateway: { config: { prediction: { holdAbove: 0.7 } } } },
    ['gateway.config.prediction.holdAbove'],
  ],
  [
    'a lease that ends before it is given up',
    { controller: { config: { leaderElection: { renewDeadlineSeconds: 15 } } } },
    ['controller.config.leaderElection.renewDeadlineSeconds'],
  ],
  [
    'tries that are too rare',
    { controller: { config: { leaderElection: { retryPeriodSeconds: 10 } } } },
    ['controller.config.leaderElection.retryPeriodSeconds'],
  ],
  [
    'a Prometheus without a scheme',
    { controller: { config: { prometheus: { address: 'prometheus:9090' } } } },
    ['controller.config.prometheus.address'],
  ],
  ['a certificate of nobody', { certManager: { enabled: true } }, ['certManager.issuerRef.name']],
  [
    'certificates of callers without encryption',
    { gateway: { tls: { clientCaSecret: { name: 'ca' } } } },
    ['gateway.tls.clientCaSecret.name'],
  ],
  [
    'a load balancer without an address',
    { gateway: { service: { type: 'LoadBalancer', headless: true } } },
    ['gateway.service.headless'],
  ],
  ['no way to look up names', { networkPolicy: { dns: { ports: [] } } }, ['networkPolicy.dns.ports']],
  [
    'no way to the API server',
    { networkPolicy: { apiServer: { ports: [] } } },
    ['networkPolicy.apiServer.ports'],
  ],
];

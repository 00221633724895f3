import type { ValueSet } from './render.ts';

/** Values over those of a set, and what the answer must name. */
export type Wrong = readonly [situation: string, values: object, keys: readonly string[], over?: ValueSet];

/** What the schema says: types, bounds, forms, and keys that there are not. */
export const WRONG_VALUES: readonly Wrong[] = [
  ['a key that there is not', { gatway: {} }, ['gatway']],
  ['a misspelt key of a component', { gateway: { replica: 2 } }, ['/gateway', 'replica']],
  ['a misspelt key of a server', { kafka: { broker: ['k:9092'] } }, ['/kafka', 'broker']],
  [
    'a misspelt setting',
    { gateway: { config: { prediction: { buyabove: 0.7 } } } },
    ['/gateway/config/prediction', 'buyabove'],
  ],
  [
    'a section of another process',
    { collector: { config: { prediction: {} } } },
    ['/collector/config', 'prediction'],
  ],
  ['a number as text', { gateway: { replicas: 'three' } }, ['/gateway/replicas']],
  ['a part of a pod', { gateway: { replicas: 1.5 } }, ['/gateway/replicas']],
  ['fewer than no pods', { features: { replicas: -1 } }, ['/features/replicas']],
  ['a switch as text', { recorder: { enabled: 'always' } }, ['/recorder/enabled']],
  ['brokers as text', { kafka: { brokers: 'kafka:9092' } }, ['/kafka/brokers']],
  ['a broker without a port', { kafka: { brokers: ['kafka'] } }, ['/kafka/brokers/0']],
  ['an address of Redis with a scheme', { redis: { addresses: ['redis://r:6379'] } }, ['/redis/addresses/0']],
  ['a way to log in that there is not', { kafka: { mechanism: 'plain' } }, ['/kafka/mechanism']],
  ['no partitions', { kafka: { partitions: 0 } }, ['/kafka/partitions']],
  ['too many copies', { kafka: { replicas: 10 } }, ['/kafka/replicas']],
  ['a password in the values', { kafka: { password: 'secret' } }, ['/kafka', 'password']],
  [
    'a password of ClickHouse in its address',
    { clickhouse: { url: 'http://u:p@c:8123' } },
    ['/clickhouse/url'],
  ],
  [
    'an address of ClickHouse without a scheme',
    { clickhouse: { url: 'clickhouse:8123' } },
    ['/clickhouse/url'],
  ],
  ['a database with a dash', { clickhouse: { database: 'trade-wind' } }, ['/clickhouse/database']],
  ['a mode of Redis that there is not', { redis: { mode: 'primary' } }, ['/redis/mode']],
  ['a prefix with a space', { redis: { prefix: 'a b' } }, ['/redis/prefix']],
  ['a level that there is not', { settings: { log: { level: 'verbose' } } }, ['/settings/log/level']],
  [
    'a feature set that there is not',
    { settings: { features: { sets: ['core-v9'] } } },
    ['/settings/features/sets/0'],
  ],
  [
    'a look-back of one bar',
    { settings: { features: { lookbacks: [1] } } },
    ['/settings/features/lookbacks/0'],
  ],
  [
    'a probability above one',
    { gateway: { config: { prediction: { buyAbove: 60 } } } },
    ['/gateway/config/prediction/buyAbove'],
  ],
  [
    'addresses of predictors, which TradingModels say',
    { gateway: { config: { predictors: { addresses: ['p:8001'] } } } },
    ['/gateway/config/predictors', 'addresses'],
  ],
  ['several collectors of a source', { collector: { replicas: 2 } }, ['/collector', 'replicas']],
  [
    'a share of faults above its bound',
    { collector: { config: { simulator: { faults: { bad: 0.9 } } } } },
    ['/collector/config/simulator/faults/bad'],
  ],
  [
    'a setting of predictors in lower case',
    { controller: { config: { predictors: { env: { level: 'x' } } } } },
    ['/controller/config/predictors/env', 'level'],
  ],
  [
    'a lease of no time',
    { controller: { config: { leaderElection: { leaseDurationSeconds: 0 } } } },
    ['leaseDurationSeconds'],
  ],
  ['a pull policy that there is not', { image: { pullPolicy: 'Sometimes' } }, ['/image/pullPolicy']],
  ['a digest that is too short', { image: { digest: 'sha256:12' } }, ['/image/digest']],
  [
    'a tag in the repository, in capitals',
    { image: { repository: 'Registry/Tradewind' } },
    ['/image/repository'],
  ],
  ['an empty repository', { image: { repository: '' } }, ['/image/repository']],
  ['a name in capitals', { fullnameOverride: 'TradeWind' }, ['/fullnameOverride']],
  ['a name that is too long', { fullnameOverride: 'a'.repeat(41) }, ['/fullnameOverride']],
  [
    'a Secret with a name that cannot be',
    { redis: { credentialsSecret: { name: 'My_Secret' } } },
    ['/redis/credentialsSecret/name'],
  ],
  [
    'memory in a unit that there is not',
    { gateway: { resources: { limits: { memory: '1GB' } } } },
    ['/gateway/resources/limits/memory'],
  ],
  [
    'a resource that pods have not',
    { gateway: { resources: { requests: { gpu: 1 } } } },
    ['/gateway/resources/requests', 'gpu'],
  ],
  ['labels that are no text', { gateway: { podLabels: { a: 1 } } }, ['/gateway/podLabels/a']],
  [
    'a toleration with a misspelt key',
    { recorder: { tolerations: [{ kye: 'a' }] } },
    ['/recorder/tolerations/0', 'kye'],
  ],
  ['a spread that there is not', { features: { topologySpread: 'zone' } }, ['/features/topologySpread']],
  [
    'too little time to stop',
    { recorder: { terminationGracePeriodSeconds: 5 } },
    ['/recorder/terminationGracePeriodSeconds'],
  ],
  [
    'a budget that lets no pod go',
    { gateway: { podDisruptionBudget: { maxUnavailable: 0 } } },
    ['/gateway/podDisruptionBudget/maxUnavailable'],
  ],
  [
    'a CPU goal above all',
    { gateway: { autoscaling: { targetCpuPercent: 200 } } },
    ['/gateway/autoscaling/targetCpuPercent'],
  ],
  [
    'a kind of Service that there is not',
    { gateway: { service: { type: 'Ingress' } } },
    ['/gateway/service/type'],
  ],
  ['a peer that is no peer', { networkPolicy: { callers: ['everybody'] } }, ['/networkPolicy/callers/0']],
  ['an empty peer', { networkPolicy: { callers: [{}] } }, ['/networkPolicy/callers/0']],
  [
    'addresses without a length',
    { networkPolicy: { kafka: { peers: [{ ipBlock: { cidr: '10.0.0.1' } }] } } },
    ['/networkPolicy/kafka/peers/0/ipBlock/cidr'],
  ],
  [
    'a port out of bounds',
    { networkPolicy: { apiServer: { ports: [70_000] } } },
    ['/networkPolicy/apiServer/ports/0'],
  ],
  [
    'a port of callers that there is not',
    { networkPolicy: { callerPorts: ['metrics'] } },
    ['/networkPolicy/callerPorts/0'],
  ],
  ['a volume without a size', { recorder: { persistence: { size: '' } } }, ['/recorder/persistence/size']],
  ['a life of a certificate in days', { certManager: { duration: '90d' } }, ['/certManager/duration']],
  [
    'a time between scrapes without a unit',
    { monitoring: { podMonitor: { interval: '15' } } },
    ['/monitoring/podMonitor/interval'],
  ],
  [
    'a place of runbooks that is no address',
    { monitoring: { prometheusRule: { runbookBase: 'git.example/tradewind' } } },
    ['/monitoring/prometheusRule/runbookBase'],
  ],
  ['a command of a trial server as text', { trial: { kafka: { command: 'run' } } }, ['/trial/kafka/command']],
];

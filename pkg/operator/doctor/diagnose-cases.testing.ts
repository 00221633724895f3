import type { Installation } from './installation.ts';
import {
  installation,
  labelsOf,
  LONG_AGO,
  modelOf,
  notReady,
  NOW,
  podOf,
  workloadOf,
} from './installation.testing.ts';
import {
  condition,
  ends,
  failedCreate,
  lease,
  older,
  policy,
  pvcPending,
  refusedBy,
  says,
  waits,
} from './diagnose-parts.testing.ts';

/** One line that is to be found: reason, object, what the message says, what the fix says. */
type Line = readonly [reason: string, object: string, message: RegExp, fix: RegExp];

/** A situation, what is changed of a sound installation, and the lines that are found. */
export const CASES: readonly (readonly [string, Partial<Installation>, ...Line[]])[] = [
  [
    'the namespace is missing, and nothing else is told',
    { namespaceLabels: 'missing', pods: [], leases: [] },
    ['NamespaceMissing', 'namespace/desk', /not in the cluster/, /kubectl get namespaces/],
  ],
  [
    'definitions are missing',
    { definitions: { tradingmodels: 'missing', risklimits: 'unseen' } },
    ['DefinitionMissing', 'crd/tradingmodels.tradewind.dev', /TradingModel/, /kubectl apply -k k8s\/crds/],
  ],
  [
    'a definition is older than the client',
    { definitions: { tradingmodels: older() } },
    [
      'DefinitionOlder',
      'crd/tradingmodels.tradewind.dev',
      /knows no spec\.overlay, spec\.overlay\.\w+/,
      /kubectl apply/,
    ],
  ],
  [
    'the person may read nothing of a kind',
    {
      rights: [{ who: 'you', verb: 'list', group: '', resource: 'pods', isAllowed: false }],
      pods: [],
      unseen: ['pods'],
    },
    ['RightsMissing', 'namespace/desk', /you may not list pods/, /administrator/],
  ],
  [
    'the account of a process has no rights',
    {
      rights: [
        {
          who: 'tradewind-gateway',
          verb: 'list',
          group: 'tradewind.dev',
          resource: 'tradingmodels',
          isAllowed: false,
        },
      ],
    },
    [
      'AccountRightsMissing',
      'serviceaccount/tradewind-gateway',
      /may not list tradingmodels\.tradewind\.dev/,
      /rbac/,
    ],
  ],
  [
    'the controller has no pods',
    {
      pods: [podOf('gateway')],
      ...lease(LONG_AGO),
      deployments: [workloadOf('controller', { spec: { ...workloadOf('controller').spec, replicas: 0 } })],
    },
    [
      'ControllerMissing',
      'deployment/tradewind-controller',
      /0 wanted/,
      /scale deployment\/tradewind-controller/,
    ],
  ],
  [
    'there is no controller at all',
    { pods: [podOf('gateway')], leases: [], deployments: [] },
    ['ControllerMissing', 'namespace/desk', /no controller runs/, /operator\.md/],
  ],
  [
    'the lease is old',
    lease(LONG_AGO),
    ['NoLeader', 'deployment/tradewind-controller', /3600 s ago/, /leases/],
  ],
  [
    'nobody ever took the lease',
    { leases: [] },
    ['NoLeader', 'deployment/tradewind-controller', /none has taken/, /leases/],
  ],
  [
    'there is no gateway',
    { pods: [podOf('controller')], deployments: [workloadOf('controller')] },
    ['GatewayMissing', 'namespace/desk', /no gateway has pods/, /scale/],
  ],
  [
    'no gateway is Ready, and one tells why',
    {
      pods: [podOf('controller'), podOf('gateway', notReady({}))],
      readiness: new Map([
        [
          'tradewind-gateway-a',
          {
            checks: [
              { name: 'predictors', isReady: false, reason: 'none usable' },
              { name: 'process', isReady: true },
            ],
          },
        ],
      ]),
    },
    [
      'PodUnready',
      'pod/tradewind-gateway-a',
      /not Ready: predictors: none usable$/,
      /logs tradewind-gateway-a/,
    ],
    ['NoGatewayReady', 'deployment/tradewind-gateway', /none of 1/, /mend/],
  ],
  [
    'the Service of the gateways has no port named http',
    {
      services: [
        { ...installation().services[0]!, spec: { selector: labelsOf('gateway'), ports: [{ port: 8080 }] } },
      ],
    },
    ['GatewayPortUnnamed', 'service/tradewind-gateway', /no port named http/, /name its port/],
  ],
  [
    'no Service selects the gateways',
    { services: [{ ...installation().services[0]!, spec: { selector: { app: 'other' } } }] },
    ['GatewayServiceMissing', 'namespace/desk', /no Service selects/, /selector/],
  ],
  [
    'the Job that makes topics has failed',
    {
      pods: [
        ...installation().pods,
        {
          ...podOf('topics', {
            phase: 'Failed',
            containerStatuses: [
              {
                ...{ name: 'topics', restartCount: 0 },
                state: {
                  terminated: {
                    ...{ exitCode: 7, finishedAt: LONG_AGO },
                    message: 'tradewind: KafkaUnavailable: brokers must answer, did not',
                  },
                },
              },
            ],
          }),
          metadata: {
            ...{ name: 'tradewind-topics-a', labels: labelsOf('topics') },
            ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'tradewind-topics', uid: 'j' }],
          },
        },
      ],
    },
    ['PodFailed', 'pod/tradewind-topics-a', /KafkaUnavailable: brokers must answer/, /brokers run/],
  ],
  [
    'an image cannot be pulled',
    waits('ImagePullBackOff', 'Back-off pulling'),
    [
      'ImageUnavailable',
      'pod/tradewind-features-a',
      /image 'registry\.example\/tradewind:0\.1\.0' cannot be pulled: Back-off/,
      /image\.pullSecrets/,
    ],
  ],
  [
    'a Secret is missing',
    waits('CreateContainerConfigError', 'secret "kafka" not found'),
    ['ReferenceMissing', 'pod/tradewind-features-a', /secret "kafka" not found/, /make the Secret/],
  ],
  [
    'a container cannot be started',
    waits('RunContainerError', 'exec format error'),
    ['ContainerUnmade', 'pod/tradewind-features-a', /exec format error/, /image/],
  ],
  [
    'a volume cannot be mounted',
    {
      ...waits('ContainerCreating', ''),
      events: [
        {
          ...failedCreate('x'),
          reason: 'FailedMount',
          involvedObject: { kind: 'Pod', name: 'tradewind-features-a' },
          message: 'MountVolume.SetUp failed: secret "tls" not found',
        },
      ],
    },
    ['VolumeUnavailable', 'pod/tradewind-features-a', /secret "tls" not found/, /get secrets/],
  ],
  [
    'a volume is waited for in vain',
    {
      ...waits('ContainerCreating', ''),
      events: [
        {
          ...failedCreate('x'),
          reason: 'FailedMount',
          involvedObject: { kind: 'Pod', name: 'tradewind-features-a' },
          message:
            'Unable to attach or mount volumes: unmounted volumes=[spool]: timed out waiting for the condition',
        },
      ],
    },
    ['VolumeUnavailable', 'pod/tradewind-features-a', /unmounted volumes=\[spool\]/, /get secrets/],
  ],
  [
    'no node takes a pod',
    {
      pods: [
        podOf('controller'),
        podOf('gateway'),
        podOf('predictor', { phase: 'Pending', conditions: [pvcPending], containerStatuses: [] }),
      ],
    },
    ['PodUnschedulable', 'pod/tradewind-predictor-a', /Insufficient cpu/, /resources/],
  ],
  [
    'Kafka is away',
    ends({
      exitCode: 7,
      message: '{"level":"info"}\ntradewind: KafkaUnavailable: brokers must answer, kafka:9092 does not\n',
    }),
    [
      'CrashLooping',
      'pod/tradewind-recorder-a',
      /KafkaUnavailable: brokers must answer/,
      /brokers run.*network policies/,
    ],
  ],
  [
    'a setting is wrong',
    ends({ exitCode: 2, message: 'tradewind: ConfigInvalid: kafka.brokers must be a list, was 3' }),
    ['CrashLooping', 'pod/tradewind-recorder-a', /kafka\.brokers must be/, /services\.md/],
  ],
  [
    'ClickHouse is away',
    ends({ exitCode: 7, message: 'tradewind: HistoryUnavailable: server must answer, does not' }),
    ['CrashLooping', 'pod/tradewind-recorder-a', /HistoryUnavailable/, /ClickHouse/],
  ],
  [
    'a process runs again, but not for long',
    {
      pods: [
        podOf('controller'),
        podOf('gateway'),
        podOf('features', {
          ...notReady({
            ...{ restartCount: 1, state: {} },
            lastState: {
              terminated: { exitCode: 7, finishedAt: NOW, message: 'tradewind: StoreUnavailable: gone' },
            },
          }),
          conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: NOW }],
        }),
      ],
    },
    ['CrashLooping', 'pod/tradewind-features-a', /StoreUnavailable: gone/, /Redis/],
  ],
  [
    'a process ends without words',
    ends({ exitCode: 7, reason: 'Error' }),
    [
      'CrashLooping',
      'pod/tradewind-recorder-a',
      /exit code 7, an error of kind unavailable/,
      /logs tradewind-recorder-a .*--previous/,
    ],
  ],
  [
    'a process needs too much memory',
    ends({ exitCode: 137, reason: 'OOMKilled' }),
    ['OutOfMemory', 'pod/tradewind-recorder-a', /memory/, /limits\.memory/],
  ],
  [
    'Pod Security refuses pods',
    {
      ...refusedBy('pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'),
      namespaceLabels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    },
    ['PodsRefused', 'deployment/tradewind-gateway', /violates PodSecurity/, /enforces restricted/],
  ],
  [
    'a quota refuses pods of a StatefulSet',
    {
      statefulSets: [workloadOf('recorder', { status: { replicas: 0 } })],
      events: [failedCreate('tradewind-recorder')],
    },
    ['PodsRefused', 'statefulset/tradewind-recorder', /exceeded quota/, /get quota/],
  ],
  [
    'policies keep the controller from the gateways',
    { policies: [policy('closed', 'gateway', { ingress: [] })] },
    [
      'NetworkBlocked',
      'networkpolicy/closed',
      /controller does not reach port 8080 of gateway: kept out by closed/,
      /TCP 8080/,
    ],
  ],
  [
    'the controller does not hear Ready gateways',
    says({ conditions: [condition('TrafficRouted', 'Unknown', 'NoGateway')] }),
    ['GatewaysSilent', 'tradingmodel/es', /the controller says: words/, /gateways\.service/],
  ],
  [
    'a model is stalled',
    says({ conditions: [condition('Stalled', 'True', 'AnalysisFailed')] }),
    ['ModelStalled', 'tradingmodel/es', /AnalysisFailed: words/, /set version es/],
  ],
  [
    'an artifact is another',
    says({
      revisions: [
        {
          name: 'es-1',
          number: 1,
          version: '1',
          role: 'update',
          weight: 0,
          replicas: 1,
          readyReplicas: 0,
          modelState: 'failed',
          lastFailure: { reason: 'DigestMismatch', message: 'must be a, was b', time: NOW },
        },
      ],
    }),
    ['ModelFailed', 'tradingmodel/es', /es-1: DigestMismatch: must be a/, /spec\.model\.digest/],
  ],
  [
    'limits are missing',
    { models: [modelOf({}, { risk: { limitsRef: { name: 'other' } } })] },
    ['RiskLimitsMissing', 'tradingmodel/es', /'other'/, /risklimits/],
  ],
  [
    'nobody looks at a model',
    { models: [{ ...modelOf(), status: {} }] },
    ['ModelIgnored', 'tradingmodel/es', /no controller/, /namespace/],
  ],
  [
    'a server of a trial is scaled to 0',
    {
      statefulSets: [workloadOf('redis', { spec: { replicas: 0, template: { spec: { containers: [] } } } })],
    },
    ['ScaledToZero', 'statefulset/tradewind-redis', /0 replicas/, /scale statefulset\/tradewind-redis/],
  ],
  [
    'controller and gateways are of two versions',
    {
      deployments: [
        workloadOf('controller'),
        workloadOf('gateway', {
          spec: { replicas: 1, template: { spec: podOf('gateway', {}, 'tradewind:0.0.9').spec! } },
        }),
      ],
    },
    [
      'VersionsDiffer',
      'namespace/desk',
      /controllers are to run .*0\.1\.0, gateways tradewind:0\.0\.9/,
      /upgrade/,
    ],
  ],
];

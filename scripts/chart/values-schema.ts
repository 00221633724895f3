/** What a values file of the chart may hold. */
import { caSecret, component, PARTS, pullSecrets, secretRef } from './component-schema.ts';
import {
  choice,
  flag,
  type JsonSchema,
  listOf,
  nameOf,
  object,
  type Properties,
  text,
  whole,
} from './json-schema.ts';
import { labels, peers, ports, resources, sizeOf } from './kubernetes-schema.ts';
import { commonSections, sectionOf } from './process-schema.ts';

const HOST_PORT = '^(\\[[0-9a-fA-F:.]+\\]|[^\\s:/\\[\\]]+):[0-9]{1,5}$';
const addresses = (description: string): JsonSchema =>
  listOf(description, { type: 'string', pattern: HOST_PORT });
const propertiesOf = (schema: JsonSchema): Properties => schema['properties'] as Properties;

const user = { usernameKey: 'Key of the user', passwordKey: 'Key of the password' };

function servers(): Properties {
  const secrets = ['caFile', 'username', 'password'];
  const kafka = sectionOf('collector', 'kafka', 'Event log', secrets);
  const redis = sectionOf('features', 'redis', 'Online store', [...secrets, 'sentinelPassword']);
  const clickhouse = sectionOf('recorder', 'history', 'History', secrets);
  const credentials = secretRef('Secret with user and password; none where its name is empty', user);
  return {
    kafka: {
      ...kafka,
      properties: {
        ...propertiesOf(kafka),
        brokers: addresses('`host:port` of one broker at least; empty where the trial has one'),
        caSecret,
        credentialsSecret: credentials,
      },
    },
    redis: {
      ...redis,
      properties: {
        ...propertiesOf(redis),
        addresses: addresses(
          '`host:port` of the server, or of one sentinel or node at least; empty where the trial has one',
        ),
        caSecret,
        credentialsSecret: secretRef('Secret with user and passwords; none where its name is empty', {
          usernameKey: 'Key of the user; the default user where empty',
          passwordKey: 'Key of the password',
          sentinelPasswordKey: 'Key of the password of the sentinels; none where empty',
        }),
      },
    },
    clickhouse: {
      ...clickhouse,
      properties: {
        ...propertiesOf(clickhouse),
        url: text('HTTP address of ClickHouse, without user; empty where the trial has one', {
          pattern: '^(https?://[^@/\\s]+(/[^@\\s]*)?)?$',
        }),
        caSecret,
        credentialsSecret: credentials,
      },
    },
  };
}

function components(): Properties {
  const { scale, budget } = PARTS;
  const kubernetes = sectionOf('gateway', 'kubernetes', 'How the API server is asked', [
    'kubeconfig',
    'namespace',
  ]);
  const byAddress = ['addresses', 'resolveSeconds', 'model', 'digest'];
  const ofTls = ['tls', 'caFile', 'certFile', 'keyFile', 'serverName'];
  const snapshots = sectionOf('features', 'snapshots', 'How often state is kept in the log');
  return {
    collector: component(
      'Market data of one source into the log',
      {
        source: sectionOf('collector', 'source', 'Where market data comes from'),
        simulator: sectionOf('collector', 'simulator', 'The simulated market'),
        snapshots,
      },
      [],
      { recordingClaim: nameOf('PersistentVolumeClaim with recordings, read at /recordings') },
    ),
    features: component('Features of market data, to the log and the online store', { snapshots }, [
      scale,
      budget,
    ]),
    gateway: component(
      'Predictions for callers and for the stream',
      {
        prediction: sectionOf('gateway', 'prediction', 'From probabilities to recommendations'),
        predictors: sectionOf('gateway', 'predictors', 'How predictors are asked', [...byAddress, ...ofTls]),
        kubernetes,
      },
      [scale, budget],
      {
        preStopSeconds: whole(
          'Time from which no new caller comes to the stop of the process, seconds',
          0,
          60,
        ),
        service: object('Service of the gateways', {
          type: choice('Kind of Service', ['ClusterIP', 'NodePort', 'LoadBalancer']),
          headless: flag('Without an address, for callers that balance over the pods themselves'),
          annotations: labels('Annotations of the Service'),
        }),
        tls: object('Encryption of gRPC', {
          secretName: nameOf(
            'Secret with tls.crt and tls.key; where empty that of cert-manager if it is enabled, else plain text',
          ),
          clientCaSecret: secretRef(
            'Secret of authorities of which one must have signed the certificate of a caller',
            {
              key: 'Key of the PEM file',
            },
          ),
        }),
      },
    ),
    recorder: component(
      'Everything in the log into ClickHouse',
      { recorder: sectionOf('recorder', 'recorder', 'How rows are written', ['spool']) },
      [scale, budget],
      { persistence: persistence('Volume of the batch in hand') },
    ),
    controller: component(
      'Brings TradingModels to what they ask for',
      {
        kubernetes,
        leaderElection: sectionOf('controller', 'leaderElection', 'Which controller works'),
        reconcile: sectionOf('controller', 'reconcile', 'How TradingModels are worked on'),
        gateways: sectionOf('controller', 'gateways', 'How gateways are asked', ['service', 'portName']),
        predictors: sectionOf('controller', 'predictors', 'Predictor pods', [
          ...['image', 'imagePullPolicy', 'imagePullSecrets', 'listenAddress', 'tlsSecretName'],
        ]),
        prometheus: sectionOf('controller', 'prometheus', 'Prometheus of metrics that ask it'),
      },
      [{ replicas: propertiesOf(object('', scale))['replicas']! }, budget],
      { predictorImage: text('Image of predictors whose model names none; that of the release where empty') },
    ),
  };
}

const persistence = (description: string): JsonSchema =>
  object(description, {
    enabled: flag('Whether there is a volume; else it lives as long as the pod'),
    size: sizeOf('Size of the volume'),
    storageClass: nameOf('StorageClass; that of the cluster where empty'),
  });

const trialServer = (description: string, rest: Properties = {}): JsonSchema =>
  object(description, {
    enabled: flag('Whether it is installed'),
    image: text('Image', { minLength: 1 }),
    command: listOf('Command of the container', { type: 'string' }),
    resources,
    persistence: persistence('Volume of its data'),
    ...rest,
  });

function operations(): Properties {
  return {
    networkPolicy: object('Who may talk to whom: everything else is refused', {
      enabled: flag('Whether there are NetworkPolicies'),
      callers: peers('Who may call the gateways; everybody where empty'),
      callerPorts: listOf('Ports of gateways for callers', { enum: ['grpc', 'http'] }),
      prometheus: peers('Who may read metrics; nobody where empty'),
      dns: object('Name servers', {
        peers: peers('Where they are; anywhere if empty'),
        ports: ports('Their ports'),
      }),
      apiServer: object('API server', {
        peers: peers('Where it is; anywhere if empty'),
        ports: ports('Its ports, before and behind its Service'),
      }),
      kafka: object('Brokers', {
        peers: peers('Where they are; anywhere if empty'),
        ports: ports('More ports than those of kafka.brokers'),
      }),
      redis: object('Redis', {
        peers: peers('Where it is; anywhere if empty'),
        ports: ports('More ports than those of redis.addresses'),
      }),
      clickhouse: object('ClickHouse', { peers: peers('Where it is; anywhere if empty') }),
      tracing: object('Receiver of traces', { peers: peers('Where it is; anywhere if empty') }),
      artifacts: object('Stores of models', {
        peers: peers('Where predictors fetch models; anywhere if empty'),
        ports: ports('Ports of the stores; none where models come from volumes'),
      }),
    }),
    predictors: object('Predictor pods, which the controller makes', {
      tls: object('mTLS between gateways and predictors', {
        enabled: flag('Whether connections are encrypted, and both sides show a certificate'),
        secretName: nameOf(
          'Secret with tls.crt, tls.key and ca.crt of predictors; that of cert-manager where empty',
        ),
        clientSecretName: nameOf(
          'Secret with tls.crt, tls.key and ca.crt of gateways; that of cert-manager where empty',
        ),
        serverName: text('Name that certificates of predictors are for', { minLength: 1 }),
      }),
    }),
    certManager: object('Certificates by cert-manager', {
      enabled: flag('Whether certificates are made for which values name no Secret'),
      issuerRef: object('Issuer', {
        name: nameOf('Its name'),
        kind: choice('Its kind', ['Issuer', 'ClusterIssuer']),
        group: text('Group of its API'),
      }),
      dnsNames: listOf('More names of the gateways', { type: 'string', minLength: 1 }),
      duration: text('Life of a certificate', { pattern: '^([0-9]+h)?([0-9]+m)?$', minLength: 2 }),
      renewBefore: text('Rest of its life at which it is renewed', {
        pattern: '^([0-9]+h)?([0-9]+m)?$',
        minLength: 2,
      }),
    }),
    monitoring: object('For the Prometheus operator and Grafana', {
      labels: labels('Labels that Prometheus selects by'),
      podMonitor: object('What is scraped', {
        enabled: flag('Whether there is a PodMonitor'),
        interval: text('Time between two scrapes', { pattern: '^[0-9]+(ms|s|m)$' }),
      }),
      prometheusRule: object('Alerts', {
        enabled: flag('Whether there is a PrometheusRule'),
        runbookBase: text('Address before `docs/runbooks/` in links of alerts; only the path where empty', {
          pattern: '^(https?://[^\\s"\'#]+)?$',
        }),
      }),
      dashboards: object('Dashboards', {
        enabled: flag('Whether there are ConfigMaps of dashboards'),
        label: text('Label by which Grafana finds them', { minLength: 1 }),
      }),
    }),
    topics: object('Job that makes and verifies topics before an install or upgrade', {
      enabled: flag('Whether there is one; never for the Kafka of the trial'),
      timeoutSeconds: whole('Time that it has', 10, 3600),
    }),
    tests: object('What `helm test` asks', {
      symbol: text('Symbol of a prediction; none is asked for where empty'),
      model: text('Model of the prediction; may be empty where there is one'),
      tlsSecretName: nameOf('Secret with ca.crt, tls.crt and tls.key to show to the gateways'),
    }),
    trial: object('Servers for a trial, not for production', {
      kafka: trialServer('Kafka, a single node'),
      redis: trialServer('Redis, a single node'),
      clickhouse: trialServer('ClickHouse, a single node'),
    }),
  };
}

/** The schema of values.yaml: every key described, unknown keys refused. */
export function valuesSchema(): JsonSchema {
  const image = object('Image of every process', {
    repository: text('Repository', { minLength: 1, pattern: '^[a-z0-9][-a-z0-9._:/]*$' }),
    tag: text('Tag; the version of the chart where empty', { pattern: '^[\\w.-]*$' }),
    digest: text('Digest; wins over the tag', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
    pullPolicy: choice('When it is pulled, predictors included', ['Always', 'IfNotPresent', 'Never']),
    pullSecrets,
  });
  const label = (description: string): JsonSchema =>
    text(description, { pattern: '^([a-z]([-a-z0-9]*[a-z0-9])?)?$', maxLength: 40 });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $comment: 'Generated by scripts/generate-chart.ts: edit scripts/chart, then `make generate`.',
    title: 'Values of the chart tradewind',
    ...object('Values of the chart tradewind', {
      global: { description: 'Of a chart that this one is part of; nothing is read of it', type: 'object' },
      nameOverride: label('Name in labels instead of that of the chart'),
      fullnameOverride: label('First part of all names instead of that of the release'),
      commonLabels: labels('More labels of every object'),
      image,
      listenAddress: text('Address that processes listen on: 0.0.0.0, or :: for IPv6', { minLength: 1 }),
      crds: object('Definitions of the custom resources', {
        install: flag('Whether this release has them; one in a cluster does. They stay when it goes'),
      }),
      rbac: object('Roles of controller and gateways', { create: flag('Whether they are made') }),
      priorityClass: object('PriorityClass for the pods of the stream', {
        create: flag('Whether it is made, and used where a component names none'),
        value: whole('Its value', -1_000_000_000, 1_000_000_000),
      }),
      settings: object('Settings that processes share', {
        ...commonSections(),
        tracing: sectionOf(
          'gateway',
          'tracing',
          'Traces of the way of the data; the controller is not on it',
        ),
        features: sectionOf(
          'features',
          'features',
          'What is computed; of the bars that models were made for',
        ),
      }),
      ...servers(),
      ...components(),
      ...operations(),
    }),
  };
}

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Who may log in at the secure listener. */
export const KAFKA_USER = { username: 'tradewind', password: 'a-test-password' } as const;

/** One broker of a set: its number from 1 and its ports on 127.0.0.1. */
export interface BrokerPlace {
  readonly id: number;
  readonly folder: string;
  /** Its data, where that lies elsewhere. */
  readonly data?: string;
  readonly port: number;
  readonly securePort: number;
  readonly controllerPort: number;
  /** A third listener, which clients reach through a proxy: where it listens and where it is told to be. */
  readonly proxied?: { readonly port: number; readonly advertisedPort: number };
}

/** Settings that make a small set quick: groups form at once, logs are cleaned within a second, sessions may be short. */
const QUICK: Readonly<Record<string, string>> = {
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '500',
  'log.cleaner.backoff.ms': '200',
  'log.cleaner.dedupe.buffer.size': '8388608',
  'log.cleaner.threads': '1',
  'log.initial.task.delay.ms': '0',
  'log.retention.check.interval.ms': '300',
  'num.io.threads': '2',
  'num.network.threads': '2',
  'num.partitions': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'controlled.shutdown.enable': 'true',
  'controller.quorum.election.timeout.ms': '500',
  'controller.quorum.fetch.timeout.ms': '1500',
  'broker.heartbeat.interval.ms': '500',
  'broker.session.timeout.ms': '3000',
};

/** A self-signed certificate of 127.0.0.1 as one PEM with its key, and alone, as the authority that clients trust. */
export function makeCertificate(folder: string): { readonly keyStore: string; readonly ca: string } {
  const [key, ca, keyStore] = ['key.pem', 'ca.pem', 'server.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', ca, ...subject],
    { stdio: 'ignore' },
  );
  writeFileSync(keyStore, readFileSync(key, 'utf8') + readFileSync(ca, 'utf8'));
  return { keyStore, ca };
}

/** The `server.properties` of one broker that is a controller too. */
export function serverProperties(
  place: BrokerPlace,
  all: readonly BrokerPlace[],
  keyStore: string | undefined,
  properties: Readonly<Record<string, string>>,
): string {
  const replicas = String(Math.min(all.length, 3));
  const inSync = String(Math.min(all.length, 2));
  const listeners = [
    `PLAIN://127.0.0.1:${place.port}`,
    ...(keyStore === undefined ? [] : [`SECURE://127.0.0.1:${place.securePort}`]),
  ];
  const { proxied } = place;
  const advertised =
    proxied === undefined ? listeners : [...listeners, `PROXIED://127.0.0.1:${proxied.advertisedPort}`];
  if (proxied !== undefined) listeners.push(`PROXIED://127.0.0.1:${proxied.port}`);
  const secure: Readonly<Record<string, string>> =
    keyStore === undefined
      ? {}
      : {
          'listener.name.secure.ssl.keystore.type': 'PEM',
          'listener.name.secure.ssl.keystore.location': keyStore,
          'listener.name.secure.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
          'listener.name.secure.scram-sha-512.sasl.jaas.config':
            'org.apache.kafka.common.security.scram.ScramLoginModule required;',
        };
  const settings: Readonly<Record<string, string>> = {
    'process.roles': 'broker,controller',
    'node.id': String(place.id),
    'controller.quorum.voters': all.map((one) => `${one.id}@127.0.0.1:${one.controllerPort}`).join(','),
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${place.controllerPort}`].join(','),
    'advertised.listeners': advertised.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    'listener.security.protocol.map':
      'PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT,SECURE:SASL_SSL',
    'log.dirs': place.data ?? join(place.folder, 'data'),
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    ...QUICK,
    ...secure,
    ...properties,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

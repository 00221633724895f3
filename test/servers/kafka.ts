import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { eventually } from '../support/eventually.ts';
import { IS_NIGHTLY } from '../support/fault-report.ts';
import { type BrokerPlace, KAFKA_USER, makeCertificate, serverProperties } from './kafka-settings.ts';
import { freePorts } from './ports.ts';
import { type ServerProcess, startProcess } from './processes.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { cache, kafkaLibraries } from './tools.ts';

const START_TIMEOUT_MS = IS_NIGHTLY ? 240_000 : 60_000;
const STARTED = 'Kafka Server started';
const CLUSTER_ID = 'dHJhZGV3aW5kLXRlc3RzMA';
/** A broker of a few topics: little heap, and no time lost on compiling what runs for a minute. */
const JVM = ['-Xmx512m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
/** What Java has read of Kafka's classes, kept by the first that formats a disk: the next start in half the time. Java leaves it aside where it does not fit. */
const CLASSES = join(cache, 'kafka-classes.jsa');
/** A broker whose speed counts: compiled like one that runs for days. */
const FAST_JVM = ['-Xmx1g', '-Xms1g', '-XX:+UseSerialGC', '-Xshare:auto'];

/** What a set of brokers is made of. */
export interface KafkaOptions {
  /** 3 brokers replicate each partition to all and need 2 in sync. */
  readonly brokers: 1 | 3;
  /** With a second listener of TLS and SASL (SCRAM-SHA-512); needs openssl. */
  readonly isSecure?: boolean;
  /** With a third listener behind a proxy for each broker. */
  readonly isProxied?: boolean;
  /** Takes longer to start, and answers faster once it is warm: for benches. */
  readonly isFast?: boolean;
  /** Where the data of one broker lies instead, a folder of its own. */
  readonly dataOf?: { readonly broker: number; readonly folder: string };
  /** Broker settings over those of the harness. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** Running brokers. Numbers of brokers count from 0. */
export interface KafkaServers {
  /** `host:port` of each broker, in order. */
  readonly brokers: readonly string[];
  /** The listener with TLS and SASL: its addresses, the authority to trust (PEM file) and who may log in. */
  readonly secure?: { readonly brokers: readonly string[]; readonly ca: string } & typeof KAFKA_USER;
  /** The listener behind proxies: its addresses, and the proxy of each broker. */
  readonly proxied?: { readonly brokers: readonly string[]; readonly proxies: readonly TcpProxy[] };
  /** Kills a broker as a power cut would; its data stays. */
  kill(broker: number): Promise<void>;
  /** Ends a broker by SIGTERM if it runs, starts it on its data, and resolves when it is up. */
  restart(broker: number): Promise<void>;
  /** Stops (`SIGSTOP`) or resumes (`SIGCONT`) a broker without its clients being told. */
  signal(broker: number, signal: 'SIGSTOP' | 'SIGCONT'): void;
  isRunning(broker: number): boolean;
  /** Broker that was the last to become the active controller, by what the brokers have logged. */
  controller(): number;
  /** What the brokers have logged. */
  logs(): string;
  /** Ends all brokers and removes their data. */
  stop(): Promise<void>;
}

/** Brokers for tests that only read and write: those that `KAFKA_BROKERS` names (`host:port,...`), else one of our own. */
export async function openKafka(): Promise<Pick<KafkaServers, 'brokers' | 'stop' | 'logs'>> {
  const named = process.env['KAFKA_BROKERS'];
  if (named === undefined) return startKafka({ brokers: 1 });
  return { brokers: named.split(','), logs: () => 'not ours', stop: async () => undefined };
}

/** Why there is no Kafka here, or `undefined` where brokers can be started; for `describe.skipIf`. */
export function kafkaMissing(): string | undefined {
  const libraries = kafkaLibraries();
  return 'missing' in libraries ? libraries.missing : undefined;
}

/** Starts a set of brokers on free ports of 127.0.0.1, or throws with their logs. */
export async function startKafka(options: KafkaOptions): Promise<KafkaServers> {
  const libraries = kafkaLibraries();
  if ('missing' in libraries) throw new Error(`Kafka needs ${libraries.missing}`);
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-kafka-'));
  const classPath = ['-cp', join(libraries.path, '*')];
  const places = await placesIn(folder, options);
  const proxies = places.flatMap(({ proxy }) => proxy ?? []);
  const certificate = options.isSecure === true ? makeCertificate(folder) : undefined;
  const configOf = (place: BrokerPlace): string => join(place.folder, 'server.properties');
  const processes: (ServerProcess | undefined)[] = places.map(() => undefined);
  const logOf = (at: number): string => join(places[at]!.folder, 'server.log');

  const start = async (at: number): Promise<void> => {
    const before = processes[at]?.output().length ?? 0;
    const started = startProcess(
      'java',
      [
        ...(options.isFast === true ? FAST_JVM : JVM),
        ...(existsSync(CLASSES) ? [`-XX:SharedArchiveFile=${CLASSES}`] : []),
        ...[...classPath, 'kafka.Kafka', configOf(places[at]!)],
      ],
      logOf(at),
    );
    processes[at] = started;
    await eventually(() => started.output().slice(before).includes(STARTED), START_TIMEOUT_MS).catch(() => {
      throw new Error(`broker ${at} must start, has logged:\n${started.output().slice(-4000)}`);
    });
  };
  const stop = async (): Promise<void> => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await Promise.all(processes.map(async (one) => one?.end('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  };

  for (const place of places) {
    mkdirSync(place.folder, { recursive: true });
    writeFileSync(
      configOf(place),
      serverProperties(place, places, certificate?.keyStore, options.properties ?? {}),
    );
  }
  await Promise.all(places.map((place) => format(classPath, configOf(place), certificate !== undefined)));
  await Promise.all(places.map((_, at) => start(at)));
  const secure =
    certificate === undefined
      ? {}
      : {
          secure: {
            brokers: places.map(({ securePort }) => `127.0.0.1:${securePort}`),
            ca: certificate.ca,
            ...KAFKA_USER,
          },
        };
  return {
    brokers: places.map(({ port }) => `127.0.0.1:${port}`),
    ...secure,
    ...(options.isProxied === true
      ? { proxied: { proxies, brokers: proxies.map(({ port }) => `127.0.0.1:${port}`) } }
      : {}),
    kill: async (broker) => processes[broker]?.end('SIGKILL'),
    restart: async (broker) => {
      await processes[broker]?.end('SIGTERM');
      await start(broker);
    },
    signal: (broker, signal) => void process.kill(processes[broker]!.pid, signal),
    isRunning: (broker) => processes[broker]?.isRunning() ?? false,
    controller: () => {
      const epochs = processes.map((one) => lastEpoch(one?.output() ?? ''));
      return epochs.indexOf(Math.max(...epochs));
    },
    logs: () => processes.map((one, at) => `--- broker ${at}\n${one?.output() ?? ''}`).join('\n'),
    stop,
  };
}

/** Epoch in which a broker became the active controller last; 0 where it never did. */
function lastEpoch(log: string): number {
  return Number([...log.matchAll(/Becoming the active controller at epoch (\d+)/g)].at(-1)?.[1] ?? 0);
}

async function placesIn(
  folder: string,
  { brokers, isProxied, dataOf }: KafkaOptions,
): Promise<readonly (BrokerPlace & { readonly proxy?: TcpProxy })[]> {
  const ports = await freePorts(4 * brokers);
  return Promise.all(
    Array.from({ length: brokers }, async (_, at) => {
      const [port, securePort, controllerPort, proxiedPort] = ports.slice(4 * at) as [
        number,
        number,
        number,
        number,
      ];
      const place = {
        ...{ id: at + 1, folder: join(folder, `broker-${at}`), port, securePort, controllerPort },
        ...(dataOf?.broker === at ? { data: dataOf.folder } : {}),
      };
      if (isProxied !== true) return place;
      const proxy = await TcpProxy.start(proxiedPort);
      return { ...place, proxy, proxied: { port: proxiedPort, advertisedPort: proxy.port } };
    }),
  );
}

async function format(classPath: readonly string[], config: string, isSecure: boolean): Promise<void> {
  const writing = `${CLASSES}-${process.pid}-${randomUUID()}`;
  const isKept = existsSync(CLASSES);
  const user = `SCRAM-SHA-512=[name=${KAFKA_USER.username},password=${KAFKA_USER.password}]`;
  await promisify(execFile)('java', [
    ...JVM,
    isKept ? `-XX:SharedArchiveFile=${CLASSES}` : `-XX:ArchiveClassesAtExit=${writing}`,
    ...classPath,
    'kafka.tools.StorageTool',
    'format',
    '--cluster-id',
    CLUSTER_ID,
    '--config',
    config,
    ...(isSecure ? ['--add-scram', user] : []),
  ]);
  if (existsSync(writing)) renameSync(writing, CLASSES);
}

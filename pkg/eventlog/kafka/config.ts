import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { type KafkaConfig as ClientConfig, type logCreator, logLevel, type SASLOptions } from 'kafkajs';

import { FileUnreadable } from '../../runtime/common-errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { CertificateUnusable } from './errors.ts';

/** Where the log's lines go: those of the adapter as they are, those of kafkajs with their level. */
export type KafkaLogger = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** How to reach Kafka and how much to ask of it. */
export interface KafkaEventLogConfig {
  /** `host:port` of one broker at least; the others are learned from it. */
  readonly brokers: readonly string[];
  /** Shown in the brokers' logs and quotas; default `tradewind`. */
  readonly clientId?: string;
  /** TLS, with the authorities of the system or with the PEM file given. Without it the connection is plain. */
  readonly tls?: { readonly caFile?: string };
  /** SASL with SCRAM. */
  readonly sasl?: {
    readonly mechanism: 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** Copies of each partition of topics that are made here; default 1. */
  readonly replicas?: number;
  /** Copies that must have a record before it counts as written; default 1, at most `replicas`. */
  readonly minInSyncReplicas?: number;
  /** Milliseconds that topics of cleanup `delete` keep records at least, by append time; default 7 days. */
  readonly retentionMs?: number;
  /**
   * What becomes of a partition whose next offset the log does not have, where the handler has no `onOutOfRange`: `fail`
   * (the default) ends the member; `stand-still` keeps the partition, unread, until an operator decides.
   */
  readonly outOfRange?: 'fail' | 'stand-still';
  /** Milliseconds after which a partition that stands still looks whether an operator has decided; default 2,000. */
  readonly decisionPollMs?: number;
  /** Milliseconds between two looks at how far groups are behind; default 10,000. */
  readonly lagPollMs?: number;
  /** Milliseconds in which a broker must be reached at start; default 30,000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds that one request may take; default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds for which an append is tried before it fails as uncertain; default 120,000. */
  readonly deliveryTimeoutMs?: number;
  /**
   * Milliseconds at least between two rounds of appends, and between two fetches of one consumer from one broker; default 10. What comes
   * meanwhile goes into the next one; the first after a pause goes at once. 0 asks as often as it can.
   */
  readonly paceMs?: number;
  /** Milliseconds without a sign of life after which a member loses its partitions; default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** Milliseconds between signs of life, which is also how soon a rebalance is noticed; default 1,000. */
  readonly heartbeatMs?: number;
  /** Milliseconds that members have to join a rebalance; default 60,000. */
  readonly rebalanceTimeoutMs?: number;
}

/** {@link KafkaEventLogConfig} with every default filled in. */
export type KafkaSettings = Required<Omit<KafkaEventLogConfig, 'tls' | 'sasl'>> &
  Pick<KafkaEventLogConfig, 'tls' | 'sasl'>;

const WEEK_MS = 7 * 24 * 3600 * 1000;
const MAX_CONNECT_MS = 3000;
const KEEP_ALIVE_MS = 30_000;

export function withDefaults(config: KafkaEventLogConfig): KafkaSettings {
  return {
    clientId: 'tradewind',
    replicas: 1,
    minInSyncReplicas: 1,
    retentionMs: WEEK_MS,
    outOfRange: 'fail',
    decisionPollMs: 2000,
    lagPollMs: 10_000,
    connectTimeoutMs: 30_000,
    requestTimeoutMs: 10_000,
    deliveryTimeoutMs: 120_000,
    paceMs: 10,
    sessionTimeoutMs: 10_000,
    heartbeatMs: 1000,
    rebalanceTimeoutMs: 60_000,
    ...config,
  };
}

/**
 * Settings of kafkajs: it tries nothing again, for ours know what may be sent again, to whom, and when to stop.
 *
 * @param brokers - The one to begin with first.
 * @param sockets - Takes every socket that is opened, until it closes.
 * @throws {FileUnreadable | CertificateUnusable} The file of authorities to trust.
 */
export function clientConfig(
  settings: KafkaSettings,
  brokers: readonly string[],
  logger: KafkaLogger,
  sockets: Set<Socket>,
): ClientConfig {
  const { clientId, tls, sasl, requestTimeoutMs, connectTimeoutMs } = settings;
  const ca = tls?.caFile === undefined ? {} : { ca: [readCertificates(tls.caFile)] };
  return {
    brokers: [...brokers],
    clientId,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: Math.min(connectTimeoutMs, MAX_CONNECT_MS),
    authenticationTimeout: requestTimeoutMs,
    retry: { retries: 0 },
    logLevel: logLevel.INFO,
    logCreator: loggingTo(logger),
    ...(tls === undefined ? {} : { ssl: ca }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } as SASLOptions }),
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const servername = isIP(host) === 0 ? { servername: host } : {};
      const socket =
        tls === undefined
          ? connectPlain({ host, port }, onConnect)
          : connectTls({ host, port, ...servername, ...ssl }, onConnect);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    },
  };
}

/** @throws {FileUnreadable | CertificateUnusable} */
function readCertificates(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new FileUnreadable(path, error);
  }
  try {
    // TLS itself passes over what it cannot read, and then trusts nobody.
    void new X509Certificate(text);
  } catch (error) {
    throw new CertificateUnusable(path, 'it holds none that can be read', error);
  }
  return text;
}

/**
 * kafkajs logs each failed try as an error, many of which its callers mend; only what we decide ourselves is a warning
 * or an error, so its lines are for the debug level.
 */
function loggingTo(logger: KafkaLogger): logCreator {
  return () =>
    ({ namespace, log: { message, ...fields } }) => {
      logger.debug({ ...fields, logger: `kafkajs ${namespace}` }, message);
    };
}

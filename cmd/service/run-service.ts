import type { z } from 'zod';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { KafkaEventLog } from '../../pkg/eventlog/kafka/kafka.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import { EXIT_CODES, TradewindError } from '../../pkg/runtime/errors.ts';
import { createLogger, type Logger } from '../../pkg/runtime/logger.ts';
import { createMetrics, type Metrics } from '../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';
import { Shutdown } from '../../pkg/runtime/shutdown.ts';
import { TOPICS, topicSettings } from '../../pkg/wire/topics.ts';
import type { KafkaSection, ServiceConfig } from './config.ts';

/** Time that a process has to stop in order; orchestrators kill after 30 s unless told otherwise. */
const STOP_DEADLINE_MS = 20_000;

/** What a service is given: everything open, and closed after it in reverse order. */
export interface ServiceContext<C> {
  readonly config: C;
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  readonly http: OpsServer;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/**
 * Runs one process of the distributed system: reads configuration, opens log and operations server, and serves until it is
 * asked to stop or `serve` ends. A failure ends the process with its code, and the orchestrator starts it again.
 *
 * @param serve - Registers what it opens for shutdown; resolves at the end of its work.
 */
export async function runService<S extends z.ZodType<ServiceConfig>>(
  schema: S,
  serve: (context: ServiceContext<z.infer<S>>) => Promise<void>,
): Promise<void> {
  const shutdown = new Shutdown();
  const stopping = new AbortController();
  process.on('SIGINT', () => stopping.abort());
  process.on('SIGTERM', () => stopping.abort());
  try {
    const file = process.argv[2];
    const config = loadConfig(schema, { ...(file === undefined ? {} : { file }), env: process.env });
    const metrics = createMetrics();
    const logger = createLogger({
      level: config.log.level,
      isReadable: process.stderr.isTTY,
      onProblem: (level, message) => metrics.logLines.inc({ level, message }),
    });
    const http = new OpsServer({ ...config.http, registry: metrics.registry, logger });
    let isReady = false;
    http.addReadiness('service', () => ({ isReady, ...(isReady ? {} : { reason: 'it is starting' }) }));
    const port = await http.start();
    shutdown.add('HTTP server', () => http.stop());
    const log = await openLog(config.kafka, logger);
    shutdown.add('event log', () => log.close());
    logger.info({ http: `${config.http.host}:${port}` }, 'started');
    isReady = true;
    await serve({ config, log, metrics, logger, shutdown, http, signal: stopping.signal });
    isReady = false;
    await shutdown.run(STOP_DEADLINE_MS);
    logger.info('stopped');
  } catch (error) {
    await shutdown.run(STOP_DEADLINE_MS).catch(() => undefined);
    const known = error instanceof TradewindError;
    process.stderr.write(
      known
        ? `tradewind: ${error.code}: ${error.message}\n`
        : `tradewind: Internal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = known ? EXIT_CODES[error.kind] : EXIT_CODES.internal;
  }
}

/** Reaches the brokers and makes the topics that are missing. */
async function openLog(config: KafkaSection, logger: Logger): Promise<EventLog> {
  const { brokers, tls, caFile, mechanism, username, password, replicas, minInSyncReplicas } = config;
  const log = await KafkaEventLog.open(
    {
      brokers,
      replicas,
      minInSyncReplicas,
      ...(tls ? { tls: caFile === undefined ? {} : { caFile } } : {}),
      ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
    },
    { logger },
  );
  await log.ensureTopics(topicSettings(TOPICS, config.partitions, config.retentionRecords));
  return log;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

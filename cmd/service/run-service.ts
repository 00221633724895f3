import type { z } from 'zod';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { KafkaEventLog } from '../../pkg/eventlog/kafka/kafka.ts';
import { kafkaMetrics } from '../../pkg/eventlog/kafka/metrics.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';
import type { Metrics } from '../../pkg/runtime/metrics.ts';
import { TOPICS, topicSettings } from '../../pkg/wire/topics.ts';
import type { KafkaSection, ServiceConfig } from './config.ts';
import { kafkaConfig } from './kafka-config.ts';
import { type ProcessContext, runProcess } from './run-process.ts';

/**
 * Milliseconds by which stations whose outputs tell what was done commit behind: brokers take some for each commit, which would be most of
 * the time that a tick spends on its way.
 */
export const COMMIT_BEHIND_MS = 100;

/** A process that works on the event log. */
export interface ServiceContext<C> extends ProcessContext<C> {
  readonly log: EventLog;
}

/**
 * Runs one process on the event log: as {@link runProcess}, with the log open and its topics made.
 *
 * @param serve - Calls `started` once all is open; resolves at the end of its work.
 */
export function runService<S extends z.ZodType<ServiceConfig>>(
  schema: S,
  configFile: string | undefined,
  serve: (context: ServiceContext<z.infer<S>>) => Promise<void>,
): Promise<void> {
  return runProcess(schema, configFile, async (context) => {
    const { kafka } = context.config;
    const log = await openLog(kafka, context.logger, context.metrics);
    // First of all: what fails from here on must not leave connections that keep the process.
    context.shutdown.add('event log', () => log.close());
    await log.ensureTopics(topicSettings(TOPICS, kafka.partitions, kafka.retentionRecords));
    await serve({ ...context, log });
  });
}

/** Reaches the brokers. */
async function openLog(config: KafkaSection, logger: Logger, metrics: Metrics): Promise<EventLog> {
  const observer = kafkaMetrics(metrics.registry);
  return KafkaEventLog.open(kafkaConfig(config), { logger, observer });
}

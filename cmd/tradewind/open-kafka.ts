import { z } from 'zod';

import type { KafkaEventLogConfig } from '../../pkg/eventlog/kafka/config.ts';
import { KafkaEventLog } from '../../pkg/eventlog/kafka/kafka.ts';
import { KafkaOperator } from '../../pkg/eventlog/kafka/operator.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { type KafkaSection, kafkaSchema } from '../service/config.ts';
import { kafkaConfig } from '../service/kafka-config.ts';
import type { KafkaFlags } from './kafka-flags.ts';

/** Somebody waits at a terminal. */
const CONNECT_TIMEOUT_MS = 5000;

/** The file may be that of any service: its other sections are not looked at. */
const schema = z.looseObject({ kafka: kafkaSchema.prefault({ brokers: [] }) });

/** @throws {ConfigInvalid | FileUnreadable} */
export function kafkaSection({ config, brokers }: KafkaFlags): KafkaSection {
  return loadConfig(schema, {
    ...(config === undefined ? {} : { file: config }),
    env: process.env,
    flags: { 'kafka.brokers': brokers },
  }).kafka;
}

/** Gives the log to `work`, and closes it after. */
export async function withLog<T>(
  section: KafkaSection,
  work: (log: KafkaEventLog) => Promise<T>,
): Promise<T> {
  return using(await KafkaEventLog.open(configOf(section), { logger: quiet() }), work);
}

/** Gives the operator's tools to `work`, and closes them after. */
export async function withOperator<T>(
  section: KafkaSection,
  work: (operator: KafkaOperator) => Promise<T>,
): Promise<T> {
  return using(await KafkaOperator.open(configOf(section), { logger: quiet() }), work);
}

const configOf = (section: KafkaSection): KafkaEventLogConfig => ({
  ...kafkaConfig(section),
  connectTimeoutMs: CONNECT_TIMEOUT_MS,
});

/** What goes wrong is said once, by the command. */
const quiet = () => createLogger({ level: 'silent' });

async function using<R extends { close(): Promise<void> }, T>(
  resource: R,
  work: (resource: R) => Promise<T>,
): Promise<T> {
  try {
    return await work(resource);
  } finally {
    await resource.close();
  }
}

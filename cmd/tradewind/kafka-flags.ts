import type { Command } from 'commander';

import { parseList } from './flags.ts';

/** Which Kafka a tool asks. */
export interface KafkaFlags {
  readonly config?: string;
  readonly brokers?: readonly string[];
  readonly json?: boolean;
}

/** Flags of every tool on Kafka; TLS and SASL come from the file or the environment, as for the services. */
export function withKafkaFlags(command: Command): Command {
  return command
    .option('--config <file>', 'configuration of a service, YAML or JSON; TRADEWIND_KAFKA_* wins over it')
    .option('--brokers <host:port,...>', 'brokers, over those of the configuration', parseList)
    .option('--json', 'print JSON');
}

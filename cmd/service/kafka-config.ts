import type { KafkaEventLogConfig } from '../../pkg/eventlog/kafka/config.ts';
import type { KafkaSection } from './config.ts';

/**
 * What the adapter needs of a process's configuration. Of unread records that are gone it stops one partition, and waits
 * for an operator: a process that ended would stop every partition of its group, and be started again for the same end.
 */
export function kafkaConfig(section: KafkaSection): KafkaEventLogConfig {
  const { brokers, tls, caFile, mechanism, username, password, replicas, minInSyncReplicas } = section;
  return {
    brokers,
    replicas,
    minInSyncReplicas,
    outOfRange: 'stand-still',
    ...(tls ? { tls: caFile === undefined ? {} : { caFile } } : {}),
    ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
  };
}

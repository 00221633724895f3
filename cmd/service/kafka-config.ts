import type { KafkaEventLogConfig } from '../../pkg/eventlog/kafka/config.ts';
import type { KafkaSection } from './config.ts';

/** Signs of life in the time of one session, at least: two may be lost. */
const HEARTBEATS_OF_SESSION = 3;
const MAX_HEARTBEAT_MS = 1000;

/**
 * What the adapter needs of a process's configuration. Of unread records that are gone it stops one partition, and waits
 * for an operator: a process that ended would stop every partition of its group, and be started again for the same end.
 */
export function kafkaConfig(section: KafkaSection): KafkaEventLogConfig {
  const { brokers, tls, caFile, mechanism, username, password } = section;
  const { replicas, minInSyncReplicas, sessionTimeoutMs, paceMs } = section;
  return {
    brokers,
    replicas,
    minInSyncReplicas,
    sessionTimeoutMs,
    paceMs,
    heartbeatMs: Math.min(MAX_HEARTBEAT_MS, Math.floor(sessionTimeoutMs / HEARTBEATS_OF_SESSION)),
    outOfRange: 'stand-still',
    ...(tls ? { tls: caFile === undefined ? {} : { caFile } } : {}),
    ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
  };
}

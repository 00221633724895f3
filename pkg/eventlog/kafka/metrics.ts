import { Counter, Gauge, type Registry } from 'prom-client';

import type { PartitionAssignment } from '../event-log.ts';
import type { KafkaObserver } from './observer.ts';

/** What the adapter tells, as metrics in `registry`. */
export function kafkaMetrics(registry: Registry): KafkaObserver {
  const registers = [registry];
  const outOfRange = new Counter({
    name: 'tradewind_kafka_out_of_range_total',
    help: 'Offsets that the log did not have where a group was to go on: unread records are gone.',
    labelNames: ['group', 'topic'],
    registers,
  });
  const standing = new Gauge({
    name: 'tradewind_kafka_standing_partitions',
    help: 'Partitions that stand still until an operator decides where to go on.',
    labelNames: ['group', 'topic', 'partition'],
    registers,
  });
  const lost = new Counter({
    name: 'tradewind_kafka_partitions_lost_total',
    help: 'Times that a group has gone on without this member.',
    labelNames: ['group'],
    registers,
  });
  const discarded = new Counter({
    name: 'tradewind_kafka_producers_discarded_total',
    help: 'Producers replaced after an append that was given up.',
    registers,
  });
  const lag = new Gauge({
    name: 'tradewind_kafka_lag_records',
    help: 'Records between what a group has committed and the end of a partition that this member owns.',
    labelNames: ['group', 'topic', 'partition'],
    registers,
  });
  const labels = (group: string, { topic, partition }: PartitionAssignment) => ({ group, topic, partition });
  return {
    onOutOfRange: (group, { facts }) => outOfRange.inc({ group, topic: String(facts['topic']) }),
    onStanding: (group, assignment, isStanding) => {
      if (isStanding) standing.set(labels(group, assignment), 1);
      else standing.remove(labels(group, assignment));
    },
    onPartitionsLost: (group) => lost.inc({ group }),
    onProducerDiscarded: () => discarded.inc(),
    onLag: (group, assignment, records) => {
      if (records === undefined) lag.remove(labels(group, assignment));
      else lag.set(labels(group, assignment), records);
    },
  };
}

import { readFileSync } from 'node:fs';

import type { LogRecord } from '../../../pkg/eventlog/event-log.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import type { StreamLog } from '../../support/stream-check.ts';
import type { Programs } from './programs.ts';
import { NODE } from './settings.ts';

/**
 * Reads the stream's topics of a cluster, by a pod that may reach its Kafka.
 *
 * @param pod - `deployment/NAME` or `pod/NAME`.
 */
export async function readClusterLog(programs: Programs, pod: string, brokers: string): Promise<StreamLog> {
  const topics = [TOPICS.marketData, TOPICS.features, TOPICS.signals, TOPICS.quarantine];
  const script = readFileSync(new URL('dump-log.mjs', import.meta.url), 'utf8');
  const program = ['env', `BROKERS=${brokers}`, `TOPICS=${topics.join()}`, NODE, '--input-type=module', '-'];
  const text = await programs.kubectl(['exec', '--stdin', pod, '--', ...program], script);
  const partitions = new Map<string, LogRecord[]>();
  for (const line of text.split('\n')) {
    const [topic, partition, offset, timestampMs, key, value] = line.split(' ');
    if (value === undefined) continue;
    const records = partitions.get(`${topic} ${partition}`) ?? [];
    partitions.set(`${topic} ${partition}`, records);
    records.push({
      ...{ topic: topic!, partition: Number(partition), offset: Number(offset) },
      ...{ timestampUs: Number(timestampMs) * 1000, key: Buffer.from(key!, 'base64').toString('utf8') },
      value: Buffer.from(value, 'base64'),
    });
  }
  return {
    positions: async (topic) =>
      [...partitions.keys()]
        .filter((key) => key.startsWith(`${topic} `))
        .map((key) => ({ partition: Number(key.split(' ')[1]) })),
    read: async function* (topic, partition) {
      yield* partitions.get(`${topic} ${partition}`) ?? [];
    },
  };
}

import { TopicInvalid, TopicMismatch } from './errors.ts';
import type { TopicSettings } from './event-log.ts';

/** Names that Kafka takes, and so every log of ours. */
const LEGAL_NAME = /^(?!\.{1,2}$)[\w.-]{1,249}$/;

/** @throws {TopicInvalid} A setting is out of the bounds that {@link TopicSettings} gives. */
export function checkTopic({ name, partitions, retentionRecords }: TopicSettings): void {
  if (!LEGAL_NAME.test(name)) {
    throw new TopicInvalid(name, 'name', "1 to 249 letters, digits, '.', '_' or '-'", name);
  }
  if (!(Number.isSafeInteger(partitions) && partitions >= 1))
    throw new TopicInvalid(name, 'partitions', 'an integer of at least 1', partitions);
  if (retentionRecords === undefined) return;
  if (!(Number.isSafeInteger(retentionRecords) && retentionRecords >= 1))
    throw new TopicInvalid(name, 'retentionRecords', 'an integer of at least 1', retentionRecords);
}

/** @throws {TopicMismatch} A topic is there that does not hold what was asked for. */
export function checkSameTopic(have: TopicSettings, want: TopicSettings): void {
  for (const setting of ['partitions', 'cleanup'] as const) {
    if (have[setting] !== want[setting])
      throw new TopicMismatch(want.name, setting, want[setting], have[setting]);
  }
}

import type { EventLog } from '../eventlog/event-log.ts';
import type { Quarantined } from '../marketdata/events.ts';
import { encodeQuarantined } from '../wire/market-event.ts';
import type { TopicNames } from '../wire/topics.ts';
import type { PipelineObserver } from './observer.ts';

/** Appends what a station could not use to the quarantine topic, and tells of it. */
export async function setAside(
  items: readonly Quarantined[],
  {
    log,
    topics,
    observer,
  }: {
    readonly log: EventLog;
    readonly topics: TopicNames;
    readonly observer: PipelineObserver;
  },
): Promise<void> {
  if (items.length === 0) return;
  await log.append(
    topics.quarantine,
    items.map((item) => ({
      key: item.symbol,
      value: encodeQuarantined(item),
      timestampUs: item.receiveTimeUs,
    })),
  );
  for (const item of items) observer.onQuarantined?.(item);
}
